"""How a field's value is checked, and how it looks on the wire, for every type that a message can carry.

A field is annotated, and its annotation decides: None, bool, int, float, str and the
lists and dicts of them stand in JSON as they are; bytes as base64; tuples and sets as arrays, sets sorted; an enum
by its name; a dataclass as an object; a message as `{"type": ..., "body": {...}}`. What would not come back equal is
refused when the message is made.

>>> kind = kind_of(set[str])
>>> kind.encode({"b", "a"}), kind.decode(["a", "b"]) == {"a", "b"}, kind.accepts({1, 2})
(['a', 'b'], True, False)
"""

from __future__ import annotations

import base64
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, Flag
from typing import Any, Literal, NewType, Union, cast, get_args, get_origin

import msgspec

from ds101.errors import Mistake

SCALARS: tuple[type, ...] = (type(None), bool, int, float, str)


@dataclass(frozen=True)
class Kind:
    """What one annotation means: which values it takes, and the way to the wire and back.

    `exact` holds the types that are fine without a closer look, and `arriving` those that are when they come from the
    wire; `plain` says that values stand there as they are.
    """

    name: str
    accepts: Callable[[Any], bool]
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    plain: bool = False
    exact: frozenset[type] = frozenset()
    arriving: frozenset[type] = frozenset()


class Refused(ValueError):
    """What stands on the wire is not what the type asks for."""


def as_it_is(value: Any) -> Any:
    return value


