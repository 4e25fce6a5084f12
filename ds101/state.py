"""What a node's attributes may hold: values that every world can copy, compare and show.

Numbers, text, bytes, enums, messages, the built-in containers, and objects of your own classes made of these. A
function, a lock, an open file or a thread is none of them.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from types import FunctionType, GeneratorType, LambdaType, MethodType, ModuleType
from typing import Any

from ds101.errors import Mistake

IMMUTABLE = frozenset({type(None), bool, int, float, str, bytes})
MUTABLE = (list, dict, set, bytearray, deque)
_SIMPLE = (type(None), bool, int, float, complex, str, bytes, bytearray, range, Enum, type)
_CODE = (FunctionType, LambdaType, MethodType, GeneratorType, ModuleType)


def refuse_uncarriable(where: str, value: Any) -> None:
    """Raises `Mistake` that names the place and the part of the value that no world can carry."""
    culprit = _first_uncarriable(value)
    if culprit is not None:
        kind = type(culprit).__name__
        raise Mistake(
            f"{where} holds {'an' if kind[0] in 'aeiou' else 'a'} {kind}, which a node can't keep: it can't be copied, "
            "compared or sent. Keep the data that it stands for (numbers, text, lists, dicts, messages)."
        )


def _first_uncarriable(value: Any) -> Any:
    if isinstance(value, _SIMPLE) and not isinstance(value, _CODE):
        return None
    todo, seen = [value], {id(value)}
    while todo:
        one = todo.pop()
        if isinstance(one, _CODE) or not _is_known(one):
            return one
        for part in _parts(one):
            if not isinstance(part, _SIMPLE) and id(part) not in seen:
                seen.add(id(part))
                todo.append(part)
    return None


def _is_known(one: Any) -> bool:
    if isinstance(one, _SIMPLE + MUTABLE + (tuple, frozenset)) or hasattr(one, "__dict__"):
        return not hasattr(one, "fileno") and not hasattr(one, "_tstate_lock")
    try:
        pickle.dumps(one)
    except Exception:
        return False
    return True


def _parts(one: Any) -> Iterator[Any]:
    if isinstance(one, Mapping):
        yield from one.keys()
        yield from one.values()
    elif isinstance(one, Iterable) and isinstance(one, (list, tuple, set, frozenset, deque)):
        yield from one
    yield from getattr(one, "__dict__", {}).values()


def shares_with_another(attributes: Mapping[str, Any], name: str, value: Any) -> str | None:
    """The other attribute that holds the very same changeable object, if one does."""
    if isinstance(value, MUTABLE):
        for other, held in attributes.items():
            if held is value and other != name:
                return other
    return None


def shown(value: Any) -> str:
    """Like `repr`, but with sets in order, so that equal values look alike in every run.

    >>> shown({"b": {"n2", "n1"}})
    "{'b': {'n1', 'n2'}}"
    """
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(shown, value)))}}}" if value else "{}"
    if type(value) is dict:
        return f"{{{', '.join(f'{shown(key)}: {shown(item)}' for key, item in value.items())}}}"
    if type(value) in (list, tuple):
        inside = ", ".join(map(shown, value))
        comma = "," if type(value) is tuple and len(value) == 1 else ""
        return f"[{inside}]" if type(value) is list else f"({inside}{comma})"
    return repr(value)
