"""Faults as values, and what they do to one message: pure, without a network or a clock."""

from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ds101 import Mistake
from ds101.faults import ANY, CrashPoint, Drop, Fault, Link, Partition
from ds101.network import Network

N1_FROM_N2 = Partition((("n1",), ("n2",)))


def holding(*faults, seed=1):
    network = Network(Random(seed))
    network.hold({f"f{index}": fault for index, fault in enumerate(faults)})
    return network


def plans(network, count, src="n1", dst="n2", size=100, every=0.0):
    """What becomes of `count` messages, one every so many seconds."""
    return [network.plan(src, dst, "Ping", size, index * every) for index in range(count)]


# Partitions


def test_a_partition_cuts_what_is_on_different_sides_both_ways():
    cut = Partition((("n1", "n2"), ("n3", "ada"), ("n5",)))
    for src, dst in (("n1", "n3"), ("n3", "n1"), ("n2", "ada.7"), ("ada.7", "n2"), ("n5", "n1"), ("n3", "n5")):
        assert cut.cuts(src, dst), (src, dst)
    for src, dst in (("n1", "n2"), ("n3", "ada.1"), ("n1", "n1"), ("n1", "n4"), ("n4", "n3"), ("n4", "bob.1")):
        assert not cut.cuts(src, dst), (src, dst)


def test_the_name_of_a_client_covers_its_calls_and_no_other_name():
    cut = Partition((("c1",), ("n1",)))
    assert cut.cuts("c1.7", "n1")
    assert cut.cuts("n1", "c1.7")
    assert not cut.cuts("c11.7", "n1")
    assert not cut.cuts("c1.7", "n11")


def test_a_one_way_partition_lets_the_first_side_hear_but_not_speak():
    cut = Partition((("n1",), ("n2", "n3")), one_way=True)
    assert cut.cuts("n1", "n2")
    assert not cut.cuts("n2", "n1")
    assert not cut.cuts("n2", "n3")


def test_overlapping_partitions_cut_what_any_of_them_cuts_and_end_one_by_one():
    network = holding(N1_FROM_N2, Partition((("n1",), ("n2", "n3"))))
    assert plans(network, 1) == plans(network, 1, dst="n3") == ["partition"]
    network.hold({"f0": N1_FROM_N2})
    assert plans(network, 1) == ["partition"]
    assert plans(network, 1, dst="n3") == [(0.0,)]
    network.hold({})
    assert plans(network, 1) == [(0.0,)]


@pytest.mark.parametrize(
    ("sides", "one_way", "sentence"),
    [
        ((("n1",),), False, 'A partition needs two sides or more, such as partition(["n1", "n2"], ["n3"]).'),
        ((("n1",), ()), False, 'A partition needs two sides or more, such as partition(["n1", "n2"], ["n3"]).'),
        ((("n1", "n2"), ("n2",)), False, "n2 is on two sides of the partition. Put it on one, or on none."),
        ((("n1",), ("n2",), ("n3",)), True, "A one-way partition has two sides: the first can't reach the second."),
    ],
)
def test_what_is_no_partition_is_told(sides, one_way, sentence):
    with pytest.raises(Mistake) as mistake:
        Partition(sides, one_way)
    assert str(mistake.value) == sentence


# Links


def test_a_link_is_clear_unless_a_fault_meets_its_messages():
    network = holding(Link("n1", "n2", loss=0.1, one_way=True), Drop("Ping", "n3", "n1"), N1_FROM_N2)
    clear = {(a, b) for a in ("n1", "n2", "n3") for b in ("n1", "n2", "n3") if network.is_clear(a, b) and a != b}
    assert clear == {("n1", "n3"), ("n2", "n3"), ("n3", "n2")}
    network.hold({})
    assert network.is_clear("n1", "n2")


def test_what_is_known_of_the_ways_of_many_callers_is_bounded():
    network = holding(Link("ada", "n1", loss=1.0))
    assert plans(network, 1, src="bob.1", dst="n1") == [(0.0,)]
    for number in range(5_000):
        assert network.plan(f"ada.{number}", "n1", "Ping", 100, 0.0) == "lost"
    assert len(network._ways) <= 1_000


def test_a_link_works_both_ways_unless_it_is_one_way_and_covers_a_clients_calls():
    both, one = Link("n1", "ada", loss=1.0), Link("n1", "ada", loss=1.0, one_way=True)
    assert both.concerns("n1", "ada.3")
    assert both.concerns("ada.3", "n1")
    assert one.concerns("n1", "ada.3")
    assert not one.concerns("ada.3", "n1")
    assert not both.concerns("n1", "n2")


