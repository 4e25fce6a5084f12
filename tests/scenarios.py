"""Scenarios: plain functions of a world. Each returns what every world promises of it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ds101 import Call, Message, Mistake, Node, NodeError, Timeout, Timer, Unreachable, on
from ds101.world import World

SHORT = 0.3  # seconds that a call waits where nothing will come


class Move(Message):
    euros: int


class Moved(Message):
    total: int


class Audit(Message):
    log: tuple[int, ...]


class Bank(Node):
    """Keeps an account on disk, and the number of transfers of this life in memory."""

    def start(self) -> None:
        self.total = self.storage.get("total", 0)
        self.transfers = 0

    @on(Move)
    def move(self, request: Move, client: str) -> None:
        self.transfers += 1
        self.total += request.euros
        self.storage["total"] = self.total
        self.send(client, Moved(self.total))


class Note(Message):
    number: int


class Notes(Message):
    numbers: list[int]


class ReadNotes(Message):
    pass


class Tell(Message):
    to: str
    count: int


class Notebook(Node):
    """Writes down the numbers that it is sent; sends numbers to others when it is told to."""

    def start(self) -> None:
        self.numbers: list[int] = []

    @on(Tell)
    def tell(self, request: Tell, client: str) -> None:
        for number in range(request.count):
            self.send(request.to, Note(number))
        self.send(client, Notes([]))

    @on(Note)
    def note(self, note: Note, _: str) -> None:
        self.numbers.append(note.number)

    @on(ReadNotes)
    def read(self, _: ReadNotes, client: str) -> None:
        self.send(client, Notes(self.numbers))


class Ask(Message):
    text: str


class Forwarded(Message):
    text: str
    client: str


class Answer(Message):
    text: str
    by: str


class Relay(Node):
    """n1 forwards; whoever gets the question answers the client itself."""

    @on(Ask)
    def forward(self, question: Ask, client: str) -> None:
        self.send(self.peers[-1], Forwarded(question.text, client))

    @on(Forwarded)
    def answer(self, question: Forwarded, _: str) -> None:
        self.send(question.client, Answer(question.text, self.id))


class Alarm(Timer):
    name: str


class SetAlarm(Message):
    name: str
    after: float


class Silence(Message):
    name: str


class Clockmaker(Node):
    """Sets alarms, and counts those that ring."""

    def start(self) -> None:
        self.rung: list[str] = []

    @on(SetAlarm)
    def set_alarm(self, request: SetAlarm, _: str) -> None:
        self.set_timer(Alarm(request.name), after=request.after)

    @on(Silence)
    def silence(self, request: Silence, _: str) -> None:
        self.cancel_timer(Alarm(request.name))

    @on(Alarm)
    def ring(self, alarm: Alarm) -> None:
        self.rung.append(alarm.name)


class Divide(Message):
    by: int


class Quotient(Message):
    value: int


class Divider(Node):
    """Dies when it divides by zero: by then it has asked for a send, which must not leave."""

    def start(self) -> None:
        self.heard = 0

    @on(Divide)
    def divide(self, request: Divide, client: str) -> None:
        self.broadcast(Quotient(0))
        self.send(client, Quotient(12 // request.by))

    @on(Quotient)
    def hear(self, _: Quotient, __: str) -> None:
        self.heard += 1


def attempt(action: Callable[[], Any]) -> Any:
    """What it returns, or the kind of error that it raises."""
    try:
        return action()
    except (Unreachable, Timeout, NodeError, Mistake) as error:
        return type(error).__name__


def a_call_is_answered(world: World) -> Any:
    return world.call("n1", Move(10)), world.call("n2", Move(5)), len(world.history)


def a_crashed_node_is_unreachable_and_keeps_its_disk(world: World) -> Any:
    world.call("n1", Move(10))
    world.crash("n1")
    refused = attempt(lambda: world.call("n1", Move(1), timeout=SHORT))
    world.restart("n1")
    return refused, world.state("n1"), [operation.outcome for operation in world.history]


def a_paused_node_is_silent_and_answers_later(world: World) -> Any:
    world.pause("n1")
    silence = attempt(lambda: world.call("n1", Move(10), timeout=SHORT))
    late = world.start("n1", Move(5))
    asked = attempt(lambda: world.state("n1"))
    world.resume("n1")
    return silence, asked, late.result(), world.state("n1")["total"]


def a_partition_cuts_and_heals(world: World) -> Any:
    with world.partition(["n1"], ["n2", "ada"]):
        cut = attempt(lambda: world.client("ada").call("n1", Move(1), timeout=SHORT))
        other = world.client("bob").call("n1", Move(2))
    return cut, other, world.client("ada").call("n1", Move(4))


def a_one_way_cut_loses_the_reply_only(world: World) -> Any:
    world.partition(["n1"], ["c1"], one_way=True)
    silence = attempt(lambda: world.call("n1", Move(10), timeout=SHORT))
    world.heal()
    return silence, world.call("n1", Move(1))


def overlapping_partitions_end_one_by_one(world: World) -> Any:
    first, second = world.partition(["n1"], ["c1"]), world.partition(["n1"], ["c1", "n2"])
    first.end()
    still_cut = attempt(lambda: world.call("n1", Move(1), timeout=SHORT))
    second.end()
    return still_cut, world.call("n1", Move(2))


def a_lost_reply_makes_a_retry_a_second_transfer(world: World) -> Any:
    world.drop(Moved, "n1", "ada")
    return world.client("ada").call("n1", Move(10), timeout=SHORT, retries=1), world.state("n1")["transfers"]


def a_crash_falls_where_it_is_told_to(world: World) -> Any:
    points: list[dict[str, Any]] = [
        {"before": Move}, {"during": Move}, {"after": Move}, {"before": Moved}, {"after": Moved},
    ]  # fmt: skip
    story = []
    for point in points:
        world.crash("n1", **point)
        reply = attempt(lambda: world.call("n1", Move(10), timeout=SHORT))
        world.wait_until(lambda: world.condition("n1") == "crashed")
        world.restart("n1")
        story.append((reply, world.state("n1")["total"]))
    return story


def links_keep_their_order_under_jitter(world: World) -> Any:
    world.link("n1", "n2", delay=0.01, jitter=0.02)
    world.call("n1", Tell("n2", 20))
    world.wait_until(lambda: len(world.state("n2")["numbers"]) == 20)
    return world.call("n2", ReadNotes())


def a_duplicating_link_delivers_twice(world: World) -> Any:
    with world.link("n1", "n2", duplicate=1.0):
        world.call("n1", Tell("n2", 3))
        world.wait_until(lambda: len(world.state("n2")["numbers"]) == 6)
    return sorted(world.call("n2", ReadNotes()).numbers)


def a_losing_link_loses_and_the_trace_says_so(world: World) -> Any:
    with world.link("n1", "n2", loss=1.0, one_way=True):
        world.call("n1", Tell("n2", 5))
        world.wait_until(lambda: len(world.trace.filter(kinds=["drop"])) == 5)
    return world.call("n2", ReadNotes()), {event.detail for event in world.trace if event.kind == "drop"}


def what_is_sent_to_the_dead_is_not_kept(world: World) -> Any:
    world.crash("n2")
    world.call("n1", Tell("n2", 3))
    world.restart("n2")
    world.call("n1", Tell("n2", 1))
    world.wait_until(lambda: len(world.state("n2")["numbers"]) >= 1)
    return world.call("n2", ReadNotes())


def another_node_answers_the_client(world: World) -> Any:
    return world.call("n1", Ask("who?")), world.client("ada").call("n1", Ask("me too"))


def timers_are_named_by_their_value(world: World) -> Any:
    for name, after in (("twice", 0.05), ("twice", 0.1), ("silenced", 0.02), ("last", 0.2)):
        world.send("n1", SetAlarm(name, after))
    world.send("n1", Silence("silenced"))
    world.wait_until(lambda: "last" in world.state("n1")["rung"])
    return world.state("n1")["rung"]


def timers_die_with_their_node(world: World) -> Any:
    world.send("n1", SetAlarm("before the crash", 0.1))
    world.wait_until(lambda: bool(world.trace.filter(kinds=["set"])))
    world.crash("n1")
    world.restart("n1")
    world.send("n1", SetAlarm("after it", 0.2))
    world.wait_until(lambda: bool(world.state("n1")["rung"]))
    return world.state("n1")["rung"]


def a_fast_clock_rings_first(world: World) -> Any:
    world.skew("n2", offset=100.0, rate=10.0)
    world.send("n1", SetAlarm("n1", 0.3))
    world.send("n2", SetAlarm("n2", 0.6))
    world.wait_until(lambda: bool(world.state("n1")["rung"]))
    rings = [event.node for event in world.trace if event.kind == "fire"]
    return rings, world.state("n2")["rung"]


def a_node_that_raises_dies_and_sends_nothing(world: World) -> Any:
    error = attempt(lambda: world.call("n1", Divide(0)))
    ended = world.condition("n1")
    return error, ended, world.state("n2")["heard"], world.call("n2", Divide(4))


def a_message_that_nothing_handles_is_told(world: World) -> Any:
    return attempt(lambda: world.call("n1", Ask("?"))), attempt(lambda: world.call("n9", Move(1)))


def a_workload_runs_its_clients_at_once(world: World) -> Any:
    def careful() -> Iterator[Call]:
        moved = yield Call("n1", Move(1))
        while moved is None or moved.total < 100:
            moved = yield Call("n1", Move(10))

    history = world.run({
        "ada": [Call("n1", Move(1)), Call("n1", Move(1), after=0.01)],
        "bob": careful(),
        "cyd": [Call("n2", Move(7), after=0.02)],
    })  # fmt: skip
    return [len(history.of(name)) >= 1 for name in ("ada", "bob", "cyd")], {one.outcome for one in history}


def what_is_planned_for_later_happens_while_a_call_waits(world: World) -> Any:
    happened: list[Any] = []
    world.pause("n1")
    world.later(0.02, lambda: happened.append(world.condition("n1")))
    world.later(0.04, lambda: happened.append(world.call("n2", Move(5)).total))
    world.later(0.06, lambda: world.resume("n1"))
    return world.call("n1", Move(1), timeout=20.0), happened


SCENARIOS: dict[Callable[[World], Any], type[Node]] = {
    a_call_is_answered: Bank,
    a_crashed_node_is_unreachable_and_keeps_its_disk: Bank,
    a_paused_node_is_silent_and_answers_later: Bank,
    a_partition_cuts_and_heals: Bank,
    a_one_way_cut_loses_the_reply_only: Bank,
    overlapping_partitions_end_one_by_one: Bank,
    a_lost_reply_makes_a_retry_a_second_transfer: Bank,
    a_crash_falls_where_it_is_told_to: Bank,
    links_keep_their_order_under_jitter: Notebook,
    a_duplicating_link_delivers_twice: Notebook,
    a_losing_link_loses_and_the_trace_says_so: Notebook,
    what_is_sent_to_the_dead_is_not_kept: Notebook,
    another_node_answers_the_client: Relay,
    timers_are_named_by_their_value: Clockmaker,
    timers_die_with_their_node: Clockmaker,
    a_fast_clock_rings_first: Clockmaker,
    a_node_that_raises_dies_and_sends_nothing: Divider,
    a_message_that_nothing_handles_is_told: Bank,
    a_workload_runs_its_clients_at_once: Bank,
    what_is_planned_for_later_happens_while_a_call_waits: Bank,
}
