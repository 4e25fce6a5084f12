"""Calls on real processes: clients, replies that come late or from elsewhere, workloads, and what leaves when."""

import gc
import re
import threading
from random import Random

import psutil
import pytest
from cluster_nodes import (
    Echo,
    Echoed,
    Keep,
    Kept,
    Knock,
    Note,
    Open,
    Opened,
    Parrot,
    Pass,
    Raise,
    Tell,
    TellAll,
    Told,
)

from ds101 import Call, Cluster, Message, Mistake, Node, NodeError, Timeout, on

pytestmark = pytest.mark.cluster

SHORT = 0.1  # seconds that a call waits where nothing will come


@pytest.fixture(scope="module")
def shared():
    """Three nodes for the tests that break nothing."""
    with Cluster(Parrot, n=3) as world:
        yield world


# Processes


def test_each_node_is_a_process_of_its_own_that_shows_in_ps_with_its_name_and_class(shared):
    assert list(shared.processes) == ["n1", "n2", "n3"]
    titles = [psutil.Process(pid).cmdline()[0] for pid in shared.processes.values()]
    assert titles == [f"ds101 {name} (Parrot)" for name in shared.nodes]
    assert repr(shared) == "Cluster(n1 running, n2 running, n3 running)"


def test_every_pair_of_nodes_has_its_own_tcp_connection_in_each_direction(shared):
    ports = {shared.address(name)[1]: name for name in shared.nodes}
    pairs = {
        (name, ports[connection.raddr.port])
        for name, pid in shared.processes.items()
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.raddr and connection.raddr.port in ports
    }
    assert pairs >= {(a, b) for a in shared.nodes for b in shared.nodes if a != b}


def test_start_runs_before_anything_arrives():
    class Eager(Node):
        def start(self):
            self.heard = []
            self.broadcast(Note(1))

        @on(Note)
        def note(self, note, sender):
            self.heard.append(sender)

    with Cluster(Eager, n=5) as world:
        for name in world.nodes:
            others = set(world.nodes) - {name}
            world.wait_until(lambda name=name, others=others: set(world.state(name)["heard"]) == others)
        events = [(event.kind, event.node) for event in world.trace]
        assert all(events.index(("start", name)) < events.index(("deliver", name)) for name in world.nodes)


def test_nodes_of_several_classes_have_the_names_that_they_were_given():
    class Front(Node):
        @on(Echo)
        def ask(self, request, client):
            self.send("back", Pass((), client))

    with Cluster({"front": Front, "back": Parrot}) as world:
        assert world.call("front", Echo()) == Echoed("passed", "back")
        assert world.nodes == ("front", "back")
        with pytest.raises(Mistake, match="Front has no handler for Knock"):
            world.call("front", Knock())


# Calls


def test_a_call_returns_the_reply_as_a_value_of_its_class(shared):
    reply = shared.call("n2", Echo("hello"))
    assert reply == Echoed("hello", "n2")
    assert type(reply) is Echoed


def test_every_call_has_an_address_of_its_own(shared):
    bob = shared.client("bob")
    for _ in range(3):
        bob.call("n1", Echo())
    sent = shared.trace.filter(nodes=["bob"], kinds=["send"], types=[Echo])
    assert [event.src for event in sent] == ["bob.1", "bob.2", "bob.3"]
    assert repr(bob) == "<client bob>"


def test_clients_without_a_name_are_numbered(shared):
    assert [shared.client().name, shared.client().name] == ["c2", "c3"]


def test_two_handles_of_one_client_share_its_addresses(shared):
    assert shared.client("cyd").call("n1", Echo()) == shared.client("cyd").call("n1", Echo())
    sent = shared.trace.filter(nodes=["cyd"], kinds=["send"], types=[Echo])
    assert [event.src for event in sent] == ["cyd.1", "cyd.2"]


def test_a_started_call_goes_on_while_its_caller_does_something_else():
    with Cluster(Parrot, n=1) as world:
        knocked = [world.start("n1", Knock()) for _ in range(3)]
        world.wait_until(lambda: len(world.state("n1")["knocking"]) == 3)
        assert [pending.done for pending in knocked] == [False] * 3
        assert "open" in repr(knocked[0])
        assert world.call("n1", Open()) == Opened()
        assert [pending.result() for pending in knocked] == [Opened()] * 3
        assert all(pending.done for pending in knocked)
        assert [operation.outcome for operation in world.history] == ["ok"] * 4


