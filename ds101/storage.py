"""What survives a crash: a dict whose assignments are durable when they return.

>>> saved = {}
>>> storage = Storage(saved.__setitem__)
>>> storage["votes"] = ["n1"]
>>> storage["votes"]
['n1']
>>> storage["votes"].append("n2")
Traceback (most recent call last):
    ...
ds101.errors.Mistake: What is stored under 'votes' can't be changed in place. Make a changed copy, and assign that.

A world hands in `save`, which writes a key with its bytes (None deletes it), and what was saved before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import cloudpickle

from ds101.errors import Mistake
from ds101.frozen import freeze, is_frozen
from ds101.state import refuse_uncarriable


class Storage(MutableMapping[str, Any]):
    """A node's storage: text keys, and values of what a node's attributes may hold.

    Reading gives an immutable copy, also of a default; of an object that can't be made immutable, a fresh copy each
    time. Raises `Mistake` for a value that can't be kept.
    """

    def __init__(self, save: Callable[[str, bytes | None], None], saved: Mapping[str, bytes] | None = None) -> None:
        self._save = save
        self._saved = dict(saved or {})
        self._read: dict[str, Any] = {}

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise Mistake(f"self.storage[{key!r}]: a key is a str. Write self.storage[{str(key)!r}].")
        refuse_uncarriable(f"self.storage[{key!r}]", value)
        data: bytes = cloudpickle.dumps(value)
        self._save(key, data)
        self._saved[key] = data
        self._read.pop(key, None)

    def __getitem__(self, key: str) -> Any:
        if key in self._read:
            return self._read[key]
        value = freeze(cloudpickle.loads(self._saved[key]), _why_not(key))
        if is_frozen(value):
            self._read[key] = value
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """The stored value, or the default, which can't be changed in place either."""
        return self[key] if key in self._saved else freeze(default, _why_not(key))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The stored value, or else the default, which is then stored."""
        if key not in self._saved:
            self[key] = default
        return self[key]

    def __delitem__(self, key: str) -> None:
        if key not in self._saved:
            raise KeyError(key)
        self._save(key, None)
        del self._saved[key]
        self._read.pop(key, None)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._saved))

    def __len__(self) -> int:
        return len(self._saved)

    def __repr__(self) -> str:
        return f"Storage({dict(self)!r})"


def _why_not(key: str) -> str:
    return f"What is stored under {key!r} can't be changed in place. Make a changed copy, and assign that."
