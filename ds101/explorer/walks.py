"""Random walks: they find most mistakes long before a search breadth first does, though not in the fewest steps.

What a walk has found bounds the search: the shortest way to a violation can't be longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ds101.explorer.limits import Limits
from ds101.explorer.schedule import token
from ds101.explorer.search import Broken, Questions, breach
from ds101.explorer.shortening import Named, Walk, shortened
from ds101.explorer.space import Space, State
from ds101.explorer.steps import Step

WALKS = 150
LONGEST = 120  # steps


def walk_at_random(
    space: Space, questions: Questions, beginnings: Sequence[State], limits: Limits, longest: int | None
) -> Walk | None:
    """The first violation that is met, shortened; None if none is."""
    random = Random(1)
    most = LONGEST if longest is None else min(LONGEST, longest)
    for _ in range(WALKS):
        if limits.is_over:
            return None
        steps: list[Named] = []
        walk = _walk(space, questions, random.choice(beginnings), random, most, steps)
        if walk is not None:
            return shortened(space, questions, walk, steps, limits)
    return None


def _walk(
    space: Space, questions: Questions, beginning: State, random: Random, longest: int, steps: list[Named]
) -> Walk | None:
    """One walk, whose steps are written down."""
    state = beginning
    way: list[State] = []
    for _ in range(longest):
        chosen = _step(space, state, random)
        if chosen is None:
            return None
        step, after = chosen
        steps.append((step.position, token(space, state, step)))
        if step.error:
            return Broken(state, None, step.error, step), beginning, way
        state = after
        way.append(state)
        fields = space.unpack(state)
        broken = breach(questions, state, fields)
        if broken is not None:
            return broken, beginning, way
        if any(question.answer(state, fields).holds for question in questions.prunes):
            return None
    return None


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