def test_a_remembered_sender_can_be_answered_much_later_also_by_another_node_and_after_a_restart():
    with Cluster(Parrot, n=3) as world:
        deferred = world.start("n1", Knock())
        world.wait_until(lambda: world.state("n1")["knocking"] == ["c1.1"])
        world.crash("n3")
        world.restart("n3")
        world.send("n2", Pass(("n3",), client="c1.1"))
        assert deferred.result() == Echoed("passed", "n3")


def test_a_request_that_was_forwarded_is_answered_by_whoever_has_it_at_last(shared):
    assert shared.call("n1", Pass(("n2", "n3", "n2"))) == Echoed("passed", "n2")


def test_only_the_first_reply_counts_and_others_are_drops():
    class Twice(Node):
        @on(Echo)
        def echo(self, request, client):
            self.send(client, Echoed("first", self.id))
            self.send(client, Echoed("second", self.id))

    with Cluster(Twice, n=1) as world:
        assert world.call("n1", Echo()).text == "first"
        assert world.call("n1", Echo()).text == "first", "the second reply to an old call answers no new one"
        world.wait_until(lambda: len(world.trace.filter(kinds=["drop"])) == 2)
        assert {event.detail for event in world.trace.filter(kinds=["drop"])} == {"the call has ended"}


def test_a_call_that_hears_nothing_says_so_and_may_be_repeated():
    with Cluster(Parrot, n=1) as world:
        world.drop(Echoed, "n1", "c1", times=2)
        assert world.call("n1", Echo(), timeout=SHORT, retries=2) == Echoed("", "n1")
        assert world.state("n1")["echoes"] == 3
        (operation,) = world.history
        assert operation.outcome == "ok", "three requests, one operation"


def test_a_reply_that_comes_after_its_caller_gave_up_is_a_drop_and_the_outcome_stays_unknown():
    with Cluster(Parrot, n=1) as world:
        with pytest.raises(Timeout):
            world.call("n1", Knock(), timeout=SHORT)
        world.call("n1", Open())
        first, second = world.history
        assert (first.outcome, first.reply, second.outcome) == ("info", None, "ok")
        assert world.trace.filter(kinds=["drop"])[0].detail == "the call has ended"


def test_a_send_waits_for_nothing_and_its_replies_go_nowhere(shared):
    operations = len(shared.history)
    echoes = shared.state("n3")["echoes"]
    shared.send("n3", Echo())
    shared.wait_until(lambda: shared.state("n3")["echoes"] == echoes + 1)
    assert len(shared.history) == operations


def test_the_history_says_who_asked_what_when_and_was_told_what():
    with Cluster(Parrot, n=1) as world:
        ada = world.client("ada")
        ada.call("n1", Keep("x", 1))
        with pytest.raises(Timeout):
            ada.call("n1", Knock(), timeout=SHORT)
        first, second = world.history
        assert (first.client, first.node, first.request, first.outcome, first.reply) == (
            "ada", "n1", Keep("x", 1), "ok", Kept("x", 1),
        )  # fmt: skip
        assert 0 <= first.began < first.ended <= second.began < second.ended
        assert second.outcome == "info"
        kinds = [(event.kind, event.node) for event in world.trace.filter(kinds=["invoke", "ok", "info", "fail"])]
        assert kinds == [("invoke", "ada"), ("ok", "ada"), ("invoke", "ada"), ("info", "ada")]
        invoke, ok = world.trace.filter(kinds=["invoke", "ok"])[:2]
        assert ok.cause == invoke.id


# Workloads


def test_a_workload_runs_its_clients_at_once_and_each_one_step_after_the_other():
    with Cluster(Parrot, n=2) as world:
        history = world.run({"ada": [Call("n1", Knock()), Call("n1", Echo("ada"))], "bob": [Call("n1", Open())]})
        assert [(one.client, one.outcome) for one in history if one.client == "ada"] == [("ada", "ok"), ("ada", "ok")]
        assert history.of("ada")[0].ended <= history.of("ada")[1].began
        assert repr(history) == "History(3 operations: 3 ok)"


