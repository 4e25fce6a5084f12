"""What faults mean for one piece of bytes: no process, no socket, no clock."""

import math
import random

import pytest

from ds101.errors import Mistake
from ds101.proxy import ByteLink, Cut, HalfOpen
from ds101.proxy.conditions import Conditions, Luck
from ds101.proxy.control import Begin, Question, decode_question, encode

EVEN = Luck(jitter=0.5, loss=0.5, reset=0.5, size=0.5)


def up(*faults):
    return Conditions.of(faults, "up")


def lucks(number):
    source = random.Random(0)
    return [Luck.draw(source) for _ in range(number)]


def test_without_faults_a_piece_goes_out_whole_when_it_arrives():
    assert up().due(arrived=7.0, luck=EVEN) == 7.0
    assert up().size(EVEN) is None
    assert not up().breaks(EVEN)


def test_delays_add_up_and_jitter_takes_its_drawn_share():
    conditions = up(ByteLink(delay=1.0), ByteLink(delay=2.0, jitter=4.0))
    assert conditions.due(arrived=10.0, luck=EVEN) == 10 + 1 + 2 + 0.5 * 4


def test_a_fault_of_the_other_direction_does_nothing():
    assert up(ByteLink(delay=1.0, direction="down"), Cut(direction="down")) == up()


@pytest.mark.parametrize("fault", [Cut(), Cut(direction="up"), HalfOpen(gone="client"), HalfOpen()])
def test_a_cut_and_a_side_that_is_gone_hold_everything(fault):
    assert up(fault, ByteLink(delay=1.0)).due(arrived=0.0, luck=EVEN) == math.inf


def test_the_smallest_slice_wins():
    assert up(ByteLink(slice=10), ByteLink(slice=3)).size(EVEN) == 3


def test_drawn_slices_have_every_size_of_their_range():
    assert {up(ByteLink(slice=(2, 4))).size(luck) for luck in lucks(100)} == {2, 3, 4}


def test_the_smallest_bandwidth_wins_and_makes_pieces_small_enough_to_flow_evenly():
    conditions = up(ByteLink(bandwidth=1000), ByteLink(bandwidth=500))
    assert conditions.bandwidth == 500
    assert conditions.size(EVEN) == 5
    assert up(ByteLink(bandwidth=0.5)).size(EVEN) == 1


def test_a_lost_segment_is_sent_again_after_a_time_that_doubles():
    link = up(ByteLink(loss=0.5, retransmission=0.2))
    stalls = [link.due(arrived=0.0, luck=Luck(0, loss, 0, 0)) for loss in (0.9, 0.4, 0.2, 0.1)]
    assert stalls == pytest.approx([0, 0.2, 0.2 + 0.4, 0.2 + 0.4 + 0.8])


def test_the_share_of_lost_pieces_is_the_one_that_was_asked_for():
    lost = [up(ByteLink(loss=0.2)).losses(luck) > 0 for luck in lucks(10_000)]
    assert 0.18 < sum(lost) / len(lost) < 0.22


def test_losses_of_two_links_combine_as_independent_ones():
    both = up(ByteLink(loss=0.5), ByteLink(loss=0.5))
    lost = [both.losses(luck) > 0 for luck in lucks(10_000)]
    assert 0.73 < sum(lost) / len(lost) < 0.77


def test_the_share_of_resets_is_the_one_that_was_asked_for():
    broken = [up(ByteLink(reset=0.3)).breaks(luck) for luck in lucks(10_000)]
    assert 0.28 < sum(broken) / len(broken) < 0.32
    assert all(up(ByteLink(reset=1)).breaks(luck) for luck in lucks(100))


@pytest.mark.parametrize(
    "fault", [ByteLink(slice=(1, 5), delay=0.1, bandwidth=10, direction="up"), Cut(direction="down"), HalfOpen()]
)
def test_a_fault_is_the_same_value_after_its_way_to_the_proxy(fault):
    question = decode_question(encode(Question(1, Begin.of(7, fault))))
    assert question.command.fault() == fault


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"delay": -0.1}, "delay is a number of seconds, 0 or more, so it can't be -0.1."),
        ({"jitter": "long"}, "jitter is a number of seconds, 0 or more, so it can't be 'long'."),
        ({"join": math.inf}, "join is a number of seconds, 0 or more, so it can't be inf."),
        ({"loss": 1}, "loss is a share from 0 to below 1 (1 is a cut), so it can't be 1."),
        ({"reset": 1.5}, "reset is a share from 0 to 1, so it can't be 1.5."),
        (
            {"bandwidth": 0},
            "bandwidth is a number of bytes per second, above 0 (0 is a cut), so it can't be 0.",
        ),
        ({"slice": 0}, "slice is a number of bytes, 1 or more, or a pair (low, high), so it can't be 0."),
        ({"slice": (5, 2)}, "slice is a number of bytes, 1 or more, or a pair (low, high), so it can't be (5, 2)."),
        (
            {"direction": "left"},
            'direction is "up" (client to server), "down" (server to client) or "both", so it can\'t be \'left\'.',
        ),
    ],
)
def test_a_link_that_makes_no_sense_is_refused_in_one_sentence(settings, sentence):
    with pytest.raises(Mistake) as caught:
        ByteLink(**settings)
    assert str(caught.value) == sentence


def test_a_side_that_is_neither_client_nor_server_is_refused():
    with pytest.raises(Mistake, match="gone is the side that is gone"):
        HalfOpen(gone="n1")


def test_a_fault_shows_what_is_unusual_about_it_in_one_line():
    assert repr(ByteLink(slice=1, direction="up")) == "ByteLink(slice=1, direction='up')"
    assert repr(Cut()) == "Cut()"
