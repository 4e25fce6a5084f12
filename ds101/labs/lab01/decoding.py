"""Task 2, `Decoder`: messages out of a stream, however it is cut, and no trust in what it says about itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from ds101.checks.answer import Answer, broken, holds, to_do
from ds101.draw.picture import Picture
from ds101.draw.segments import Box, Row, draw_stream
from ds101.errors import NotYet
from ds101.labs.apart import Apart, Died, Outcome, Raised, Returned, Silent, caught
from ds101.labs.lab01.given import LIMIT
from ds101.labs.lab01.streams import WORDS, Stream, cut_every, drawn, simpler, uncut
from ds101.labs.specification import property_of
from ds101.labs.wording import bytes_in_words, outcome_in_words, value_in_words

PATIENCE = 10.0  # seconds for one stream; it takes milliseconds
MOST_STEPS = 8  # told of one stream


def trial(decoder: Any, aloud: bool) -> Apart:
    return Apart(feed_all, decoder, aloud=aloud)


def feed_all(decoder_class: Any, pieces: list[bytes]) -> list[Outcome]:
    """What every feed answered, up to the first error; if there was none, what finish answered."""
    answers: list[Outcome] = []
    try:
        decoder = decoder_class()
        for piece in pieces:
            fed = decoder.feed(piece)
            answers.append(Returned(list(fed) if fed is not None else None))
        answers.append(Returned(decoder.finish()))
    except Exception as error:
        answers.append(caught(error))
    return answers


def judged(trial: Apart, stream: Stream) -> Answer:
    """Every feed must answer with the messages whose last byte it brought; finish with nothing."""
    outcome = trial.ask(stream.pieces, patience=PATIENCE)
    if not isinstance(outcome, Returned):
        return broken(f"Decoding the stream of {_listed(stream.sent)} {outcome_in_words(outcome)}.")
    answers = answers_of(outcome, stream.pieces)
    if missing := not_written(answers):
        return to_do(missing)
    expected = due(stream)
    steps = [
        _step(piece, answer, wanted) for piece, answer, wanted in zip(stream.pieces, answers, expected, strict=False)
    ]
    wrong = [number for number, (answer, due) in enumerate(zip(answers, expected, strict=False)) if answer != due]
    if wrong:
        headline = _headline(stream, answers, expected, wrong[0])
        return broken(headline, _around(steps, wrong[0]), draw=lambda _: picture_of(stream))
    if len(answers) <= len(stream.pieces):
        return broken(f"Decoding the stream of {_listed(stream.sent)} ended before its last piece.", steps)
    if isinstance(answers[-1], Raised):
        return broken(
            f"The stream ended between two frames, and finish() {outcome_in_words(answers[-1], place=False)}.", steps
        )
    return holds(steps=steps[:MOST_STEPS], draw=lambda _: picture_of(stream))


def answers_of(outcome: Outcome, pieces: list[bytes]) -> list[Outcome]:
    """What `feed_all` answered. It ran beside the student's code: what is no list of answers is none of ours."""
    answers: Any = outcome.value if isinstance(outcome, Returned) else [outcome]
    kinds = (Returned, Raised, Silent, Died)
    if isinstance(answers, list) and 0 < len(answers) <= len(pieces) + 1 and all(isinstance(a, kinds) for a in answers):
        return answers
    return [Raised(("ValueError",), "what came back is no list of answers", None)]


def due(stream: Stream) -> list[Outcome]:
    """What each feed should answer."""
    answers: list[Outcome] = []
    ends, at = list(zip(stream.ends, stream.sent, strict=True)), 0
    for piece in stream.pieces:
        answers.append(Returned([message for end, message in ends if at < end <= at + len(piece)]))
        at += len(piece)
    return answers


def picture_of(stream: Stream) -> Picture:
    """Frames over pieces."""
    boxes, pieces, start = [], [], 0
    for end in stream.ends:
        boxes += [Box(start, start + 4, "header"), Box(start + 4, end, "payload")]
        start = end
    at = 0
    for piece in stream.pieces:
        pieces.append(Box(at, at + len(piece)))
        at += len(piece)
    return draw_stream(stream.data, [Row("sent", tuple(boxes)), Row("arrives", tuple(pieces))])


