"""What a run shows of charges: what the server said about cards, and what passengers asked and were told.

In a run, each charge is of a card of its own, so whatever is said about a card is about that one operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ds101.history import Operation
from ds101.labs.lab02.given import SERVER, Charge, Charges, Done, Failed, Read, Reply
from ds101.labs.lab02.soundness import crashes
from ds101.trials import Run

Seconds = float


class Told(NamedTuple):
    """A charge, and what its passenger was told."""

    operation: Operation
    card: str
    answer: Any  # Done, Failed or Unknown; None where nothing was told


def told(run: Any) -> tuple[Told, ...]:
    """All charges of the run, or of the explorer's view, in the order in which they were asked for."""
    return tuple(Told(one, one.request.card, one.reply) for one in run.history if isinstance(one.request, Charge))


def told_as(run: Any, kind: type[Done | Failed]) -> tuple[Told, ...]:
    """The charges whose passengers were told this."""
    return tuple(one for one in told(run) if isinstance(one.answer, kind))


def charged(run: Any) -> dict[str, int]:
    """How many times each card was charged at the most, as far as the server ever said."""
    most: dict[str, int] = {}
    for kind in (Reply, Charges):
        for one in run.sent(kind):
            if one.body.charges > 0:
                most[one.body.card] = max(most.get(one.body.card, 0), one.body.charges)
    return most


def lives_that_charged(run: Run) -> dict[str, list[int]]:
    """In which lives of the server each card had been charged: the first life is 1."""
    deaths = crashes(run.trace)
    lives: dict[str, set[int]] = {}
    for kind in (Reply, Charges):
        for one in run.sent(kind):
            # What died with its process was put into the trace when it arrived, perhaps in a later life.
            if one.src == SERVER and one.body.charges > 0 and one.event.detail != "reconstructed":
                life = 1 + sum(death < one.event.at for death in deaths)
                lives.setdefault(one.body.card, set()).add(life)
    return {card: sorted(found) for card, found in sorted(lives.items())}


def read_later(run: Any, card: str, since: Seconds) -> Iterator[int]:
    """How often the card had been charged, by all that asked for it after that moment."""
    for one in run.history:
        asked = isinstance(one.request, Read) and one.request.card == card and one.began > since
        if asked and isinstance(one.reply, Charges):
            yield one.reply.charges


def times(number: int) -> str:
    """In words.

    >>> times(1), times(2), times(3)
    ('once', 'twice', '3 times')
    """
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
