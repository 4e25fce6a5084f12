"""The consistent store: linearizable, and clear about when it can serve."""

from __future__ import annotations

from collections.abc import Iterator
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
from ds101.labs.specification import property_of
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


@property_of(
    "lab10",
    points=4,
    title="an answer by the deadline",
    hint="What wakes your node when the answers that it waits for never come?",
    needs=("ConsistentStore",),
    worlds=(CONSISTENT_DAYS, CONSISTENT_REAL),
    live=True,
)
def served_or_refused_in_time(run: Run) -> Answer:
    """A Read or Write that reaches a running node is served or refused by the deadline, whatever the links do."""
    requests = list(asked(run.trace, Read, Write))
    for one in requests:
        if not one.in_time:
            return broken(f"By {one.at + DEADLINE:.2f} s nothing had answered {one.words}{_late(one)}.")
        assert one.reply is not None
        if one.reply.type not in (SERVED[one.request], Refused.__name__):
            return broken(f"A {one.reply.type} answered {one.words}; it must be a {SERVED[one.request]} or Refused.")
    return holds() if requests else inconclusive("No request reached a node that ran on until the deadline.")


def _late(one: Asked) -> str:
    return f"; the {one.reply.type} left at {one.reply.at:.2f} s" if one.reply is not None else ""


@property_of(
    "lab10",
    points=4,
    title="a majority serves",
    hint="How many answers do you wait for, whose do you count, and how many can you be sure to get?",
    needs=("ConsistentStore",),
    worlds=(CONSISTENT_DAYS, CONSISTENT_REAL),
    live=True,
)
def served_with_a_majority(run: Run) -> Answer:
    """Over links that lose nothing, a node in two-way contact with a majority, itself included, for the whole deadline,
    serves the request.
    """
    contact, seen = Contact(run.trace, MARGIN), False
    if len(contact.nodes) < FEWEST:
        return inconclusive("There are fewer than three nodes.")
    for one in asked(run.trace, Read, Write):
        end = one.at + DEADLINE
        if not contact.has_majority(one.node, one.at, end):
            continue
        seen = True
        if not one.in_time or one.reply is None or one.reply.type != SERVED[one.request]:
            circle = ", ".join(contact.circle(one.node, one.at, end))
            what = "was not served" if one.reply is None or not one.in_time else f"got {one.reply.type}"
            return broken(
                f"{one.words[0].upper()}{one.words[1:]} {what} by {end:.2f} s, though these could reach each other "
                f"all the time: {circle}."
            )
    return holds() if seen else inconclusive("No request reached a node in contact with a majority.")
