"""Crashes, restarts, pauses and skewed clocks on real processes; what a crash takes along, and what it leaves."""

import os
import signal
from contextlib import suppress

import psutil
import pytest
from cluster_nodes import (
    Alarm,
    Echo,
    Echoed,
    Keep,
    Kept,
    Knock,
    Loop,
    Note,
    Open,
    Parrot,
    Raise,
    SetAlarm,
    Silence,
    Tell,
    TellAll,
    Told,
)

from ds101 import Cluster, Message, Mistake, Node, NodeError, Timeout, Timer, Unreachable, on

pytestmark = pytest.mark.cluster

SHORT = 0.1  # seconds that a call waits where nothing will come


@pytest.fixture
def world():
    with Cluster(Parrot, n=3) as world:
        yield world


def crashes(world):
    return [(event.node, event.detail) for event in world.trace if event.kind == "crash"]


def has_crashed(world, node):
    return lambda: world.condition(node) == "crashed"


# Crash and restart


def test_a_crash_kills_the_process_and_the_others_go_on(world):
    process = psutil.Process(world.processes["n1"])
    world.crash("n1")
    assert not process.is_running()
    assert list(world.processes) == ["n2", "n3"]
    assert world.call("n2", Echo()) == Echoed("", "n2")
    assert crashes(world) == [("n1", "SIGKILL")]
    assert repr(world) == "Cluster(n1 crashed, n2 running, n3 running)"


def test_a_crashed_node_refuses_and_the_request_certainly_did_not_reach_it(world):
    world.crash("n1")
    with pytest.raises(Unreachable):
        world.call("n1", Echo())
    assert [operation.outcome for operation in world.history] == ["fail"]
    with pytest.raises(Unreachable, match="n1 has crashed"):
        world.state("n1")


def test_a_restarted_node_is_a_new_process_with_the_old_disk_and_address_and_no_memory(world):
    world.call("n1", Keep("x", 1))
    world.call("n1", Echo())
    pid, address = world.processes["n1"], world.address("n1")
    world.crash("n1")
    world.restart("n1")
    state = world.state("n1")
    assert (state["echoes"], state["kept"]) == (0, {"x": 1})
    assert world.processes["n1"] != pid
    assert world.address("n1") == address
    assert [event.kind for event in world.trace.filter(nodes=["n1"], kinds=["start", "crash", "restart"])] == [
        "start", "crash", "restart",
    ]  # fmt: skip


def test_others_reach_a_restarted_node_and_it_reaches_them(world):
    world.crash("n1")
    world.restart("n1")
    world.call("n2", Tell("n1"))
    world.call("n1", Tell("n3"))
    world.wait_until(lambda: world.state("n1")["senders"] == ["n2"])
    world.wait_until(lambda: world.state("n3")["senders"] == ["n1"])


def test_what_is_sent_to_a_crashed_node_is_dropped_and_not_kept_for_its_restart(world):
    world.crash("n3")
    world.call("n1", Tell("n3", count=2))
    world.send("n3", Note(9))
    world.restart("n3")
    world.call("n1", Tell("n3", count=1))
    world.wait_until(lambda: world.state("n3")["notes"])
    assert world.state("n3")["notes"] == [0]
    drops = world.trace.filter(kinds=["drop"], types=[Note])
    assert [(drop.src.split(".")[0], drop.detail) for drop in drops] == [
        ("n1", "n3 is down"), ("n1", "n3 is down"), ("c1", "n3 is down"),
    ]  # fmt: skip


def test_what_was_in_the_air_when_its_receiver_died_is_a_drop_also_after_the_restart(world):
    world.pause("n2")
    world.call("n1", Tell("n2", count=3))
    world.crash("n2")
    world.restart("n2")
    world.call("n1", Tell("n2", count=1))
    world.wait_until(lambda: world.state("n2")["notes"])
    assert world.state("n2")["notes"] == [0]
    drops = world.trace.filter(kinds=["drop"], types=[Note])
    assert [drop.detail for drop in drops] == ["n2 crashed"] * 3


