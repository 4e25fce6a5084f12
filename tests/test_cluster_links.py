"""Partitions, links and drops on real traffic: as values, as context managers, and while messages are in flight."""

from itertools import pairwise

import pytest
from cluster_nodes import Echo, Echoed, Keep, Knock, Note, Open, Parrot, Tell, TellAll

from ds101 import Cluster, Mistake, Timeout, Timer
from ds101.faults import Drop, Link, Partition

pytestmark = pytest.mark.cluster

SHORT = 0.1  # seconds that a call waits where nothing will come


@pytest.fixture
def world():
    with Cluster(Parrot, n=3) as world:
        yield world


def notes(world, node):
    return world.state(node)["notes"]


def drops(world, *types):
    return [(event.src.split(".")[0], event.dst.split(".")[0], event.detail) for event in
            world.trace.filter(kinds=["drop"], types=types or None)]  # fmt: skip


def until_dropped(world, count, *types):
    world.wait_until(lambda: len(drops(world, *types)) == count)


# Partitions


def test_a_partition_cuts_the_sides_from_each_other_and_nobody_else(world):
    with world.partition(["n1"], ["n2"]):
        world.call("n1", TellAll(1))
        world.call("n2", TellAll(2))
        world.wait_until(lambda: notes(world, "n3") in ([1, 2], [2, 1]))
        until_dropped(world, 2, Note)
        assert sorted(drops(world, Note)) == [("n1", "n2", "partition"), ("n2", "n1", "partition")]
        assert notes(world, "n1") == notes(world, "n2") == []
    world.call("n1", TellAll(3))
    world.wait_until(lambda: notes(world, "n2") == [3])


def test_what_a_partition_took_does_not_come_back_when_it_heals(world):
    with world.partition(["n1"], ["n2"]):
        world.call("n1", Tell("n2", count=3))
    world.call("n1", Tell("n2", count=1))
    world.wait_until(lambda: notes(world, "n2"))
    assert notes(world, "n2") == [0]


def test_a_one_way_partition_lets_the_first_side_hear_but_not_speak(world):
    with world.partition(["n1"], ["n2", "n3"], one_way=True):
        world.call("n2", TellAll(2))
        world.wait_until(lambda: notes(world, "n1") == [2])
        world.call("n1", TellAll(1))
        until_dropped(world, 2, Note)
    assert notes(world, "n2") == []
    assert notes(world, "n3") == [2]


def test_overlapping_partitions_end_one_by_one_and_the_last_one_opens_the_link(world):
    first = world.partition(["n1"], ["n2"])
    second = world.partition(["n1"], ["n2", "n3"])
    assert repr(first) == "<Partition(sides=(('n1',), ('n2',)), one_way=False) holds>"
    first.end()
    assert repr(first).endswith("has ended>")
    world.call("n1", TellAll(1))
    until_dropped(world, 2, Note)
    second.end()
    second.end()
    world.call("n1", TellAll(2))
    for name in ("n2", "n3"):
        world.wait_until(lambda name=name: notes(world, name) == [2])


def test_heal_ends_all_partitions_and_nothing_else(world):
    world.partition(["n1"], ["n2"])
    world.partition(["n1"], ["n3"], one_way=True)
    world.link("n1", "n3", duplicate=1.0)
    world.drop(Note, "n1", "n2")
    world.heal()
    world.heal()
    world.call("n1", TellAll(1))
    world.wait_until(lambda: notes(world, "n3") == [1, 1])
    until_dropped(world, 1, Note)
    assert drops(world, Note) == [("n1", "n2", "chosen")]


def test_a_client_can_be_on_a_side_and_its_name_covers_all_its_calls(world):
    ada, bob = world.client("ada"), world.client("bob")
    with world.partition(["ada", "n2"], ["n1"]):
        for _ in range(2):
            with pytest.raises(Timeout):
                ada.call("n1", Echo(), timeout=SHORT)
        assert bob.call("n1", Echo()) == Echoed("", "n1")
        assert ada.call("n2", Echo()) == Echoed("", "n2")
    assert ada.call("n1", Echo()) == Echoed("", "n1")
    assert [one.outcome for one in world.history.of("ada")] == ["info", "info", "ok", "ok"]
    assert world.state("n1")["echoes"] == 2


