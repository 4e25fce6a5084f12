"""A right solution of lab10 that is built otherwise than ours.

The consistent store keeps an object for each operation, asks again what was lost, numbers its writes with a counter
that survives a crash, and writes nothing back where a majority agrees. The available store keeps for each value its
dot and the past of its write (Preguica et al. 2010), and pulls from one node after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ds101 import Message, Node, Timer, on
from ds101.labs.lab10 import (
    DEADLINE,
    PERIOD,
    Done,
    Get,
    Put,
    Read,
    Refused,
    Siblings,
    Stored,
    Value,
    Write,
)

AGAIN = DEADLINE / 8  # seconds after which what was not answered is asked again
Stamp = tuple[int, int, str]  # number, the writer's count of its own writes, the writer


class Ask(Message):
    call: str
    key: str


class Tell(Message):
    call: str
    stamp: Stamp
    value: str | None


class Take(Message):
    call: str
    key: str
    stamp: Stamp
    value: str | None


class Took(Message):
    call: str


class AskAgain(Timer):
    call: str


class GiveUp(Timer):
    call: str


@dataclass
class Task:
    """One operation under way. What is spread is known in its second phase only."""

    key: str
    written: str | None
    told: dict[str, tuple[Stamp, str | None]] = field(default_factory=dict)
    spread: tuple[Stamp, str | None] | None = None
    took: list[str] = field(default_factory=list)


class ConsistentStore(Node):
    def start(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.everybody = len(self.peers) + 1

    @on(Read)
    def read(self, request: Read, call: str) -> None:
        self.open(call, Task(request.key, None))

    @on(Write)
    def write(self, request: Write, call: str) -> None:
        self.open(call, Task(request.key, request.value))

    def open(self, call: str, task: Task) -> None:
        self.tasks[call] = task
        self.set_timer(GiveUp(call), after=DEADLINE)
        self.told_by(self.id, task, self.mine(task.key))
        self.ask(AskAgain(call))

    @on(AskAgain)
    def ask(self, timer: AskAgain) -> None:
        task = self.tasks[timer.call]
        if task.spread is None:
            for node in sorted(set(self.peers) - set(task.told)):
                self.send(node, Ask(timer.call, task.key))
        else:
            for node in sorted(set(self.peers) - set(task.took)):
                self.send(node, Take(timer.call, task.key, *task.spread))
        self.set_timer(timer, after=AGAIN)

    @on(Ask)
    def tell(self, ask: Ask, node: str) -> None:
        stamp, value = self.mine(ask.key)
        self.send(node, Tell(ask.call, stamp, value))

    @on(Tell)
    def hear(self, tell: Tell, node: str) -> None:
        task = self.tasks.get(tell.call)
        if task is not None and task.spread is None:
            self.told_by(node, task, (tell.stamp, tell.value))
            if len(task.told) > self.everybody // 2:
                self.second_phase(tell.call, task)

    def told_by(self, node: str, task: Task, what: tuple[Stamp, str | None]) -> None:
        task.told[node] = what

    def second_phase(self, call: str, task: Task) -> None:
        newest = max(task.told.values(), key=lambda told: told[0])
        if task.written is None and all(told == newest for told in task.told.values()):
            self.close(call, Value(newest[1]))
            return
        if task.written is not None:
            count = self.storage.get("#writes", 0) + 1
            self.storage["#writes"] = count
            newest = ((newest[0][0] + 1, count, self.id), task.written)
        task.spread = newest
        self.take(Take(call, task.key, *newest), self.id)
        self.ask(AskAgain(call))

    @on(Take)
    def take(self, take: Take, node: str) -> None:
        if self.mine(take.key)[0] < take.stamp:
            self.storage[f"={take.key}"] = [take.stamp, take.value]
        if node == self.id:
            self.tasks[take.call].took.append(node)
        else:
            self.send(node, Took(take.call))

    @on(Took)
    def count(self, took: Took, node: str) -> None:
        task = self.tasks.get(took.call)
        if task is not None and task.spread is not None and node not in task.took:
            task.took.append(node)
            if len(task.took) > self.everybody // 2:
                self.close(took.call, Value(task.spread[1]) if task.written is None else Done())

    @on(GiveUp)
    def give_up(self, timer: GiveUp) -> None:
        self.close(timer.call, Refused())

    def close(self, call: str, reply: Message) -> None:
        del self.tasks[call]
        self.cancel_timer(GiveUp(call))
        self.cancel_timer(AskAgain(call))
        self.send(call, reply)

    def mine(self, key: str) -> tuple[Stamp, str | None]:
        stamp, value = self.storage.get(f"={key}", ((0, 0, ""), None))
        return tuple(stamp), value


class Version(Message):
    """A value, the name of its write, and the writes that its writer had seen: of each node's, the last."""

    node: str
    number: int
    past: dict[str, int]
    value: str


class Pull(Message):
    pass


class Push(Message):
    key: str
    versions: list[Version]


class Pulling(Timer):
    whom: int


class AvailableStore(Node):
    def start(self) -> None:
        self.set_timer(Pulling(0), after=PERIOD)

    @on(Get)
    def get(self, request: Get, client: str) -> None:
        versions = self.versions(request.key)
        context: dict[str, int] = {}
        for version in versions:
            for node, number in [*version.past.items(), (version.node, version.number)]:
                context[node] = max(context.get(node, 0), number)
        self.send(client, Siblings([version.value for version in versions], context))

    @on(Put)
    def put(self, request: Put, client: str) -> None:
        number = self.storage.get("#writes", 0) + 1
        self.storage["#writes"] = number
        self.keep(request.key, [Version(self.id, number, request.context, request.value)])
        self.send(client, Stored())

    @on(Pulling)
    def pull(self, timer: Pulling) -> None:
        if self.peers:
            self.send(self.peers[timer.whom % len(self.peers)], Pull())
        self.set_timer(Pulling(timer.whom + 1), after=PERIOD)

    @on(Pull)
    def push(self, pull: Pull, node: str) -> None:
        for name in self.storage:
            if name.startswith("="):
                self.send(node, Push(name[1:], self.versions(name[1:])))

    @on(Push)
    def merge(self, push: Push, node: str) -> None:
        self.keep(push.key, push.versions)

    def versions(self, key: str) -> list[Version]:
        return list(self.storage.get(f"={key}", []))

    def keep(self, key: str, new: list[Version]) -> None:
        """Of all versions, each once, those that no other's writer had seen."""
        every = {(version.node, version.number): version for version in [*self.versions(key), *new]}
        self.storage[f"={key}"] = [
            every[dot] for dot in sorted(every) if not any(covers(other, every[dot]) for other in every.values())
        ]


def covers(newer: Version, older: Version) -> bool:
    return newer is not older and older.number <= newer.past.get(older.node, 0)
