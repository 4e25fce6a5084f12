"""Plain data out of a sandbox, and what stands here for all other: bytes that nobody here opens, and a text.

>>> plain(frozen({"a": (1, {2})}))
{'a': (1, {2})}
>>> Opaque(b"...", "Role.LEADER")
Role.LEADER
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from autograder.inside.trees import frozen
from autograder.judge.errors import CELL, Garbled, printable
from ds101.labs.apart import Died, Foreign, Raised, Returned, Silent
from ds101.messages import Message, Timer

DEEPEST = 100
_decode = msgspec.msgpack.Decoder().decode
_OUTCOMES = {f"ds101.labs.apart:{kind.__name__}": kind for kind in (Returned, Raised, Silent, Died, Foreign)}
_MADE_OF = "copyreg:__newobj__"


@dataclass(frozen=True, slots=True, repr=False)
class Opaque:
    """A value of the student's: equal where its bytes are, shown as the text that came with them."""

    data: bytes
    text: str = field(default="…", compare=False)

    def __repr__(self) -> str:
        return self.text


def opaque(data: bytes, text: str) -> Opaque:
    """With a text that can be shown anywhere."""
    return Opaque(data, printable(text))


def plain(data: bytes, types: Mapping[str, type[Any]] | None = None) -> Any:
    """The value that canonical bytes stand for: built-in containers of numbers and text, and messages of these types.

    Raises `Garbled` for what is none.
    """
    try:
        return _Reading(types or {}).value(_decode(data), 0)
    except (msgspec.DecodeError, RecursionError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise Garbled(f"its process sent a value that can't be read: {type(error).__name__}") from None


class _Reading:
    """One value on its way out of its tree; it knows which changeable objects it has met."""

    def __init__(self, types: Mapping[str, type[Any]]) -> None:
        self.types = types
        self.met: list[Any] = []

    def value(self, tree: Any, depth: int) -> Any:
        if type(tree) is not list:
            return tree
        if depth > DEEPEST:
            raise Garbled("its process sent a value that is nested too deeply")
        tag, *parts = tree
        read = getattr(self, f"_read_{tag}", None) if isinstance(tag, str) and tag.isalpha() else None
        if read is None:
            return self.met[parts[0]] if tag == "=" else _unknown(tree)
        return read(parts, depth + 1)

    def _read_i(self, parts: list[Any], _: int) -> int:
        return int(parts[0])

    def _read_b(self, parts: list[Any], _: int) -> bool:
        return bool(parts[0])

    def _read_f(self, parts: list[Any], _: int) -> float:
        return float(struct.unpack(">d", parts[0])[0] if isinstance(parts[0], bytes) else parts[0])

    def _read_t(self, parts: list[Any], depth: int) -> tuple[Any, ...]:
        return tuple(self.value(part, depth) for part in parts)

    def _read_l(self, parts: list[Any], depth: int) -> list[Any]:
        made: list[Any] = []
        self.met.append(made)
        made += (self.value(part, depth) for part in parts)
        return made

    def _read_s(self, parts: list[Any], depth: int) -> set[Any]:
        made = {self.value(part, depth) for part in parts}
        self.met.append(made)
        return made

    def _read_z(self, parts: list[Any], depth: int) -> frozenset[Any]:
        return frozenset(self.value(part, depth) for part in parts)

    def _read_d(self, parts: list[Any], depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        self.met.append(made)
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            made[self.value(key, depth)] = self.value(value, depth)
        return made

    def _read_o(self, parts: list[Any], depth: int) -> Any:
        """A message, or the outcome of a call: nothing else is made here."""
        make, arguments, state, items, pairs = parts
        if make != _MADE_OF or items is not None or pairs is not None:
            return _unknown(parts)
        name = arguments[1][1]
        held = self.value(state, depth)
        if name in _OUTCOMES:
            return _outcome(_OUTCOMES[name], held)
        found = self.types.get(name.rpartition(":")[2])
        if found is None or not issubclass(found, Message | Timer):
            return _unknown(parts)
        return found(**held)


def _outcome(kind: Any, held: Any) -> Any:
    """The outcome of a call, with fields of the right types."""
    made = kind(**held) if isinstance(held, dict) else kind(*held)
    if isinstance(made, Raised):
        place = made.place
        texts = [*made.kinds, made.words, made.module, *((place[0], place[2]) if place else ())]
        if not (made.kinds and all(isinstance(text, str) for text in texts)):
            raise ValueError
        known = place is not None and CELL.fullmatch(place[0])
        shown = (place[0], int(place[1]), printable(place[2])) if known else None
        return Raised(tuple(map(printable, made.kinds)), printable(made.words), shown, printable(made.module))
    return Foreign(printable(str(made.kind))) if isinstance(made, Foreign) else made


def _unknown(tree: Any) -> Foreign:
    """Of a class that means nothing here."""
    name = str(tree[1][1][1] if isinstance(tree, list) and len(tree) > 1 and isinstance(tree[1], list) else "object")
    return Foreign(printable(name.rpartition(":")[2])[:80])


__all__ = ["Opaque", "frozen", "opaque", "plain", "printable"]
