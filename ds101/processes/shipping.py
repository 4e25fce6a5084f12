"""How functions and classes of a notebook travel to another process.

cloudpickle carries a class of `__main__` by value, with the helpers, constants, imports, enums and dataclasses that it
uses. Modules beside the notebook are carried by value too, so that a process needs no copy of them; what is installed
is imported there by name. What can't travel (a lock, an open file, a running world) is named before anything starts.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import cloudpickle
from cloudpickle.cloudpickle import _class_setstate

from ds101.errors import Mistake
from ds101.lines import is_the_readers, line_of

OPEN_FILES = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)
CACHES = {"__msgspec_cache__", "__ds101_kinds__", "__slotnames__"}  # made again where they are needed


def ship(function: Callable[..., Any], *arguments: Any) -> bytes:
    """The function and its arguments as bytes for `ds101.processes.child`.

    Raises `Mistake` with the name of what can't travel.
    """
    return pickle.dumps((sys.path, os.getcwd(), dump((function, arguments))))


def dump(value: Any) -> bytes:
    """`value` as bytes that `cloudpickle.loads` understands in any process."""
    buffer = io.BytesIO()
    pickler = _Pickler(buffer)
    try:
        pickler.dump(value)
    except Mistake:
        raise
    except (TypeError, pickle.PicklingError, AttributeError, RecursionError) as error:
        raise Mistake(_what_cannot_travel(value) or f"This can't be sent to another process: {error}.") from None
    finally:
        for module in pickler.by_value:
            cloudpickle.unregister_pickle_by_value(module)
    return buffer.getvalue()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Carries the reader's modules by value, and leaves out what msgspec hangs on dataclasses and enums."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.by_value: list[ModuleType] = []

    def reducer_override(self, obj: Any) -> Any:
        if obj is MISSING:  # dataclasses ask whether a default is this very object
            return "MISSING"
        if isinstance(obj, OPEN_FILES):  # cloudpickle would send what it reads, and nobody would notice
            raise TypeError("an open file belongs to the process that opened it")
        if isinstance(obj, type | FunctionType):
            module = sys.modules.get(obj.__module__ or "")
            if (
                module is not None
                and is_local(module)
                and module.__name__ not in cloudpickle.list_registry_pickle_by_value()
            ):
                cloudpickle.register_pickle_by_value(module)
                self.by_value.append(module)
        if isinstance(obj, type):
            for name in CACHES & set(vars(obj)):
                delattr(obj, name)
        return super().reducer_override(obj)


def load(data: bytes) -> Any:
    """What `dump` made these bytes of, in a program that has some of its classes: those stay as they are."""
    return _Unpickler(io.BytesIO(data)).load()


class _Unpickler(pickle.Unpickler):
    """cloudpickle would set the attributes of a class that came back from a process again, to copies."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        return _complete if found is _class_setstate else found


def _complete(cls: type, state: tuple[dict[str, Any], dict[str, Any]]) -> type:
    """Fill in a class, unless it is whole already."""
    whole = set(state[0]) <= set(vars(cls))
    return cls if whole else _class_setstate(cls, state)


def is_local(module: ModuleType) -> bool:
    """Whether a module is the reader's own file, not an installed one."""
    path = getattr(module, "__file__", None)
    return module.__name__ != "__main__" and path is not None and is_the_readers(path)


def _what_cannot_travel(value: Any) -> str | None:
    for use in walk(value):
        if use.function is None or isinstance(use.value, type | FunctionType):
            continue
        try:
            _Pickler(io.BytesIO()).dump(use.value)
        except Mistake as mistake:
            return str(mistake)
        except Exception:
            kind = type(use.value).__name__
            return (
                f"The global {use.name!r} (of type {kind}) can't be sent to another process. It is used in "
                f"{line_of(use.function.__code__)} Make it inside the node or the function that uses it instead."
            )
    return None


class Use(NamedTuple):
    """A value that code reaches, and the function that names it as a global, if one does."""

    value: Any
    name: str = ""
    function: Any = None


def walk(value: Any) -> Iterator[Use]:
    """Everything that functions and classes in `value` reach: globals by name, classes, closures, in a fixed order."""
    seen: set[int] = set()
    todo = [Use(value)]
    while todo:
        use = todo.pop()
        if id(use.value) in seen:
            continue
        seen.add(id(use.value))
        yield use
        todo.extend(reversed(list(_reached_from(use.value))))


def code_in(value: Any) -> Iterator[CodeType]:
    """The code of all functions that functions and classes in `value` reach."""
    for use in walk(value):
        if isinstance(use.value, FunctionType):
            yield use.value.__code__


def _reached_from(one: Any) -> Iterator[Use]:
    if isinstance(one, tuple | list):
        yield from map(Use, one)
    elif isinstance(one, dict):
        yield from map(Use, one.values())
    elif isinstance(one, type) and _is_walked(one):
        yield from map(Use, one.__mro__[1:])
        yield from (
            Use(_plain(member)) for _, member in sorted(vars(one).items()) if not isinstance(member, type(None))
        )
    elif isinstance(one, FunctionType) and _is_walked(one):
        for name in sorted(names_used_by(one.__code__) & set(one.__globals__)):
            if not isinstance(one.__globals__[name], ModuleType):
                yield Use(one.__globals__[name], name, one)
        yield from (Use(cell.cell_contents) for cell in one.__closure__ or () if _is_filled(cell))


def _is_walked(one: type | FunctionType) -> bool:
    """Whether its code travels by value: then what it reaches travels with it."""
    name = one.__module__ or ""
    module = sys.modules.get(name)
    if module is None or name == "__main__" or name.startswith("ds101.labs") or is_local(module):
        return True
    found: Any = module
    for part in one.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is not one  # made inside a function, a doctest or a console: nobody can import it


def _plain(member: Any) -> Any:
    """The function inside a static method, class method or property."""
    if isinstance(member, staticmethod | classmethod):
        return member.__func__
    return member.fget if isinstance(member, property) else member


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def names_used_by(code: CodeType) -> set[str]:
    """The global names in a function and in the functions inside it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= names_used_by(constant)
    return names
