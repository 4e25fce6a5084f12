"""A model, tabulated as the search goes: states and operations as small numbers, each step asked once.

Equal operations share a row, which remembers, for each state, the state that follows, or -1 where the model refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ds101.checks.items import Item
from ds101.checks.model import ANY, DEPENDS, REFUSED, SAME, Effect, Model, Whatever
from ds101.errors import Mistake

NO_STATE = -1
STATE = 500  # bytes, about, to remember a state, and 8 for each of its parts
STEP = 110  # bytes, about, to remember what a step answered


class Numbered:
    """What `items` do to the states of a model. State 0 is the initial one; `bytes` estimates the memory it takes."""

    def __init__(self, items: Sequence[Item], model: Model) -> None:
        self.items, self.model = items, model
        self.states: list[Any] = []
        self.bytes = 0
        self._ids: dict[Any, int] = {}
        self._number(model.initial)
        self._effects = [model.effect(item.request, item.reply) for item in items]
        self.row_of = _rows_of(items)
        self.rows: list[dict[int, int]] = [{} for _ in range(1 + max(self.row_of, default=-1))]
        self._say_effects()

    def _say_effects(self) -> None:
        known = [item.known for item in self.items]
        effects = self._effects
        # Operations that must be placed, and change no state.
        self.reads = [must and effect.leaves is SAME for must, effect in zip(known, effects, strict=True)]
        # For looking ahead: the state that an operation needs, and the one that it brings about. Good only if all say
        # what they bring about.
        self.looking = told = all(effect.leaves is not DEPENDS for effect in effects)
        wants = [self._number(effect.needs) if told else NO_STATE for effect in effects]
        self.needs = [state if must else NO_STATE for must, state in zip(known, wants, strict=True)]
        self.makes = [self._number(effect.leaves) if told else NO_STATE for effect in effects]
        # Blind writes, and among them the unseen ones, whose state nobody can have met.
        self.blind = [told and effect.needs is ANY and effect.leaves is not SAME for effect in effects]
        vague = any(
            effect.needs is DEPENDS and (must or effect.leaves is not SAME)
            for must, effect in zip(known, effects, strict=True)
        )
        met = set(wants)
        self.unseen = [
            blind and not vague and state not in met for blind, state in zip(self.blind, self.makes, strict=True)
        ]

    def step(self, index: int, state: int) -> int:
        """The state after an item, or -1. Raises `Mistake` for what can't be, or be remembered."""
        row = self.rows[self.row_of[index]]
        if state not in row:
            item = self.items[index]
            answer = self.model.step(self.states[state], item.request, item.reply)
            self.bytes += STEP
            self._compare(self._effects[index], item, self.states[state], answer)
            row[state] = NO_STATE if answer is REFUSED else self._number(answer)
        return row[state]

    def forget(self) -> None:
        """Free what only going on would need."""
        self.states, self.rows, self._ids, self.bytes = [], [], {}, 0

    def _compare(self, effect: Effect, item: Item, state: Any, answer: Any) -> None:
        """What was said of the effect must be what happens: the search relies on it."""
        if answer is REFUSED:
            wrong = effect.needs is ANY
        else:
            other_need = effect.needs is not ANY and effect.needs is not DEPENDS and effect.needs != state
            other_end = effect.leaves is not DEPENDS and answer != (state if effect.leaves is SAME else effect.leaves)
            wrong = (other_need or other_end) and (item.known or answer != state)
        if wrong:
            raise Mistake(
                f"{type(self.model).__name__}.effect says {effect!r} of {item.request!r} with reply {item.reply!r}, "
                f"but its step from {state!r} answers {answer!r}. Leave effect out, or make it say what step does."
            )

    def _number(self, state: Any) -> int:
        if isinstance(state, Whatever):
            return NO_STATE
        try:
            number = self._ids.setdefault(state, len(self.states))
        except TypeError:
            raise Mistake(
                f"{type(self.model).__name__} has the state {state!r}, which can't be part of a set. A state is made "
                "of numbers, texts, tuples, frozensets and frozen dataclasses."
            ) from None
        if number == len(self.states):
            self.states.append(state)
            self.bytes += STATE + 8 * (len(state) if hasattr(state, "__len__") else 0)
        return number


def _rows_of(items: Sequence[Item]) -> list[int]:
    numbers: dict[Any, int] = {}
    rows = []
    for index, item in enumerate(items):
        try:
            row = numbers.setdefault((item.known, item.request, item.reply if item.known else None), len(numbers))
        except TypeError:  # what has no hash shares with nobody
            row = numbers.setdefault((index, "alone"), len(numbers))
        rows.append(row)
    return rows
