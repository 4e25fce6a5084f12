"""Random walks: they find most mistakes long before a search breadth first does, though not in the fewest steps.

What a walk has found bounds the search: the shortest way to a violation can't be longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ds101.explorer.limits import Limits
from ds101.explorer.search import Broken, Questions
from ds101.explorer.space import Space, State
from ds101.explorer.steps import Step

WALKS = 150
LONGEST = 120  # steps

Path = list[tuple[Step, State]]


def walk_at_random(
    space: Space, questions: Questions, beginnings: Sequence[State], limits: Limits, longest: int | None
) -> tuple[Broken, State, Path] | None:
    """The first violation met, with the beginning and the steps to it; None if none was met."""
    random = Random(1)
    steps = LONGEST if longest is None else min(LONGEST, longest)
    for _ in range(WALKS):
        if limits.seconds is not None and limits.elapsed > limits.seconds:
            return None
        beginning = random.choice(beginnings)
        broken, path = _walk(space, questions, beginning, random, steps)
        if broken is not None:
            return broken, beginning, path
    return None


def _walk(space: Space, questions: Questions, state: State, random: Random, longest: int) -> tuple[Broken | None, Path]:
    path: Path = []
    for _ in range(longest):
        chosen = _step(space, state, random)
        if chosen is None:
            break
        step, after = chosen
        if step.error:
            return Broken(state, None, step.error, step), path
        state = after
        path.append((step, state))
        fields = space.unpack(state)
        for question in questions.invariants:
            answer = question.answer(state, fields)
            if answer.holds is False:
                return Broken(state, question, answer.why), path
        if any(question.answer(state, fields).holds for question in questions.prunes):
            break
    return None, path


def _step(space: Space, state: State, random: Random) -> tuple[Step, State] | None:
    """First where, then what: so a node with many messages doesn't drown a timer elsewhere."""
    positions = list(range(-1, len(space.names)))
    random.shuffle(positions)
    fields = space.unpack(state)
    for position in positions:
        moves = space.moves(state, fields, position)
        options = [(step, after) for step, after in moves if after != state or step.error]
        if options:
            return random.choice(options)
    return None