def test_a_generator_decides_by_the_replies_and_hears_none_where_there_was_none():
    heard = []

    def ada():
        heard.append((yield Call("n1", Echo("a"))))
        heard.append((yield Call("n1", Knock(), timeout=SHORT)))
        heard.append((yield Call("n2", Echo("b"))))

    with Cluster(Parrot, n=2) as world:
        world.crash("n2")
        history = world.run({"ada": ada()})
        assert heard == [Echoed("a", "n1"), None, None]
        assert [one.outcome for one in history] == ["ok", "info", "fail"]


def test_a_second_workload_returns_its_own_operations(shared):
    before = len(shared.history)
    assert len(shared.run({"ada": [Call("n1", Echo())] * 3})) == 3
    assert len(shared.run({"bob": [Call("n1", Echo())] * 2})) == 2
    assert len(shared.history) == before + 5


def test_an_error_in_a_workload_is_told_at_the_run():
    def wrong():
        yield Echo()

    def broken():
        yield Call("n1", Echo())
        raise RuntimeError("mine")

    with Cluster(Parrot, n=1) as world:
        with pytest.raises(Mistake, match="A workload's step is a Call"):
            world.run({"ada": wrong()})
        with pytest.raises(RuntimeError, match="mine"):
            world.run({"ada": broken()})
        with pytest.raises(NodeError, match="I was told to"):
            world.run({"ada": [Call("n1", Raise())]})


def test_a_crash_during_a_workload_is_one_of_its_steps():
    with Cluster(Parrot, n=2) as world:
        world.crash("n1", before=Knock)
        history = world.run(
            {"ada": [Call("n1", Echo()), Call("n1", Knock(), timeout=SHORT), Call("n1", Echo(), timeout=SHORT)]}
        )
        assert [one.outcome for one in history] == ["ok", "info", "fail"]


# What leaves, and when


def test_a_broadcast_reaches_all_others_and_not_the_sender(shared):
    shared.call("n1", TellAll(77))
    for name in ("n2", "n3"):
        shared.wait_until(lambda name=name: 77 in shared.state(name)["notes"])
    assert 77 not in shared.state("n1")["notes"]


def test_a_node_can_send_to_itself():
    with Cluster(Parrot, n=1) as world:
        world.call("n1", Tell("n1", count=3))
        world.wait_until(lambda: world.state("n1")["notes"] == [0, 1, 2])
        assert world.state("n1")["senders"] == ["n1"] * 3


def test_sends_leave_when_the_handler_returns():
    class Slow(Node):
        def start(self):
            self.notes = 0

        @on(Tell)
        def tell(self, request, client):
            self.send(client, Told())
            self.storage["told"] = True
            while True:
                pass

    with Cluster(Slow, n=1) as world:
        with pytest.raises(Timeout):
            world.call("n1", Tell("n1"), timeout=SHORT)
        assert "Told" not in [event.type for event in world.trace]


def test_a_handler_that_raises_sends_nothing_but_what_it_stored_is_stored():
    with Cluster(Parrot, n=2) as world:
        with pytest.raises(NodeError):
            world.call("n1", Raise(to="n2"))
        world.call("n2", Echo())
        assert world.state("n2")["notes"] == []
        assert not world.trace.filter(types=[Told, Note], kinds=["send"])
        world.restart("n1")
        assert world.state("n1")["kept"] == {"before": 1}


def test_messages_between_two_nodes_arrive_once_and_in_their_order(shared):
    shared.call("n1", Tell("n3", count=500))
    shared.wait_until(lambda: len(shared.state("n3")["notes"]) >= 500)
    numbers = [number for number, sender in zip(*notes_of(shared, "n3"), strict=True) if sender == "n1"]
    assert numbers[-500:] == list(range(500))


def notes_of(world, node):
    state = world.state(node)
    return state["notes"], state["senders"]


def test_large_messages_arrive_whole():
    class Big(Message):
        data: bytes

    class Store(Node):
        @on(Big)
        def take(self, big, client):
            self.send(client, big)

    data = Random(1).randbytes(3_000_000)
    with Cluster(Store, n=1) as world:
        assert world.call("n1", Big(data), timeout=10.0) == Big(data)


def test_what_a_node_changes_after_sending_does_not_travel():
    class Numbers(Message):
        values: list[int]

    class Careless(Node):
        @on(Numbers)
        def take(self, numbers, client):
            self.send(client, numbers)
            numbers.values.append(99)

    numbers = Numbers([1])
    with Cluster(Careless, n=1) as world:
        assert world.call("n1", numbers) == Numbers([1])
        assert numbers == Numbers([1]), "nor does it reach the caller's own object"


