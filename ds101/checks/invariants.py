"""Invariants: what is true in every state.

>>> @invariant(hint="Which of the two should have stepped down?")
... def one_leader(roles):
...     '''At most one node leads.'''
...     return list(roles.values()).count("leader") <= 1
>>> one_leader({"n1": "leader", "n2": "follower"})
True
>>> one_leader.over([(0.1, {"n1": "leader"}), (0.2, {"n1": "leader", "n2": "leader"})])
<broken: At most one node leads. Not so at 0.2 s: {'n1': 'leader', 'n2': 'leader'}>
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Any

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.checks.fields import value_in_words
from ds101.draw.timeline import clock
from ds101.draw.wording import counted
from ds101.errors import Mistake


@dataclass
class Invariant:
    """A sentence about a state, with the function that decides it and a hint. Calling it decides one state."""

    sentence: str
    holds_in: Callable[[Any], bool]
    hint: str

    def __call__(self, state: Any) -> bool:
        return bool(self.holds_in(state))

    def over(self, states: Iterable[tuple[Any, Any]]) -> Answer:
        """Judge all of (when, state): seconds, or any words for a moment. Inconclusive where there are none.

        The evidence is the first pair that breaks it.
        """
        count = 0
        for moment, state in states:
            if not self(state):
                answer = broken(f"Not so {_moment(moment)}: {value_in_words(state)}", evidence=(moment, state))
                return replace(answer, sentence=self.sentence, hint=self.hint)
            count += 1
        answer = holds(counted(count, "state")) if count else inconclusive("There was no state to look at.")
        return replace(answer, sentence=self.sentence, hint=self.hint)

    def __repr__(self) -> str:
        return f"<invariant: {self.sentence}>"


def invariant(*, hint: str) -> Callable[[Callable[[Any], bool]], Invariant]:
    """Make a function of a state into an `Invariant`; its docstring is the sentence. Raises `Mistake` without one."""

    def decorate(function: Callable[[Any], bool]) -> Invariant:
        sentence = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
        if not sentence:
            raise Mistake(f"{function.__name__} needs a docstring: one sentence that is true in every state.")
        made = Invariant(sentence, function, hint)
        update_wrapper(made, function)
        return made

    return decorate


def _moment(moment: Any) -> str:
    return f"at {clock(moment)} s" if isinstance(moment, int | float) else str(moment)
