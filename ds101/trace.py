"""What happened in a world: one record for real processes, the simulation and the search.

A `Trace` is a sequence of `Event`s, sorted so that causes stand before their effects. Every world
makes the same events, so that one diagram and one check serve them all.

>>> sent = Event("n1.1", "send", 0.001, "n1", 1, src="n1", dst="n2", type="Ping")
>>> got = Event("n2.1", "deliver", 0.002, "n2", 2, cause="n1.1", src="n1", dst="n2", type="Ping")
>>> trace = Trace([got, sent])
>>> trace
Trace(2 events, n1 n2)
>>> [event.kind for event in trace]
['send', 'deliver']
>>> trace.happened_before(sent, got)
Verdict.HOLDS
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ds101.errors import Mistake
from ds101.verdict import Verdict

if TYPE_CHECKING:
    from ds101.draw.picture import Picture

KINDS = (
    "start", "send", "deliver", "drop", "set", "cancel", "fire", "crash", "restart", "pause", "resume",
    "partition", "heal", "link", "skew", "log", "change", "print", "error", "invoke", "ok", "fail", "info",
)  # fmt: skip
OUTCOMES = ("ok", "fail", "info")  # how an operation ends


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, at one place.

    `at` is in seconds since the world began, `clock` is a Lamport clock (Lamport 1978), and `cause` is the
    id of the event that brought this one about: the send of a delivery, the delivery whose handler
    sent, the setting of a timer.
    """

    id: str
    kind: str
    at: float
    node: str  # the lane: "n1", "ada" for a call of ada's, "" for the world itself
    clock: int
    cause: str | None = None
    src: str = ""
    dst: str = ""
    type: str = ""  # the type of the message, the timer or the request
    body: Mapping[str, Any] = field(default_factory=dict)  # its fields, as they stand on the wire
    detail: str = ""  # in words: why it was dropped, what was logged, why it crashed

    def __repr__(self) -> str:
        where = f"{self.src} → {self.dst}" if self.src or self.dst else self.node
        words = " ".join(part for part in (self.kind, self.type, where, self.detail) if part)
        return f"<{self.at:.4f}s {words}>"


