"""The picture that lab01 opens with: the same two frames, read in hope and read with patience."""

from __future__ import annotations

from ds101.draw.picture import Picture
from ds101.draw.segments import Box, Row, draw_stream
from ds101.labs.lab01.streams import uncut


def two_readers() -> Picture:
    """Two frames in three pieces. One reader takes each piece for a frame; the other waits for whole frames."""
    stream = uncut("stop", "go")
    first, second = stream.ends
    cut, late = 6, first + 3
    return draw_stream(
        stream.data,
        [
            Row("sent", (Box(0, 4, "header"), Box(4, first, "payload"),
                         Box(first, first + 4, "header"), Box(first + 4, second, "payload")), "two frames"),
            Row("arrives", (Box(0, cut), Box(cut, late), Box(late, second)), "three pieces"),
            Row("bad run", (Box(0, cut, "wrong"), Box(cut, late, "wrong"), Box(late, second, "wrong")),
                "each read is taken for a frame: 'st' comes out, and then nonsense"),
            Row("good run", (Box(0, first), Box(first, second)), "it waits until a frame is whole: 'stop', 'go'"),
        ],
        "Two messages, two readers",
    )  # fmt: skip