def test_the_name_of_everybody_stands_for_nodes_and_clients():
    link = Link("n1", ANY, loss=1.0)
    assert link.concerns("n1", "n2")
    assert link.concerns("ada.3", "n1")
    assert not link.concerns("n2", "n3")
    assert Link(ANY, ANY, loss=1.0).concerns("n2", "ada.1")


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_a_link_loses_its_share_of_the_messages(probability):
    lost = plans(holding(Link("n1", "n2", loss=probability)), 4_000).count("lost")
    assert lost == pytest.approx(4_000 * probability, abs=150)
    assert (lost == 4_000) == (probability == 1.0)
    assert (lost == 0) == (probability == 0.0)


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_a_link_duplicates_its_share_of_the_messages(probability):
    network = holding(Link("n1", "n2", duplicate=probability))
    copies = [len(plan) for plan in plans(network, 4_000)]
    assert set(copies) <= {1, 2}
    assert copies.count(2) == pytest.approx(4_000 * probability, abs=150)


def test_a_delay_is_fixed_or_drawn_from_a_pair_and_adds_up_over_links():
    assert plans(holding(Link("n1", "n2", delay=0.25), Link(ANY, "n2", delay=0.5)), 1) == [(0.75,)]
    drawn = [due for (due,) in plans(holding(Link("n1", "n2", delay=(0.1, 0.3))), 500, every=1.0)]
    delays = [due - index for index, due in enumerate(drawn)]
    assert 0.1 <= min(delays) < 0.12
    assert 0.28 < max(delays) <= 0.3


@given(
    st.lists(st.floats(0, 0.02), max_size=40),
    st.sampled_from([{"jitter": 0.05}, {"delay": (0.0, 0.1)}, {"delay": 0.01, "jitter": 0.1, "bandwidth": 9_000.0}]),
    st.integers(0, 99),
)
def test_delay_and_jitter_never_change_the_order(gaps, effects, seed):
    network, now, dues = holding(Link("n1", "n2", **effects), seed=seed), 0.0, []
    for gap in gaps:
        now += gap
        (due,) = network.plan("n1", "n2", "Ping", 100, now)
        assert due >= now
        dues.append(due)
    assert dues == sorted(dues)


def test_delay_keeps_the_order_of_a_clients_calls_too():
    network = holding(Link("ada", "n1", delay=(0.0, 1.0)))
    dues = [network.plan(f"ada.{number}", "n1", "Ping", 100, number / 100)[0] for number in range(50)]
    assert dues == sorted(dues)


def test_what_is_sent_after_a_delay_has_ended_does_not_overtake_what_it_delayed():
    network = holding(Link("n1", "n2", delay=1.0))
    assert network.plan("n1", "n2", "Ping", 100, 0.0) == (1.0,)
    network.hold({})
    assert network.plan("n1", "n2", "Ping", 100, 0.5) == (1.0,)
    assert not network.is_clear("n1", "n2")
    assert network.plan("n1", "n2", "Ping", 100, 1.5) == (1.5,)
    assert network.is_clear("n1", "n2")


def test_clients_that_have_hung_up_leave_nothing_behind_in_the_network():
    network = holding(Link("ada", "n1", delay=0.1))
    for number in range(100):
        network.plan(f"ada.{number}", "n1", "Ping", 100, number)
        network.plan("n1", f"ada.{number}", "Pong", 100, number)
    network.hold({})
    network.plan("ada.100", "n1", "Ping", 100, 200)
    network.plan("n1", "ada.100", "Pong", 100, 200)
    assert network.is_clear("ada.101", "n1")
    assert network.pipes == {}


def test_reordering_lets_later_messages_overtake():
    dues = [due for (due,) in plans(holding(Link("n1", "n2", delay=0.1, reorder=0.3)), 500, every=0.01)]
    overtaken = sum(later < earlier for earlier, later in pairwise(dues))
    assert 50 < overtaken < 250
    assert all(due >= index * 0.01 + 0.1 for index, due in enumerate(dues))


def test_messages_on_a_thin_link_queue_up_behind_each_other():
    network = holding(Link("n1", "n2", bandwidth=1_000))
    assert [round(due, 6) for (due,) in plans(network, 3, size=100)] == [0.1, 0.2, 0.3]
    assert network.plan("n2", "n1", "Pong", 100, 0.0) == (0.1,), "the other direction is a pipe of its own"
    assert network.plan("n1", "n2", "Ping", 100, 10.0) == (10.1,), "an idle link saves nothing up"


