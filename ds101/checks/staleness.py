"""How old the values are that reads are told: in seconds, and in versions.

>>> from ds101.checks.fields import Named
>>> from ds101.checks.registers import Register
>>> history = [
...     Operation("ada", "n1", Named("write", "x", (1,)), 0.0, 0.1, "ok"),
...     Operation("ada", "n1", Named("write", "x", (2,)), 0.2, 0.3, "ok"),
...     Operation("bob", "n2", Named("read", "x"), 0.8, 0.9, "ok", 1),
... ]
>>> staleness(history, Register())
Staleness(1 of 1 read was stale, by up to 0.5 s and 1 version)
>>> fresh(history, Register(), seconds=1.0).verdict, fresh(history, Register(), versions=0).verdict
(Verdict.HOLDS, Verdict.BROKEN)
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ds101.checks.accesses import INITIAL, Accesses, Ambiguous, FromNowhere, accesses_of
from ds101.checks.answer import Answer, broken, check, holds, inconclusive
from ds101.checks.model import Model
from ds101.checks.telling import bar_of, named
from ds101.draw.picture import Picture
from ds101.draw.timeline import clock, timeline
from ds101.draw.wording import counted
from ds101.errors import Inconclusive
from ds101.history import Operation

Seconds = float


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind a read was, at least: what can be told by its and the writes' times.

    `versions` counts the writes of that key that had ended before the read began, and had begun after the one that it
    tells of had ended; `seconds` is how long before the read began the first of them had ended. `overwritten_by` is
    that one.
    """

    read: Operation
    source: Operation | None  # None: the value that was there to begin with
    seconds: Seconds = 0.0
    versions: int = 0
    overwritten_by: Operation | None = None


@dataclass(frozen=True)
class Staleness:
    """The lags of all reads, in the order in which they began."""

    lags: tuple[Lag, ...]

    @property
    def stale(self) -> tuple[Lag, ...]:
        """Those that were behind."""
        return tuple(lag for lag in self.lags if lag.versions)

    @property
    def share(self) -> float:
        """Of the reads, how many were stale: 0.0 to 1.0."""
        return len(self.stale) / len(self.lags) if self.lags else 0.0

    @property
    def seconds(self) -> Seconds:
        """The longest lag."""
        return max((lag.seconds for lag in self.lags), default=0.0)

    @property
    def versions(self) -> int:
        """The most versions behind."""
        return max((lag.versions for lag in self.lags), default=0)

    def __repr__(self) -> str:
        were = "was" if len(self.stale) == 1 else "were"
        worst = f", by up to {clock(self.seconds)} s and {counted(self.versions, 'version')}" if self.stale else ""
        return f"Staleness({len(self.stale):,} of {counted(len(self.lags), 'read')} {were} stale{worst})"


def staleness(history: Iterable[Operation], model: Model) -> Staleness:
    """Measure how stale each read was, at least.

    Staleness in time is that of Δ-atomicity (Golab, Li and Shah 2011, "Analyzing consistency properties for fun and
    profit"), taken read by read. Raises `Inconclusive` where a value was written twice or by nobody, and `Mistake` for
    a model whose operations are no reads and writes.
    """
    try:
        return Staleness(tuple(_lags(accesses_of(history, model))))
    except Ambiguous as ambiguous:
        raise Inconclusive(str(ambiguous)) from None
    except FromNowhere as nowhere:
        raise Inconclusive(f"{nowhere.operation!r} tells of a value that nobody wrote.") from None


@check(hint="What would a replica have to know to refuse a read while it is too far behind?")
def fresh(
    history: Iterable[Operation], model: Model, *, seconds: Seconds = float("inf"), versions: float = float("inf")
) -> Answer:
    """No read is told of a value that had been overwritten too long before.

    Broken where a read was surely more than `seconds` or more than `versions` behind; the evidence is a `Staleness`.
    Raises `Mistake` for a model whose operations are no reads and writes.
    """
    try:
        found = staleness(history, model)
    except Inconclusive as reason:
        return inconclusive(str(reason))
    late = [lag for lag in found.lags if lag.seconds > seconds or lag.versions > versions]
    if not late:
        return holds(repr(found)[10:-1], found)
    worst = max(late, key=lambda lag: (lag.seconds, lag.versions))
    told_of = "the initial value" if worst.source is None else named(worst.source, model)
    return broken(
        f"{named(worst.read, model)} tells of {told_of}, which was {clock(worst.seconds)} s and "
        f"{counted(worst.versions, 'version')} behind.",
        evidence=found,
        draw=lambda in_page: _picture(worst, model, in_page),
    )


def _picture(lag: Lag, model: Model, in_page: bool) -> Picture:
    writes = [one for one in (lag.source, lag.overwritten_by) if one is not None]
    bars = [bar_of(one, model, number=number) for number, one in enumerate(writes, start=1)]
    return timeline([*bars, bar_of(lag.read, model, look="bad")], title="A stale read", in_page=in_page)


def _lags(accesses: Accesses) -> Iterable[Lag]:
    keys = {key: _Writes(accesses, key) for key in dict.fromkeys(accesses.key)}
    for index in sorted(accesses.reads):
        item, source = accesses.items[index], accesses.source[index]
        after = float("-inf") if source == INITIAL else accesses.items[source].ended
        newer, first = keys[accesses.key[index]].between(after, item.began)
        origin = None if source == INITIAL else accesses.items[source].operation
        if first is None:
            yield Lag(item.operation, origin)
        else:
            by = accesses.items[first]
            yield Lag(item.operation, origin, item.began - by.ended, newer, by.operation)


class _Writes:
    """The writes of a key that ended, by when they began."""

    def __init__(self, accesses: Accesses, key: Hashable) -> None:
        items = accesses.items
        self._items = items
        self._indices = [i for i in sorted(accesses.writes) if accesses.key[i] == key and items[i].known]
        self._began = [items[i].began for i in self._indices]
        self._earliest_end: Sequence[float] = list(
            accumulate((items[i].ended for i in reversed(self._indices)), min, initial=float("inf"))
        )[::-1]

    def between(self, after: Seconds, before: Seconds) -> tuple[int, int | None]:
        """How many began after `after` and ended before `before`, and the one of them that ended first."""
        start = bisect_right(self._began, after)
        if self._earliest_end[start] >= before:
            return 0, None
        inside = self._indices[start : bisect_left(self._began, before)]
        ended = [index for index in inside if self._items[index].ended < before]
        return len(ended), min(ended, key=lambda index: (self._items[index].ended, index))
