"""A run in words, a numbered line for each step: for a terminal, and for who doesn't see the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ds101.draw.changes import changes_of
from ds101.draw.choose import Gap, Item, select
from ds101.draw.notes import cause_in_words, skew_in_words, words_of, world_in_words
from ds101.draw.repeats import Fold
from ds101.draw.story import Flight, Step, Story
from ds101.draw.telling import story_of
from ds101.draw.wording import call_text, counted, cut, duration, plain
from ds101.trace import Event, Trace

AT_MOST = 60  # lines
LONGEST = 72  # characters of a message
WIDEST = 120  # and of all that a line says
FORGOTTEN = "← forgotten"  # beside what a restart has changed
OWN_LINE = ("crash", "restart", "pause", "resume", "skew", "log", "print", "error", "fail", "info")


@dataclass(slots=True)
class Line:
    """One line; without a number where it tells of what isn't listed.

    `changes` are those of a node's attributes; `quiet` is what can go without saying.
    """

    who: str
    what: str
    at: float | None = None
    changes: tuple[str, ...] = ()
    quiet: bool = False


def as_text(
    trace: Trace,
    *,
    first: int | None = None,
    last: int | None = None,
    after: float | None = None,
    before: float | None = None,
    fold: bool = True,
    at_most: int | None = AT_MOST,
) -> str:
    """Tell a trace in at most `at_most` numbered lines (None for all): time, who, what.

    The options are those of `spacetime`. A message has one line, where it arrives or is lost; `✗` marks
    what went wrong.
    Raises `ValueError` for a window that can't show anything.
    """
    story = story_of(trace)
    selection = select(story, first=first, last=last, after=after, before=before, folded=fold)
    lines = list(lines_of(selection.items, story))
    if at_most is not None and len(lines) > at_most:
        if at_most < 1:
            raise ValueError(f"at_most={at_most} shows nothing: give a positive number.")
        head = at_most * 2 // 3
        tail = at_most - head - 1
        left_out = Line("", f"… {counted(len(lines) - head - tail, 'line')} in between not shown …")
        lines = [*lines[:head], left_out, *lines[len(lines) - tail :]]
    return "\n".join(_numbered(lines, trace.timed))


def _numbered(lines: Sequence[Line], timed: bool) -> Iterator[str]:
    if not lines:
        yield "Nothing happened."
    count = sum(1 for line in lines if line.at is not None)
    number, digits = 0, len(str(count))
    who = max((len(line.who) for line in lines), default=0)
    times = [f"  {duration(line.at)}" if line.at is not None and timed else "" for line in lines]
    wide = max((len(time) for time in times), default=0)
    for line, time in zip(lines, times, strict=True):
        if line.at is None:
            yield f"{'':{digits + wide + 2}}  {line.what}"
            continue
        number += 1
        what = "   ".join([line.what, *line.changes])
        yield f"{number:{digits + 2}}{time:>{wide}}  {line.who:{who}}  {cut(what, WIDEST)}".rstrip()


def lines_of(items: Sequence[Item], story: Story) -> Iterator[Line]:
    """The lines that tell what was chosen of a story."""
    shown = {item.index for item in items if isinstance(item, Step)}
    told: dict[int, int] = {}  # lines of each step
    for item in items:
        if isinstance(item, Gap):
            yield Line("", f"… {item.words} …")
        elif isinstance(item, Fold):
            yield _fold_line(item, sum(told.get(step.index, 0) for step in item.shown))
        else:
            lines = list(_with_changes(list(_step_lines(item, shown, story.late, story.timed)), item))
            told[item.index] = len(lines)
            yield from lines


def _fold_line(fold: Fold, lines: int) -> Line:
    messages = sum(len(step.departures) for step in fold.hidden)
    what = f" ({counted(messages, 'message')})" if messages else ""
    above = "the line above" if lines == 1 else f"the {lines} lines above"
    return Line(
        "", f"↻ ×{fold.times}: {above}, {counted(fold.times - 1, 'more time')}{what}, until {duration(fold.until)}"
    )


def _with_changes(lines: Sequence[Line], step: Step) -> Iterator[Line]:
    """What a handler changed in its node stands behind what set it off."""
    changes = [words for event in step.events if event.kind == "change" for words in changes_of(event)]
    if changes and lines and lines[0].who != plain(step.lane):
        changes[0] = f"{plain(step.lane)}: {changes[0]}"
    if changes and step.head.kind == "restart":
        changes.append(FORGOTTEN)
    for index, line in enumerate(lines):
        yield replace(line, changes=tuple(changes)) if index == 0 else line


def _step_lines(step: Step, shown: set[int], late: float, timed: bool) -> Iterator[Line]:
    head, lane = step.head, plain(step.lane)
    for flight in step.arrivals:
        yield _arrival(flight, step.at, late, timed)
    if not lane:
        yield Line("", f"{'✗ ' if head.kind == 'partition' else ''}{world_in_words(step)}", head.at)
    for event in step.events:
        if event.kind == "fire":
            yield Line(lane, f"timer {call_text(event.type, event.body).removesuffix('()')} fires", event.at)
        elif event.kind in OWN_LINE or (event.kind in ("send", "invoke") and words_of(event, step)):
            yield Line(lane, _own_words(event, step), event.at)
    receivers: dict[tuple[str, str, bool], list[str]] = {}  # of what leaves here, by sender and words
    for flight in step.departures:
        if flight.lost is not None:
            words = f"{_message(flight)}   ✗ {cause_in_words(flight.lost)}"
        elif flight.head is None or flight.head.index not in shown:
            never = "still on its way" if flight.under_way else "arrival not seen"
            where = "arrives later" if flight.head is not None else never
            words = f"{_message(flight)}   ({where})"
        else:
            continue
        quiet = _others_tell_it(flight, step) if flight.lost is None else flight.lost == f"{flight.receiver} crashed"
        receivers.setdefault((plain(flight.sender), words, quiet), []).append(plain(flight.receiver))
    for (sender, words, quiet), names in receivers.items():
        yield Line(f"{sender} → {', '.join(names)}", words, step.at, quiet=quiet)


def _others_tell_it(flight: Flight, step: Step) -> bool:
    """Whether the same message went to others too, and something became of it there."""
    alike = (one for one in step.departures if (one.type, one.body) == (flight.type, flight.body))
    return any(one.head is not None or one.lost is not None for one in alike)


def _arrival(flight: Flight, at: float, late: float, timed: bool) -> Line:
    asides = ["duplicate"] if flight.copy else []
    if flight.tail is None:
        asides.append("its sending not seen")
    elif flight.ended_at is not None and flight.sent_at is not None and flight.ended_at - flight.sent_at > late:
        asides.append(f"sent {duration(flight.ended_at - flight.sent_at)} earlier" if timed else "sent long before")
    return Line(_route(flight), _message(flight) + (f"   ({', '.join(asides)})" if asides else ""), at)


def _own_words(event: Event, step: Step) -> str:
    words = words_of(event, step)
    match event.kind:
        case "log":
            return f"“{words}”"
        case "print":
            return f"prints  {words}"
        case "skew":
            return f"has its clock changed: {plain(event.detail) or skew_in_words(event.body)}"
        case "pause" | "resume":
            return f"is {words}"
        case "crash":
            return f"✗ {words}"
        case "error" | "fail" | "info":
            asked = f"{plain(event.type)}: " if event.type else ""
            return f"✗ {asked}{words}"
    return words


def _message(flight: Flight) -> str:
    return cut(call_text(flight.type, flight.body), LONGEST)


def _route(flight: Flight) -> str:
    return f"{plain(flight.sender)} → {plain(flight.receiver)}"
