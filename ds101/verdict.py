"""What a check can answer: holds, broken, or inconclusive. Never a guess.

>>> Verdict.of(2 + 2 == 4)
Verdict.HOLDS
>>> bool(Verdict.INCONCLUSIVE)
Traceback (most recent call last):
    ...
ds101.errors.Inconclusive: Inconclusive is neither true nor false. Compare it with Verdict.HOLDS or Verdict.BROKEN.
"""

from __future__ import annotations

from enum import Enum

from ds101.errors import Inconclusive


class Verdict(Enum):
    """The answer of a property, or of a question about a trace."""

    HOLDS = "holds"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"

    @classmethod
    def of(cls, holds: bool) -> Verdict:
        """The verdict of a question that was answered with yes or no."""
        return cls.HOLDS if holds else cls.BROKEN

    def __bool__(self) -> bool:
        if self is Verdict.INCONCLUSIVE:
            raise Inconclusive(
                "Inconclusive is neither true nor false. Compare it with Verdict.HOLDS or Verdict.BROKEN."
            )
        return self is Verdict.HOLDS

    def __repr__(self) -> str:
        return f"Verdict.{self.name}"