def test_what_a_dead_node_had_sent_arrives_and_stands_in_the_trace_as_a_send(world):
    world.pause("n2")
    world.call("n1", Tell("n2", count=3))
    world.crash("n1")
    world.resume("n2")
    world.wait_until(lambda: world.state("n2")["notes"] == [0, 1, 2])
    trace = world.trace
    sends = {event.id: event for event in trace if event.kind == "send"}
    delivered = [event for event in trace if event.kind == "deliver" and event.type == "Note"]
    assert len(delivered) == 3
    assert all(sends[event.cause].node == "n1" for event in delivered)


def test_a_send_whose_record_died_with_its_process_is_reconstructed():
    class Hasty(Node):
        """It is in an endless loop, as a rule, before it has told the trace of what it sent."""

        @on(Tell)
        def tell(self, request, client):
            self.send(request.to, Note(request.count))
            self.set_timer(Alarm("now"), after=0)

        @on(Alarm)
        def loop(self, _):
            while True:
                pass

    with Cluster({"n1": Hasty, "n2": Parrot}) as world:
        for attempt in range(20):
            world.send("n1", Tell("n2", count=attempt))
            world.wait_until(lambda attempt=attempt: attempt in world.state("n2")["notes"])
            world.crash("n1")
            sends = world.trace.filter(kinds=["send"], types=[Note])
            if sends[-1].detail == "reconstructed":
                break
            world.restart("n1")
        assert (sends[-1].src, sends[-1].dst, sends[-1].detail) == ("n1", "n2", "reconstructed")
        assert sends[-1].body == {"number": attempt, "padding": ""}


def test_a_process_that_is_killed_from_outside_is_a_crash(world):
    os.kill(world.processes["n2"], signal.SIGKILL)
    world.wait_until(has_crashed(world, "n2"))
    assert crashes(world) == [("n2", "SIGKILL")]
    world.restart("n2")
    assert world.call("n2", Echo()) == Echoed("", "n2")


def test_a_process_that_leaves_is_a_crash_with_its_exit_code():
    class Leaver(Node):
        @on(Echo)
        def leave(self, _, __):
            os._exit(3)

    with Cluster(Leaver) as world:
        with pytest.raises(Timeout):
            world.call("n1", Echo(), timeout=SHORT)
        world.wait_until(has_crashed(world, "n1"))
        assert crashes(world) == [("n1", "exit code 3")]


def test_a_node_in_an_endless_loop_can_be_crashed_and_says_nothing_before(world):
    with pytest.raises(Timeout):
        world.call("n1", Loop(), timeout=SHORT)
    with pytest.raises(Timeout, match=r"n1 did not answer within 1 s\. Is one of its handlers in a long loop\?"):
        world.state("n1")
    world.crash("n1")
    world.restart("n1")
    assert world.call("n1", Echo()) == Echoed("", "n1")


def test_crashes_and_restarts_take_turns(world):
    world.crash("n1")
    for wrong, sentence in (
        (lambda: world.crash("n1"), "n1 has crashed already. Use restart('n1') first."),
        (lambda: world.restart("n2"), "n2 is running. Only a crashed node can be restarted: crash('n2') first."),
        (lambda: world.pause("n1"), "n1 is crashed, so it can't be paused."),
        (lambda: world.resume("n2"), "n2 is running, so it can't be resumed. Use pause('n2') first."),
        (lambda: world.crash("n9"), "There is no node 'n9'. There are n1, n2, n3."),
    ):
        with pytest.raises(Mistake) as mistake:
            wrong()
        assert str(mistake.value) == sentence