def test_a_one_way_partition_may_lose_only_the_replies_of_a_client(world):
    with world.partition(["n1"], ["ada"], one_way=True):
        with pytest.raises(Timeout):
            world.client("ada").call("n1", Echo(), timeout=SHORT)
    assert world.state("n1")["echoes"] == 1
    assert drops(world) == [("n1", "ada", "partition")]


def test_a_partition_ends_with_the_with_also_after_an_error(world):
    with pytest.raises(ZeroDivisionError), world.partition(["n1"], ["c1"]):
        raise ZeroDivisionError
    assert world.call("n1", Echo()) == Echoed("", "n1")


def test_partitions_stand_in_the_trace_from_their_beginning_to_their_end(world):
    with world.partition(["n1"], ["n2"], one_way=True):
        pass
    begin, end = world.trace.filter(kinds=["partition", "heal"])
    assert begin.body["sides"] == (("n1",), ("n2",)) or begin.body["sides"] == [["n1"], ["n2"]]
    assert begin.body["one_way"] is True
    assert end.body["fault"] == begin.body["fault"]
    assert begin.at <= end.at


def test_a_restarted_node_finds_the_partitions_and_links_that_hold(world):
    world.partition(["n1"], ["n2"])
    world.link("n1", "n3", duplicate=1.0)
    world.crash("n1")
    world.restart("n1")
    world.call("n1", TellAll(1))
    world.wait_until(lambda: notes(world, "n3") == [1, 1])
    until_dropped(world, 1, Note)
    assert drops(world, Note) == [("n1", "n2", "partition")]


def test_names_that_nobody_has_are_told(world):
    for wrong, sentence in (
        (lambda: world.partition(["n1"], ["n9"]), "There is no node 'n9'. There are n1, n2, n3, and clients by name."),
        (lambda: world.partition("n1", ["n2"]), "'n1' is one name, and a side is a list of names. Write ['n1']."),
        (lambda: world.link("n1", "n4", loss=1.0), "There is no node 'n4'."),
        (lambda: world.partition(["n1"], ["c1.7"]), "There is no node 'c1.7'."),
        (lambda: world.partition(["n1"], [2]), "There is no node 2."),
        (lambda: world.drop(Note, "n1", "n7"), "There is no node 'n7'."),
        (lambda: world.drop("Note", "n1", "n2"), "'Note' is no type of message or timer."),
        (lambda: world.link("n1", "n2", lag=1), "link() knows no 'lag'. It knows delay, jitter, loss,"),
        (lambda: world.link("n1", "n2", loss=2), "loss=2 is no probability."),
    ):
        with pytest.raises(Mistake) as mistake:
            wrong()
        assert str(mistake.value).startswith(sentence)
    assert world.trace.filter(kinds=["partition", "link"]).events == ()


# Links


def test_a_delayed_message_arrives_that_much_later(world):
    with world.link("n1", "n2", delay=0.05):
        world.call("n1", Tell("n2", count=3))
        world.wait_until(lambda: notes(world, "n2") == [0, 1, 2])
    for send, deliver in travels(world, "Note"):
        assert deliver.at - send.at >= 0.049


def test_a_delay_on_one_link_leaves_the_others_fast(world):
    with world.link("n1", "n2", delay=30.0):
        world.call("n1", TellAll(1))
        world.wait_until(lambda: notes(world, "n3") == [1])
        assert notes(world, "n2") == []


def test_a_one_way_link_works_on_one_direction(world):
    with world.link("n1", "n2", loss=1.0, one_way=True):
        world.call("n1", Tell("n2"))
        world.call("n2", Tell("n1"))
        world.wait_until(lambda: notes(world, "n1") == [0])
        until_dropped(world, 1, Note)
    assert drops(world, Note) == [("n1", "n2", "lost")]


def test_jitter_keeps_the_order_and_reordering_changes_it(world):
    with world.link("n1", "n2", delay=0.001, jitter=0.005):
        world.call("n1", Tell("n2", count=200))
        world.wait_until(lambda: len(notes(world, "n2")) == 200)
    assert notes(world, "n2") == list(range(200))
    with world.link("n1", "n3", delay=0.001, reorder=0.2):
        world.call("n1", Tell("n3", count=200))
        world.wait_until(lambda: len(notes(world, "n3")) == 200)
    assert sorted(notes(world, "n3")) == list(range(200))
    assert 0 < sum(later < earlier for earlier, later in pairwise(notes(world, "n3"))) < 150