class Trace(Sequence[Event]):
    """The events of a run, causes before effects.

    `nodes` are the lanes in order; `cut` counts the oldest events that were forgotten to bound memory. A trace that is
    not `timed` has only an order: its times mean nothing, and are not shown.
    """

    def __init__(
        self, events: Iterable[Event], nodes: Sequence[str] | None = None, cut: int = 0, *, timed: bool = True
    ) -> None:
        self.events: tuple[Event, ...] = tuple(in_causal_order(events))
        lanes = {event.node for event in self.events if event.node}
        self.nodes: tuple[str, ...] = tuple(nodes if nodes is not None else sorted(lanes, key=by_number))
        self.cut = cut
        self.timed = timed

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, index: Any) -> Any:
        return self.events[index]

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __repr__(self) -> str:
        forgotten = f", {self.cut} older ones forgotten" if self.cut else ""
        return f"Trace({len(self)} events, {' '.join(self.nodes)}{forgotten})"

    def filter(
        self,
        *,
        nodes: Collection[str] | None = None,
        types: Collection[str | type] | None = None,
        kinds: Collection[str] | None = None,
        after: float | None = None,
        before: float | None = None,
    ) -> Trace:
        """The part of the trace that concerns some nodes, types, kinds, or a time.

        `after` and `before` are seconds since the world began: events at `after` are kept, and those at `before` are
        not. A message that was sent earlier is kept with its arrival alone. What concerns no node or has no type
        (a partition, a crash) is kept by `nodes` and `types`.
        """
        names = None if types is None else {kind if isinstance(kind, str) else kind.__name__ for kind in types}
        tests: list[Callable[[Event], bool]] = []
        if nodes is not None:
            tests.append(lambda e: not e.node or bool({e.node, base_name(e.src), base_name(e.dst)} & set(nodes)))
        if names is not None:
            tests.append(lambda e: not e.type or e.type in names)
        if kinds is not None:
            tests.append(lambda e: e.kind in kinds)
        if after is not None:
            tests.append(lambda e: e.at >= after)
        if before is not None:
            tests.append(lambda e: e.at < before)
        kept = [event for event in self.events if all(test(event) for test in tests)]
        lanes = self.nodes if nodes is None else [node for node in self.nodes if node in nodes]
        return Trace(kept, lanes, self.cut, timed=self.timed)

    def happened_before(self, a: Event, b: Event) -> Verdict:
        """Whether a happened before b (Lamport 1978): inconclusive where the trace was cut in between."""
        if a.id == b.id:
            return Verdict.BROKEN
        if a.id not in self._place or b.id not in self._place:
            return Verdict.INCONCLUSIVE
        if self._reaches(b, a) is Verdict.HOLDS:
            return Verdict.BROKEN
        return self._reaches(a, b)

    def _reaches(self, a: Event, b: Event) -> Verdict:
        """Whether a is found on the ways back from b; a way may end where the trace was cut."""
        todo, seen, met_the_cut = [b.id], {b.id}, False
        while todo:
            name = todo.pop()
            if name not in self._place:
                met_the_cut = True
                continue
            for earlier in self._just_before[name]:
                if earlier == a.id:
                    return Verdict.HOLDS
                if earlier not in seen:
                    seen.add(earlier)
                    todo.append(earlier)
        return Verdict.INCONCLUSIVE if met_the_cut else Verdict.BROKEN

    @cached_property
    def _place(self) -> dict[str, int]:
        return {event.id: index for index, event in enumerate(self.events)}

    @cached_property
    def _just_before(self) -> dict[str, list[str]]:
        """For each event its cause, and the one before it on its lane; for the end of a call, what came back too."""
        last: dict[str, str] = {}
        calls: dict[str | None, list[str]] = {}  # the addresses of an operation's calls, by the id of its invocation
        before: dict[str, list[str]] = {}
        for event in self.events:
            lane = own_lane(event)
            lanes = [lane, *(calls.get(event.cause, ()) if event.kind in OUTCOMES else ())]
            before[event.id] = [last[one] for one in lanes if one in last] + ([event.cause] if event.cause else [])
            if event.kind == "send" and lane != event.node:
                calls.setdefault(event.cause, []).append(lane)
            last[lane] = event.id
        return before

    def save(self, path: str | Path) -> None:
        """Write the trace as JSON."""
        content = {"nodes": self.nodes, "cut": self.cut, "timed": self.timed, "events": self.events}
        Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1))

    def digest(self) -> str:
        """A fingerprint: equal for two traces exactly if they are equal, event by event."""
        return hashlib.sha256(msgspec.json.encode((self.nodes, self.cut, self.events))).hexdigest()

    @classmethod
    def load(cls, path: str | Path) -> Trace:
        """Read what `save` wrote. Raises `Mistake` if it is no trace."""
        try:
            content = msgspec.json.decode(Path(path).read_bytes(), type=_Saved)
        except msgspec.DecodeError as error:
            words = str(error).rstrip(".")
            raise Mistake(f"{Path(path).name} is no trace: {words}. Give a file that trace.save() wrote.") from None
        return cls(content.events, content.nodes, content.cut, timed=content.timed)

    def svg(self, **options: Any) -> str:
        """The space-time diagram as SVG; the options are those of `ds101.draw.spacetime`."""
        from ds101.draw import spacetime

        return spacetime(self, **options)

    def text(self, **options: Any) -> str:
        """The run in words, a line for each step."""
        from ds101.draw import as_text

        return as_text(self, **options)

    def html(self, **options: Any) -> str:
        """The diagram with its words, for a notebook."""
        from ds101.draw import as_html

        return as_html(self, **options)

    def show(self, **options: Any) -> Picture:
        """A part of it, in a notebook and in a terminal: `trace.show(last=5)` has the last five messages.

        The options are `first`, `last`, `after`, `before` and `fold`, as in `ds101.draw.spacetime`.
        """
        from ds101.draw.picture import Picture

        return Picture(self.html(**options), tuple(self.text(**options).splitlines()))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}


class _Saved(msgspec.Struct):
    nodes: list[str]
    cut: int
    events: list[Event]
    timed: bool = True


def base_name(address: str) -> str:
    """The name that an address belongs to: `c1` for the call `c1.7`, a node's own for a node."""
    return address.partition(".")[0] if "." in address else address


def by_number(name: str) -> tuple[bool, str, int]:
    """Sorts n2 before n10, and nodes before clients."""
    match = re.fullmatch(r"(.*?)(\d*)", name)
    assert match
    stem, digits = match.groups()
    return (stem != "n", stem, int(digits or 0))


def own_lane(event: Event) -> str:
    """What an event is ordered with: its node, or one call of a client (calls of one client may overlap)."""
    address = event.src if event.kind == "send" else event.dst
    return address if base_name(address) == event.node else event.node


def in_causal_order(events: Iterable[Event]) -> list[Event]:
    """By time, but never an effect before its cause (clocks of two processes may differ a little)."""
    ordered = sorted(events, key=lambda event: event.at)
    known = {event.id for event in ordered}
    done: set[str] = set()
    waiting: dict[str, list[Event]] = {}
    result: list[Event] = []
    for event in ordered:
        if event.cause in known and event.cause not in done:
            waiting.setdefault(str(event.cause), []).append(event)
            continue
        ready = [event]
        while ready:
            next_one = ready.pop()
            result.append(next_one)
            done.add(next_one.id)
            ready.extend(reversed(waiting.pop(next_one.id, [])))
    return result
