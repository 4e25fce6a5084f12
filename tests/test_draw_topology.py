"""A trace as a map: who talked to whom, what was lost, who is down."""

import re
from xml.etree import ElementTree

from ds101.draw import topology
from ds101.trace import Event, Trace


class Talk:
    """A trace of messages alone, with a verb for each thing that can happen to one."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(self, kind: str, node: str = "", **more: str) -> None:
        count = len(self.events)
        self.events.append(Event(f"e{count}", kind, count / 1000, node, count, **more))

    def message(self, src: str, dst: str, kind: str = "Ping", *, arrives: bool = True) -> None:
        self.note("send", src, src=src, dst=dst, type=kind)
        self.note("deliver" if arrives else "drop", dst, src=src, dst=dst, type=kind)

    def drawn(self, *nodes: str) -> tuple[str, str]:
        picture = topology(Trace(self.events, nodes))
        return repr(picture), picture.svg


def test_both_directions_of_a_link_are_counted_together():
    talk = Talk()
    talk.message("n1", "n2")
    talk.message("n2", "n1")
    talk.message("n1", "n3", "Pong")
    words, _ = talk.drawn("n1", "n2", "n3")
    assert words == "n1 ↔ n2   Ping ×2\nn1 → n3   Pong ×1"


def test_a_link_on_which_nothing_arrives_is_dashed_and_crossed_and_not_only_red():
    talk = Talk()
    talk.message("n1", "n2", arrives=False)
    talk.message("n1", "n3")
    words, svg = talk.drawn("n1", "n2", "n3")
    assert "n1 → n2   Ping ✗1" in words
    assert len(re.findall(r'<line [^>]*class="d-cross d-dashed"', svg)) == 1
    assert ">✗1<" in svg


def test_a_message_under_way_is_on_no_link():
    talk = Talk()
    talk.note("start", "n2")
    talk.note("send", "n1", src="n1", dst="n2", type="Ping")
    words, svg = talk.drawn("n1", "n2")
    assert words == ""
    assert ">n2<" in svg


def test_a_lane_that_a_filter_left_empty_is_not_drawn():
    talk = Talk()
    talk.message("n1", "n2")
    _, svg = talk.drawn("n1", "n2", "c1")
    assert "c1" not in svg


def test_who_is_down_at_the_end_is_crossed_out_and_who_came_back_is_not():
    talk = Talk()
    for node in ("n1", "n2"):
        talk.note("crash", node)
    talk.note("restart", "n2")
    words, svg = talk.drawn("n1", "n2")
    assert words == "n1 is down"
    assert svg.count("is down</text>") == 1


def test_all_calls_of_a_client_are_one_participant_that_looks_like_a_client():
    talk = Talk()
    talk.message("ada.1", "n1", "Get")
    talk.message("n1", "ada.1", "Got")
    talk.message("ada.2", "n1", "Get")
    words, svg = talk.drawn("n1", "ada")
    assert words == "n1 ↔ ada   Get ×2, Got ×1"
    assert svg.count('class="d-client"') == 1


def test_the_picture_is_sound_xml_with_alternative_text_whatever_names_it_gets():
    talk = Talk()
    talk.message("n1", "<b>.1", "Ping")
    for nodes in ((), ("n1",), tuple(f"n{number}" for number in range(1, 13))):
        _, svg = talk.drawn(*nodes)
        root = ElementTree.fromstring(svg)
        assert root.attrib["role"] == "img"
        assert "n1 → <b>   Ping ×1" in root.findtext("{http://www.w3.org/2000/svg}desc", "")


def test_the_labels_of_five_nodes_that_all_talk_stand_apart():
    talk = Talk()
    names = [f"n{number}" for number in range(1, 6)]
    for src in names:
        for dst in names:
            if src != dst:
                talk.message(src, dst)
    _, svg = talk.drawn(*names)
    labels = [(float(x), float(y)) for x, y in re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="d-halo">×2', svg)]
    assert len(labels) == 10
    assert all(abs(x - u) > 20 or abs(y - v) > 12 for x, y in labels for u, v in labels if (x, y) != (u, v))