def test_what_is_sent_after_a_delay_ended_does_not_overtake_what_it_holds_back(world):
    with world.link("n1", "n2", delay=0.1):
        world.call("n1", Tell("n2", count=5))
    world.call("n1", Tell("n2", count=5))
    world.wait_until(lambda: len(notes(world, "n2")) == 10)
    assert notes(world, "n2") == [0, 1, 2, 3, 4] * 2


def test_a_losing_link_loses_about_its_share_and_says_which(world):
    with world.link("n1", "n2", loss=0.5):
        world.call("n1", Tell("n2", count=400))
        world.wait_until(lambda: len(drops(world, Note)) + len(notes(world, "n2")) == 400)
    assert 130 < len(notes(world, "n2")) < 270
    assert {why for _, _, why in drops(world, Note)} == {"lost"}


def test_a_duplicating_link_delivers_one_send_twice(world):
    with world.link("n1", "n2", duplicate=1.0):
        world.call("n1", Tell("n2"))
        world.wait_until(lambda: notes(world, "n2") == [0, 0])
    sends = world.trace.filter(kinds=["send"], types=[Note])
    delivers = world.trace.filter(kinds=["deliver"], types=[Note])
    assert [event.cause for event in delivers] == [sends[0].id] * 2
    assert len(sends) == 1


def test_a_duplicated_request_is_handled_twice_and_answered_once(world):
    with world.link("ada", "n1", duplicate=1.0, one_way=True):
        assert world.client("ada").call("n1", Echo()) == Echoed("", "n1")
        world.wait_until(lambda: world.state("n1")["echoes"] == 2)


def test_a_thin_link_takes_its_time_for_many_bytes(world):
    with world.link("n1", "n2", bandwidth=50_000):
        world.call("n1", Tell("n2", count=5, size=1_000))
        world.wait_until(lambda: len(notes(world, "n2")) == 5)
    first_send = min(send.at for send, _ in travels(world, "Note"))
    for number, (_, deliver) in enumerate(travels(world, "Note"), start=1):
        assert deliver.at - first_send >= number * 0.020 - 0.001


def test_several_links_add_up(world):
    with world.link("n1", "n2", duplicate=1.0), world.link("*", "n2", delay=0.02):
        world.call("n1", Tell("n2"))
        world.wait_until(lambda: notes(world, "n2") == [0, 0])
    assert all(deliver.at - send.at >= 0.019 for send, deliver in travels(world, "Note"))


def test_a_link_to_a_client_delays_its_calls(world):
    with world.link("ada", "n1", delay=0.03):
        world.client("ada").call("n1", Echo())
    (operation,) = world.history
    assert operation.ended - operation.began >= 0.058
    world.client("bob").call("n2", Echo())


def travels(world, type_name):
    """Each delivery of this type with its send."""
    trace = world.trace
    sends = {event.id: event for event in trace if event.kind == "send"}
    return [(sends[e.cause], e) for e in trace if e.kind == "deliver" and e.type == type_name]


# While messages are in flight


def test_a_message_that_is_delayed_when_a_partition_begins_is_lost_when_it_is_due(world):
    with world.link("n1", "n2", delay=0.2):
        world.call("n1", Tell("n2", count=2))
        assert drops(world, Note) == []
        with world.partition(["n1"], ["n2"]):
            until_dropped(world, 2, Note)
    assert drops(world, Note) == [("n1", "n2", "partition")] * 2
    assert notes(world, "n2") == []


def test_a_message_that_is_delayed_survives_a_partition_that_ends_before_it_is_due(world):
    with world.link("n1", "n2", delay=0.3):
        world.call("n1", Tell("n2", count=2))
        with world.partition(["n1"], ["n2"]):
            pass
        world.wait_until(lambda: notes(world, "n2") == [0, 1])


def test_a_delayed_reply_is_lost_when_its_client_is_cut_off(world):
    with world.link("n1", "ada", delay=0.2, one_way=True):
        pending = world.client("ada").start("n1", Echo())
        world.wait_until(lambda: world.state("n1")["echoes"] == 1)
        with world.partition(["n1"], ["ada"]):
            until_dropped(world, 1, Echoed)
    with pytest.raises(Timeout):
        pending.result(timeout=SHORT)