def test_a_request_that_was_spoiled_after_it_was_made_is_told_at_its_call(shared):
    class Numbers(Message):
        values: list[float]

    class Taker(Node):
        @on(Numbers)
        def take(self, numbers, client):
            pass

    spoiled = Numbers([1.0])
    spoiled.values.append(threading.Lock())
    with Cluster(Taker) as world:
        with pytest.raises(Mistake, match=r"^Numbers\(values=.* can't be sent: "):
            world.call("n1", spoiled)
        assert [operation.outcome for operation in world.history] == ["fail"]


# State and time


def test_the_state_is_a_copy(shared):
    state = shared.state("n2")
    state["notes"].append(-1)
    state.clear()
    assert -1 not in shared.state("n2")["notes"]
    assert set(shared.state("n2")) >= {"echoes", "notes", "kept"}


def test_looking_at_the_state_leaves_the_classes_of_the_reader_alone(shared):
    class Entry(Message):
        text: str

        def shout(self):
            return shout(self.text)

    class Log(Node):
        def start(self):
            self.entries = [Entry("hey")]

    with Cluster(Log, n=1) as world:
        shout_before = Entry.shout
        (entry,) = world.state("n1")["entries"]
        assert entry == Entry("hey")
        assert type(entry) is Entry
        assert Entry.shout is shout_before
        assert entry.shout() == "HEY"


def shout(text):
    return text.upper()


def test_waiting_lets_the_world_run_and_a_condition_that_never_comes_true_times_out(shared):
    seen = []
    shared.wait_until(lambda: seen.append(1) or len(seen) > 3)
    with pytest.raises(Timeout, match=r"The condition was not true within 0\.05 s"):
        shared.wait_until(lambda: False, timeout=0.05)
    shared.wait(0.0)


def test_an_error_in_a_condition_is_the_readers_own(shared):
    with pytest.raises(KeyError, match="nothing"):
        shared.wait_until(lambda: shared.state("n1")["nothing"])


def test_a_seed_decides_what_nodes_draw():
    class Draw(Message):
        pass

    class Drawn(Message):
        number: float

    class Dice(Node):
        @on(Draw)
        def draw(self, _, client):
            self.send(client, Drawn(self.random.random()))

    def drawn(seed):
        with Cluster(Dice, n=2, seed=seed) as world:
            return [world.call(name, Draw()).number for name in ("n1", "n2", "n1")]

    assert drawn(1) == drawn(1) != drawn(2)
    assert len(set(drawn(1))) == 3


# Several worlds, the end


def test_worlds_live_side_by_side_without_touching_each_other():
    with Cluster(Parrot, n=2) as one, Cluster(Parrot, n=2) as other:
        one.call("n1", Keep("x", 1))
        other.crash("n1")
        assert one.call("n1", Echo()) == Echoed("", "n1")
        other.restart("n1")
        assert other.state("n1")["kept"] == {}
        assert len(other.history) == 0


def test_the_trace_and_the_history_stay_after_the_end():
    with Cluster(Parrot, n=1) as world:
        world.call("n1", Echo())
    assert [operation.outcome for operation in world.history] == ["ok"]
    assert [event.kind for event in world.trace.filter(nodes=["n1"], types=[Echo, Echoed])] == [
        "start", "send", "deliver", "send", "deliver",
    ]  # fmt: skip
    assert repr(world) == "Cluster(n1, closed)"
    assert world.processes == {}
    world.close()


def test_the_trace_is_bounded_and_says_what_it_forgot():
    with Cluster(Parrot, n=2, trace_limit=200) as world:
        world.call("n1", Tell("n2", count=500))
        world.wait_until(lambda: len(world.state("n2")["notes"]) == 500)
        trace = world.trace
        assert len(trace.events) == 200
        assert trace.cut > 500
        assert re.search(r", [\d,]+ older ones forgotten\)$", repr(trace))


def test_a_world_that_nobody_holds_any_more_ends():
    world = Cluster(Parrot, n=2)
    client = world.client("ada")
    client.call("n1", Echo())
    processes = [psutil.Process(pid) for pid in world.processes.values()]
    del world, client
    gc.collect()
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert alive == []
