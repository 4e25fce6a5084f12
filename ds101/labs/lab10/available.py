"""The available store: it always answers, and forgets no write that nobody has replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.history import Operation
from ds101.labs.lab10.asked import asked
from ds101.labs.lab10.given import DEADLINE, PERIOD, Get, Put, Siblings, Stored
from ds101.labs.lab10.replaced import covers
from ds101.labs.lab10.runs import AVAILABLE_DAYS, AVAILABLE_REAL
from ds101.labs.lab10.telling import as_clients_saw_it
from ds101.labs.specification import property_of
from ds101.trials import Run

RESULTS = {"Get": Siblings.__name__, "Put": Stored.__name__}
PERIODS = 10
NO_AUDIT = "Nobody asked ten periods after the last fault and the last write."
WORLDS = (AVAILABLE_DAYS, AVAILABLE_REAL)
NEEDS = ("AvailableStore",)


@property_of(
    "lab10",
    points=3,
    title="always a result",
    hint="Whom does your node wait for before it answers, and why?",
    needs=NEEDS,
    worlds=WORLDS,
    live=True,
    shown=as_clients_saw_it,
)
def always_answers(run: Run) -> Answer:
    """Every Get and Put that reaches a running node gets its result by the deadline, whatever the nodes' links do."""
    requests = list(asked(run.trace, Get, Put))
    for one in requests:
        if not one.in_time:
            return broken(f"By {one.at + DEADLINE:.2f} s nothing had answered {one.words}.")
        assert one.reply is not None
        if one.reply.type != RESULTS[one.request]:
            return broken(f"A {one.reply.type} answered {one.words}; the result is a {RESULTS[one.request]}.")
    return holds() if requests else inconclusive("No request reached a node that ran on until the deadline.")


def audits(run: Run) -> Mapping[str, Sequence[Operation]]:
    """What each key's nodes told ten anti-entropy periods after the last fault and the last write, by key."""
    if run.calm is None:
        return {}
    writes = [event.at for event in run.trace if event.kind == "deliver" and event.type == Put.__name__]
    from_then_on = max([run.calm, *writes]) + PERIODS * PERIOD
    found: dict[str, list[Operation]] = {}
    for one in run.history:
        if isinstance(one.request, Get) and isinstance(one.reply, Siblings) and one.began >= from_then_on:
            found.setdefault(one.request.key, []).append(one)
    return found


@property_of(
    "lab10",
    points=5,
    title="the same siblings",
    hint="By which way does a write reach a node that was cut off when it was made, and what if that message is lost?",
    needs=NEEDS,
    worlds=WORLDS,
    live=True,
    shown=as_clients_saw_it,
)
def converge(run: Run) -> Answer:
    """Ten anti-entropy periods after the last fault and the last write, all nodes return the same siblings."""
    seen = False
    for key, told in audits(run).items():
        seen = seen or len({one.node for one in told}) > 1
        for one in told:
            if sorted(one.reply.values) != sorted(told[0].reply.values):
                return broken(f"{_told(told[0])}, and {_told(one)} ({key}).")
    return holds() if seen else inconclusive(NO_AUDIT)


def _told(one: Operation) -> str:
    return f"{one.node} returned {_listed(sorted(one.reply.values))} at {one.began:.2f} s"


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values) if values else "nothing"


def _checked_writes(run: Run) -> Iterator[tuple[Operation, Sequence[Operation]]]:
    """The acknowledged writes, each with what was told of its key in the end."""
    told = audits(run)
    for one in run.history:
        if isinstance(one.request, Put) and isinstance(one.reply, Stored) and one.request.key in told:
            yield one, told[one.request.key]


@property_of(
    "lab10",
    points=7,
    title="no write is lost",
    hint="Whenever a node of yours drops a value: who had read it? And could two writes have been given the same dot?",
    needs=NEEDS,
    worlds=WORLDS,
    live=True,
    shown=as_clients_saw_it,
)
def keeps_every_write(run: Run) -> Answer:
    """Ten anti-entropy periods after the last fault and the last write, each acknowledged write is among the siblings,
    unless another write's context covers it.
    """
    covered, seen = covers(run.history), False
    for write, told in _checked_writes(run):
        seen = True
        for one in told:
            if write.request.value not in one.reply.values and write.request.value not in covered:
                return broken(
                    f"{write.client} was told that {write.request.value} was stored at {write.node}. No client had "
                    f"read it, but {_told(one)}."
                )
    return holds() if seen else inconclusive(NO_AUDIT)


@property_of(
    "lab10",
    points=5,
    title="what was replaced is gone",
    hint="What does a write's context say about the values that a node has, and about those that it is sent later?",
    needs=NEEDS,
    worlds=WORLDS,
    live=True,
    shown=as_clients_saw_it,
)
def drops_what_was_replaced(run: Run) -> Answer:
    """Ten anti-entropy periods after the last fault and the last write, no value is among the siblings that the context
    of an acknowledged write covers.
    """
    covered, seen = covers(run.history), False
    for told in audits(run).values():
        for one in told:
            for value in one.reply.values:
                for write in covered.get(value, ()):
                    if isinstance(write.reply, Stored):
                        return broken(
                            f"{write.client} had read {value} and replaced it by {write.request.value}, but "
                            f"{_told(one)}."
                        )
            seen = True
    return holds() if seen and covered else inconclusive("Nobody replaced a value that had been read.")