def test_a_message_that_is_delayed_when_its_receiver_crashes_is_dropped_also_after_the_restart(world):
    with world.link("n1", "n2", delay=0.3):
        world.call("n1", Tell("n2", count=2))
        world.crash("n2")
        world.restart("n2")
        until_dropped(world, 2, Note)
    assert {why for _, _, why in drops(world, Note)} <= {"n2 crashed", "n2 is down"}
    assert notes(world, "n2") == []


def test_a_message_that_is_delayed_when_its_sender_crashes_is_dropped(world):
    with world.link("n1", "n2", delay=30.0):
        world.call("n1", Tell("n2", count=2))
        world.crash("n1")
        assert drops(world, Note) == [("n1", "n2", "n1 crashed")] * 2


# Chosen messages


def test_a_drop_takes_exactly_the_next_messages_of_its_type(world):
    world.drop(Note, "n1", "n2", times=2)
    world.call("n1", Tell("n2", count=5))
    world.wait_until(lambda: notes(world, "n2") == [2, 3, 4])
    assert drops(world, Note) == [("n1", "n2", "chosen")] * 2


def test_a_drop_of_a_reply_makes_the_retry_a_second_request(world):
    world.drop(Echoed, "n1", "ada")
    assert world.client("ada").call("n1", Echo(), timeout=SHORT, retries=1) == Echoed("", "n1")
    assert world.state("n1")["echoes"] == 2


def test_a_drop_of_a_request_spares_the_node(world):
    world.drop(Keep, "ada", "n1")
    with pytest.raises(Timeout):
        world.client("ada").call("n1", Keep("x", 1), timeout=SHORT)
    assert drops(world) == [("ada", "n1", "chosen")]
    assert "x" not in world.state("n1")["kept"]


def test_a_drop_that_had_its_message_has_ended_also_for_a_restarted_node(world):
    drop = world.drop(Note, "n1", "n2")
    world.call("n1", Tell("n2", count=1))
    until_dropped(world, 1, Note)
    world.wait_until(lambda: "has ended" in repr(drop))
    world.crash("n1")
    world.restart("n1")
    world.call("n1", Tell("n2", count=1))
    world.wait_until(lambda: notes(world, "n2") == [0])


def test_a_drop_can_be_taken_back(world):
    with world.drop(Note, "n1", "n2", times=5):
        world.call("n1", Tell("n2", count=1))
    world.call("n1", Tell("n2", count=1))
    world.wait_until(lambda: notes(world, "n2") == [0])
    assert len(drops(world, Note)) == 1


def test_a_drop_names_one_sender_and_may_mean_any_receiver(world):
    with pytest.raises(Mistake, match=r"^drop\(\) takes messages of one sender\. Name it in place of '\*'\."):
        world.drop(Note, "*", "n3")
    world.drop(Note, "n1", "*")
    world.call("n1", TellAll(1))
    world.wait_until(lambda: notes(world, "n3") == [1])
    assert drops(world, Note) == [("n1", "n2", "chosen")]


# As values


def test_what_a_verb_returns_holds_the_fault_as_a_value(world):
    assert world.partition(["n1"], ["n2", "n3"]).fault == Partition((("n1",), ("n2", "n3")))
    assert world.link("n1", "n2", delay=(0.1, 0.2)).fault == Link("n1", "n2", delay=(0.1, 0.2))
    assert world.drop(Note, "n1", "n2", times=3).fault == Drop("Note", "n1", "n2", times=3)


def test_a_fault_that_outlives_its_world_ends_quietly():
    with Cluster(Parrot, n=2) as world:
        cut = world.partition(["n1"], ["n2"])
    cut.end()
    with cut:
        pass


def test_a_type_of_timer_can_not_be_dropped(world):
    class Tick(Timer):
        pass

    with pytest.raises(Mistake, match="Tick is a timer, and only messages travel"):
        world.drop(Tick, "n1", "n2")


def test_deferred_replies_pass_a_partition_that_has_healed(world):
    knocked = world.start("n1", Knock())
    world.wait_until(lambda: world.state("n1")["knocking"])
    with world.partition(["n1"], ["c1"]):
        pass
    world.call("n1", Open())
    assert type(knocked.result()).__name__ == "Opened"
