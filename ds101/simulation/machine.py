"""One simulated node: its handlers, timers, clock and disk.

It is the `Context` that the node sees, and the `Host` of its turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ds101.clock import Clock
from ds101.effects import Sending, TimerName, interval, sendings, timer_name
from ds101.faults import CrashPoint
from ds101.messages import Message, Timer
from ds101.node import Node, attributes_of, handler_for
from ds101.simulation.record import NOTHING
from ds101.state import shown
from ds101.storage import Storage
from ds101.turn import count_effect, meets, take_turn

if TYPE_CHECKING:
    from ds101.simulation.post import Letter, Post

Seconds = float
NEVER = "–"  # what an attribute shows that isn't there


class Waking(NamedTuple):
    """A timer that is set: when it is due in the world's time, and the event that set it."""

    timer: Timer
    at: Seconds
    cause: int


class Machine:
    """A node in one of its lives, and what survives between them: the disk and the clock."""

    def __init__(self, name: str, node_class: type[Node], post: Post, seed: str) -> None:
        self.id, self.node_class, self.post, self._seed = name, node_class, post, seed
        self.peers = tuple(other for other in post.nodes if other != name)
        self.disk: dict[str, bytes] = {}
        self.clock = Clock(lambda: post.agenda.now)
        self.crash_points: dict[str, CrashPoint] = {}
        self.life = -1
        self.lamport = 0
        self.alive = self.paused = False
        self._seen: dict[str, str] = {}  # its attributes, as they were after the last turn
        self._names: dict[type, TimerName] = {}

    def boot(self) -> None:
        """Begin a life: run `start` with what the disk has."""
        self.life += 1
        self.alive, self.paused = True, False
        self.random = Random(f"{self._seed}/{self.id}/{self.life}")
        self.storage = Storage(self._save, self.disk)
        self.timers: dict[TimerName, Waking] = {}
        self._alarms: dict[TimerName, Seconds] = {}  # when the world looks at them next
        self.backlog: list[tuple[Callable[..., object], tuple[Any, ...]]] = []  # what came while it was paused
        self.outbox: list[Sending] = []
        self.effects_left: int | None = None
        self.handlers: dict[type, Callable[..., None]] = {}
        self.sender = ""
        self.node = self.node_class(self)
        self.cause = self.happened("restart" if self.life else "start")
        self._turn("start", self.node.start)

    # What arrives

    def deliver(self, message: Message, letter: Letter) -> None:
        """A message for a handler that exists."""
        if self.crash_points and meets(self, letter.type, "before"):
            return
        clock = letter.clock
        self.lamport = (clock if clock > self.lamport else self.lamport) + 1
        self.cause = self.post.delivered(letter, self.lamport)
        self.sender = letter.src
        self._turn(letter.type, self.handler(type(message)), message, letter.src)
        self.sender = ""

    def _turn(self, event: str, handler: Callable[..., None], *arguments: Any) -> None:
        self.post.speaker = self.id
        take_turn(self, event, handler, *arguments)
        self.post.speaker = ""
        if self.post.watching and self.alive:
            self._tell_changes()

    def _tell_changes(self) -> None:
        """Record which attributes the turn has changed; a restart may have forgotten some.

        A leading underscore says that a name is nobody else's business.
        """
        told = {name: value for name, value in attributes_of(self.node).items() if not name.startswith("_")}
        before, self._seen = self._seen, {name: shown(value) for name, value in told.items()}
        changed = {
            name: [before.get(name, NEVER), self._seen.get(name, NEVER)]
            for name in sorted({**before, **self._seen})
            if before.get(name) != self._seen.get(name)
        }
        if changed:
            words = ", ".join(f"{name} {old} → {new}" for name, (old, new) in changed.items())
            self.happened("change", self.cause, body=msgspec.json.encode(changed), detail=words)

    def handler(self, event: type) -> Callable[..., None]:
        """The bound method for an event that the class handles."""
        found = self.handlers.get(event)
        if found is None:
            found = self.handlers[event] = getattr(self.node, str(handler_for(self.node_class, event)))
        return found

    def _ring(self, name: TimerName, at: Seconds, life: int) -> None:
        """The alarm of a timer: it fires, unless it was cancelled, set again for later, or set before a crash."""
        if life != self.life or not self.alive or self._alarms.get(name) != at:
            return
        if self.paused:
            self.backlog.append((self._ring, (name, at, life)))
            return
        del self._alarms[name]
        waking = self.timers.get(name)
        if waking is None:
            return
        if waking.at > at:
            self._set_alarm(name, waking.at)
            return
        if self.crash_points and meets(self, name.type, "before"):
            return
        del self.timers[name]
        self.cause = self.happened("fire", waking.cause, name.type, name.body)
        self._turn(name.type, self.handler(type(waking.timer)), waking.timer)

    def _set_alarm(self, name: TimerName, at: Seconds) -> None:
        self._alarms[name] = at
        self.post.agenda.at(at, self._ring, name, at, self.life)

    # The `Host` of a turn

    def let_go(self, one: Sending) -> None:
        self.lamport += 1
        self.post.send(self.id, one, self.lamport, self.cause)

    def die_at(self, point: str) -> None:
        self.happened("crash", self.cause, detail=f"SIGKILL {point}")
        self.die()
        self.post.died(self)

    def die_of(self, error: BaseException) -> None:
        kind = type(error).__name__
        self.happened("error", self.cause, detail=f"{kind}: {error}")
        self.happened("crash", self.cause, detail=f"an exception: {kind}")
        self.die()
        self.post.died_of(self, error)

    def die(self) -> None:
        """Memory and timers are gone; the disk stays."""
        self.alive = self.paused = False
        self.timers.clear()
        self.outbox.clear()
        self.backlog.clear()

    def _save(self, key: str, value: bytes | None) -> None:
        if value is None:
            self.disk.pop(key, None)
        else:
            self.disk[key] = value
        count_effect(self)

    # The node's `Context`

    def send(self, receivers: Sequence[str], message: Message) -> None:
        self.outbox += sendings(receivers, message, self.post.nodes)

    def set_timer(self, timer: Timer, after: Any) -> None:
        name = self._names.get(type(timer)) or self._name(timer)
        low, high = interval(after)
        seconds = low if low == high else low + (high - low) * self.random.random()
        cause = self.happened("set", self.cause, name.type, name.body)
        self._schedule(name, Waking(timer, self.post.agenda.now + seconds / self.clock.rate, cause))

    def _schedule(self, name: TimerName, waking: Waking) -> None:
        """An alarm that is set already for earlier will look again: most timers are put off, again and again."""
        self.timers[name] = waking
        alarm = self._alarms.get(name)
        if alarm is None or waking.at < alarm:
            self._set_alarm(name, waking.at)

    def _name(self, timer: Timer) -> TimerName:
        """What names it; timers without fields, which are most, are named once."""
        name = timer_name(self.node_class, timer)
        if name.body == NOTHING:
            self._names[type(timer)] = name
        return name

    def cancel_timer(self, timer: Timer) -> None:
        name = self._name(timer)
        if self.timers.pop(name, None) is not None:
            self.happened("cancel", self.cause, name.type, name.body)

    def now(self) -> Seconds:
        return self.clock.now()

    def log(self, text: str) -> None:
        self.happened("log", self.cause, detail=text)

    # What is done to it

    def skew(self, offset: Seconds, rate: float) -> None:
        """Set the clock; what is left of each timer passes at the new rate."""
        now, before = self.post.agenda.now, self.clock.rate
        self.clock.skew(offset, rate)
        for name, waking in list(self.timers.items()) if self.alive else ():
            self._schedule(name, waking._replace(at=now + (waking.at - now) * before / rate))

    def resume(self) -> None:
        """What came during the pause happens now, in its order."""
        self.paused = False
        backlog, self.backlog = self.backlog, []
        for action, arguments in backlog:
            self.post.agenda.at(self.post.agenda.now, action, *arguments)

    def happened(self, kind: str, cause: int = 0, type_name: str = "", body: bytes = NOTHING, detail: str = "") -> int:
        """Record an event of this node's; returns its number."""
        self.lamport += 1
        post = self.post
        return post.record.add((kind, post.agenda.now, self.id, self.lamport, cause, "", "", type_name, body, detail))
