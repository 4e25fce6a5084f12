"""The order of events behind a failing run: no seed, no times, and nothing that could go.

The run's events become steps of the explorer (deliveries, timers, crashes, invocations), which are played over a
network that may deliver anything at any time. Then steps are left out as long as the check stays broken: delta
debugging (Zeller and Hildebrandt 2002). What is left is a schedule, which `ds101.explorer.replay` plays again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from ds101.checks.answer import Answer
from ds101.effects import TimerName
from ds101.explorer import replay
from ds101.explorer.budgets import Budgets
from ds101.explorer.schedule import Taken, written
from ds101.explorer.setspace import SetSpace
from ds101.explorer.space import Needs, Space
from ds101.explorer.steps import Step
from ds101.explorer.telling import trace_of
from ds101.explorer.view import Glass, View
from ds101.messages import Types
from ds101.reach import types_reached_by
from ds101.trace import Event, Trace, base_name
from ds101.trials.search import Check
from ds101.trials.trial import Nodes, Run, Trial
from ds101.verdict import Verdict
from ds101.world.naming import classes_by_name

EVERYTHING = Needs(sent=True, history=True, order=True)
LONGEST = 400  # steps of a run that is still worth the time


class Wanted(NamedTuple):
    """A step by what it is about: it may be possible in many states, and number otherwise in each."""

    kind: str
    name: str  # of the node or client
    type: str = ""
    body: str = ""  # as JSON
    sender: str = ""


@dataclass(frozen=True)
class Ordering:
    """A failing order of events: in one line, as a run, and with what the check says of it."""

    schedule: str
    steps: int
    run: Run
    answer: Answer


def shortest_ordering(trial: Trial, nodes: Nodes, check: Check) -> Ordering | None:
    """The failing trial's run as an order of events with nothing left to take away.

    For checks of safety only: whatever they say of the end of a run, an order may stop before it. None if the failure
    rests on what a mere order doesn't have (times, links, the middle of a handler), or if the run is too long.
    """
    steps = list(_wanted_of(trial.run(nodes).trace))
    stage = _Stage(trial, nodes, check, crashes=any(step.kind == "crash" for step in steps))
    steps = stage.possible(steps)
    if len(steps) > LONGEST or not stage.breaks(steps):
        return None
    return stage.ordering(_without_the_needless(steps, stage))


def replayed_ordering(trial: Trial, nodes: Nodes, schedule: str) -> Run:
    """The run of a schedule, with the nodes and clients of a trial. Raises `Mistake` where it isn't possible."""
    clients = {name: list(calls) for name, calls in trial.workload}
    there = replay(nodes, schedule, trial.n, clients=clients)
    return _run_of(there.trace, there.view, types_reached_by(*classes_by_name(nodes, trial.n).values()))


def _run_of(trace: Trace, view: View, types: Types) -> Run:
    states = {node: dict(view.state(node)) for node in view.up}
    return Run(trace, view.history, states, None, types)


def _wanted_of(trace: Trace) -> Iterator[Wanted]:
    kinds = {"crash": "crash", "restart": "restart", "invoke": "invoke", "info": "give up"}
    for event in trace:
        if event.kind == "deliver":
            yield Wanted("arrives", base_name(event.dst), event.type, _json(event), base_name(event.src))
        elif event.kind == "fire":
            yield Wanted("fire", event.node, event.type, _json(event))
        elif event.kind in kinds:
            yield Wanted(kinds[event.kind], event.node)


def _json(event: Event) -> str:
    return msgspec.json.encode(event.body).decode()


def _without_the_needless(steps: list[Wanted], stage: _Stage) -> list[Wanted]:
    """Take away runs of steps, long ones first, until no single one can go."""
    size = max(1, len(steps) // 2)
    while True:
        begin, shorter = 0, False
        while begin < len(steps):
            rest = stage.possible(steps[:begin] + steps[begin + size :])
            if stage.breaks(rest):
                steps, shorter = rest, True
            else:
                begin += size
        if size == 1 and not shorter:
            return steps
        size = max(1, size // 2)


class _Stage:
    """Where orders of events are played: a space without budgets."""

    def __init__(self, trial: Trial, nodes: Nodes, check: Check, crashes: bool) -> None:
        self._check = check
        some = None if crashes else 0
        budgets = Budgets(some, some, None, None, 0, 0, 0)
        clients: dict[str, Any] = {name: list(calls) for name, calls in trial.workload}
        self._space: Space = SetSpace(classes_by_name(nodes, trial.n), clients, budgets, EVERYTHING, crashes)
        self._taken: dict[tuple[Wanted, ...], tuple[list[Wanted], list[Taken]]] = {}

    def possible(self, steps: list[Wanted]) -> list[Wanted]:
        """Those of the steps that can be taken, one after the other."""
        return self._play(steps)[0]

    def breaks(self, steps: list[Wanted]) -> bool:
        """Whether the check is broken after them."""
        return bool(steps) and self.ordering(steps).answer.verdict is Verdict.BROKEN

    def ordering(self, steps: list[Wanted]) -> Ordering:
        """The run of these steps."""
        taken = self._play(steps)[1]
        run = _run_of(trace_of(self._space, taken), View(Glass(self._space), taken[-1][2]), self._space.types)
        return Ordering(written(self._space, taken), len(steps), run, self._check(run))

    def _play(self, steps: Sequence[Wanted]) -> tuple[list[Wanted], list[Taken]]:
        key = tuple(steps)
        if key not in self._taken:
            self._taken = {key: self._played(steps)}  # asked for twice in a row, and not again
        return self._taken[key]

    def _played(self, steps: Sequence[Wanted]) -> tuple[list[Wanted], list[Taken]]:
        space = self._space
        taken = [start for starts in space.beginnings()[:1] for start in starts]
        kept, state = [], taken[-1][2]
        for wanted in steps:
            for step, after in space.moves(state, space.unpack(state)):
                if not step.error and step.point is None and self._is(step, wanted):
                    taken.append((state, step, after))
                    kept.append(wanted)
                    state = after
                    break
        return kept, taken

    def _is(self, step: Step, wanted: Wanted) -> bool:
        space = self._space
        if step.position < 0 or space.names[step.position] != wanted.name:
            return False
        if isinstance(step.event, TimerName):
            return wanted[:4] == ("fire", wanted.name, step.event.type, step.event.body.decode())
        if step.kind in ("deliver", "answer") and wanted.kind == "arrives" and isinstance(step.event, int):
            letter = space.mail.letters[step.event]
            return wanted[2:] == (letter.type, letter.body.decode(), base_name(letter.src))
        return step.kind == wanted.kind
