"""Breadth first through all states, each once: so the first violation found is one of the shortest."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ds101.explorer.limits import BETWEEN_LOOKS, RUNS_BETWEEN_LOOKS, Limits
from ds101.explorer.questions import Question
from ds101.explorer.space import Fields, Space, State
from ds101.explorer.steps import Step
from ds101.explorer.symmetry import Symmetry


class Broken(NamedTuple):
    """A state in which an invariant does not hold, or from which a step fails: which one, and why."""

    state: State
    question: Question | None
    why: str
    step: Step | None = None


class Questions(NamedTuple):
    """The questions of a search."""

    invariants: Sequence[Question]
    goals: Sequence[Question]
    prunes: Sequence[Question]


def breach(questions: Questions, state: State, fields: Fields) -> Broken | None:
    """The first invariant that does not hold in a state, if there is one."""
    for question in questions.invariants:
        answer = question.answer(state, fields)
        if answer.holds is False:
            return Broken(state, question, answer.why)
    return None


class Search:
    """A search that can be stopped and taken up again.

    `seen` holds every state with the one that it was first reached from (None for a beginning); `depth` is the number
    of steps to the states in `level`, which are yet to be looked at from `at` on.
    """

    def __init__(
        self,
        space: Space,
        questions: Questions,
        beginnings: Sequence[State],
        symmetry: Symmetry | None,
    ) -> None:
        self.space, self.questions, self.symmetry = space, questions, symmetry
        self.canonical = canonical = symmetry.canonical if symmetry is not None else None
        self.depth = self.transitions = self.pruned = self.undecided = 0
        self.level: list[State] = []
        self.next: list[State] = []
        self.at = self.most = 0
        self.broken: Broken | None = None
        self.reached: dict[str, State] = {}  # goals
        self.has_found_all = False  # all goals, and there is nothing else to find
        self.stopped = ""  # why, if before the end
        self.seen: dict[State, State | None] = {}
        for state in beginnings:
            first = canonical(state) if canonical else state
            if first not in self.seen:
                self.seen[first] = None
                self.level.append(first)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to find."""
        wanted = (
            not self.questions.invariants and self.questions.goals and len(self.reached) == len(self.questions.goals)
        )
        return self.broken is not None or bool(wanted) or not self.level

    def go_on(self, limits: Limits, states: int, deepest: int | None) -> None:
        """Search until all is done, a limit is reached, or all states of `deepest` steps have been looked at.

        A limit is also that so many states have been found; all that were found are looked at.
        """
        self.stopped, self.most = "", states
        with without_collections():
            while not self.is_done and not self.stopped:
                self._go_through_level(limits, expand=deepest is None or self.depth < deepest)
                if self.at == len(self.level) and not (self.stopped or self.broken or self.has_found_all):
                    if deepest is not None and self.depth >= deepest:
                        self.stopped = f"it went {deepest} steps deep, as asked" if self._goes_deeper() else ""
                        self.level = [] if not self.stopped else self.level
                        return
                    self.level, self.next, self.at = self.next, [], 0
                    self.depth += bool(self.level)
        if self.most <= len(self.seen) and self.stopped:
            self._look_at_the_rest()

    def _goes_deeper(self) -> bool:
        return any(
            (self.canonical(after) if self.canonical else after) not in self.seen
            for state in self.level
            for after in self.space.afters(state, self.space.unpack(state))
        )

    def _go_through_level(self, limits: Limits, expand: bool) -> None:
        while self.at < len(self.level) and not self.is_done:
            if len(self.seen) >= self.most:
                self.stopped = f"its budget of {self.most:,} states is spent"
            else:
                self.stopped = limits.reached(self.seen, self.depth, self.space.purity.runs)
            if self.stopped:
                return
            self._go_through_some(expand)

    def _go_through_some(self, expand: bool) -> None:
        """Look at the next states, and find those after them, until it is time to look at the limits."""
        space, purity, canonical = self.space, self.space.purity, self.canonical
        seen, add, enough = self.seen, self.next.append, purity.runs + RUNS_BETWEEN_LOOKS
        for index in range(self.at, min(len(self.level), self.at + BETWEEN_LOOKS)):
            self.at = index + 1
            state = self.level[index]
            fields = space.unpack(state)
            if self._is_to_be_expanded(state, fields) and expand:
                afters = space.afters(state, fields)
                self.transitions += len(afters)
                for after in afters if canonical is None else map(canonical, afters):
                    if after not in seen:
                        seen[after] = state
                        add(after)
                if space.failed:
                    self.broken = Broken(state, None, space.failed[0].error, space.failed[0])
            if self.broken or self.has_found_all or purity.runs > enough:
                return

    def _is_to_be_expanded(self, state: State, fields: Fields) -> bool:
        """Ask all questions about a state."""
        questions = self.questions
        if self.symmetry is not None:
            for question in (*questions.invariants, *questions.goals, *questions.prunes):
                question.check_symmetry(self.symmetry, state, question.answer(state, fields))
        for question in questions.invariants:
            answer = question.answer(state, fields)
            if not answer.holds:
                if answer.holds is None:
                    self.undecided += 1
                    continue
                self.broken = Broken(state, question, answer.why)
                return False
        for question in questions.goals:
            if question.name not in self.reached and question.answer(state, fields).holds:
                self.reached[question.name] = state
                self.has_found_all = not questions.invariants and len(self.reached) == len(questions.goals)
        for question in questions.prunes:
            if question.answer(state, fields).holds:
                self.pruned += 1
                return False
        return not self.has_found_all

    def _look_at_the_rest(self) -> None:
        """What was found but not yet looked at, without going on from there."""
        for state in (*self.level[self.at :], *self.next):
            self._is_to_be_expanded(state, self.space.unpack(state))
            if self.broken:
                return

    def way_to(self, state: State) -> list[State]:
        """The states on a shortest way to this one, from a beginning."""
        way = [state]
        while (before := self.seen[way[-1]]) is not None:
            way.append(before)
        return way[::-1]


@contextmanager
def without_collections() -> Iterator[None]:
    """Millions of small objects without cycles: looking for cycles among them would double the time."""
    were_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if were_on:
            gc.enable()
