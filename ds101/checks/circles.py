"""A contradiction among reads and writes in words: a list in which each line follows from the one above it."""

from __future__ import annotations

from ds101.checks.accesses import INITIAL, Accesses
from ds101.checks.answer import Answer, broken
from ds101.checks.causality import Contradiction
from ds101.checks.model import Model
from ds101.checks.telling import bar_of, columns, named, when
from ds101.checks.whole import Whole
from ds101.draw.picture import Picture
from ds101.draw.timeline import timeline


def told_of(accesses: Accesses, found: Contradiction, model: Model) -> Answer:
    """The answer to a contradiction; its evidence is the operations that make it, the read last."""
    chain = _chain(found)
    if len({accesses.key[index] for index in chain}) > 1:
        model = Whole(model)  # it says the keys
    operations = [accesses.items[index].operation for index in chain]
    rows = []
    for number, index in enumerate(chain, start=1):
        last = number == len(chain)
        operation = accesses.items[index].operation
        why = _end(accesses, found, chain) if last else _why(accesses, found, chain, number - 1)
        mark = "✗" if last else str(number)
        rows.append((mark, operation.client, model.label(operation), when(operation), why))

    def draw(in_page: bool) -> Picture:
        bars = [bar_of(one, model, number=number) for number, one in enumerate(operations[:-1], start=1)]
        bars.append(bar_of(operations[-1], model, look="bad"))
        return timeline(sorted(bars, key=lambda bar: bar.began), title="What contradicts itself", in_page=in_page)

    return broken(_headline(accesses, found, model), columns(rows), tuple(operations), draw)


def _chain(found: Contradiction) -> list[int]:
    """From the older write to the newer one, and on to the read, each once."""
    if not found.seen:
        return [*found.path[1:], found.path[0]]
    return list(dict.fromkeys([*found.path, *found.seen]))


def _headline(accesses: Accesses, found: Contradiction, model: Model) -> str:
    read = named(accesses.items[found.read].operation, model)
    source = accesses.source[found.read]
    missed = named(accesses.items[found.missed].operation, model)
    if not found.seen:
        return f"{read} tells of {missed}, which was written only after that, and because of it."
    if source == INITIAL:
        return f"{read} tells of the initial value, though it comes after {missed}."
    return f"{read} tells of {named(accesses.items[source].operation, model)}, which is older than {missed}."


def _why(accesses: Accesses, found: Contradiction, chain: list[int], place: int) -> str:
    """How an operation follows from the one above."""
    if place == 0:
        return ""
    before, here = chain[place - 1], chain[place]
    if accesses.source.get(here) == before:
        return "saw it"
    if (before, here) in found.shown_by:
        reader = accesses.items[found.shown_by[before, here]]
        return f"is newer: {reader.client} was told it, and had seen the other one"
    if accesses.items[before].client == accesses.items[here].client:
        return "came then"
    return "began when that had ended"


def _end(accesses: Accesses, found: Contradiction, chain: list[int]) -> str:
    source = accesses.source[found.read]
    if not found.seen:
        return "was told it already"
    told = "the initial value" if source == INITIAL else f"{chain.index(source) + 1}"
    return f"comes after {chain.index(found.missed) + 1}, but was told {told}"
