"""Message budgets: how much talking a protocol may need.

>>> from ds101.trace import Event
>>> asked = Event("c1.1", "invoke", 0.0, "c1", 0)
>>> first = Event("n1.1", "send", 0.1, "n1", 1, cause="c1.1", src="n1", dst="n2", type="Copy")
>>> second = Event("n1.2", "send", 0.1, "n1", 2, cause="c1.1", src="n1", dst="n3", type="Copy")
>>> within_budget(Trace([asked, first, second]), 1, per="operation")
<broken: The nodes need no more messages than they may. 2 messages for one operation, and 1 would be allowed: 2 Copy.>
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from ds101.checks.answer import Answer, broken, check, holds, inconclusive
from ds101.draw.wording import counted
from ds101.trace import Event, Trace

Per = Literal["run", "node", "operation", "operation on average"]


@check(hint="Which of these messages tells its receiver nothing that it didn't know?")
def within_budget(
    trace: Trace,
    at_most: float,
    *,
    per: Per = "run",
    types: Collection[str | type] | None = None,
    clients: bool = False,
) -> Answer:
    """The nodes need no more messages than they may.

    `at_most` so many sends in the whole run, of each node, for each operation (all that its invocation brought about,
    by the causes in the trace), or for an operation on average (then all messages count). `types` restricts it to some
    message types; messages from and to clients count only with `clients`.

    Inconclusive where the trace was cut and what is left keeps within the budget, and where there were no operations to
    divide by. The evidence is the counts.
    """
    names = None if types is None else {one if isinstance(one, str) else one.__name__ for one in types}
    sent = [
        event
        for event in trace
        if event.kind == "send"
        and (names is None or event.type in names)
        and (clients or not ("." in event.src or "." in event.dst))
    ]
    counts = _counts(trace, sent, per)
    if counts is None:
        return inconclusive("No operation was invoked, so there is nothing to divide the messages by.")
    worst = max(sorted(counts), key=lambda name: counts[name], default="")
    most = counts.get(worst, 0.0)
    if most > at_most:
        return broken(
            f"{_number(most)} {'message' if most == 1 else 'messages'} {_of(worst, per)}, and {_number(at_most)} would "
            f"be allowed: {_by_type(_of_worst(trace, sent, worst, per))}.",
            evidence=dict(counts),
        )
    if trace.cut:
        return inconclusive(
            f"{counted(trace.cut, 'event')} of the trace were forgotten; the rest keeps within the budget."
        )
    return holds(f"at most {_number(most)} of {_number(at_most)} {_of('', per)}".rstrip(), dict(counts))


def _counts(trace: Trace, sent: Sequence[Event], per: Per) -> Mapping[str, float] | None:
    if per == "run":
        return {"": float(len(sent))}
    if per == "node":
        return Counter(event.node for event in sent)
    operations = [event.id for event in trace if event.kind == "invoke"]
    if not operations:
        return None
    if per == "operation":
        roots = _roots(trace)
        counts = dict.fromkeys(operations, 0.0)
        for event in sent:
            if roots[event.id] in counts:
                counts[roots[event.id]] += 1
        return counts
    return {"": len(sent) / len(operations)}


def _roots(trace: Trace) -> dict[str, str]:
    """For each event the one with which it began: causes stand before effects."""
    roots: dict[str, str] = {}
    for event in trace:
        roots[event.id] = event.id if event.cause is None else roots.get(event.cause, event.cause)
    return roots


def _of_worst(trace: Trace, sent: Sequence[Event], worst: str, per: Per) -> Sequence[Event]:
    if per == "node":
        return [event for event in sent if event.node == worst]
    if per == "operation":
        roots = _roots(trace)
        return [event for event in sent if roots[event.id] == worst]
    return sent


def _of(worst: str, per: Per) -> str:
    match per:
        case "run":
            return "in the whole run" if worst == "" else ""
        case "node":
            return f"sent by {worst}" if worst else "sent by each node"
        case "operation":
            return "for one operation"
    return "for an operation on average"


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _by_type(events: Sequence[Event]) -> str:
    counts = Counter(event.type for event in events)
    return ", ".join(
        f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    )