def test_a_node_that_fails_in_start_after_a_restart_is_told_once_and_stays_down():
    class Fragile(Node):
        def start(self):
            if "lives" in self.storage:
                raise ValueError("once is enough")
            self.storage["lives"] = 1

        @on(Echo)
        def echo(self, request, client):
            self.send(client, Echoed("", self.id))

    with Cluster(Fragile, n=2) as world:
        world.crash("n1")
        with pytest.raises(NodeError, match="n1 died of ValueError: once is enough"):
            world.restart("n1")
        assert world.condition("n1") == "crashed"
        assert world.call("n2", Echo()) == Echoed("", "n2")


# Crashes at a chosen point


@pytest.mark.parametrize(
    ("point", "stored", "answered"),
    [
        ({"before": Keep}, {}, False),
        ({"after": Keep}, {"x": 1}, False),
        ({"before": Kept}, {"x": 1}, False),
        ({"after": Kept}, {"x": 1}, True),
    ],
    ids=["before handling", "after handling", "before sending", "after sending"],
)
def test_a_crash_falls_exactly_where_it_is_told_to(world, point, stored, answered):
    ((when, event),) = point.items()
    world.crash("n1", **point)
    assert world.condition("n1") == "running"
    pending = world.start("n1", Keep("x", 1))
    world.wait_until(has_crashed(world, "n1"))
    with suppress(Timeout):
        assert pending.result(timeout=SHORT) == Kept("x", 1)
    assert pending.operation.outcome == ("ok" if answered else "info")
    assert crashes(world) == [("n1", f"SIGKILL {when} {event.__name__}")]
    world.restart("n1")
    assert world.state("n1")["kept"] == stored
    assert world.call("n1", Keep("x", 2)) == Kept("x", 2), "the point is met once"


def test_a_crash_may_fall_between_two_sends_of_one_handler(world):
    world.crash("n1", after=Note)
    world.send("n1", TellAll(7))
    world.wait_until(has_crashed(world, "n1"))
    world.wait_until(lambda: world.state("n2")["notes"] == [7])
    assert world.call("n3", Echo()) == Echoed("", "n3")
    assert world.state("n3")["notes"] == []


def test_a_crash_may_fall_at_a_timer(world):
    world.crash("n1", before=Alarm)
    world.call("n1", SetAlarm("a", 0.01))
    world.wait_until(has_crashed(world, "n1"))
    assert crashes(world) == [("n1", "SIGKILL before Alarm")]
    assert not world.trace.filter(kinds=["fire"])


def test_a_crash_point_waits_for_its_own_node_and_type(world):
    world.crash("n1", before=Keep)
    world.call("n2", Keep("x", 1))
    world.call("n1", Echo())
    assert world.condition("n1") == world.condition("n2") == "running"


def test_a_crash_point_that_can_not_be_is_told(world):
    for wrong, sentence in (
        (lambda: world.crash("n1", before=Keep, after=Kept), "crash('n1'): give"),
        (lambda: world.crash("n1", before="Keep"), "'Keep' is no type of message or timer."),
        (lambda: world.crash("n1", after=Keep("x", 1)), "Keep(key='x', value=1) is no type of message or timer."),
    ):
        with pytest.raises(Mistake) as mistake:
            wrong()
        assert str(mistake.value).startswith(sentence)


# Pause


def test_a_paused_node_is_silent_keeps_its_connections_and_answers_when_it_goes_on(world):
    world.pause("n1")
    assert psutil.Process(world.processes["n1"]).status() == psutil.STATUS_STOPPED
    with pytest.raises(Timeout):
        world.call("n1", Echo("early"), timeout=SHORT)
    with pytest.raises(Timeout, match=r"n1 is paused, so it answers nothing\. Use resume\('n1'\) first\."):
        world.state("n1")
    late = world.start("n1", Echo("late"))
    world.resume("n1")
    assert late.result() == Echoed("late", "n1")
    assert world.state("n1")["echoes"] == 2
    assert [event.kind for event in world.trace.filter(kinds=["pause", "resume"])] == ["pause", "resume"]


