"""The space-time diagram: what stands where, and what is said of what doesn't."""

import itertools
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from draw_samples import (
    SAMPLES,
    Run,
    bank_with_duplicates,
    call_and_reply,
    chatter,
    crash_and_restart,
    heartbeats,
    lost_reply,
    partition_and_heal,
)

from ds101.draw import spacetime
from ds101.draw.notes import SIZE
from ds101.draw.spacetime import Arrangement, arrange
from ds101.draw.style import DARK, LIGHT, ROOT
from ds101.draw.wording import text_width
from ds101.trace import Event, Trace

SVG = "{http://www.w3.org/2000/svg}"


def drawn(trace: Trace, **options: object) -> ET.Element:
    return ET.fromstring(spacetime(trace, **options))


def words_in(picture: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def with_look(picture: ET.Element, look: str) -> list[ET.Element]:
    return [element for element in picture.iter() if look in element.get("class", "").split()]


def samples_and_windows() -> Iterator[tuple[str, Trace, dict[str, object]]]:
    for name, sample in SAMPLES.items():
        yield name, sample(), {}
        yield f"{name}, all of it", sample(), {"fold": False, "at_most": None}
        yield f"{name}, its sends", sample().filter(kinds=["send", "fire", "invoke"]), {}
        yield f"{name}, its deliveries", sample().filter(kinds=["deliver"]), {}
        yield f"{name}, its first node", sample().filter(nodes=[sample().nodes[0]]), {}
        yield f"{name}, narrow", sample(), {"width": 300}
        yield f"{name}, last five", sample(), {"last": 5}


# What every picture has


@pytest.mark.parametrize("name", SAMPLES)
def test_a_picture_is_xml_and_says_what_it_shows_to_who_cannot_see_it(name: str):
    picture = drawn(SAMPLES[name]())
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == picture.findtext(f"{SVG}title")
    assert "Time runs downward" in picture.findtext(f"{SVG}desc")


def test_the_alternative_text_tells_the_faults():
    words = drawn(partition_and_heal()).findtext(f"{SVG}desc")
    assert "8 messages, 3 of them lost." in words
    assert "partition n1 | n2 n3 at 41.2 ms. partition healed at 553 ms." in words


@pytest.mark.parametrize("name", SAMPLES)
def test_every_message_has_a_label_at_its_arrow(name: str):
    picture = arrange(SAMPLES[name](), fold=False, at_most=None)
    assert len(picture.arrows) + sum(len(arrow.more) for arrow in picture.arrows) == len(picture.flights)
    labelled = {id(label.arrow): label for label in picture.labels if label.text}
    for arrow in picture.arrows:
        label = labelled[id(arrow)]
        assert label.text.startswith(arrow.flight.type)
        if not arrow.loop:
            line = arrow.y0 + arrow.slope * (label.spot.x - arrow.x0)
            assert abs(label.spot.y - line) <= 12, f"{label.text} is not at its arrow"


def test_no_two_labels_lie_on_each_other_and_none_leaves_the_picture():
    for name, trace, options in samples_and_windows():
        picture = arrange(trace, **options)
        for one, other in itertools.combinations(picture.labels, 2):
            assert not one.band.meets(other.band), f"{name}: {one.text or one.aside} on {other.text or other.aside}"
        for label in picture.labels:
            assert label.band.x0 > 0, f"{name}: {label.text}"
            assert label.band.x1 < picture.layout.width, f"{name}: {label.text}"
            assert 0 < label.spot.y < picture.layout.height, f"{name}: {label.text}"


def test_a_label_is_the_longest_form_that_fits_and_a_tooltip_tells_the_rest():
    picture = drawn(bank_with_duplicates())
    assert "Move(source='alice', …)" in words_in(picture)
    titles = [title.text for title in picture.iter(f"{SVG}title")]
    assert any("memo='rent for the month of May'" in title for title in titles)


def test_time_runs_downward_and_every_arrow_with_it():
    for name, trace, options in samples_and_windows():
        picture = arrange(trace, **options)
        assert all(arrow.y0 < arrow.y1 for arrow in picture.arrows), name
        heights = [row.y for row in picture.layout.rows]
        assert heights == sorted(heights), name
        assert all(earlier.at <= later.at + 0.001 for earlier, later in itertools.pairwise(picture.layout.rows)), name


def test_the_steps_of_a_lane_stand_in_their_order():
    picture = arrange(chatter(), fold=False, at_most=None)
    for lane in picture.layout.lanes:
        heights = [picture.layout.places[step.index].y for step in picture.story.steps if step.lane == lane]
        assert heights == sorted(set(heights))


def test_a_long_silence_takes_little_room_and_is_marked():
    run = Run("n1", "n2")
    for pause in (0.001, 0.001, 0.001, 5000.0):
        run.message("n1", "n2", "Ping")
        run.wait(pause)
    run.message("n1", "n2", "Ping")
    picture = drawn(run.trace(), fold=False)
    assert float(picture.get("height")) < 700
    assert "⋮" in words_in(picture)
    assert "nothing for 5000.00 s" in [title.text for title in picture.iter(f"{SVG}title")]


# What happened


def test_a_lost_message_is_a_stub_with_a_cross_and_its_cause():
    picture = arrange(lost_reply())
    (stub,) = [arrow for arrow in picture.arrows if arrow.ends == "cross"]
    assert picture.layout.lanes["ada"] < stub.x1 < picture.layout.lanes["n1"]
    (cause,) = [label for label in picture.labels if not label.text]
    assert cause.aside == "dropped"
    assert "dropped" in words_in(drawn(lost_reply()))
    assert len(with_look(drawn(lost_reply()), "d-cross")) == 1


def test_a_retry_leaves_at_its_own_time():
    run = Run("n1", "ada")
    asked = run.invoke("ada.1", "Move")
    run.drop(run.send("ada.1", "n1", "Move", asked), "lost")
    run.wait(0.1)
    run.message("ada.1", "n1", "Move", asked)
    first, second = arrange(run.trace()).arrows
    assert second.y0 > first.y0
    assert "tries again" in words_in(drawn(run.trace()))


def test_a_crash_leaves_a_gap_in_the_lane_until_the_restart():
    picture = arrange(crash_and_restart())
    pieces = [piece for piece in picture.spans.stretches if piece.lane == "n2"]
    assert [piece.state for piece in pieces] == ["up", "down", "up", "down"]
    x = f"{picture.layout.lanes['n2']:g}"
    lines = [line for line in with_look(drawn(crash_and_restart()), "d-lane") if line.get("x1") == x]
    drawn_pieces = [(float(line.get("y1")), float(line.get("y2"))) for line in lines]
    assert len(drawn_pieces) == 2
    assert drawn_pieces[0][1] < drawn_pieces[1][0]
    assert {"crashed: killed", "restarts"} <= set(words_in(drawn(crash_and_restart())))


def test_a_pause_looks_different_and_is_named():
    picture = drawn(crash_and_restart())
    assert len(with_look(picture, "d-paused")) == 1
    assert {"paused", "resumed"} <= set(words_in(picture))


def test_a_partition_stands_between_the_nodes_that_it_keeps_apart_while_it_lasts():
    picture = arrange(partition_and_heal())
    (wall,) = picture.spans.walls
    lanes = picture.layout.lanes
    assert lanes["n1"] < wall.x < lanes["n2"]
    cut, healed = [row.y for row in picture.layout.rows if row.wide is not None]
    assert (wall.top, wall.bottom) == (cut, healed)
    assert {arrow.x1 for arrow in picture.arrows if arrow.ends == "cross"} == {wall.x}


def test_a_partition_of_lanes_that_are_not_neighbours_stands_at_every_border():
    run = Run("n1", "n2", "n3", "n4")
    run.event("partition", "", body={"sides": [["n1", "n3"], ["n2"]], "one_way": True, "fault": "p"})
    run.message("n4", "n1", "Ping")
    picture = arrange(run.trace())
    lanes = picture.layout.lanes
    one, other = sorted(wall.x for wall in picture.spans.walls)
    assert lanes["n1"] < one < lanes["n2"] < other < lanes["n3"]
    assert picture.spans.walls[0].bottom == picture.layout.bottom  # it isn't healed
    assert "partition n1 n3 ⇸ n2" in words_in(drawn(run.trace()))


def test_messages_that_a_partition_stops_at_the_same_place_are_one_stub_that_names_their_receivers():
    run = Run("n1", "n2", "n3")
    run.event("partition", "", body={"sides": [["n1"], ["n2", "n3"]], "fault": "p"})
    due = run.event("fire", "n1", type="Tick")
    for node in ("n2", "n3"):
        run.drop(run.send("n1", node, "Beat", due), "partition")
    picture = arrange(run.trace())
    assert len(picture.arrows) == 1
    assert "partition (to n2 n3)" in words_in(drawn(run.trace()))


def test_a_duplicate_is_a_second_arrow_from_the_same_send():
    picture = arrange(bank_with_duplicates())
    first, second = [arrow for arrow in picture.arrows if (arrow.flight.src, arrow.flight.type) == ("ada", "Move")]
    assert (first.x0, first.y0) == (second.x0, second.y0)
    assert first.y1 < second.y1
    (label,) = [label for label in picture.labels if label.arrow is second]
    assert label.aside == "duplicate"


def test_a_send_that_was_reconstructed_begins_dashed():
    assert len(with_look(drawn(bank_with_duplicates()), "d-dashed")) == 1
    assert not with_look(drawn(call_and_reply()), "d-dashed")


def test_timers_and_logs_are_written_beside_their_lane():
    words = words_in(drawn(heartbeats(1)))
    assert {"ElectionTimeout", "HeartbeatDue", "elected leader of term 1"} <= set(words)


def test_a_call_is_a_bar_that_is_hollow_while_its_outcome_is_unknown():
    picture = drawn(lost_reply())
    (unknown,) = with_look(picture, "d-hollow")
    known = [bar for bar in with_look(picture, "d-bar") if bar is not unknown]
    assert float(unknown.get("y")) < min(float(bar.get("y")) for bar in known)
    assert "Timeout after 0.1 s" in words_in(drawn(lost_reply()))


def test_clients_stand_left_of_the_nodes():
    assert list(arrange(call_and_reply()).layout.lanes) == ["ada", "n1", "n2", "n3"]


# What isn't shown


def test_a_cut_trace_says_how_much_was_forgotten():
    trace = chatter(20)
    assert "… the 1,240 oldest events were forgotten …" in words_in(drawn(Trace(trace.events, trace.nodes, 1240)))


def test_a_send_without_its_delivery_and_a_delivery_without_its_send_have_a_free_end():
    sends = arrange(call_and_reply().filter(kinds=["send"]))
    assert {arrow.ends for arrow in sends.arrows} == {"open"}
    assert "not seen arriving" in words_in(drawn(call_and_reply().filter(kinds=["send"])))
    deliveries = arrange(call_and_reply().filter(kinds=["deliver"]))
    assert {arrow.starts for arrow in deliveries.arrows} == {"open"}
    assert "not seen leaving" in words_in(drawn(call_and_reply().filter(kinds=["deliver"])))


def test_who_was_filtered_away_is_named_on_the_label():
    one = drawn(call_and_reply().filter(nodes=["n2"]))
    assert {"n2", "n1", "Remember(name='Ada')", "Done"} <= set(words_in(one))
    assert len(with_look(one, "d-faint")) == 2  # the name and the lane of n1
    several = words_in(drawn(call_and_reply().filter(nodes=["n1"])))
    assert {"others", "Greet(name='Ada')← ada", "Done← n3"} <= set(several)


def test_a_window_says_what_stands_before_and_after_it():
    words = words_in(drawn(chatter(), first=8))
    assert "… 192 messages after this not shown (38.9 ms to 293 ms) …" in words
    picture = arrange(chatter(), last=8)
    assert len([flight for flight in picture.flights if flight.tail.index >= picture.selection.items[1].index]) == 8
    with pytest.raises(ValueError, match="not both"):
        spacetime(chatter(), first=1, last=1)
    with pytest.raises(ValueError, match="shows nothing"):
        spacetime(chatter(), first=0)


def test_the_first_message_of_a_window_is_seen_arriving():
    picture = arrange(call_and_reply(), first=1)
    assert picture.arrows[0].ends == "head"


def test_a_window_in_time_knows_who_was_down_before_it():
    run = Run("n1", "n2")
    run.event("crash", "n2")
    run.event("partition", "", body={"sides": [["n1"], ["n2"]], "fault": "p"})
    run.wait(1.0)
    run.drop(run.send("n1", "n2", "Ping"), "n2 is down")
    picture = arrange(run.trace(), after=0.5)
    assert {piece.state for piece in picture.spans.stretches if piece.lane == "n2"} == {"down"}
    assert len(picture.spans.walls) == 1


def test_a_long_picture_is_bounded_and_says_what_it_leaves_out():
    whole, bounded = arrange(chatter(), at_most=None), arrange(chatter(), at_most=30)
    assert len(bounded.selection.items) == 31
    assert bounded.layout.height < whole.layout.height / 4
    (words,) = [text for text in words_in(drawn(chatter(), at_most=30)) if "in between" in text]
    assert int(re.search(r"(\d+) messages", words).group(1)) >= 160


def test_a_picture_is_no_wider_than_asked_if_its_lanes_have_room():
    assert arrange(heartbeats(1), width=700).layout.width <= 700
    assert arrange(call_and_reply(), width=500).layout.width <= 500
    many = Trace([], [f"n{number}" for number in range(30)])
    assert arrange(many, width=500).layout.gap >= 80  # too many: it gets wider instead of unreadable


def test_an_empty_trace_is_a_picture_too():
    assert drawn(Trace([])).get("aria-label") == "Space-time diagram of an empty trace"
    assert "n1" in words_in(drawn(Trace([], ["n1"])))


# Safe, the same each time, and readable in light and dark


NASTY = "<script>alert('x')</script> & \"quotes\" \x00 \x1b[31m \u202e \ud800 \n ]]> é 漢字"


def test_whatever_a_node_says_is_only_text():
    run = Run("n1", NASTY)
    run.event("log", "n1", detail=NASTY)
    run.message("n1", NASTY, "Say", text=NASTY, **{"<b>": [NASTY, {"type": NASTY, "body": {}}]})
    run.drop(run.send("n1", NASTY, NASTY), NASTY)
    picture = drawn(run.trace(), title=NASTY)
    assert {element.tag.removeprefix(SVG) for element in picture.iter()} <= {
        "svg", "title", "desc", "style", "g", "rect", "line", "path", "circle", "text", "tspan",
    }  # fmt: skip
    assert not any("\x00" in words or "\u202e" in words for words in picture.itertext())
    spacetime(run.trace()).encode("utf-8")


def test_a_label_of_a_huge_message_is_cut():
    run = Run("n1", "n2")
    run.message("n1", "n2", "Blob", data="x" * 100_000, many=list(range(100_000)))
    run.message("n1", "n2", "AMessageTypeWithAVeryLongNameThatNobodyShouldGiveButSomebodyWill" * 3)
    run.event("log", "n1", detail="word " * 10_000)
    for label in (picture := arrange(run.trace())).labels:
        assert text_width(label.text, SIZE) < picture.layout.gap
    assert len(picture.layout.places[4].lines) <= 6


def test_the_same_trace_gives_the_same_bytes_in_another_interpreter():
    code = (
        "from draw_samples import SAMPLES; from ds101.draw import as_html; import hashlib;"
        "print(hashlib.sha256(''.join(as_html(make()) for make in SAMPLES.values()).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_several_pictures_in_one_page_share_nothing_but_their_look():
    for name, sample in SAMPLES.items():
        svg = spacetime(sample())
        assert not re.search(r"\s(id|href|xlink:href)=|url\(", svg), name
        rules = re.search(r"<style>(.*?)</style>", svg, re.DOTALL).group(1)
        selectors = [part for rule in re.findall(r"([^{}]+)\{", rules) for part in rule.split(",")]
        assert all(ROOT in part or part.strip().startswith("@media") for part in selectors), name


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio that WCAG 2 defines: 4.5 for text, 3 for what one has to see."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_all_text_and_all_lines_stand_out_from_the_ground(palette: dict[str, str]):
    for name in ("ink", "soft", "bad", *(f"t{number}" for number in range(8))):
        assert contrast(palette[name], palette["card"]) >= 4.5, name
    for ground in ("band", "node"):
        assert contrast(palette["soft"], palette[ground]) >= 4.5, ground
    assert contrast(palette["bad"], palette["wall"]) >= 4.5
    assert contrast(palette["lane"], palette["card"]) >= 3


def test_light_and_dark_have_the_same_colours():
    assert list(LIGHT) == list(DARK)
    assert "@media (prefers-color-scheme:dark)" in spacetime(call_and_reply())
    assert '[data-jp-theme-light="false"]' in spacetime(call_and_reply(), in_page=True)


def test_a_handler_is_one_step_with_all_that_it_sent_and_logged():
    run = Run("n1", "n2")
    got = run.message("n1", "n2", "Ask")
    run.event("log", "n2", got, detail="thinking")
    run.send("n2", "n1", "Answer", got)
    (handler,) = [step for step in arrange(run.trace()).story.steps if step.lane == "n2"]
    assert [event.kind for event in handler.events] == ["deliver", "log", "send"]


def test_an_effect_stands_below_its_cause_even_if_the_clocks_say_otherwise():
    sent = Event("a", "send", 0.5, "n1", 1, src="n1", dst="n2", type="Ping")
    got = Event("b", "deliver", 0.4999, "n2", 2, cause="a", src="n1", dst="n2", type="Ping")
    picture: Arrangement = arrange(Trace([got, sent]))
    assert picture.arrows[0].y0 < picture.arrows[0].y1


def test_no_arrow_runs_through_a_step_that_it_has_nothing_to_do_with():
    run = Run("n1", "n2", "n3", "n4")
    due = run.event("fire", "n1", type="Tick")
    for sent in [run.send("n1", node, "Beat", due) for node in ("n2", "n3", "n4")]:
        run.deliver(sent, 0.02)  # each in a row of its own: straight lines would meet at the dots in between
    traces = [run.trace(), *(sample() for sample in SAMPLES.values())]
    for trace in traces:
        picture = arrange(trace, fold=False, at_most=None)
        for arrow in picture.arrows:
            low, high = sorted((arrow.x0, arrow.x1))
            for place in picture.layout.places.values():
                if low + 15 < place.x < high - 15:
                    assert abs(arrow.y_at(place.x) - place.y) > 5
