"""A model of all keys together, for what can't be judged key by key."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from ds101.checks.fields import key_in_words
from ds101.checks.model import DEPENDS, REFUSED, SAME, Asked, Effect, Model
from ds101.history import Operation

SHOWN = 3  # keys in a description


@dataclass(frozen=True)
class Whole(Model):
    """Its state is a set of pairs, each a key with its state, for the keys that are not in their initial state."""

    part: Model
    initial: Any = frozenset()

    def step(self, state: Any, request: Any, reply: Any) -> Any:
        """One key makes a step."""
        key = self.part.key(request)
        before = dict(state).get(key, self.part.initial)
        after = self.part.step(before, request, reply)
        if after is REFUSED or after == before:
            return REFUSED if after is REFUSED else state
        rest = frozenset(pair for pair in state if pair[0] != key)
        return rest if after == self.part.initial else rest | {(key, after)}

    def effect(self, request: Any, reply: Any) -> Effect:
        """What it does depends on the other keys, unless it does nothing."""
        return Effect(DEPENDS, SAME if self.part.effect(request, reply).leaves is SAME else DEPENDS)

    def key(self, request: Any) -> Hashable:
        """There is one."""
        return None

    def translate(self, operation: Operation) -> Asked | None:
        """As for a single key."""
        return self.part.translate(operation)

    def label(self, operation: Operation) -> str:
        """As for a single key, and the key."""
        asked = self.part.translate(operation)
        key = None if asked is None else self.part.key(asked.request)
        return self.part.label(operation) + ("" if key is None else f" on {key_in_words(key)}")

    def describe(self, state: Any) -> str:
        """The first few keys."""
        pairs = sorted(state, key=repr)
        words = [
            (f"{key_in_words(key)}: " if key is not None else "") + self.part.describe(one)
            for key, one in pairs[:SHOWN]
        ]
        return ", ".join([*words, "…"] if len(pairs) > SHOWN else words) or "nothing has changed yet"
