"""What an object would do if nobody else were there: the sequential specification that histories are judged by.

A model is an initial state and a step. You write one by inheriting:

>>> class Account(Model):
...     initial = 0
...     def step(self, balance, request, reply):
...         match request:
...             case ("deposit", amount):
...                 return balance + amount
...             case "balance":
...                 return balance if reply == balance else REFUSED
>>> Account().step(10, "balance", 10), Account().step(10, "balance", 7)
(10, REFUSED)

Work out what the state would answer, and compare the reply with it: then the model also serves operations whose reply
nobody knows, since `UNKNOWN` is equal to everything.

>>> Account().step(10, "balance", UNKNOWN)
10
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from enum import Enum
from typing import Any, Final, NamedTuple

from ds101.checks.fields import short_text, value_in_words
from ds101.checks.unknown import UNKNOWN
from ds101.history import Operation


class Refusal(Enum):
    """The type of `REFUSED`."""

    REFUSED = "refused"

    def __repr__(self) -> str:
        return self.name


REFUSED: Final = Refusal.REFUSED  # what a step answers where this state can't give this reply


class Whatever(Enum):
    """What an `Effect` says where it names no state."""

    ANY = "any"
    SAME = "same"
    DEPENDS = "depends"

    def __repr__(self) -> str:
        return self.name


ANY: Final = Whatever.ANY  # any state will do
SAME: Final = Whatever.SAME  # the state is left as it was
DEPENDS: Final = Whatever.DEPENDS  # it can't be said so simply


class Effect(NamedTuple):
    """What a request with its reply does, said without knowing the state.

    `needs` is the one state in which it can happen, `ANY` or `DEPENDS`; `leaves` the one state that it can bring about,
    `SAME` or `DEPENDS`.
    """

    needs: Any = DEPENDS
    leaves: Any = DEPENDS


class Asked(NamedTuple):
    """An operation as a model sees it."""

    request: Any
    reply: Any = None


class Model(ABC):
    """An object's sequential specification (Herlihy and Wing 1990).

    States must be hashable and are never changed: a step returns another one. Where operations on one key never concern
    another, say so with `key`, and every key is judged for itself: linearizability is local (the same paper, section
    3.1; P-compositionality in Horn and Kroening 2015).
    """

    initial: Any = None

    @abstractmethod
    def step(self, state: Any, request: Any, reply: Any) -> Any:
        """The state after this request had this reply, or `REFUSED` if this state can't give it.

        `reply` is `UNKNOWN` where nobody knows it. Must be a function of its arguments alone.
        """

    def key(self, request: Any) -> Hashable:
        """The part of the object that this request concerns; requests with different keys never concern each other."""
        return None

    def effect(self, request: Any, reply: Any) -> Effect:
        """Its effect, as far as it can be said without knowing the state. Not needed; it makes searches shorter.

        Where it contradicts `step`, the search that finds out raises `Mistake`.
        """
        return Effect()

    def translate(self, operation: Operation) -> Asked | None:
        """An operation of the history in the model's terms; None if it had no effect and told nothing."""
        return Asked(operation.request, operation.reply)

    def label(self, operation: Operation) -> str:
        """The operation in a picture, as short as can be."""
        return short_text(operation.request, operation.reply, operation.outcome)

    def describe(self, state: Any) -> str:
        """A state in words, as in "the value is 2"."""
        return f"the state is {value_in_words(state)}"


__all__ = ["ANY", "DEPENDS", "REFUSED", "SAME", "UNKNOWN", "Asked", "Effect", "Model"]
