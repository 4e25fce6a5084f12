"""What judging one property brought to light, as a value.

>>> finding = broken("'hi' never came out.", steps=["feed(00 00)    gave []"], replay='any cutting {}')
>>> finding.verdict
Verdict.BROKEN
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ds101.draw.picture import Picture
from ds101.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and what led to it.

    `headline` is one sentence about this run; `steps` tell it in order; `replay` is what `check(..., replay=)` takes to
    show the same run again; `to_do` marks a part that has not been written yet.
    """

    verdict: Verdict
    headline: str = ""
    steps: tuple[str, ...] = ()
    picture: Picture | None = None
    replay: str = ""
    to_do: bool = False


def holds(steps: Iterable[str] = (), picture: Picture | None = None, replay: str = "") -> Finding:
    """Nothing stood against the property."""
    return Finding(Verdict.HOLDS, "", tuple(steps), picture, replay)


def broken(headline: str, steps: Iterable[str] = (), picture: Picture | None = None, replay: str = "") -> Finding:
    """This run shows that the property does not hold."""
    return Finding(Verdict.BROKEN, headline, tuple(steps), picture, replay)


def inconclusive(headline: str, steps: Iterable[str] = ()) -> Finding:
    """It could not be found out: neither a pass nor a fail."""
    return Finding(Verdict.INCONCLUSIVE, headline, tuple(steps))


def to_do(sentence: str) -> Finding:
    """The part that this property judges still has its skeleton; `sentence` says what to write."""
    return Finding(Verdict.BROKEN, sentence, to_do=True)
