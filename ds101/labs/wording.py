"""How runs are told in words: bytes, results, outcomes."""

from __future__ import annotations

from collections.abc import Callable

from ds101.labs.apart import Died, Outcome, Raised, Returned, Silent
from ds101.lines import place_in_words

MOST_BYTES = 16  # of one piece, in a sentence
MOST_CHARACTERS = 40  # of one value, in a sentence


def bytes_in_words(data: bytes) -> str:
    """Hexadecimal, cut short where it is long.

    >>> bytes_in_words(b"hi"), bytes_in_words(bytes(20))
    ('68 69', '00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 … (20 bytes)')
    """
    words = data[:MOST_BYTES].hex(" ")
    return words if len(data) <= MOST_BYTES else f"{words} … ({len(data):,} bytes)"


def value_in_words(value: object) -> str:
    """Its `repr`, cut short where it is long.

    >>> value_in_words("hi"), value_in_words("a" * 1000)
    ("'hi'", "'aaaaaaaaaaaaaaaaaaaaaaa… (1,000 characters)")
    """
    words = repr(value)
    if len(words) <= MOST_CHARACTERS:
        return words
    size = f" ({len(value):,} characters)" if isinstance(value, str) else ""
    return f"{words[: MOST_CHARACTERS - 16]}…{size}"


def outcome_in_words(outcome: Outcome, value: Callable[[object], str] = value_in_words, *, place: bool = True) -> str:
    """What became of a call, as the end of a sentence that begins with the call; an error with its line, if wanted.

    >>> outcome_in_words(Returned([])), outcome_in_words(Silent(2.0))
    ('returned []', 'had not ended after 2 s')
    """
    match outcome:
        case Returned(result):
            return f"returned {value(result)}"
        case Raised():
            line = f"  [{place_in_words(outcome.place)}]" if place and outcome.place else ""
            return f"raised {outcome}{line}"
        case Silent(after):
            return f"had not ended after {after:g} s"
        case Died(code):
            return f"ended its process (exit code {code})"
