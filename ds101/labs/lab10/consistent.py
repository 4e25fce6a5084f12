"""The consistent store: linearizable, and clear about when it can serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.checks.linearizability import linearizable
from ds101.checks.registers import Register
from ds101.explorer import View
from ds101.history import History, Operation
from ds101.labs.lab10.asked import MARGIN, Asked, asked
from ds101.labs.lab10.contact import Contact
from ds101.labs.lab10.given import DEADLINE, Done, Read, Refused, Value, Write
from ds101.labs.lab10.runs import CONSISTENT_DAYS, CONSISTENT_REAL, READERS, WRITER
from ds101.labs.lab10.telling import around
from ds101.labs.specification import property_of
from ds101.trace import Trace
from ds101.trials import Run

SERVED = {"Read": "Value", "Write": "Done"}
FEWEST = 3  # nodes: a node that is all alone need not think of itself as a majority


def meant(history: History) -> Iterator[Operation]:
    """The operations with what their replies mean: a refused write may have been done, or be done later."""
    for one in history:
        if one.outcome != "ok" or isinstance(one.reply, Value if isinstance(one.request, Read) else Done):
            yield one
        else:
            yield replace(one, outcome="info" if isinstance(one.request, Write) else "fail", reply=None)


@property_of(
    "lab10",
    points=8,
    title="linearizable",
    hint="Before you reply: which nodes must know what, so that nobody can ever be told something older?",
    needs=("ConsistentStore",),
    worlds=(READERS, WRITER, CONSISTENT_DAYS, CONSISTENT_REAL),
)
def every_operation_at_one_instant(run: Run | View) -> Answer:
    """Every Read and Write takes effect at one instant between its request and its reply; a Write that was refused or
    timed out takes effect at any time after its request, or never.
    """
    operations = list(meant(run.history))
    if not any(isinstance(one.request, Read) and one.outcome == "ok" for one in operations):
        return inconclusive("No Read was served.")
    answer: Answer = linearizable(operations, Register(read=Read, write=Write))
    return answer


def is_answered(one: Asked) -> bool:
    """Whether it was served or refused in time."""
    return one.in_time and one.reply is not None and one.reply.type in (SERVED[one.request], Refused.__name__)


def first_unanswered(trace: Trace) -> Asked | None:
    """The first request that was neither served nor refused in time."""
    return next((one for one in asked(trace, Read, Write) if not is_answered(one)), None)


@property_of(
    "lab10",
    points=4,
    title="an answer by the deadline",
    hint="What wakes your node when the answers that it waits for never come?",
    needs=("ConsistentStore",),
    worlds=(CONSISTENT_DAYS, CONSISTENT_REAL),
    live=True,
    shown=lambda trace: around(trace, first_unanswered(trace)),
)
def served_or_refused_in_time(run: Run) -> Answer:
    """A Read or Write that reaches a running node is served or refused by the deadline, whatever the links do."""
    one = first_unanswered(run.trace)
    if one is None:
        seen = any(asked(run.trace, Read, Write))
        return holds() if seen else inconclusive("No request reached a node that ran on until the deadline.")
    if one.in_time and one.reply is not None:
        return broken(f"A {one.reply.type} answered {one.words}; it must be a {SERVED[one.request]} or Refused.")
    late = f"; the {one.reply.type} left at {one.reply.at:.2f} s" if one.reply is not None else ""
    return broken(f"By {one.at + DEADLINE:.2f} s nothing had answered {one.words}{late}.")


def with_a_majority(trace: Trace) -> Iterator[tuple[Asked, Sequence[str]]]:
    """The requests to nodes in contact with a majority until the deadline, with those nodes."""
    contact = Contact(trace, MARGIN)
    if len(contact.nodes) < FEWEST:
        return
    for one in asked(trace, Read, Write):
        if contact.has_majority(one.node, one.at, one.at + DEADLINE):
            yield one, contact.circle(one.node, one.at, one.at + DEADLINE)


def is_served(one: Asked) -> bool:
    """Whether it was served in time."""
    return one.in_time and one.reply is not None and one.reply.type == SERVED[one.request]


def first_unserved(trace: Trace) -> tuple[Asked | None, Sequence[str]]:
    """The first request that should have been served and was not, with the nodes that could have helped."""
    return next(((one, circle) for one, circle in with_a_majority(trace) if not is_served(one)), (None, ()))


@property_of(
    "lab10",
    points=4,
    title="a majority serves",
    hint="How many answers do you wait for, whose do you count, and how many can you be sure to get?",
    needs=("ConsistentStore",),
    worlds=(CONSISTENT_DAYS, CONSISTENT_REAL),
    live=True,
    shown=lambda trace: around(trace, first_unserved(trace)[0]),
)
def served_with_a_majority(run: Run) -> Answer:
    """Over links that lose nothing, a node in two-way contact with a majority, itself included, for the whole deadline,
    serves the request.
    """
    one, circle = first_unserved(run.trace)
    if one is None:
        seen = any(with_a_majority(run.trace))
        return (
            holds() if seen else inconclusive("No request reached a node in contact with a majority of three or more.")
        )
    what = f"got {one.reply.type}" if one.in_time and one.reply is not None else "was not answered"
    return broken(
        f"{one.words[0].upper()}{one.words[1:]} {what} by {one.at + DEADLINE:.2f} s, though these could reach each "
        f"other all the time: {', '.join(circle)}."
    )
