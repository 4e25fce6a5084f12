"""A history as reads and writes, each read with the write whose value it was told.

Which write that was can be told only if no two of a key wrote the same value; `Ambiguous` says where two did.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ds101.checks.fields import key_in_words, value_in_words
from ds101.checks.items import Item, items_of
from ds101.checks.maps import Delete
from ds101.checks.model import Model
from ds101.checks.registers import Cas, Read, Write
from ds101.errors import Mistake
from ds101.history import Operation

INITIAL = -1  # in `source`: the value that was there to begin with


class Ambiguous(Exception):
    """A read was told a value that more than one write may have written."""


class FromNowhere(Exception):
    """A read was told a value that nobody wrote."""

    def __init__(self, operation: Operation, value: Any) -> None:
        super().__init__(operation, value)
        self.operation, self.value = operation, value


@dataclass(frozen=True)
class Accesses:
    """Items that read, write or both (a compare-and-set that was done), in the order in which they began.

    `key[i]` is the key of item i; `writes` and `reads` are the indices of those that do; `source[i]`, for a read, is
    the index of the write that it was told of, or `INITIAL`.
    """

    items: Sequence[Item]
    key: Sequence[Hashable]
    writes: frozenset[int]
    reads: frozenset[int]
    source: dict[int, int] = field(default_factory=dict)

    def clients(self) -> list[str]:
        """In the order in which they first ask."""
        return list(dict.fromkeys(item.client for item in self.items))


def accesses_of(history: Iterable[Operation], model: Model) -> Accesses:
    """The reads and writes of a history; reads of unknown outcome are left out.

    Raises `Ambiguous` or `FromNowhere`, and `Mistake` for a model whose operations are no reads and writes.
    """
    items = [item for item in items_of(history, model) if item.known or not isinstance(item.request, Read)]
    items = [item for item in items if not (isinstance(item.request, Cas) and item.reply is False)]
    for item in items:
        if not isinstance(item.request, Read | Write | Cas | Delete):
            raise Mistake(
                f"{type(item.request).__name__} is neither a read nor a write, and this guarantee is about these. "
                "Use a Register or a Map."
            )
    key = [model.key(item.request) for item in items]
    writes = frozenset(i for i, item in enumerate(items) if not isinstance(item.request, Read))
    reads = frozenset(i for i, item in enumerate(items) if item.known and isinstance(item.request, Read | Cas))
    found = Accesses(items, key, writes, reads)
    writers: dict[tuple[Hashable, Any], list[int]] = {}
    for index in sorted(writes):
        writers.setdefault((key[index], _written(items[index])), []).append(index)
    initial = getattr(model, "initial", None)
    initial = None if isinstance(initial, frozenset) else initial  # of a map: nothing is stored
    for index in sorted(reads):
        value = _told(items[index])
        sources = [source for source in writers.get((key[index], value), []) if source != index]
        if value == initial:
            sources.append(INITIAL)
        if not sources:
            raise FromNowhere(items[index].operation, value)
        if len(sources) > 1:
            where = "" if key[index] is None else f" on {key_in_words(key[index])}"
            raise Ambiguous(
                f"{value_in_words(value)}{where} was written more than once (or was there to begin with), so it can't "
                "be told which write a read saw. Let every write write a value of its own."
            )
        found.source[index] = sources[0]
    return found


def _written(item: Item) -> Any:
    match item.request:
        case Write(value):
            return value
        case Cas(_, new):
            return new
    return None


def _told(item: Item) -> Any:
    return item.request.old if isinstance(item.request, Cas) else item.reply
