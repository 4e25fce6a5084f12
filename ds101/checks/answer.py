"""What a check answers: a verdict, why in a sentence, and what can be looked at.

>>> @check(hint="Who else may write to it?")
... def positive(values: list[int]) -> Answer:
...     '''No value is negative.'''
...     wrong = [value for value in values if value < 0]
...     return broken(f"{wrong[0]} is negative.") if wrong else holds(f"{len(values)} values")
>>> positive([1, 2])
<holds: No value is negative. (2 values)>
>>> positive([1, -2])
<broken: No value is negative. -2 is negative.>
>>> positive([1, -2]).hint
'Who else may write to it?'
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import update_wrapper
from typing import Any, Generic, ParamSpec

from ds101.draw.picture import Draw, Picture
from ds101.errors import Mistake
from ds101.report import html_of, text_of
from ds101.verdict import Verdict

P = ParamSpec("P")
__all__ = ["Answer", "Check", "Draw", "broken", "check", "holds", "inconclusive", "to_do"]


@dataclass(frozen=True)
class Answer:
    """A verdict, and what led to it.

    `headline` is one sentence about this run, `steps` tell it in order, `evidence` is the check's own finding as a
    value. `sentence` and `hint` are those of the check. `replay` is what shows the same run again, `to_do` marks what
    has not been written yet, `looked` says at how much was looked. As a bool it is its verdict's (inconclusive raises).
    """

    verdict: Verdict
    headline: str = ""
    steps: tuple[str, ...] = ()
    evidence: Any = None
    sentence: str = ""
    hint: str = ""
    replay: str = ""
    looked: str = ""
    to_do: bool = False
    draw: Draw | None = field(default=None, repr=False, compare=False)

    @property
    def picture(self) -> Picture | None:
        """For a notebook, drawn when it is asked for; None where there is nothing to draw."""
        return self.draw(True) if self.draw else None

    def svg(self) -> str:
        """The picture as a file of its own, empty where there is none."""
        return self.draw(False).svg if self.draw else ""

    def __bool__(self) -> bool:
        return bool(self.verdict)

    def __repr__(self) -> str:
        about = f"({self.headline})" if self.verdict is Verdict.HOLDS and self.headline else self.headline
        words = " ".join(part for part in (self.sentence, about) if part)
        return f"<{self.verdict.value}{': ' if words else ''}{words}>"

    def text(self) -> str:
        """As a terminal shows it: the sentence, what happened, the picture, the line that replays it, the hint."""
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)


def holds(headline: str = "", evidence: Any = None, draw: Draw | None = None, steps: Iterable[str] = ()) -> Answer:
    """Nothing stands against it; `headline` says how much was looked at."""
    return Answer(Verdict.HOLDS, headline, tuple(steps), evidence, draw=draw)


def broken(
    headline: str, steps: Iterable[str] = (), evidence: Any = None, draw: Draw | None = None, replay: str = ""
) -> Answer:
    """This run shows that the property does not hold."""
    return Answer(Verdict.BROKEN, headline, tuple(steps), evidence, replay=replay, draw=draw)


def inconclusive(headline: str, steps: Iterable[str] = (), evidence: Any = None) -> Answer:
    """It could not be found out: neither a pass nor a fail. `headline` says why."""
    return Answer(Verdict.INCONCLUSIVE, headline, tuple(steps), evidence)


def to_do(sentence: str) -> Answer:
    """The part that this property judges still has its skeleton; `sentence` says what to write."""
    return Answer(Verdict.BROKEN, sentence, to_do=True)


class Check(Generic[P]):
    """A property: a sentence (the first paragraph of the docstring), a function that answers, and a hint."""

    def __init__(self, function: Callable[P, Answer], hint: str) -> None:
        update_wrapper(self, function)
        self.sentence = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
        if not self.sentence:
            raise Mistake("A check needs a docstring: its first sentence says what holds of every right run.")
        self.hint = hint
        self._function = function

    def __call__(self, *args: P.args, **options: P.kwargs) -> Answer:
        """Judge, and answer with the sentence and the hint."""
        return replace(self._function(*args, **options), sentence=self.sentence, hint=self.hint)

    def __repr__(self) -> str:
        return f"<check: {self.sentence}>"


def check(*, hint: str) -> Callable[[Callable[P, Answer]], Check[P]]:
    """Make a function that answers into a `Check`. Raises `Mistake` if it has no docstring."""
    return lambda function: Check(function, hint)
