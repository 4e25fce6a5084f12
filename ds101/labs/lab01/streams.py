"""Streams to try a decoder with: messages, and the places where the stream of their frames is cut into pieces."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

WORDS = ("hi", "a", "ö", "", "日本", "🙂", "hello", "naïve café")  # 0 to 12 bytes; four of them are not ASCII


def frame(message: str) -> bytes:
    """What the specification says about one message: 4 bytes of length, big-endian, then UTF-8."""
    payload = message.encode()
    return len(payload).to_bytes(4, "big") + payload


@dataclass(frozen=True, slots=True)
class Stream:
    """Messages, each repeated `times` times (so that a large one is short to write), and where to cut their frames.

    >>> Stream(("hi",), (2, 5)).pieces
    [b'\\x00\\x00', b'\\x00\\x02h', b'i']
    """

    messages: tuple[str, ...]
    cuts: tuple[int, ...]
    times: int = 1

    @property
    def sent(self) -> list[str]:
        return [message * self.times for message in self.messages]

    @property
    def data(self) -> bytes:
        return b"".join(map(frame, self.sent))

    @property
    def pieces(self) -> list[bytes]:
        data = self.data
        return [data[start:end] for start, end in pairwise([0, *self.cuts, len(data)])]

    @property
    def ends(self) -> list[int]:
        """Where in the stream each frame ends."""
        return list(accumulate(len(frame(message)) for message in self.sent))


def uncut(*messages: str, times: int = 1) -> Stream:
    """The whole stream in one piece."""
    return Stream(messages, (), times)


def cut_every(step: int, stream: Stream) -> Stream:
    return replace(stream, cuts=tuple(range(step, len(stream.data), step)))


def drawn(source: random.Random, most: int) -> Stream:
    """Up to `most` messages, up to 12 cuts anywhere."""
    stream = uncut(*(source.choice(WORDS) for _ in range(source.randint(1, most))))
    inside = range(1, len(stream.data))
    return replace(stream, cuts=tuple(sorted(source.sample(inside, min(len(inside), source.randint(0, 12))))))


def simpler(stream: Stream) -> Iterator[Stream]:
    """Fewer messages, then shorter ones, then fewer cuts. Cuts stay where they are in the frames that remain."""
    for index in range(len(stream.messages)):
        if len(stream.messages) > 1:
            yield _without(stream, index)
    for index, message in enumerate(stream.messages):
        if len(message) > 2:
            yield _shortened(stream, index, message[:2])
    for index in range(len(stream.cuts)):
        yield replace(stream, cuts=stream.cuts[:index] + stream.cuts[index + 1 :])


def _without(stream: Stream, index: int) -> Stream:
    end = stream.ends[index]
    size = len(frame(stream.sent[index]))
    messages = stream.messages[:index] + stream.messages[index + 1 :]
    return _with_cuts_shifted(Stream(messages, stream.cuts, stream.times), end - size, size)


def _shortened(stream: Stream, index: int, message: str) -> Stream:
    size = len(frame(stream.sent[index])) - len(frame(message * stream.times))
    messages = (*stream.messages[:index], message, *stream.messages[index + 1 :])
    return _with_cuts_shifted(Stream(messages, stream.cuts, stream.times), stream.ends[index] - size, size)


def _with_cuts_shifted(stream: Stream, start: int, size: int) -> Stream:
    """After `size` bytes from `start` on were taken out."""
    moved = {cut if cut <= start else max(start, cut - size) for cut in stream.cuts}
    return replace(stream, cuts=tuple(sorted(cut for cut in moved if 0 < cut < len(stream.data))))
