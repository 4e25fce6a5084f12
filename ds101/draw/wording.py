"""What stands on a label: messages as calls, shortened sensibly, and how wide a text will be.

>>> call_text("Greet", {"name": "Ada"})
"Greet(name='Ada')"
>>> shorter_forms("Move", {"amount": 10, "note": "rent for the month of May"})[-2:]
['Move(…)', 'Move']
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

LONGEST_VALUE = 32  # characters of one field's value on a label
SHORT_VALUE = 10  # and in a shorter form
DEEPEST = 3  # levels of nesting that are shown
MOST_ITEMS = 4  # of a list or a mapping


def call_text(name: str, body: Mapping[str, Any], longest: int = LONGEST_VALUE) -> str:
    """A message as the call that makes it, each value cut to `longest` characters."""
    fields = ", ".join(f"{key}={value_text(value, longest)}" for key, value in body.items())
    return plain(f"{name}({fields})")


def shorter_forms(name: str, body: Mapping[str, Any]) -> list[str]:
    """The ways to write a message, the longest first: the reader gets the longest that fits."""
    if not body:
        return [plain(name)]
    full = {key: value_text(value, LONGEST_VALUE) for key, value in body.items()}
    short = {
        key: text if len(text) <= SHORT_VALUE else value_text(body[key], SHORT_VALUE) for key, text in full.items()
    }
    fields = [f"{key}={text}" for key, text in short.items()]
    inside = [", ".join(f"{key}={text}" for key, text in full.items()), ", ".join(fields)]
    if len(body) == 1:
        inside += [*full.values(), *short.values()]
    else:
        inside += [", ".join([*fields[:count], "…"]) for count in (1, 2) if count < len(fields)]
    forms = {f"{name}({each})": None for each in [*inside, "…"]} | {name: None}
    return sorted((plain(form) for form in forms), key=len, reverse=True)


def value_text(value: Any, longest: int, deep: int = 1) -> str:
    """A field's value as Python writes it; a nested message is written as a call."""
    if value is None or isinstance(value, bool | int):
        return cut(repr(value), longest)
    if isinstance(value, str):
        return repr(cut(value, max(4, longest - 2)))
    if isinstance(value, Mapping) and set(value) == {"type", "body"} and isinstance(value["body"], Mapping):
        return "…" if deep > DEEPEST else cut(call_text(str(value["type"]), value["body"], longest), longest)
    if isinstance(value, Mapping):
        items = [f"{key!r}: {value_text(value[key], longest, deep + 1)}" for key in list(value)[:MOST_ITEMS]]
        return "…" if deep > DEEPEST else cut("{" + _listed(items, len(value)) + "}", longest)
    if isinstance(value, list | tuple | set | frozenset):
        items = [value_text(item, longest, deep + 1) for item in list(value)[:MOST_ITEMS]]
        return "…" if deep > DEEPEST else cut("[" + _listed(items, len(value)) + "]", longest)
    return cut(repr(value), longest)


def _listed(items: Sequence[str], count: int) -> str:
    return ", ".join([*items, "…"] if count > len(items) else items)


def cut(text: str, longest: int) -> str:
    """The text, or its beginning with an ellipsis, in at most `longest` characters."""
    return text if len(text) <= longest else text[: max(0, longest - 1)].rstrip() + "…"


def plain(text: str) -> str:
    """The text on one line, without characters that XML forbids or that turn the order of writing around."""
    if not _UNUSUAL.search(text):
        return text
    return "".join(_plain_character(character) for character in text)


_UNUSUAL = re.compile(r"[^\x20-\x7e…→–×]")


def _plain_character(character: str) -> str:
    if character in "\t\n\r":
        return " "
    category = unicodedata.category(character)
    if category in ("Cc", "Cs", "Cf", "Co", "Cn"):  # controls, lone surrogates, bidi marks, what isn't assigned
        return "\ufffd"
    return character


# Widths in em of a wide common face (DejaVu Sans): where the reader's is narrower, labels only get air.
_NARROW = dict.fromkeys("il.,:;'|!j", 0.33) | dict.fromkeys("()[] ftrI-/", 0.41)
_WIDE = dict.fromkeys("mwMW@%—…", 0.95) | dict.fromkeys("+=<>~→×", 0.84) | dict.fromkeys("NOQGHDU", 0.77)
_WIDTHS = _NARROW | _WIDE


_BOLD = 1.12  # times as wide as plain text
_CELL = 0.61  # em of every character of a monospaced face

Face = Literal["plain", "bold", "monospaced"]


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, face: Face = "plain") -> float:
    """About how wide the text is in pixels, set in a sans-serif or monospaced face of `size` pixels."""
    if face == "monospaced":
        return size * sum(_CELL if ord(character) <= 0x2E80 else 2 * _CELL for character in text)
    width = size * sum(_WIDTHS.get(character) or _width_of_other(character) for character in text)
    return width * _BOLD if face == "bold" else width


def _width_of_other(character: str) -> float:
    if ord(character) > 0x2E80:
        return 1.0
    return 0.69 if character.isupper() else 0.61


def fit(text: str, width: float, size: float, face: Face = "plain") -> str:
    """The text, or its beginning with an ellipsis, in at most `width` pixels."""
    if text_width(text, size, face) <= width:
        return text
    room = width - text_width("…", size, face)
    kept = 0
    for character in text:
        room -= text_width(character, size, face)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def wrap(text: str, width: float, size: float, lines: int, face: Face = "plain") -> list[str]:
    """The text in at most `lines` lines of at most `width` pixels; an ellipsis ends what didn't fit."""
    result: list[str] = []
    rest = text.split()
    while rest and len(result) < lines - 1:
        line = rest.pop(0)
        while rest and text_width(f"{line} {rest[0]}", size, face) <= width:
            line += " " + rest.pop(0)
        result.append(fit(line, width, size, face))
    if rest:
        result.append(fit(" ".join(rest), width, size, face))
    return result or [""]


def duration(seconds: float) -> str:
    """A time in the unit that reads best: `0.3 ms`, `42 ms`, `1.25 s`."""
    if seconds < 0.09995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s"


def counted(count: int, noun: str) -> str:
    """`1 message`, `2 messages`, `1,200 messages`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
