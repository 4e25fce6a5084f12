"""Task 1, `encode`: what a frame is, and what is too large for one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ds101.checks.answer import Answer, broken, holds, to_do
from ds101.draw.segments import Box, Row, draw_stream
from ds101.draw.wording import counted
from ds101.errors import NotYet
from ds101.labs.apart import Apart, Foreign, Outcome, Raised, Returned
from ds101.labs.lab01.given import LIMIT, FrameTooLarge
from ds101.labs.lab01.streams import WORDS, frame
from ds101.labs.specification import property_of
from ds101.labs.wording import bytes_in_words, outcome_in_words, value_in_words

PATIENCE = 10.0  # seconds for one call; it takes microseconds


@dataclass(frozen=True, slots=True)
class Text:
    """A message: `unit` repeated `times` times, so that a long one is short to write."""

    unit: str
    times: int = 1

    @property
    def whole(self) -> str:
        return self.unit * self.times

    @property
    def call(self) -> str:
        shown = value_in_words(self.unit)
        return f"encode({shown})" if self.times == 1 else f"encode({shown} * {self.times})"


def trial(encode: Any, aloud: bool) -> Apart:
    return Apart(encode, aloud=aloud)


def fitting(source: random.Random, size: int) -> Iterator[Text]:
    """Every word, the sizes at which a header's next byte begins to count, exactly the limit, and some drawn ones."""
    yield from (Text(word) for word in WORDS)
    yield from (Text("x", 2**power + more) for power in (8, 16) for more in (-1, 0))
    yield from (Text("x", LIMIT), Text("ö", LIMIT // 2))
    for _ in range(30 * size):
        yield Text(source.choice(WORDS[1:]), source.randint(1, 600))


def simpler_text(text: Text) -> Iterator[Text]:
    if text.times > 1:
        yield replace(text, times=1)
        yield replace(text, times=text.times // 2)
        yield replace(text, times=text.times - 1)
    elif len(text.unit) > 2:
        yield Text(text.unit[:2])


@property_of(
    "lab01",
    points=3,
    title="one frame a message",
    hint="What does the header count: characters, or the bytes that follow it? And which of its bytes comes first?",
    needs=("encode",),
    trial=trial,
    cases=fitting,
    simpler=simpler_text,
    case=Text,
)
def is_one_frame(trial: Apart, text: Text) -> Answer:
    """The frame of a message is its length in bytes, as 4 bytes, big-endian, and then these bytes, in UTF-8."""
    outcome = trial.ask(text.whole, patience=PATIENCE)
    expected = frame(text.whole)
    match outcome:
        case Raised() if outcome.is_a(NotYet):
            return to_do(outcome.words)
        case Returned(bytes() as got):
            if got == expected:
                return holds(steps=[f"{text.call}  returned {bytes_in_words(got)}"])
            return broken(
                _difference(got, expected),
                [
                    f"{text.call}",
                    f"should return  {bytes_in_words(expected)}",
                    f"returned       {bytes_in_words(got)}",
                ],
                draw=lambda _: draw_stream(
                    expected, [Row("frame", (Box(0, 4, "header"), Box(4, len(expected), "payload")), "as it should be")]
                ),
            )
    if isinstance(outcome, Raised) and outcome.is_a(FrameTooLarge):
        size = counted(len(expected) - 4, "byte")
        return broken(f"A message of {size} is not too large: LIMIT is {LIMIT:,}.", [_told(text, outcome)])
    return broken(
        f"{text.call} {_without_frame(outcome)}.",
        [f"{text.call}", f"should return  {bytes_in_words(expected)}", outcome_in_words(outcome)],
    )


def _difference(got: bytes, expected: bytes) -> str:
    header, payload = got[:4], got[4:]
    if len(got) < 4:
        return f"The frame has {len(got)} bytes: its header alone needs 4."
    if payload != expected[4:]:
        return "After 4 bytes of header, the bytes of the message in UTF-8 should follow, and others do."
    says = counted(int.from_bytes(header, "big"), "byte")
    return f"The header announces {says} (read big-endian), and {counted(len(payload), 'byte')} follow."


def _told(text: Text, outcome: Outcome) -> str:
    return f"{text.call}  {outcome_in_words(outcome)}"


def _without_frame(outcome: Outcome) -> str:
    if isinstance(outcome, Returned):
        got = outcome.value if isinstance(outcome.value, Foreign) else Foreign(type(outcome.value).__name__)
        return f"returned {got} instead of bytes"
    return outcome_in_words(outcome, place=False)


def too_large(source: random.Random, size: int) -> Iterator[Text]:
    """One byte too many; few enough characters but too many bytes; far too many."""
    yield from (Text("x", LIMIT + 1), Text("ö", LIMIT // 2 + 1), Text("x", 3 * LIMIT))
    for _ in range(size):
        yield Text(source.choice("xö日"), LIMIT + source.randint(1, 1000))


@property_of(
    "lab01",
    points=1,
    title="nothing too large is sent",
    hint="Whom does a frame harm that no decoder accepts, and who should be told first?",
    needs=("encode",),
    trial=trial,
    cases=too_large,
    case=Text,
)
def is_refused(trial: Apart, text: Text) -> Answer:
    """A message of more than LIMIT bytes raises FrameTooLarge instead of becoming a frame."""
    size = len(text.whole.encode())
    outcome = trial.ask(text.whole, patience=PATIENCE)
    steps = [f"{text.call}", f"the message has {size:,} bytes, LIMIT is {LIMIT:,}", outcome_in_words(outcome, _size)]
    if isinstance(outcome, Raised) and outcome.is_a(FrameTooLarge):
        return holds(steps=steps)
    if isinstance(outcome, Raised) and outcome.is_a(NotYet):
        return to_do(outcome.words)
    call = f"{text.call} {outcome_in_words(outcome, _size, place=False)}"
    return broken(f"A message of {size:,} bytes did not raise FrameTooLarge: {call}.", steps)


def _size(value: object) -> str:
    return f"{len(value):,} bytes" if isinstance(value, bytes) else value_in_words(value)