def not_written(answers: list[Outcome]) -> str:
    """What is to be written next, where that is why the last answer is an error."""
    last = answers[-1]
    return last.words if isinstance(last, Raised) and last.is_a(NotYet) else ""


def _step(piece: bytes, answer: Outcome, wanted: Outcome) -> str:
    mark = "" if answer == wanted else f"   ← should be {value_in_words(_messages(wanted))}"
    return f"feed({bytes_in_words(piece)})  {outcome_in_words(answer)}{mark}"


def _around(steps: list[str], wrong: int) -> list[str]:
    """The steps up to the wrong one, the older ones left out where there are many."""
    told = steps[: wrong + 1]
    left_out = len(told) - MOST_STEPS
    return told if left_out <= 0 else [f"… {left_out} pieces before", *told[left_out:]]


def _headline(stream: Stream, answers: list[Outcome], expected: list[Outcome], at: int) -> str:
    answer, wanted = answers[at], _messages(expected[at])
    piece = f"piece {at + 1} of {len(stream.pieces)}"
    if isinstance(answer, Raised):
        return f"{piece.capitalize()} is in order, and feed {outcome_in_words(answer, place=False)}."
    if not isinstance(answer, Returned) or not isinstance(answer.value, list):
        return f"feed() must return a list of messages, and it {outcome_in_words(answer)}."
    missing = [message for message in wanted if message not in answer.value]
    if missing:
        return f"{value_in_words(missing[0])} is complete with {piece}, and feed did not return it."
    return f"With {piece}, feed returned {value_in_words(answer.value)}: that is not what was sent."


def _messages(outcome: Outcome) -> list[str]:
    return outcome.value if isinstance(outcome, Returned) else []


def _listed(messages: list[str]) -> str:
    return ", ".join(map(value_in_words, messages[:4])) + (", …" if len(messages) > 4 else "")


def split(source: random.Random, size: int) -> Iterator[Stream]:
    """One frame alone, in 2, 3, 4 and as many pieces as it has bytes; one of exactly LIMIT bytes."""
    for word in WORDS:
        yield cut_every(3, uncut(word))
        yield cut_every(1, uncut(word))
    yield Stream(("hi",), (4,))
    yield cut_every(1 << 16, uncut("x", times=LIMIT))
    for _ in range(30 * size):
        yield drawn(source, most=1)


def joined(source: random.Random, size: int) -> Iterator[Stream]:
    """Whole frames, several in one piece."""
    for count in (2, 3, *(source.randint(2, 20) for _ in range(20 * size))):
        yield uncut(*(source.choice(WORDS) for _ in range(count)))


def anyhow(source: random.Random, size: int) -> Iterator[Stream]:
    """Several frames, cut anywhere: a piece may end one frame and begin the next."""
    for _ in range(150 * size):
        yield drawn(source, most=4)


DECODING: dict[str, Any] = {"needs": ("Decoder",), "trial": trial, "simpler": simpler, "case": Stream}


@property_of(
    "lab01",
    points=2,
    title="split frames",
    hint="What must a decoder remember from one call of feed to the next, and how often may that be needed?",
    cases=split,
    **DECODING,
)
def puts_together(trial: Apart, stream: Stream) -> Answer:
    """A frame that arrives in pieces comes out whole, from the feed that brings its last byte."""
    return judged(trial, stream)


@property_of(
    "lab01",
    points=2,
    title="joined frames",
    hint="How many messages can one piece complete, and how often does your code look for one?",
    cases=joined,
    **DECODING,
)
def takes_apart(trial: Apart, stream: Stream) -> Answer:
    """Several frames that arrive in one piece all come out, in order, from that one feed."""
    return judged(trial, stream)


@property_of(
    "lab01",
    points=2,
    title="any cutting",
    hint="Whose bytes are those that are left when a message has been taken out?",
    cases=anyhow,
    **DECODING,
)
def survives_any_cutting(trial: Apart, stream: Stream) -> Answer:
    """However a stream is cut into pieces, its messages come out whole, in order, each once."""
    return judged(trial, stream)
