"""What a broken history looks like: in a sentence, in steps, and as a timeline."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import accumulate

from ds101.checks.answer import Answer, broken
from ds101.checks.fields import key_in_words
from ds101.checks.items import Item
from ds101.checks.misfit import Misfit, first_misfit
from ds101.checks.model import Model
from ds101.checks.search import Search
from ds101.draw.picture import Picture
from ds101.draw.timeline import Bar, clock, timeline
from ds101.history import Operation

LAST = 5  # operations of the order that are shown before the misfit
AROUND = 4  # and at most so many that were under way beside it without having a place


def no_order(search: Search, model: Model, key: Hashable, *, real_time: bool = True) -> Answer:
    """The answer for a search that found no order. The evidence is a `Misfit`."""
    misfit = first_misfit(search.items, model, key, real_time=real_time)
    shown = _shown(misfit)
    beside = _beside(search.items, misfit, shown) if real_time else []
    return broken(
        _headline(misfit, model, real_time=real_time),
        _steps(misfit, model, shown),
        misfit,
        lambda in_page: _picture(misfit, model, shown, beside, real_time=real_time, in_page=in_page),
    )


def _shown(misfit: Misfit) -> list[int]:
    """Places in the order: the last few, and where the misfit would have fitted."""
    count = len(misfit.order)
    places = set(range(max(0, count - LAST), count))
    if misfit.fits_before is not None:
        places |= {place for place in (misfit.fits_before - 1, misfit.fits_before) if 0 <= place < count}
    return sorted(places)


def _headline(misfit: Misfit, model: Model, *, real_time: bool) -> str:
    where = f"{key_in_words(misfit.key)}: " if misfit.key is not None else ""
    first = "" if misfit.exact else "At the latest here there is no order any more: "
    return f"{where}{first}{named(misfit.operation, model)} fits nowhere{_reason(misfit, model, real_time=real_time)}"


def _reason(misfit: Misfit, model: Model, *, real_time: bool) -> str:
    if not misfit.order:
        return f": to begin with, {model.describe(misfit.states[0])}."
    then = model.describe(misfit.states[-1])
    if misfit.fits_before is None:
        return f". In the order below {then} by then, and no state on the way gives this reply."
    if misfit.fits_before == len(misfit.order):  # the model would allow it, but then another one has no place
        return f". Taken at the end of the order below, it leaves another operation without a place ({then} before it)."
    next_one = misfit.order[misfit.fits_before]
    over = next_one.outcome == "ok" and next_one.ended is not None and next_one.ended < misfit.operation.began
    why = ", which had ended before it began" if over and real_time else ""
    return f". It would have to come before {named(next_one, model)}{why}. In the order below {then} by then."


def named(operation: Operation, model: Model) -> str:
    """Whose operation it is, what it was, and when."""
    return f"{operation.client}'s {model.label(operation)} ({when(operation)})"


def when(operation: Operation) -> str:
    """Its interval in seconds."""
    if operation.outcome != "ok" or operation.ended is None:
        return f"from {clock(operation.began)} s"
    return f"{clock(operation.began)}–{clock(operation.ended)} s"


def _steps(misfit: Misfit, model: Model, shown: Sequence[int]) -> list[str]:
    rows: list[tuple[str, str, str, str, str]] = []
    before = -1
    for place in shown:
        if place > before + 1:
            rows.append(("…", "", f"{place - before - 1:,} more", "", ""))
        operation = misfit.order[place]
        after = model.describe(misfit.states[place + 1])
        rows.append((f"{place + 1:,}", operation.client, model.label(operation), when(operation), after))
        before = place
    wrong = misfit.operation
    rows.append(("✗", wrong.client, model.label(wrong), when(wrong), "fits nowhere"))
    return columns(rows)


def columns(rows: Sequence[tuple[str, str, str, str, str]]) -> list[str]:
    """Rows as lines, each column as wide as it must be."""
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        f"{row[0]:>{wide[0]}}  {row[1]:{wide[1]}}  {row[2]:{wide[2]}}  {row[3]:{wide[3]}}  {row[4]}".rstrip()
        for row in rows
    ]


def _picture(
    misfit: Misfit, model: Model, shown: Sequence[int], beside: Sequence[Operation], *, real_time: bool, in_page: bool
) -> Picture:
    moments = moments_of(misfit.order) if real_time else [None] * len(misfit.order)
    bars = [bar_of(misfit.order[place], model, number=place + 1, moment=moments[place]) for place in shown]
    bars.append(bar_of(misfit.operation, model, look="bad"))
    bars += [bar_of(operation, model, look="faint" if operation.outcome == "ok" else "open") for operation in beside]
    bars.sort(key=lambda bar: (bar.began, bar.number or 0))
    of = f" of {key_in_words(misfit.key)}" if misfit.key is not None else ""
    left_out = len(misfit.order) - len(shown)
    rest = f"; {left_out:,} before them not shown" if left_out else ""
    return timeline(bars, title=f"Operations{of}, numbered in the order that fits{rest}", in_page=in_page)


def bar_of(
    operation: Operation, model: Model, look: str = "", number: int | None = None, moment: float | None = None
) -> Bar:
    """The operation as a timeline shows it."""
    known = operation.outcome == "ok"
    return Bar(
        operation.client,
        operation.began,
        operation.ended if known else None,
        model.label(operation),
        look or ("ok" if known else "open"),
        number,
        moment,
        repr(operation),
    )


def in_order(orders: Iterable[Sequence[Operation]], model: Model, *, in_page: bool) -> Picture:
    """Operations that fit, each order being that of one key, numbered by when they can take effect."""
    placed = [pair for order in orders for pair in zip(moments_of(order), order, strict=True)]
    placed.sort(key=lambda pair: pair[0])
    bars = [
        bar_of(operation, model, number=number, moment=moment)
        for number, (moment, operation) in enumerate(placed, start=1)
    ]
    return timeline(sorted(bars, key=lambda bar: bar.began), title="An order that fits", in_page=in_page)


def moments_of(order: Sequence[Operation]) -> list[float]:
    """Moments at which they can take effect in this order, in seconds: between the earliest possible and the latest."""
    earliest = list(accumulate((operation.began for operation in order), max))
    ends = [
        operation.ended if operation.outcome == "ok" and operation.ended is not None else None for operation in order
    ]
    last = max([*earliest, *(end for end in ends if end is not None)], default=0.0)
    latest = list(accumulate((last if end is None else end for end in reversed(ends)), min))[::-1]
    return [(early + late) / 2 for early, late in zip(earliest, latest, strict=True)]


def _beside(items: Sequence[Item], misfit: Misfit, shown: Sequence[int]) -> list[Operation]:
    """Some that were under way together with the misfit, and have no place in the order."""
    wrong, placed = misfit.operation, {id(operation) for operation in misfit.order}
    since = min([misfit.order[place].began for place in shown], default=wrong.began)
    found = []
    for item in items:
        operation = item.operation
        under_way = operation.began <= (wrong.ended or wrong.began) and item.ended >= wrong.began
        if operation is not wrong and id(operation) not in placed and under_way and operation.began >= since:
            found.append(operation)
    return found[:AROUND]
