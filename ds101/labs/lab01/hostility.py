"""Task 2, `Decoder`, on streams that mean harm or end too soon, and on long ones."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ds101.checks.answer import Answer, broken, holds, to_do
from ds101.errors import NotYet
from ds101.labs.apart import Apart, Raised, Returned, Silent
from ds101.labs.lab01.decoding import PATIENCE, answers_of, not_written, trial
from ds101.labs.lab01.exchanging import overdue
from ds101.labs.lab01.given import LIMIT, FrameTooLarge, Truncated
from ds101.labs.lab01.streams import WORDS, cut_every, frame, uncut
from ds101.labs.specification import property_of
from ds101.labs.wording import bytes_in_words, outcome_in_words
from ds101.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Hostile:
    """After some good messages, a header that announces `length` bytes, in pieces of `step` bytes."""

    before: tuple[str, ...]
    length: int
    step: int


def hostile(source: random.Random, size: int) -> Iterator[Hostile]:
    yield from (Hostile((), length, 4) for length in (LIMIT + 1, 2**31, 2**32 - 1))
    yield Hostile(("hi",), 2**24 - 1, 1)
    for _ in range(5 * size):
        before = tuple(source.choices(WORDS, k=source.randint(0, 3)))
        yield Hostile(before, source.randint(LIMIT + 1, 2**32 - 1), source.randint(1, 4))


@property_of(
    "lab01",
    points=2,
    title="hostile lengths",
    hint="Who wrote the number in the header, and when do you know enough to refuse it?",
    needs=("Decoder",),
    trial=trial,
    cases=hostile,
    case=Hostile,
)
def refuses_hostile_lengths(trial: Apart, case: Hostile) -> Answer:
    """A header that announces more than LIMIT bytes raises FrameTooLarge at once, before any of them arrives."""
    header = case.length.to_bytes(4, "big")
    pieces = [*map(frame, case.before), *(header[at : at + case.step] for at in range(0, 4, case.step))]
    outcome = trial.ask(pieces, patience=PATIENCE)
    answers = answers_of(outcome, pieces)
    if missing := not_written(answers):
        return to_do(missing)
    steps = [
        f"feed({bytes_in_words(piece)})  {outcome_in_words(answer)}"
        for piece, answer in zip(pieces, answers, strict=False)
    ]
    last = answers[-1]
    if len(answers) > len(case.before) and isinstance(last, Raised) and last.is_a(FrameTooLarge):
        return holds(steps=steps)  # the first bytes of a header may say enough
    return broken(
        f"The header announces {case.length:,} bytes, LIMIT is {LIMIT:,}, and feed did not raise FrameTooLarge.", steps
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """The stream of these messages, ended after `size` bytes."""

    messages: tuple[str, ...]
    size: int


def endings(source: random.Random, size: int) -> Iterator[Ending]:
    """The stream of `hi`, ended after each of its bytes; longer ones, ended anywhere."""
    yield from (Ending(("hi",), end) for end in range(7))
    for _ in range(10 * size):
        messages = tuple(source.choices(WORDS, k=source.randint(1, 3)))
        yield Ending(messages, source.randint(0, len(uncut(*messages).data)))


@property_of(
    "lab01",
    points=2,
    title="death mid-frame",
    hint="How can you tell, at the end of a stream, whether its sender had finished?",
    needs=("Decoder",),
    trial=trial,
    cases=endings,
    case=Ending,
)
def notices_a_death(trial: Apart, case: Ending) -> Answer:
    """finish() raises Truncated if the stream ended inside a frame, and does nothing if it ended between two."""
    stream = uncut(*case.messages)
    stream = replace(stream, cuts=tuple(stream.ends[:-1]))  # a piece a frame: cutting is not the question here
    pieces = [piece for piece in _first(case.size, stream.pieces) if piece]
    outcome = trial.ask(pieces, patience=PATIENCE)
    answers = answers_of(outcome, pieces)
    if missing := not_written(answers):
        return to_do(missing)
    steps = [f"feed({bytes_in_words(piece)})" for piece in pieces]
    last = answers[-1]
    if len(answers) <= len(pieces):
        return broken(f"feed {outcome_in_words(last, place=False)}, and nothing was wrong with its bytes.", steps)
    steps.append(f"finish()  {outcome_in_words(last)}")
    inside = case.size not in (0, *stream.ends)
    right = isinstance(last, Raised) and last.is_a(Truncated) if inside else isinstance(last, Returned)
    if right:
        return holds(steps=steps)
    where = "inside a frame" if inside else "between two frames"
    return broken(f"The stream ended {where}, and finish() {outcome_in_words(last, place=False)}.", steps)


def _first(size: int, pieces: list[bytes]) -> Iterator[bytes]:
    """The pieces of the first `size` bytes."""
    for piece in pieces:
        yield piece[:size]
        size = max(0, size - len(piece))


@dataclass(frozen=True, slots=True)
class Load:
    """One frame of `size` bytes in pieces of 256, or `size` bytes of empty frames in one piece."""

    shape: str
    size: int

    def pieces(self, size: int) -> list[bytes]:
        if self.shape == "one long frame":
            return cut_every(256, uncut("x", times=size)).pieces
        return [frame("") * (size // 4)]


GROWTH = 8  # times as many bytes
MOST_GROWTH = 3 * GROWTH  # of the work; quadratic work grows by 64
REPEATS = 3
ROUNDS = 3


def loads(source: random.Random, size: int) -> Iterator[Load]:
    yield Load("one long frame", LIMIT)
    yield Load("many short frames", 1 << 17)


def trial_of_work(decoder: Any, aloud: bool) -> Apart:
    return Apart(work_of, decoder, aloud=aloud)


def work_of(decoder_class: Any, pieces: list[bytes]) -> float:
    """The processor time (seconds) that feeding takes."""
    decoder = decoder_class()
    begin = time.thread_time()
    for piece in pieces:
        decoder.feed(piece)
    return time.thread_time() - begin


@property_of(
    "lab01",
    points=1,
    title="work in proportion",
    hint="What does Python copy for `a + b`, and for `a[n:]`, when both are bytes? What does a bytearray do instead?",
    needs=("Decoder",),
    trial=trial_of_work,
    cases=loads,
    case=Load,
)
def works_in_proportion(trial: Apart, case: Load) -> Answer:
    """Decoding eight times as many bytes takes about eight times the work, not sixty-four times."""
    for _ in range(ROUNDS):
        finding = measured(trial, case)
        if finding.verdict is not Verdict.BROKEN:
            break  # a busy machine can make work look like more, but hardly every time
    return finding


def measured(trial: Apart, case: Load) -> Answer:
    """One comparison of little and much."""
    times = []
    for size in (case.size // GROWTH, case.size):
        repeats = [trial.work(case.pieces(size), patience=6 * PATIENCE) for _ in range(REPEATS)]
        for outcome in repeats:
            headline = f"The work could not be measured: decoding {case.shape} {outcome_in_words(outcome)}."
            if isinstance(outcome, Raised) and outcome.is_a(NotYet):
                return to_do(outcome.words)
            if isinstance(outcome, Silent):
                return overdue(headline, [])
            if not isinstance(outcome, Returned) or not isinstance(outcome.value, float):
                return broken(headline)
        times.append(min(outcome.value for outcome in repeats if isinstance(outcome, Returned)))
    little, much = times
    growth = much / max(little, 1e-6)
    steps = [
        f"{case.shape}, {case.size // GROWTH:>9,} bytes   {1000 * little:8.1f} ms of processor time",
        f"{case.shape}, {case.size:>9,} bytes   {1000 * much:8.1f} ms: {growth:.0f} times as much",
    ]
    if growth <= MOST_GROWTH:
        return holds(steps=steps)
    return broken(f"{GROWTH} times as many bytes ({case.shape}) took {growth:.0f} times the work.", steps)
