"""The steps of a search: what one of them did, by names, and as the numbers that the search adds up."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ds101.explorer.actor import Event

StepKind = Literal[
    "start",
    "deliver",
    "fire",
    "crash",
    "restart",
    "answer",
    "invoke",
    "give up",
    "lose",
    "duplicate",
    "partition",
    "heal",
]


class Step(NamedTuple):
    """One step: where (a node's or a client's position, -1 for the world), of what kind, and with which event.

    `choices` and `point` are those of the handler's `Outcome`; `error` is what went wrong in it. A partition's event is
    its number.
    """

    kind: StepKind
    position: int
    event: Event | None = None
    choices: tuple[int, ...] = ()
    point: int | None = None
    error: str = ""


class Move(NamedTuple):
    """A step as a search takes it: what it costs, what it adds to the state, and the letters that it sends.

    `cost` is the number of a cost, 0 for free; of a move that fails it is negative, -1 for a free one. `mask` is what
    the letters are in the state; `clears` says that all that was under way to the node is lost.
    """

    cost: int
    delta: int
    mask: int
    clears: bool
    sends: tuple[int, ...]
    step: Step
