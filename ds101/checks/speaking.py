"""How a lab's messages become the operations of a model: by their types, by names, or by a function.

Each verb of a model (read, write, ...) is given the type of request that means it; fields are read by the conventions
of `ds101.checks.fields`. Where these don't fit, a function says what a request and its reply mean.

>>> from ds101.checks.registers import Read, Register, Write
>>> from ds101 import Message
>>> class Balance(Message): pass
>>> class Told(Message):
...     euros: int
...     currency: str
>>> def meaning(request, reply):
...     match request:
...         case Balance():
...             return Read(), reply.euros
>>> Register(meaning=meaning, initial=0).translate(Operation("ada", "n1", Balance(), 0, 1, "ok", Told(3, "EUR")))
Asked(request=Read(key=None), reply=3)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ds101.checks.fields import KEY, Named, arguments_of, key_of
from ds101.checks.model import Asked, Model
from ds101.checks.unknown import UNKNOWN
from ds101.draw.wording import value_text
from ds101.errors import Mistake
from ds101.history import Operation

Kind = type | str | tuple[type | str, ...]  # requests of these types, or of these names
Meaning = Callable[[Any, Any], tuple[Any, Any] | None]
Reader = Callable[[Any, Any, str], tuple[Any, Any]]  # request, reply, the key's field -> in the model's terms
LONGEST = 20  # characters of one value in a label


@dataclass(frozen=True, kw_only=True)
class Spoken(Model):
    """What the models of this package share.

    `meaning(request, reply)`, if given, answers (request, reply) in the model's terms, or None for what had no effect.
    `refused` are types of replies that say "nothing was done"; `ignored` are requests that don't concern this object;
    `key_field` is the name of the field that holds the key.
    """

    meaning: Meaning | None = None
    refused: type | tuple[type, ...] = ()
    ignored: Kind = ()
    key_field: str = KEY

    READERS: ClassVar[Mapping[str, Reader]] = {}

    def key(self, request: Any) -> Hashable:
        """Each key is an object of its own."""
        key: Hashable = request.key
        return key

    def translate(self, operation: Operation) -> Asked | None:
        """In the model's terms. Raises `Mistake` for a request that it doesn't know."""
        request, reply = operation.request, operation.reply
        if reply is not UNKNOWN and isinstance(reply, self.refused):
            return None
        if self.meaning is not None:
            meant = self.meaning(request, reply)
            return None if meant is None else self._owned(Asked(*meant), operation.client)
        for verb, reader in self.READERS.items():
            if _is_a(request, getattr(self, verb)):
                return self._owned(Asked(*reader(request, reply, self.key_field)), operation.client)
        if _is_a(request, self.ignored):
            return None
        verbs = ", ".join(f"{verb}={_kind_in_words(getattr(self, verb))}" for verb in self.READERS)
        name = request.name if isinstance(request, Named) else type(request).__name__
        raise Mistake(
            f"{type(self).__name__}({verbs}) doesn't know {name}. Name it as one of these, or leave it out of the "
            f"check with  ignored={name if not isinstance(request, Named) else repr(name)}"
        )

    def label(self, operation: Operation) -> str:
        """The request with its arguments, and what was told: `Get() → 1`."""
        asked = self.translate(operation)
        request = operation.request
        name = request.name if isinstance(request, Named) else type(request).__name__
        given = ", ".join(value_text(value, LONGEST) for value in arguments_of(request, self.key_field))
        if operation.outcome in ("open", "info"):
            return f"{name}({given}) → ?"
        if asked is None or operation.outcome == "fail":
            return f"{name}({given}) → refused"
        tells = asked.reply is not None or getattr(asked.request, "asks", False)
        return f"{name}({given})" + (f" → {value_text(asked.reply, LONGEST)}" if tells else "")

    def _owned(self, asked: Asked, client: str) -> Asked:
        if getattr(asked.request, "owner", "") is None:
            return Asked(replace(asked.request, owner=client), asked.reply)
        return asked


def keyed(make: Callable[[Hashable], Any], tell: Callable[[Any, str], Any]) -> Reader:
    """The reader of a request that carries nothing but its key."""
    return lambda request, reply, field: (make(key_of(request, field)), tell(reply, field))


def _is_a(request: Any, kind: Kind) -> bool:
    if isinstance(kind, tuple):
        return any(_is_a(request, one) for one in kind)
    if isinstance(kind, str):
        return isinstance(request, Named) and request.name == kind
    return isinstance(request, kind)


def _kind_in_words(kind: Kind) -> str:
    if isinstance(kind, tuple):
        return f"({', '.join(map(_kind_in_words, kind))})"
    return repr(kind) if isinstance(kind, str) else kind.__name__
