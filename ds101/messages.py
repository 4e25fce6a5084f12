"""Messages and timers: values that are checked when they are made, and their one form on the wire.

A message is a frozen dataclass, made by inheriting:

>>> class Greet(Message):
...     name: str
>>> Greet("Ada")
Greet(name='Ada')
>>> Greet(3)
Traceback (most recent call last):
    ...
ds101.errors.Mistake: Greet(name=3): name must be a str, and 3 is an int.
>>> encode(Greet("Ada"))
{'type': 'Greet', 'body': {'name': 'Ada'}}
>>> Types([Greet]).decode({"type": "Greet", "body": {"name": "Ada"}})
Greet(name='Ada')
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, dataclass_transform

from ds101.errors import Mistake
from ds101.state import MUTABLE
from ds101.wire import Kind, Refused, field_types, kind_of


def _refuse_bare_fields(cls: type) -> None:
    annotated = {name for base in cls.__mro__ for name in vars(base).get("__annotations__", ())}
    for name, value in sorted(vars(cls).items()):
        is_field = not name.startswith("_") and name not in annotated
        if is_field and isinstance(value, bool | int | float | str | bytes | tuple | list | set | dict):
            raise Mistake(f"{cls.__name__}.{name} has no type. Write  {name}: {type(value).__name__} = {value!r}")
        if name in vars(cls).get("__annotations__", ()) and isinstance(value, MUTABLE):
            raise Mistake(
                f"The default of {cls.__name__}.{name} is a {type(value).__name__}, which all messages would share. "
                f"Write  {name}: tuple = ()  or leave it out."
            )


@dataclass_transform(frozen_default=True)
class _Value:
    """What `Message` and `Timer` share: inheriting makes a frozen dataclass whose fields are checked."""

    __ds101_value__: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__dataclass_fields__" not in vars(cls):  # it is there when the class has just travelled here
            _refuse_bare_fields(cls)
            dataclass(frozen=True, repr=False)(cls)
        if "__ds101_fields__" not in vars(cls):
            with suppress(Mistake):  # it may name a class that is defined further down: resolved at its first use
                field_types(cls, sys._getframe(1).f_locals)

    def __post_init__(self) -> None:
        values = self.__dict__
        for name, kind in fields_of(type(self)):
            value = values[name]
            if type(value) not in kind.exact and not kind.accepts(value):
                raise Mistake(_wrong_field(self, name, kind, value))

    def __repr__(self) -> str:
        told = (f"{name}={self.__dict__[name]!r}" for name in type(self).__dataclass_fields__)  # type: ignore[attr-defined]
        return f"{type(self).__name__}({', '.join(told)})"


class Message(_Value):
    """What nodes and clients send to each other. Write its fields as annotations."""


class Timer(_Value):
    """What a node sets and is woken by. It is named by its value: setting an equal one replaces it."""


class Kinds(tuple[tuple[str, Kind], ...]):
    """The fields of a message type with what they mean, in order."""

    are_plain: bool  # whether all stand on the wire as they are
    are_all: bool  # whether the class has no check of its own beside them


def fields_of(cls: type) -> Kinds:
    """The fields of a message type, kept with it. Raises `Mistake` for what can't be carried."""
    kept: Kinds | None = cls.__dict__.get("__ds101_kinds__")
    if kept is None:
        try:
            kept = Kinds((name, kind_of(annotation)) for name, annotation in field_types(cls).items())
            kept.are_plain = all(kind.plain for _, kind in kept)
            kept.are_all = cls.__post_init__ is _Value.__post_init__  # type: ignore[attr-defined]
        except Mistake as mistake:
            raise Mistake(f"In {cls.__name__}: {mistake}") from None
        cls.__ds101_kinds__ = kept  # type: ignore[attr-defined]
    return kept


def _wrong_field(message: _Value, name: str, kind: Kind, value: Any) -> str:
    given = type(value).__name__
    why = f"{value!r} is {_article(given)} {given}"
    if isinstance(value, set | frozenset) and len({type(one) for one in value}) > 1:
        why = f"a set's elements must be of one type, unlike those of {value!r}"
    elif (kind.name, given) in (("str", "str"), ("float", "float"), ("float", "int"), ("object", given)):
        why = f"{value!r} would not arrive as it is"
    elif kind.name == given or kind.name.startswith(f"{given}["):
        why = f"{value!r} is none"
    return f"{message!r}: {name} must be {_article(kind.name)} {kind.name}, and {why}."


