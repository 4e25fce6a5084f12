"""A run that was found on a random walk, with the steps left out that it does not need.

Pieces are left out while the violation remains, halves first, then ever smaller ones (Zeller and Hildebrandt,
"Simplifying and Isolating Failure-Inducing Input", 2002). Steps that are not possible any more are left out with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ds101.explorer.limits import Limits
from ds101.explorer.schedule import token
from ds101.explorer.search import Broken, Questions, breach
from ds101.explorer.space import Space, State
from ds101.explorer.steps import Step

Walk = tuple[Broken, State, list[State]]  # what was found, from where, and the states on the way
Named = tuple[int, str]  # a step: where it is, and what


def shortened(space: Space, questions: Questions, walk: Walk, steps: Sequence[Named], limits: Limits) -> Walk:
    """The walk without steps that it does not need."""
    size = len(steps) // 2
    while size and not limits.is_over:
        begin = 0
        while begin < len(steps):
            found = _followed(space, questions, walk[1], [*steps[:begin], *steps[begin + size :]])
            if found is None:
                begin += size
            else:
                walk, steps = found
        size //= 2
    return walk


def _followed(
    space: Space, questions: Questions, state: State, steps: Sequence[Named]
) -> tuple[Walk, list[Named]] | None:
    """Where these steps lead: to a violation, with the steps that led there; or None."""
    beginning = state
    way: list[State] = []
    taken: list[Named] = []
    for named in steps:
        move = _named(space, state, named)
        if move is None:
            continue
        step, after = move
        taken.append(named)
        if step.error:
            return (Broken(state, None, step.error, step), beginning, way), taken
        state = after
        way.append(state)
        broken = breach(questions, state, space.unpack(state))
        if broken is not None:
            return (broken, beginning, way), taken
    return None


def _named(space: Space, state: State, named: Named) -> tuple[Step, State] | None:
    position, word = named
    for step, after in space.moves(state, space.unpack(state), position):
        if token(space, state, step) == word:
            return step, after
    return None