def test_the_calls_of_a_client_share_its_bandwidth():
    network = holding(Link("ada", "n1", bandwidth=1_000))
    dues = [network.plan(f"ada.{number}", "n1", "Ping", 100, 0.0)[0] for number in (1, 2, 3)]
    assert [round(due, 6) for due in dues] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("effects", "sentence"),
    [
        ({"loss": 1.5}, "loss=1.5 is no probability. Give a number from 0 to 1."),
        ({"duplicate": -0.1}, "duplicate=-0.1 is no probability. Give a number from 0 to 1."),
        ({"reorder": "often"}, "reorder='often' is no probability. Give a number from 0 to 1."),
        ({"loss": None}, "loss=None is no probability. Give a number from 0 to 1."),
        ({"delay": -1}, "delay=-1, jitter=0.0: give seconds, 0 or more, or a pair (low, high)."),
        ({"delay": (0.2, 0.1)}, "delay=(0.2, 0.1), jitter=0.0: give seconds, 0 or more, or a pair (low, high)."),
        ({"delay": "1s"}, "delay='1s', jitter=0.0: give seconds, 0 or more, or a pair (low, high)."),
        ({"delay": float("inf")}, "delay=inf, jitter=0.0: give seconds, 0 or more, or a pair (low, high)."),
        ({"jitter": (0, 1)}, "delay=0.0, jitter=(0, 1): give seconds, 0 or more, or a pair (low, high)."),
        ({"jitter": -1}, "delay=0.0, jitter=-1: give seconds, 0 or more, or a pair (low, high)."),
        ({"bandwidth": 0}, "bandwidth=0: give bytes a second, more than 0. To cut a link, partition it."),
        ({"bandwidth": "slow"}, "bandwidth='slow': give bytes a second, more than 0. To cut a link, partition it."),
    ],
)
def test_what_no_link_can_do_is_told(effects, sentence):
    with pytest.raises(Mistake) as mistake:
        Link("n1", "n2", **effects)
    assert str(mistake.value) == sentence


# Chosen messages


def test_a_drop_takes_its_messages_and_no_others():
    network = holding(Drop("Ping", "n1", "n2", times=2))
    assert network.plan("n2", "n1", "Ping", 100, 0.0) == (0.0,)
    assert network.plan("n1", "n2", "Pong", 100, 0.0) == (0.0,)
    assert plans(network, 4) == ["chosen", "chosen", (0.0,), (0.0,)]


def test_a_drop_counts_on_when_other_faults_come_and_go():
    drop = Drop("Ping", "n1", "n2", times=2)
    network = holding(drop)
    assert plans(network, 1) == ["chosen"]
    network.hold({"f0": drop, "f1": Link("n1", "n2", delay=0.5)})
    assert plans(network, 2) == ["chosen", (0.5,)]


def test_a_drop_spares_what_a_partition_takes():
    drop = Drop("Ping", "n1", "n2")
    network = holding(drop, N1_FROM_N2)
    assert plans(network, 3) == ["partition"] * 3
    network.hold({"f0": drop})
    assert plans(network, 2) == ["chosen", (0.0,)]


def test_a_drop_of_a_clients_messages_means_all_its_calls():
    network = holding(Drop("Moved", "n1", "ada"))
    assert network.plan("n1", "ada.3", "Moved", 100, 0.0) == "chosen"
    assert network.plan("n1", "ada.4", "Moved", 100, 0.0) == (0.0,)


@pytest.mark.parametrize("times", [0, -1, 1.5, "once"])
def test_a_drop_takes_at_least_one_message(times):
    with pytest.raises(Mistake) as mistake:
        Drop("Ping", "n1", "n2", times)
    assert str(mistake.value) == f"times={times!r}: give how many messages to drop, 1 or more."


# As values

FAULTS = [
    Link("n1", "n2", delay=(0.1, 0.2), jitter=0.01, loss=0.1, duplicate=0.2, reorder=0.3, bandwidth=1e4, one_way=True),
    Partition((("n1",), ("n2", "c1")), one_way=True),
    Drop("Ping", "n1", "n2", times=3),
    CrashPoint("n1", "Ping", "before"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_values_that_show_as_the_line_that_makes_them_and_travel(fault):
    assert eval(repr(fault)) == fault
    assert hash(fault) == hash(eval(repr(fault)))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(fault), type=Fault) == fault
    with pytest.raises(AttributeError):
        fault.one_way = False


def test_the_same_seed_throws_the_same_dice():
    link = Link("n1", "n2", delay=(0.1, 0.2), jitter=0.1, loss=0.2, duplicate=0.2, reorder=0.2)
    assert plans(holding(link), 200) == plans(holding(link), 200)
    assert plans(holding(link), 200) != plans(holding(link, seed=2), 200)
