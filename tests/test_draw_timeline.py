"""Timelines can be read: nothing lies on anything else, everything is said in words too, and they never differ."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ds101.draw import Bar, timeline
from ds101.draw.wording import text_width

SVG = "{http://www.w3.org/2000/svg}"
BARS = [
    Bar("ada", 0.0, 0.1, "Put(1)", number=1, moment=0.05),
    Bar("bob", 0.05, 0.2, "Put(2)", number=2, moment=0.1),
    Bar("cy", 0.15, 0.22, "Get() → 2", number=3, moment=0.2),
    Bar("dan", 0.18, None, "Put(3) → ?", look="open"),
    Bar("ada", 0.3, 0.42, "Get() → 1", look="bad"),
]


def texts(svg: str) -> list[tuple[float, float, float, str]]:
    """(left, right, y, words) of each text that starts where it stands: labels and lanes' names."""
    found = []
    for element in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        words, look = element.text or "", element.get("class", "")
        x, y = float(element.get("x", 0)), float(element.get("y", 0))
        if "d-tag" in look:
            half = text_width(words, 10) / 2
            found.append((x - half, x + half, y, words))
        else:
            found.append((x, x + text_width(words, 11), y, words))
    return found


def overlaps(svg: str) -> list[tuple[str, str]]:
    all_texts = texts(svg)
    return [
        (one[3], other[3])
        for number, one in enumerate(all_texts)
        for other in all_texts[number + 1 :]
        if abs(one[2] - other[2]) < 9 and one[0] < other[1] - 1 and other[0] < one[1] - 1
    ]


def test_a_timeline_in_text_has_a_line_for_each_operation() -> None:
    assert "\n" + repr(timeline(BARS)) == (
        """
0 s                                               0.42 s
├──────1──────┤                                              1 ada  Put(1)
       ├──────2────────────────┤                             2 bob  Put(2)
                    ├──────────3───┤                         3 cy   Get() → 2
                          ├╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▷ · dan  Put(3) → ?
                                            ╞══════════╡     ✗ ada  Get() → 1"""
    )


def test_the_same_bars_give_the_same_bytes_and_nothing_lies_on_anything() -> None:
    picture = timeline(BARS, title="Operations")
    assert picture == timeline(BARS, title="Operations")
    assert overlaps(picture.svg) == []


def test_what_fits_nowhere_is_marked_by_shape_and_word_and_not_by_colour_alone() -> None:
    svg = timeline(BARS).svg
    assert "✗ Get() → 1" in svg
    assert 'class="d-cross"' in svg
    root = ElementTree.fromstring(svg)
    described = root.findtext(f"{SVG}desc") or ""
    assert "ada: Get() → 1, from 0.3 s, to 0.42 s. It fits nowhere." in described
    assert "dan: Put(3) → ?, from 0.18 s, its end is not known." in described
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Operations over time"


def test_light_and_dark_are_in_the_file_and_the_notebooks_theme_has_the_last_word() -> None:
    assert "prefers-color-scheme:dark" in timeline(BARS).svg
    assert "data-jp-theme-light" not in timeline(BARS).svg
    assert "data-jp-theme-light" in timeline(BARS, in_page=True).svg


def test_markup_in_names_and_labels_stays_text() -> None:
    svg = timeline([Bar("<b>ada</b>", 0, 1, '<script>alert("1")</script>')], title="a < b & c").svg
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert "<b>" not in svg


def test_no_operations_are_said_to_be_none() -> None:
    assert timeline([]).text == ("No operations.",)
    ElementTree.fromstring(timeline([]).svg)


@st.composite
def some_bars(draw: Any) -> list[Bar]:
    bars = []
    for number in range(draw(st.integers(1, 14))):
        began, long = draw(st.integers(0, 20)) / 8, draw(st.integers(0, 8)) / 8
        look = draw(st.sampled_from(["ok", "ok", "bad", "open", "faint"]))
        label = draw(st.sampled_from(["Get() → 1", "Put('something longer', 12345)", "x", "cas(1, 2) → False"]))
        ended = None if look == "open" else began + long
        numbered = draw(st.booleans()) and look == "ok"
        bars.append(
            Bar(draw(st.sampled_from(["ada", "bob", "n10"])), began, ended, label, look, number if numbered else None)
        )
    return bars


@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(some_bars())
def test_whatever_happened_no_two_texts_lie_on_each_other(bars: list[Bar]) -> None:
    svg = timeline(bars, title="Some operations").svg
    assert overlaps(svg) == []
    width = float(ElementTree.fromstring(svg).get("width", 0))
    assert all(left >= -1 and right <= width + 1 for left, right, _, _ in texts(svg))


@pytest.mark.browser
def test_a_timeline_looks_the_same_size_in_a_browser(chromium: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    (tmp_path / "timeline.svg").write_text(timeline(BARS, title="Operations").svg)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((tmp_path / "timeline.svg").as_uri())
        widths = page.evaluate("[...document.querySelectorAll('text')].map(t => t.getBBox().x + t.getBBox().width)")
        browser.close()
    assert max(widths) <= 860
