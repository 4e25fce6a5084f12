"""Plain data out of a sandbox, and what stands here for all other: bytes that nobody here opens, and a text.

>>> plain(frozen({"a": (1, {2})}))
{'a': (1, {2})}
>>> Opaque(b"...", "Role.LEADER")
Role.LEADER
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from autograder.inside.trees import frozen
from autograder.judge.errors import Garbled
from autograder.judge.words import MOST_KINDS, known_place, printable
from ds101.errors import Mistake
from ds101.labs.apart import Died, Foreign, Raised, Returned, Silent
from ds101.lines import Place
from ds101.messages import Message, Timer

DEEPEST = 100
MOST_PARTS = 1_000_000  # of a value, one that stands in it several times counted each time
MOST_NAME = 80  # characters
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
    except (
        msgspec.MsgspecError,
        struct.error,
        RecursionError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        Mistake,
    ) as error:
        raise Garbled(f"its process sent a value that can't be read: {type(error).__name__}") from None


class _Reading:
    """One value on its way out of its tree; it knows which changeable objects it has met, and how large each is."""

    def __init__(self, types: Mapping[str, type[Any]]) -> None:
        self.types = types
        self.met: list[Any] = []
        self.sizes: list[int] = []  # of those; 0: it is not complete yet
        self.parts = 0

    def value(self, tree: Any, depth: int) -> Any:
        self._count(1)
        if type(tree) is not list:
            return tree
        if depth > DEEPEST:
            raise Garbled("its process sent a value that is nested too deeply")
        tag, *parts = tree
        if tag == "=":
            return self._again(parts[0])
        read = getattr(self, f"_read_{tag}", None) if isinstance(tag, str) and len(tag) == 1 else None
        return Foreign("object") if read is None else read(parts, depth + 1)

    def _count(self, parts: int) -> None:
        self.parts += parts
        if self.parts > MOST_PARTS:
            raise Garbled(f"its process sent a value of more than {MOST_PARTS:,} parts")

    def _again(self, number: int) -> Any:
        """What has been met before. What contains itself is not followed."""
        if not self.sizes[number]:
            return Foreign("…")
        self._count(self.sizes[number])
        return self.met[number]

    def _meet(self, made: Any) -> Callable[[], None]:
        """A changeable object; what is returned is called when it is complete."""
        number, before = len(self.met), self.parts
        self.met.append(made)
        self.sizes.append(0)

        def complete() -> None:
            self.sizes[number] = self.parts - before + 1

        return complete

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
        complete = self._meet(made)
        made += [self.value(part, depth) for part in parts]
        complete()
        return made

    def _read_s(self, parts: list[Any], depth: int) -> set[Any]:
        made = {self.value(part, depth) for part in parts}
        self._meet(made)()
        return made

    def _read_z(self, parts: list[Any], depth: int) -> frozenset[Any]:
        return frozenset(self.value(part, depth) for part in parts)

    def _read_d(self, parts: list[Any], depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        complete = self._meet(made)
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            made[self.value(key, depth)] = self.value(value, depth)
        complete()
        return made

    def _read_o(self, parts: list[Any], depth: int) -> Any:
        """A message, or the outcome of a call: nothing else is made here."""
        make, arguments, state, items, pairs = parts
        if make != _MADE_OF or items is not None or pairs is not None:
            return self._foreign(parts, depth)
        name = arguments[1][1]
        found = self.types.get(name.rpartition(":")[2])
        if name in _OUTCOMES:
            return _outcome(_OUTCOMES[name], self.value(state, depth))
        if found is None or not issubclass(found, Message | Timer):
            return self._foreign(parts, depth)
        return found(**self.value(state, depth))

    def _read_O(self, parts: list[Any], depth: int) -> Foreign:  # noqa: N802  # the tag of what can be changed
        complete = self._meet(Foreign("…"))
        found = self._foreign(parts, depth)
        complete()
        return found

    def _foreign(self, parts: list[Any], depth: int) -> Foreign:
        """Of a class that means nothing here; but what is in it may be met again."""
        _, arguments, *more = parts
        for part in (arguments, *more):
            self.value(part, depth)
        try:
            name = str(arguments[1][1])
        except (LookupError, TypeError):
            name = "object"
        return _called(name)


def _outcome(kind: Any, held: Any) -> Any:
    """The outcome of a call, with fields of the right types."""
    made = kind(**held) if isinstance(held, dict) else kind(*held)
    match made:
        case Returned():
            return made
        case Raised(kinds=(str(), *_) as kinds, words=str(words), place=place, module=str(module)):
            shown = known_place(msgspec.convert(place, Place | None))
            return Raised(tuple(map(printable, kinds[:MOST_KINDS])), printable(words), shown, printable(module))
        case Silent(after=float() | int()):
            return made
        case Died(exit_code=int()):
            return made
        case Foreign(kind=str(name)):
            return Foreign(printable(name)[:MOST_NAME])
    raise ValueError


def _called(name: str) -> Foreign:
    return Foreign(printable(name.rpartition(":")[2])[:MOST_NAME])


__all__ = ["Opaque", "frozen", "opaque", "plain", "printable"]
