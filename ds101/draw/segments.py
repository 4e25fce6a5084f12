"""A stream of bytes, and how it is divided: frames on one row, the pieces that arrive on the next.

>>> data = bytes([0, 0, 0, 2]) + b"hi"
>>> draw_stream(data, [
...     Row("sent", (Box(0, 4, "header"), Box(4, 6, "payload"))),
...     Row("arrives", (Box(0, 3), Box(3, 6))),
... ])
sent     |00 00 00 02: h  i|
arrives  |00 00 00|02  h  i|
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ds101.draw.picture import Picture

MOST_BYTES = 30  # shown; a longer stream is cut short, which the picture says
CELL, HEIGHT, GAP, NAME = 24, 26, 14, 92  # pixels: a byte's width, a row's height, between rows, for the rows' names


@dataclass(frozen=True, slots=True)
class Box:
    """The bytes from `start` to before `end`. A header is shaded, what went wrong has a broken line and a cross."""

    start: int
    end: int
    kind: str = "piece"  # header, payload, piece or wrong


@dataclass(frozen=True, slots=True)
class Row:
    """One way to divide the stream; `note` is set behind it."""

    name: str
    boxes: tuple[Box, ...]
    note: str = ""


def draw_stream(data: bytes, rows: Sequence[Row], title: str = "") -> Picture:
    """The rows one under the other, a column for each byte."""
    shown = data[:MOST_BYTES]
    left_out = len(data) - len(shown)
    labels = _labels(shown, rows)
    lines = tuple(_text(labels, row, left_out) for row in rows)
    return Picture(_svg(labels, rows, lines, left_out, title), lines)


def byte_in_words(byte: int, in_header: bool) -> str:
    """A header's byte as two hexadecimal digits; a payload's as its character, where it has one that shows."""
    return chr(byte) if not in_header and 0x20 < byte < 0x7F else f"{byte:02x}"


def _labels(data: bytes, rows: Sequence[Row]) -> list[str]:
    headers = {at for row in rows for box in row.boxes if box.kind == "header" for at in range(box.start, box.end)}
    return [byte_in_words(byte, at in headers) for at, byte in enumerate(data)]


def _text(labels: list[str], row: Row, left_out: int) -> str:
    line, before = "", ""
    for box in row.boxes:
        end = min(box.end, len(labels))
        if box.start >= end:
            continue
        line += ":" if (before, box.kind) == ("header", "payload") else "|"
        before = box.kind
        line += " ".join(f"{label:>2}" for label in labels[box.start : end])
    tail = " …" if left_out else "|"
    return f"{row.name:<8} {line}{tail}{'  ' + row.note if row.note else ''}"


def _svg(labels: list[str], rows: Sequence[Row], words: Sequence[str], left_out: int, title: str) -> str:
    notes = max((len(row.note) for row in rows), default=0) * 7
    width = NAME + len(labels) * CELL + (20 if left_out else 0) + notes + 20
    top = 24 if title else 4
    height = top + len(rows) * (HEIGHT + GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" '
        f'style="max-width:100%;font:12px sans-serif" fill="currentColor">',
        f"<title>{escape(title or 'frames and pieces')}</title><desc>{escape('; '.join(words))}</desc>",
    ]
    if title:
        lines.append(f'<text x="4" y="15" font-weight="bold">{escape(title)}</text>')
    for number, row in enumerate(rows):
        lines += _row_svg(row, labels, top + number * (HEIGHT + GAP), left_out)
    return "".join([*lines, "</svg>"])


def _row_svg(row: Row, labels: list[str], y: int, left_out: int) -> list[str]:
    middle = y + HEIGHT / 2 + 4
    lines = [f'<text x="4" y="{middle}">{escape(row.name)}</text>']
    for box in row.boxes:
        end = min(box.end, len(labels))
        if box.start < end:
            lines.append(_box_svg(box, end, y))
        for at in range(box.start, end):
            x = NAME + at * CELL + CELL / 2
            lines.append(
                f'<text x="{x}" y="{middle}" text-anchor="middle" font-family="monospace">{escape(labels[at])}</text>'
            )
    x = NAME + len(labels) * CELL + 8
    if left_out:
        lines.append(f'<text x="{x}" y="{middle}">…</text>')
    if row.note:
        lines.append(
            f'<text x="{x + (20 if left_out else 0)}" y="{middle}" font-style="italic">{escape(row.note)}</text>'
        )
    return lines


def _box_svg(box: Box, end: int, y: int) -> str:
    style = {
        "header": 'fill="#3b82f6" fill-opacity=".25" stroke="currentColor"',
        "payload": 'fill="#3b82f6" fill-opacity=".06" stroke="currentColor"',
        "piece": 'fill="none" stroke="currentColor"',
        "wrong": 'fill="#dc2626" fill-opacity=".12" stroke="#dc2626" stroke-width="2" stroke-dasharray="4 3"',
    }[box.kind]
    inset = 0 if box.kind in ("header", "payload") else 2
    x, width = NAME + box.start * CELL + inset, (end - box.start) * CELL - 2 * inset
    rect = f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="3" {style}/>'
    cross = (
        f'<text x="{x + width - 9}" y="{y + 9}" fill="#dc2626" font-size="10">✗</text>' if box.kind == "wrong" else ""
    )
    return rect + cross
