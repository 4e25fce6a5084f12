"""Any trace at all can be drawn and told: students write the nodes, and traces are cut and filtered."""

import itertools
import xml.etree.ElementTree as ET

from draw_samples import chatter
from hypothesis import given, settings
from hypothesis import strategies as st

from ds101.draw import as_html, as_text, spacetime
from ds101.draw.spacetime import arrange
from ds101.trace import KINDS, Event, Trace

NAMES = st.sampled_from(["n1", "n2", "n3", "ada", "ada.1", "ada.2", "n1.7", ""])
BODIES = st.dictionaries(
    st.text(max_size=8), st.none() | st.integers() | st.text(max_size=20) | st.lists(st.integers()), max_size=3
)
SIDES = st.lists(st.lists(NAMES, max_size=3), max_size=3)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Events of every kind, with causes that may be missing, in the future, of another kind, or themselves."""
    count = draw(st.integers(0, 25))
    result = []
    for number in range(count):
        kind = draw(st.sampled_from(KINDS))
        body = draw(BODIES)
        if kind in ("partition", "heal"):
            body = {"sides": draw(SIDES), "fault": draw(st.sampled_from(["p1", "p2"]))}
        cause = draw(st.none() | st.integers(0, count).map(str))
        at = draw(st.floats(0, 3, allow_nan=False))
        node, src, dst = draw(NAMES), draw(NAMES), draw(NAMES)
        words, name = draw(st.text(max_size=30)), draw(st.sampled_from(["Ping", "Pong", "A" * 60]))
        result.append(Event(str(number), kind, at, node.partition(".")[0], 0, cause, src, dst, name, body, words))
    return result


@settings(max_examples=50, deadline=None)
@given(events(), st.booleans(), st.sampled_from([None, 1, 5]), st.integers(0, 3))
def test_any_trace_can_be_drawn_and_told(made: list[Event], fold: bool, at_most: int | None, cut: int):
    trace = Trace(made, cut=cut)
    for each in (trace, trace.filter(nodes=["n1"]), trace.filter(types=["Ping"])):
        picture = ET.fromstring(spacetime(each, fold=fold, at_most=at_most))
        assert float(picture.get("height")) > 0
        assert as_text(each, fold=fold, at_most=at_most)
        assert as_html(each, fold=fold, at_most=at_most)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 9), st.integers(0, 60), st.integers(0, 1_000_000))
def test_labels_of_any_traffic_are_clear_of_each_other(nodes: int, messages: int, seed: int):
    picture = arrange(chatter(messages, nodes, seed), fold=False, at_most=None)
    clashes = [(one, other) for one, other in itertools.combinations(picture.labels, 2) if one.band.meets(other.band)]
    assert not clashes
