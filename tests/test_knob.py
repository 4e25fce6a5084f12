"""A knob is turned over recorded data: one table of all settings, and a slider where there is a notebook."""

import re

import pytest

from ds101.errors import Mistake
from ds101.widgets import Knob, knob

GAPS = (12, 15, 40, 13)


@pytest.fixture
def turned() -> Knob:
    return knob("time-out", (10, 20, 50), lambda ms: {"alarms": sum(gap > ms for gap in GAPS), "found": f"<{ms} ms"})


def test_each_setting_is_measured_once_and_stands_in_the_table(turned):
    assert repr(turned).splitlines() == [
        "  time-out  alarms  found",
        "▶ 10        4       <10 ms",
        "  20        1       <20 ms",
        "  50        0       <50 ms",
    ]


def test_turning_it_marks_another_setting_by_more_than_a_colour(turned):
    assert repr(turned.turn(50)).splitlines()[3].startswith("▶ 50")
    html = turned._repr_html_()
    marked = [row for row in re.findall("<tr>.*?</tr>", html) if "▶" in row]
    assert len(marked) == 1
    assert "bold" in marked[0]
    assert "&lt;50 ms" in marked[0]


def test_the_slider_turns_the_knob_and_the_knob_moves_the_slider(turned):
    pytest.importorskip("ipywidgets")
    slider, table = turned.form().children
    slider.value = 20
    assert turned.chosen == 20
    turned.turn(50)
    assert slider.value == 50
    assert table.value == turned._repr_html_()


def test_mistakes_are_told(turned):
    with pytest.raises(Mistake, match="can't stand at 30"):
        turned.turn(30)
    with pytest.raises(Mistake, match="one setting or more"):
        knob("nothing", (), lambda _: {})
    with pytest.raises(Mistake, match="same columns"):
        knob("two", (1, 2), lambda setting: {f"column {setting}": 0})
