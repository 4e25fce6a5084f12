"""What is written beside a lane stays in its picture, in the face that a browser sets it in."""

import os
from collections.abc import Iterator

import pytest
from draw_samples import SAMPLES, Run
from playwright.sync_api import Page, sync_playwright

from ds101.draw import spacetime
from ds101.draw.notes import note_width
from ds101.draw.spacetime import arrange
from ds101.trace import Trace

SENTENCE = "Mistake: Total(value='2'): value must be an int, and '2' is a str."

# How far each text reaches beyond its picture, in pixels; negative while it is inside.
BEYOND = """() => [...document.querySelectorAll("svg")].flatMap(picture => {
    const edge = picture.viewBox.baseVal.width;
    return [...picture.querySelectorAll("text:not([transform])")].map(text => {
        const box = text.getBBox();
        return [Math.max(box.x + box.width - edge, -box.x), text.textContent];
    });
})"""


def death_of_a_node(kind: str, words: str) -> Trace:
    run = Run("ada", "n1")
    got = run.message("ada", "n1", "Add", amount=2)
    run.event(kind, "n1", got, detail=words)
    return run.trace()


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        yield browser.new_page()
        browser.close()


@pytest.mark.browser
def test_no_words_reach_beyond_the_picture(page: Page):
    traces = [sample() for sample in SAMPLES.values()]
    for words in (SENTENCE, "MMMM WWWW " * 20, "illi " * 40, "m" * 200):
        traces += [death_of_a_node(kind, words) for kind in ("error", "crash", "log", "print")]
    page.set_content("".join(spacetime(trace) for trace in traces))
    reaches = page.evaluate(BEYOND)
    assert len(reaches) > len(traces)
    assert [words for beyond, words in reaches if beyond > 0] == []


def test_where_lanes_are_few_a_sentence_is_told_whole():
    for kind in ("error", "crash"):
        place = list(arrange(death_of_a_node(kind, SENTENCE)).layout.places.values())[-1]
        assert " ".join(line.text for line in place.lines) == f"{kind}{'ed' * (kind == 'crash')}: {SENTENCE}"


def test_bold_words_need_more_room_and_printed_ones_a_cell_for_each_character():
    assert note_width("resumed", "bad") == note_width("resumed", "mark") > note_width("resumed", "said")
    assert note_width("illi", "printed") == note_width("mmmm", "printed")


@pytest.mark.parametrize("kind", ["error", "crash", "log", "print"])
def test_every_line_fits_into_what_is_left_beside_its_lane(kind: str):
    picture = arrange(death_of_a_node(kind, "MMMM illi " * 40), width=400)
    for place in picture.layout.places.values():
        assert all(place.x + 11 + line.width <= picture.layout.width for line in place.lines)
