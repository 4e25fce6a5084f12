"""How much talk a leader takes that everybody follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.draw.wording import counted
from ds101.labs.lab12.calm import Calm, calm_end
from ds101.labs.lab12.members import HEARTBEAT_INTERVAL
from ds101.labs.lab12.runs import LIVENESS
from ds101.labs.specification import property_of
from ds101.trace import Event, Trace
from ds101.trials import Run

NEXT = 0.9 * HEARTBEAT_INTERVAL  # seconds after a heartbeat, at least, for one to be the next: no machine is exact


@property_of(
    "lab12",
    points=3,
    title="little talk",
    hint="For one heartbeat, count on paper: who sends what because of it, and who answers that?",
    needs=("Raft",),
    worlds=LIVENESS,
    live=True,
)
def little_talk(run: Run) -> Answer:
    """Under a stable leader without faults, a heartbeat interval carries at most 2(n-1) messages and no vote
    request."""
    calm = calm_end(run)
    if calm is None or not calm.was_prompt or not _is_stable(calm):
        return inconclusive("No leader stayed for long enough without faults to count its messages.")
    for candidate, term in calm.elections:
        return broken(f"{candidate} asked for votes in term {term}, although {calm.leaders[0][0]} led and reached all.")
    most = 2 * (len(calm.nodes) - 1)
    busiest = max(_by_interval(calm), key=len, default=[])
    if len(busiest) > most:
        carried = f"{counted(len(busiest), 'message')}: {_by_type(busiest)}"
        return broken(f"A heartbeat interval carried {carried}. For {len(calm.nodes)} nodes, {most} are allowed.")
    return holds()


def _is_stable(calm: Calm) -> bool:
    return len(calm.leaders) == 1 and calm.reached | {calm.leaders[0][0]} == set(calm.nodes)


def _by_interval(calm: Calm) -> list[list[Event]]:
    """For each heartbeat the messages that belong to the interval which it begins."""
    begun = _beginnings(calm.trace)
    by_time = [(begun[event.id], event) for event in calm.sends]
    starts = sorted({at for at, event in by_time if event.type == "Heartbeat" and at >= calm.since})
    ends = [_end(start, starts) for start in starts]
    return [[event for at, event in by_time if start <= at < end] for start, end in zip(starts, ends, strict=True)]


def _end(start: float, heartbeats: Sequence[float]) -> float:
    """Where an interval ends: with the next heartbeat, if that is no more than a little early."""
    return min([start + HEARTBEAT_INTERVAL, *(at for at in heartbeats if at >= start + NEXT)])


def _beginnings(trace: Trace) -> dict[str, float]:
    """For each event when the timer fired that brought it about: a message belongs to that moment."""
    begun: dict[str, float] = {}
    for event in trace:
        follows = event.cause in begun and event.kind in ("send", "deliver", "set", "cancel")
        begun[event.id] = begun[event.cause] if follows and event.cause else event.at
    return begun


def _by_type(events: Sequence[Event]) -> str:
    counts = Counter(event.type for event in events)
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