def test_a_paused_node_hears_of_faults_that_began_and_ended_meanwhile(world):
    world.pause("n1")
    with world.partition(["n1"], ["n2"]):
        pass
    cut = world.partition(["n1"], ["n3"])
    world.resume("n1")
    world.call("n1", TellAll(1))
    world.wait_until(lambda: world.state("n2")["notes"] == [1])
    assert [event.dst for event in world.trace.filter(kinds=["drop"])] == ["n3"]
    cut.end()


def test_a_paused_node_can_be_crashed(world):
    world.pause("n1")
    world.crash("n1")
    world.restart("n1")
    assert world.call("n1", Echo()) == Echoed("", "n1")


def test_a_world_with_a_paused_node_ends(world):
    process = psutil.Process(world.processes["n1"])
    world.pause("n1")
    world.close()
    assert not process.is_running()


# Storage


class Saving(Message):
    number: int


class Saver(Node):
    """Stores a number, says so on a line of its own at once, and never comes back."""

    def start(self):
        self.disk = dict(self.storage)

    @on(Saving)
    def save(self, request, _):
        self.storage["number"] = request.number
        self.storage["text"] = "x" * request.number
        print(f"stored {request.number}", flush=True)
        while True:
            pass


def test_storage_is_durable_when_the_assignment_returns(count, capsys):
    with Cluster(Saver) as world:
        for number in range(1, count(5, 200) + 1):
            world.send("n1", Saving(number))
            shown = ""

            def has_said_so(number=number):
                nonlocal shown
                shown += capsys.readouterr().out
                return f"n1 | stored {number}\n" in shown

            world.wait_until(has_said_so, timeout=20.0)
            os.kill(world.processes["n1"], signal.SIGKILL)
            world.wait_until(has_crashed(world, "n1"))
            world.restart("n1")
            assert world.state("n1") == {"disk": {"number": number, "text": "x" * number}}


# Timers


def test_a_timer_fires_once_and_its_setting_is_its_cause(world):
    world.call("n1", SetAlarm("a", 0.01))
    world.wait_until(lambda: world.state("n1")["rung"] == ["a"])
    set_event, fire = world.trace.filter(kinds=["set", "fire"])
    assert fire.cause == set_event.id
    assert fire.at - set_event.at >= 0.01
    assert (fire.type, fire.body) == ("Alarm", {"name": "a"})


def test_a_timer_that_was_cancelled_never_fires_even_if_it_was_due():
    class Tick(Timer):
        number: int

    class Late(Node):
        """By the time that its handler cancels the timer, that has been due for long."""

        def start(self):
            self.fired = []

        @on(Echo)
        def work(self, _, client):
            self.set_timer(Tick(1), after=0)
            self.set_timer(Tick(2), after=0)
            end = self.now() + 0.02
            while self.now() < end:
                pass
            self.cancel_timer(Tick(1))
            self.send(client, Echoed("", self.id))

        @on(Tick)
        def tick(self, timer):
            self.fired.append(timer.number)

    with Cluster(Late) as world:
        world.call("n1", Echo())
        world.wait_until(lambda: world.state("n1")["fired"])
        world.call("n1", Echo())
        world.wait_until(lambda: len(world.state("n1")["fired"]) == 2)
        assert world.state("n1")["fired"] == [2, 2]
        assert [event.body["number"] for event in world.trace.filter(kinds=["cancel"])] == [1, 1]


def test_setting_an_equal_timer_replaces_it_and_others_go_on(world):
    world.call("n1", SetAlarm("other", 300.0))
    world.call("n1", SetAlarm("twice", 200.0))
    world.call("n1", SetAlarm("twice", 400.0))
    world.skew("n1", rate=10_000.0)  # only now do they come near
    world.wait_until(lambda: "twice" in world.state("n1")["rung"])
    assert world.state("n1")["rung"] == ["other", "twice"]


