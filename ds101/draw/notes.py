"""What is written beside a lane: a timer that fired, a crash, a log line, how a call ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ds101.draw.changes import changes_of
from ds101.draw.story import Step
from ds101.draw.wording import Face, call_text, counted, cut, fit, plain, shorter_forms, text_width, wrap
from ds101.trace import Event

SIZE = 11.0  # pixels
SIGN = 12.0  # pixels: what stands before a printed line
MOST_LINES = 3  # of one log line
MOST_NOTES = 6  # lines beside one step


@dataclass(frozen=True, slots=True)
class Line:
    """One line beside a lane; `full` is what it would say with all the room in the world."""

    text: str
    look: str  # "mark", "bad", "said" (log), "printed"
    full: str

    @property
    def width(self) -> float:
        """About how wide it is, in pixels."""
        return note_width(self.text, self.look)


def note_width(words: str, look: str) -> float:
    """About how wide words of that look are beside a lane, in pixels."""
    return text_width(words, *_face(look)) + _indent(look)


def _face(look: str) -> tuple[float, Face]:
    """As the stylesheet has it."""
    if look == "printed":
        return 10.0, "monospaced"
    return SIZE, "bold" if look in ("mark", "bad") else "plain"


def _indent(look: str) -> float:
    return SIGN if look == "printed" else 0.0


def lines_beside(step: Step, width: float) -> list[Line]:
    """The lines that stand beside a step, each at most `width` pixels wide."""
    lines: list[Line] = []
    for event in step.events:
        words, look = words_of(event, step), _look(event)
        if event is step.head and event.kind == "fire":
            lines.append(Line(_widest_fitting(event, width), "mark", words))
        elif event.kind == "change":
            lines += [Line(text, look, words) for text in _packed(changes_of(event), width, *_face(look))]
        elif words:
            full = plain(words)
            size, face = _face(look)
            texts = wrap(full, width - _indent(look), size, MOST_LINES, face)
            lines += [Line(text, look, full) for text in texts]
    if len(lines) > MOST_NOTES:
        rest = counted(len(lines) - MOST_NOTES + 1, "more line")
        full = "\n".join(dict.fromkeys(line.full for line in lines[MOST_NOTES - 1 :]))
        lines[MOST_NOTES - 1 :] = [Line(f"… {rest}", "said", full)]
    return lines


def _packed(changes: Sequence[str], width: float, size: float, face: Face) -> list[str]:
    """As many changes on a line as fit, none of them broken in two."""
    lines: list[str] = []
    for one in changes:
        longer = f"{lines[-1]}, {one}" if lines else one
        if lines and text_width(longer, size, face) <= width:
            lines[-1] = longer
        else:
            lines.append(fit(one, width, size, face))
    return lines


def words_of(event: Event, step: Step) -> str:
    """What an event of a step says in words, beyond the message it is about; "" where the arrow says it all."""
    detail = plain(event.detail)
    match event.kind:
        case "send":
            return "tries again" if event is step.head and step.earlier is not None else ""
        case "invoke":
            return "" if step.departures else f"calls {detail or plain(event.type)}"
        case "fire":
            return call_text(event.type, event.body)
        case "start":
            return "starts"
        case "restart":
            return "restarts"
        case "crash":
            return f"crashed: {detail}" if detail else "crashed"
        case "pause":
            return "paused"
        case "resume":
            return "resumed"
        case "skew":
            return f"clock {detail or skew_in_words(event.body)}"
        case "error":
            return f"error: {detail}" if detail else "error"
        case "log" | "print":
            return detail or " "
        case "change":
            return ", ".join(changes_of(event))
        case "fail" | "info":
            return detail or ("failed" if event.kind == "fail" else "outcome unknown")
    return ""


def skew_in_words(body: Mapping[str, Any]) -> str:
    """`+5 s, 1.1 times as fast`."""
    parts = []
    if body.get("offset"):
        parts.append(f"{float(body['offset']):+g} s")
    if body.get("rate", 1) != 1:
        parts.append(f"{float(body['rate']):g} times as fast")
    return ", ".join(parts) or "as the others'"


def sides_in_words(body: Mapping[str, Any]) -> str:
    """`n1 | n2 n3`; with an arrow where the cut is one way."""
    sides = [" ".join(plain(str(node)) for node in side) for side in body.get("sides", [])]
    return (" ⇸ " if body.get("one_way") else " | ").join(sides)


def world_in_words(step: Step) -> str:
    """A fault that concerns several lanes, or its end, in words."""
    event, earlier = step.head, step.earlier
    if event.kind == "partition":
        return f"partition {sides_in_words(event.body)}".rstrip()
    if event.kind == "heal":
        if earlier is not None and earlier.kind == "link":
            return f"link {_ends(earlier.body)} as before"
        return "link as before" if event.detail == "link" else "partition healed"
    if "a" not in event.body:
        return f"link {plain(event.detail)}"
    settings = [
        f"{name} {value * 1000:g} ms" if name in ("delay", "jitter") else f"{name} {value:g}"
        for name, value in event.body.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value
    ]
    return plain(f"link {_ends(event.body)}: {', '.join(settings) or 'as before'}")


def _ends(link: Mapping[str, Any]) -> str:
    return plain(f"{link.get('a', '')} {'→' if link.get('one_way') else '–'} {link.get('b', '')}")


def cause_in_words(lost: str) -> str:
    """Why a message was lost, as readers are told."""
    return "dropped" if lost == "chosen" else plain(lost)  # by `drop`: it says what the reader wrote


def _look(event: Event) -> str:
    if event.kind in ("crash", "error", "fail", "info"):
        return "bad"
    return {"log": "said", "change": "said", "print": "printed"}.get(event.kind, "mark")


def _widest_fitting(event: Event, width: float) -> str:
    forms = [cut(form, 60) for form in shorter_forms(event.type, event.body)]
    if not event.body:
        forms = [plain(event.type)]
    fitting = [form for form in forms if note_width(form, "mark") <= width]
    return fitting[0] if fitting else fit(forms[-1], width, *_face("mark"))