def kind_of(annotation: Any) -> Kind:
    """The meaning of an annotation. Raises `Mistake` for one that no message can carry."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, NewType):
        return kind_of(annotation.__supertype__)
    if hasattr(annotation, "__value__"):  # a `type` statement
        return kind_of(annotation.__value__)
    if annotation is None or annotation in SCALARS:
        return _scalar(type(None) if annotation is None else annotation)
    if annotation is Any or annotation is object:
        return _anything
    if annotation is bytes:
        return _bytes
    if origin in (Union, types.UnionType):
        return _union(annotation, [kind_of(argument) for argument in arguments], arguments)
    if origin is Literal:
        return _literal(annotation, arguments)
    container = _container(annotation, origin or annotation, arguments)
    if container is not None:
        return container
    if isinstance(annotation, type):
        return _class(annotation)
    raise Mistake(f"A message can't carry {_written(annotation)}. Use {CARRIED}.")


CARRIED = "None, bool, int, float, str, bytes, list, tuple, set, dict, an Enum, a dataclass or another Message"


def _written(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _scalar(scalar: type) -> Kind:
    accepts: Callable[[Any], bool] = lambda value: type(value) is scalar  # noqa: E731
    if scalar is float:
        accepts = _is_finite
    elif scalar is str:
        accepts = _is_text
    name = "None" if scalar is type(None) else scalar.__name__
    exact = frozenset({scalar} if scalar not in (float, str) else ())
    arriving = frozenset({scalar})  # JSON has no infinities and no half characters
    return Kind(name, accepts, as_it_is, _checked(name, accepts), plain=True, exact=exact, arriving=arriving)


def _is_finite(value: Any) -> bool:
    try:
        return type(value) in (float, int) and math.isfinite(value)
    except OverflowError:  # an int that no float can hold
        return False


def _is_text(value: Any) -> bool:
    if type(value) is not str:
        return False
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can't carry
        return False


def _checked(name: str, accepts: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def decode(wire: Any) -> Any:
        if not accepts(wire):
            raise Refused(f"{wire!r} is no {name}")
        return wire

    return decode


def _is_native(value: Any) -> bool:
    """Whether JSON brings the value back equal: scalars, lists, and dicts with text for keys."""
    if isinstance(value, list):
        return all(map(_is_native, value))
    if isinstance(value, dict):
        return all(_is_text(key) and _is_native(item) for key, item in value.items())
    return value is None or type(value) in (bool, int) or _is_finite(value) or _is_text(value)


_anything = Kind("object", _is_native, as_it_is, as_it_is, plain=True)


def _from_base64(wire: Any) -> bytes:
    try:
        return base64.b64decode(wire, validate=True)
    except (TypeError, ValueError):
        raise Refused(f"{wire!r} is no base64") from None


_bytes = Kind("bytes", lambda v: type(v) is bytes, lambda v: base64.b64encode(v).decode(), _from_base64)


def _literal(annotation: Any, choices: Sequence[Any]) -> Kind:
    accepts = lambda value: any(type(value) is type(one) and value == one for one in choices)  # noqa: E731
    return Kind(_written(annotation), accepts, as_it_is, _checked(_written(annotation), accepts), plain=True)


def _container(annotation: Any, origin: Any, arguments: Sequence[Any]) -> Kind | None:
    name = _written(annotation)
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        return _record(name, [kind_of(argument) for argument in arguments if argument != ()])
    if origin in (dict, Mapping):
        key, value = (kind_of(argument) for argument in arguments or (str, object))
        return _dict(name, key, value)
    made = {list: list, Sequence: list, tuple: tuple, set: set, frozenset: frozenset, AbstractSet: frozenset}.get(
        origin
    )
    if made is None:
        return None
    element = kind_of(arguments[0] if arguments else object)
    return _set(name, made, element) if made in (set, frozenset) else _array(name, made, element)


def _array(name: str, made: type, element: Kind) -> Kind:
    def decode(wire: Any) -> Any:
        return made([element.decode(one) for one in _array_in(wire, name)])

    def encode(value: Any) -> Any:
        return [element.encode(one) for one in value]

    plain = made is list and element.plain

    def accepts(value: Any) -> bool:
        return isinstance(value, made) and all(element.accepts(one) for one in cast(Sequence[Any], value))

    return Kind(name, accepts, as_it_is if plain else encode, decode, plain)


def _set(name: str, made: type, element: Kind) -> Kind:
    """Sets are sorted on the wire, and of one type, so that equal sets are equal bytes."""

    def accepts(value: Any) -> bool:
        if not isinstance(value, set | frozenset) or not isinstance(value, made):
            return False
        return len({type(one) for one in value}) <= 1 and all(element.accepts(one) for one in value)

    def encode(value: Any) -> Any:
        return sorted((element.encode(one) for one in value), key=_order)

    def decode(wire: Any) -> Any:
        return made(element.decode(one) for one in _array_in(wire, name))

    return Kind(name, accepts, encode, decode)


def _order(wire: Any) -> Any:
    return (0, wire, b"") if isinstance(wire, int | float) else (1, 0, msgspec.json.encode(wire))


def _record(name: str, elements: Sequence[Kind]) -> Kind:
    def accepts(value: Any) -> bool:
        if not isinstance(value, tuple) or len(value) != len(elements):
            return False
        return all(kind.accepts(one) for kind, one in zip(elements, value, strict=True))

    def decode(wire: Any) -> Any:
        if len(_array_in(wire, name)) != len(elements):
            raise Refused(f"{wire!r} is no {name}")
        return tuple(kind.decode(one) for kind, one in zip(elements, wire, strict=True))

    return Kind(name, accepts, lambda v: [k.encode(one) for k, one in zip(elements, v, strict=True)], decode)


def _dict(name: str, key: Kind, value: Kind) -> Kind:
    """An object where the keys are text, otherwise an array of pairs."""

    def accepts(given: Any) -> bool:
        return isinstance(given, dict) and all(map(key.accepts, given)) and all(map(value.accepts, given.values()))

    if key.name == "str":
        plain = value.plain
        encode = as_it_is if plain else lambda given: {k: value.encode(v) for k, v in given.items()}
        return Kind(name, accepts, encode, lambda wire: {k: value.decode(v) for k, v in _object_in(wire, name)}, plain)
    pairs = _array("list", list, _record("pair", [key, value]))
    return Kind(name, accepts, lambda given: pairs.encode(given.items()), lambda wire: dict(pairs.decode(wire)))


def _array_in(wire: Any, name: str) -> Any:
    if not isinstance(wire, list):
        raise Refused(f"{wire!r} is no {name}")
    return wire


def _object_in(wire: Any, name: str) -> Any:
    if not isinstance(wire, dict):
        raise Refused(f"{wire!r} is no {name}")
    return wire.items()


def _union(annotation: Any, kinds: Sequence[Kind], members: Sequence[Any]) -> Kind:
    """Scalars and messages tell themselves apart; of two other members, the value says which one it is."""
    name = _written(annotation)
    telling = [kind for kind, member in zip(kinds, members, strict=True) if not kind.plain and not _tagged(member)]
    if len(telling) + sum(kind.plain and kind.name not in _SCALAR_NAMES for kind in kinds) > 1:
        return _numbered(name, kinds)

    def accepts(value: Any) -> bool:
        return any(kind.accepts(value) for kind in kinds)

    def encode(value: Any) -> Any:
        return next(kind for kind in kinds if kind.accepts(value)).encode(value)

    def decode(wire: Any) -> Any:
        for kind in sorted(kinds, key=lambda kind: kind in telling):
            try:
                return kind.decode(wire)
            except Refused:
                continue
        raise Refused(f"{wire!r} is no {name}")

    if telling and any(kind.name == "str" for kind in kinds):
        return _numbered(name, kinds)  # base64 and enums look like text
    plain = all(kind.plain for kind in kinds)
    exact = frozenset[type]().union(*(kind.exact for kind in kinds))
    arriving = frozenset[type]().union(*(kind.arriving for kind in kinds)) if plain else exact
    return Kind(name, accepts, as_it_is if plain else encode, decode, plain, exact, arriving)


_SCALAR_NAMES = ("None", "bool", "int", "float", "str")


def _tagged(member: Any) -> bool:
    return isinstance(member, type) and hasattr(member, "__ds101_value__")


def _numbered(name: str, kinds: Sequence[Kind]) -> Kind:
    def encode(value: Any) -> Any:
        index = next(index for index, kind in enumerate(kinds) if kind.accepts(value))
        return [index, kinds[index].encode(value)]

    def decode(wire: Any) -> Any:
        index, value = wire if isinstance(wire, list) and len(wire) == 2 else (None, None)
        if not isinstance(index, int) or not 0 <= index < len(kinds):
            raise Refused(f"{wire!r} is no {name}")
        return kinds[index].decode(value)

    return Kind(name, lambda value: any(kind.accepts(value) for kind in kinds), encode, decode)


def _class(cls: type) -> Kind:
    if issubclass(cls, Enum):
        return _enum(cls)
    if hasattr(cls, "__ds101_value__"):
        from ds101.messages import kind_of_message  # a message may hold messages

        return kind_of_message(cls)
    if is_dataclass(cls):
        return _dataclass(cls)
    raise Mistake(f"A message can't carry a {cls.__name__}. Use {CARRIED}.")


def _enum(cls: type[Enum]) -> Kind:
    if issubclass(cls, Flag):  # a combination of flags has no name of its own
        return _flag(cls)

    def decode(wire: Any) -> Any:
        if not isinstance(wire, str) or wire not in cls.__members__:
            raise Refused(f"{wire!r} is no {cls.__name__}")
        return cls[wire]

    return Kind(cls.__name__, lambda value: type(value) is cls, lambda value: value.name, decode)


def _flag(cls: type[Flag]) -> Kind:
    def decode(wire: Any) -> Any:
        try:
            return cls(_scalar(int).decode(wire))
        except ValueError:
            raise Refused(f"{wire!r} is no {cls.__name__}") from None

    return Kind(cls.__name__, lambda value: type(value) is cls, lambda value: value.value, decode)


def _dataclass(cls: type) -> Kind:
    kinds = lazily(lambda: {name: kind_of(annotation) for name, annotation in field_types(cls).items()})

    def accepts(value: Any) -> bool:
        return type(value) is cls and all(kind.accepts(getattr(value, name)) for name, kind in kinds().items())

    def encode(value: Any) -> Any:
        return {name: kind.encode(getattr(value, name)) for name, kind in kinds().items()}

    def decode(wire: Any) -> Any:
        given = dict(_object_in(wire, cls.__name__))
        if set(given) != set(kinds()):
            raise Refused(f"{wire!r} is no {cls.__name__}")
        return cls(**{name: kind.decode(given[name]) for name, kind in kinds().items()})

    return Kind(cls.__name__, accepts, encode, decode)


def lazily(make: Callable[[], Any]) -> Callable[[], Any]:
    """Computed at the first call: a type may hold itself."""
    made: list[Any] = []

    def get() -> Any:
        if not made:
            made.append(make())
        return made[0]

    return get


def field_types(cls: Any, scope: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The resolved annotations of a dataclass's fields, kept with the class so that they travel with it.

    Raises `Mistake` where an annotation names what is not defined.
    """
    kept = vars(cls).get("__ds101_fields__")
    if kept is None:
        try:
            hints = typing.get_type_hints(cls, localns=dict(scope or {}))
        except NameError as error:
            raise Mistake(f"{cls.__name__} is annotated with {error.name!r}, which is not defined.") from None
        kept = {field.name: hints[field.name] for field in fields(cls)}
        cls.__ds101_fields__ = kept
    return dict(kept)