def test_cancelling_a_timer_that_is_not_set_does_nothing(world):
    world.call("n1", Silence("never set"))
    assert not world.trace.filter(kinds=["cancel"])


def test_a_timer_set_before_a_crash_never_fires(world):
    world.call("n1", SetAlarm("old", 0.05))
    world.crash("n1")
    world.restart("n1")
    world.call("n1", SetAlarm("new", 0.1))
    world.wait_until(lambda: world.state("n1")["rung"])
    assert world.state("n1")["rung"] == ["new"]


def test_a_timer_that_came_due_during_a_pause_fires_after_it(world):
    world.call("n1", SetAlarm("a", 0.01))
    world.pause("n1")
    world.wait(0.05)
    assert not world.trace.filter(kinds=["fire"])
    world.resume("n1")
    world.wait_until(lambda: world.state("n1")["rung"] == ["a"])


# Clocks


class Now(Message):
    pass


class Time(Message):
    seconds: float


class Clockwork(Node):
    @on(Now)
    def tell(self, _, client):
        self.send(client, Time(self.now()))

    @on(SetAlarm)
    def set(self, request, client):
        self.set_timer(Alarm(request.name), after=request.after)

    def start(self):
        self.rung = []


def test_a_clock_that_is_ahead_shows_more_and_one_that_is_set_right_shows_the_same():
    with Cluster(Clockwork, n=2) as world:

        def difference():
            first = world.call("n1", Now()).seconds
            other = world.call("n2", Now()).seconds
            last = world.call("n1", Now()).seconds
            return other - last, other - first

        world.skew("n2", offset=100.0)
        low, high = difference()
        assert low <= 100.0 <= high
        world.skew("n2", offset=-50.0)
        low, high = difference()
        assert low <= -50.0 <= high
        world.skew("n2")
        low, high = difference()
        assert low <= 0.0 <= high


def test_the_rate_of_a_clock_acts_on_timers_that_are_set_and_its_offset_does_not(world):
    world.call("n1", SetAlarm("fast", 20.0))
    world.call("n2", SetAlarm("ahead", 20.0))
    world.skew("n2", offset=1_000.0)
    world.skew("n1", rate=1_000.0)
    world.wait_until(lambda: world.state("n1")["rung"] == ["fast"])
    assert world.state("n2")["rung"] == []


def test_a_skewed_clock_stays_skewed_over_a_restart():
    with Cluster(Clockwork) as world:
        world.skew("n1", offset=1_000.0)
        world.crash("n1")
        world.restart("n1")
        assert world.call("n1", Now()).seconds > 1_000


def test_a_clock_that_can_not_be_is_told(world):
    for wrong in ({"rate": 0}, {"rate": -1.0}, {"rate": "fast"}, {"offset": "late"}, {"rate": float("inf")}):
        with pytest.raises(Mistake, match=r"offset=.*, rate=.*: give seconds, and a rate above 0"):
            world.skew("n1", **wrong)


def test_an_exception_that_killed_a_node_stands_in_the_trace(world):
    with pytest.raises(NodeError):
        world.call("n1", Raise())
    assert crashes(world) == [("n1", "an exception: ValueError")]
    assert [event.detail for event in world.trace if event.kind == "error"] == ["ValueError: I was told to."]
    assert not world.trace.filter(types=[Told], kinds=["send"])


def test_what_a_node_died_of_is_heard_before_its_death_every_time(world, count):
    for _ in range(count(20, 500)):
        with pytest.raises(NodeError, match="n1 died of ValueError: I was told to"):
            world.call("n1", Raise())
        world.restart("n1")


def test_requests_that_were_remembered_die_with_the_node(world):
    knocked = world.start("n1", Knock())
    world.wait_until(lambda: world.state("n1")["knocking"])
    world.crash("n1")
    world.restart("n1")
    world.call("n1", Open())
    with pytest.raises(Timeout):
        knocked.result(timeout=SHORT)
    assert knocked.operation.outcome == "info"
