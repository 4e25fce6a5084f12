"""`explore`: every order of events, to a bound; and `replay`: one of them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ds101.draw.wording import counted
from ds101.errors import Mistake
from ds101.explorer.budgets import Budgets
from ds101.explorer.limits import Limits
from ds101.explorer.purity import NeedsMore
from ds101.explorer.questions import questions
from ds101.explorer.result import Exploration, Reached, Violation
from ds101.explorer.schedule import Taken, replayed, written
from ds101.explorer.search import Broken, Questions, Search
from ds101.explorer.setup import Setup
from ds101.explorer.shortening import Walk
from ds101.explorer.space import Needs, State
from ds101.explorer.symmetry import Symmetry, group_of
from ds101.explorer.view import Glass
from ds101.explorer.walks import walk_at_random
from ds101.verdict import Verdict
from ds101.world.naming import classes_by_name

QUICK = 5_000  # states that are searched before walking at random: most small questions are answered by then


def explore(
    nodes: Any,
    n: int | None = None,
    *,
    clients: Mapping[str, Any] | None = None,
    invariants: Any = (),
    goals: Any = (),
    prunes: Any = (),
    network: str = "set",
    crashes: int | None = 0,
    restarts: int | None = None,
    timers: int | None = None,
    timeouts: int | None = 0,
    partitions: int | None = 0,
    drops: int | None = 0,
    duplicates: int | None = 0,
    symmetry: Any = (),
    start: Reached | str | None = None,
    depth: int | None = None,
    states: int = 1_000_000,
    seconds: float | None = None,
    memory: int = 1_000_000_000,
) -> Exploration:
    """Go through every order of deliveries, time-outs and crashes that these nodes can meet.

    `nodes` is a class and `n` how many, or classes by name. `clients` maps names to lists of `Call`s (or generator
    functions, which are sent each reply). An invariant is a function of a `View` that must be true in every state; a
    goal must be true in some state; from a state for which a prune is true, the search doesn't go on.

    `network` is "set" (all messages ever sent: they may be lost, duplicated and reordered), "multiset" (each arrives
    once, in any order) or "fifo" (once, and in order on each connection). What may go wrong is given as how often at
    most on one path, None for any number: `crashes` (also in the middle of a handler) and `restarts`, `timers` that
    fire, calls that clients give up (`timeouts`); `partitions`, `drops` and `duplicates` for the last two networks.

    `symmetry` says that all nodes (True), or those in a list, are interchangeable: states that differ only in their
    names are then searched once. Raises `Mistake` if the protocol does not treat them alike.

    `start` is a schedule, or what an earlier search has `reached`: the search goes on from there. It stops without a
    verdict after so many `states`, steps of `depth`, `seconds`, or bytes of `memory` (by which the process grows).

    Raises `Mistake` for what can't be searched: an impure handler, an invariant that answers neither True nor False.
    """
    classes = classes_by_name(nodes, n)
    budgets = Budgets(crashes, restarts, timers, timeouts, partitions, drops, duplicates)
    setup = Setup(classes, dict(clients or {}), network)
    schedule = start.schedule if isinstance(start, Reached) else start or ""
    limits = Limits(states, depth, seconds, memory)
    needs = Needs()
    while True:
        try:
            with limits.progress:
                return _Exploring(setup, budgets, needs, schedule, limits, (invariants, goals, prunes), symmetry).run()
        except NeedsMore as more:
            needs = needs._replace(**{more.what: True})


def replay(
    nodes: Any, schedule: str, n: int | None = None, *, clients: Mapping[str, Any] | None = None, network: str = "set"
) -> Reached:
    """The state to which a schedule leads, with the trace of the run.

    Raises `Mistake` where one of its steps is not possible: the nodes are not the ones that it was written for.
    """
    setup = Setup(classes_by_name(nodes, n), dict(clients or {}), network)
    return setup.reached("replay", "", schedule)


class _Exploring:
    """One search, with what its states keep of the past."""

    def __init__(
        self,
        setup: Setup,
        budgets: Budgets,
        needs: Needs,
        schedule: str,
        limits: Limits,
        asked: Sequence[Any],
        symmetry: Any,
    ) -> None:
        self.setup, self.limits, self.schedule = setup, limits, schedule
        self.space = setup.space(budgets, needs, schedule)
        glass = Glass(self.space)
        names = ("invariants", "goals", "prunes")
        self.questions = Questions(*(questions(one, name, glass) for one, name in zip(asked, names, strict=True)))
        self.symmetry = self._symmetry(symmetry) if symmetry else None
        self.beginnings = self._beginnings()
        self.search = Search(self.space, self.questions, list(self.beginnings), self.symmetry)

    def _symmetry(self, given: Any) -> Symmetry:
        group = group_of(given, self.space.nodes, self.setup.classes)
        if self.space.budgets.allows("partitions") and self.setup.network != "set":
            raise Mistake("symmetry and partitions can't be searched together.")
        symmetry = Symmetry(self.space, group)
        for client in self.space.clients:
            client.not_to |= {self.space.nodes[position] for position in group}
        return symmetry

    def _beginnings(self) -> dict[State, str]:
        """The states to begin with, and the schedules that lead there."""
        if self.schedule:
            with self.space.without_budgets():
                return {replayed(self.space, self.schedule)[-1][2]: self.schedule}
        runs = self.space.beginnings()
        return {run[-1][2] if run else self.space.blank(): written(self.space, run) for run in runs}

    def run(self) -> Exploration:
        """Search a little, then walk at random, then search on, no deeper than what was met on a walk."""
        search, limits = self.search, self.limits
        search.go_on(limits, min(limits.states, QUICK), limits.depth)
        walk = None
        if not search.is_done and len(search.seen) < limits.states:
            walk = walk_at_random(self.space, self.questions, list(self.beginnings), limits, limits.depth)
            search.go_on(limits, limits.states, limits.depth if walk is None else _steps_of(walk))
        if search.broken is None and walk is not None:
            broken, beginning, way = walk
            return self._answer(self._violation(broken, beginning, way, shortest=False))
        return self._answer(self._found())

    def _found(self) -> Violation | None:
        broken = self.search.broken
        if broken is None:
            return None
        way = self.search.way_to(broken.state)
        return self._violation(broken, way[0], way[1:], shortest=True)

    def _violation(self, broken: Broken, beginning: State, way: Sequence[State], shortest: bool) -> Violation:
        schedule = self._schedule(beginning, way, broken)
        question = broken.question
        name, sentence = (question.name, question.sentence) if question else ("no node fails", "No node fails.")
        there = self.setup.reached(name, sentence, schedule)
        kind, why = self._words(broken)
        return Violation(
            there.name,
            there.sentence,
            there.steps,
            there.schedule,
            there.trace,
            there.view,
            there.again,
            why,
            kind,
            shortest,
            question.hint if question else "",
        )

    def _words(self, broken: Broken) -> tuple[Any, str]:
        if broken.question is not None:
            return "invariant", broken.why or f"{broken.question.title} does not hold"
        assert broken.step is not None
        kind = "died" if broken.why.startswith("died of ") else "unhandled"
        return kind, f"{self.space.names[broken.step.position]} {broken.why}"

    def _schedule(self, beginning: State, way: Sequence[State], broken: Broken | None = None) -> str:
        """The steps through these states; with symmetry, through states that are like them."""
        run: list[Taken] = []
        state = next(one for one in self.beginnings if self._stands_for(one) == self._stands_for(beginning))
        begun = self.beginnings[state]
        for like in way:
            moves = self.space.moves(state, self.space.unpack(state))
            step, after = next(
                (step, after) for step, after in moves if self._stands_for(after) == self._stands_for(like)
            )
            run.append((state, step, after))
            state = after
        if broken is not None and broken.step is not None:
            failing = (step for step, _ in self.space.moves(state, self.space.unpack(state)) if step.error)
            run.append((state, next(failing), state))
        return " ".join(filter(None, (begun, written(self.space, run))))

    def _stands_for(self, state: State) -> State:
        return self.search.canonical(state) if self.search.canonical is not None else state

    def _reached(self) -> dict[str, Reached]:
        found = {}
        for goal in self.questions.goals:
            if goal.name in self.search.reached:
                way = self.search.way_to(self.search.reached[goal.name])
                found[goal.name] = self.setup.reached(goal.name, goal.sentence, self._schedule(way[0], way[1:]))
        return found

    def _answer(self, violation: Violation | None) -> Exploration:
        search = self.search
        missed = tuple(goal.name for goal in self.questions.goals if goal.name not in search.reached)
        why = "" if violation else self._why()
        broken = violation is not None or (missed and not why)
        verdict = Verdict.BROKEN if broken else Verdict.INCONCLUSIVE if why else Verdict.HOLDS
        return Exploration(
            verdict,
            exhausted=not (search.level or why),
            states=len(search.seen),
            depth=search.depth,
            transitions=search.transitions,
            pruned=search.pruned,
            handler_runs=self.space.purity.runs,
            seconds=self.limits.elapsed,
            why=why,
            violation=violation,
            reached=self._reached(),
            missed=missed,
        )

    def _why(self) -> str:
        """Why there is no verdict, if there is none."""
        for actor in self.space.actors:
            for reason in actor.unforeseen[:1]:
                return reason
        if self.search.undecided:
            return f"an invariant could not tell in {counted(self.search.undecided, 'state')}"
        return self.search.stopped


def _steps_of(walk: Walk) -> int:
    broken, _, way = walk
    return len(way) + (broken.step is not None)