def _article(name: str) -> str:
    return "an" if name[0] in "aeiouAEIOU" else "a"


def encode(message: _Value) -> dict[str, Any]:
    """The message as JSON can hold it: `{"type": ..., "body": {...}}`."""
    return {"type": type(message).__name__, "body": body_of(message)}


def body_of(message: _Value) -> dict[str, Any]:
    """Its fields as JSON can hold them; read it at once, and don't change it: it may be the message's own."""
    values, kinds = message.__dict__, fields_of(type(message))
    if kinds.are_plain and len(values) == len(kinds):
        return values
    return {name: values[name] if kind.plain else kind.encode(values[name]) for name, kind in kinds}


def decode_body(cls: type[Any], body: Any) -> Any:
    """The message that stands in a body. Raises `Refused` if it is none of this type."""
    kinds = fields_of(cls)
    if type(body) is not dict or len(body) != len(kinds) or not kinds.are_all:
        return _decode_with_care(cls, body)
    message: Any = object.__new__(cls)
    values = message.__dict__
    for name, kind in kinds:  # the usual case, at the speed of a filled dict
        value = body.get(name, _missing)
        if type(value) in kind.arriving or (kind.plain and value is not _missing and kind.accepts(value)):
            values[name] = value
        else:
            return _decode_with_care(cls, body)
    return message


_missing = object()


def _decode_with_care(cls: type[Any], body: Any) -> Any:
    if not isinstance(body, dict):
        raise Refused(f"the body of {cls.__name__} is an object, not {body!r}")
    kinds = dict(fields_of(cls))
    unknown = sorted(set(body) - set(kinds))
    if unknown:
        raise Refused(f"{cls.__name__} has no field {unknown[0]!r}")
    for field in fields(cls):
        if field.name not in body and field.default is MISSING and field.default_factory is MISSING:
            raise Refused(f"{cls.__name__} lacks its field {field.name!r}")
    try:
        return cls(**{name: kinds[name].decode(value) for name, value in body.items()})
    except (Mistake, Refused) as error:
        raise Refused(f"{cls.__name__}: {error}") from None


class Types(Mapping[str, type[Any]]):
    """The message and timer types that a world knows, by their names."""

    def __init__(self, types: Iterable[type[Any]] = ()) -> None:
        self._types: dict[str, type[Any]] = {}
        for one in types:
            self.add(one)

    def add(self, one: type[Any]) -> None:
        """Make a type known. Raises `Mistake` if another one has its name."""
        known = self._types.setdefault(one.__name__, one)
        if known is not one:
            raise Mistake(
                f"There are two different classes called {one.__name__}. If you ran its cell again, run the cell that "
                "starts the world again too; otherwise rename one of them."
            )

    def decode(self, wire: Any) -> Any:
        """The message that `encode` made this of. Raises `Refused` with the reason if it is none."""
        if not isinstance(wire, dict) or not isinstance(wire.get("type"), str):
            raise Refused('a message is {"type": "...", "body": {...}}')
        if wire["type"] not in self._types:
            raise Refused(f"{wire['type']!r} is no message type that is known here")
        return decode_body(self._types[wire["type"]], wire.get("body", {}))

    def __getitem__(self, name: str) -> type[Any]:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._types))

    def __len__(self) -> int:
        return len(self._types)


def kind_of_message(cls: type[Any]) -> Kind:
    """A message inside a message: it carries its type, and may be of a subclass."""

    def decode(wire: Any) -> Any:
        return Types(with_subclasses(cls)).decode(wire)

    return Kind(cls.__name__, lambda value: isinstance(value, cls), encode, decode)


def with_subclasses(cls: type[Any]) -> list[type[Any]]:
    """The class and what inherits from it, newest last, one for each name (a cell may have run twice)."""
    found = {cls.__name__: cls}
    for below in cls.__subclasses__():
        found |= {one.__name__: one for one in with_subclasses(below)}
    return list(found.values())
