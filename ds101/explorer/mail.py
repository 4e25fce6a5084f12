"""Messages by number: each distinct letter that a search ever met has one, so that sets of them are bit masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ds101.effects import Sending
from ds101.trace import base_name


class Letter(NamedTuple):
    """A message with its addresses, its body as JSON. Equal letters are one and the same."""

    src: str
    dst: str
    type: str
    body: bytes


class Mail:
    """All letters of a search by number, with the position of the node or client that each goes to."""

    def __init__(self, positions: Mapping[str, int]) -> None:
        self.positions = dict(positions)  # of nodes and clients, by name
        self.letters: list[Letter] = []
        self.receivers: list[int] = []
        self._numbers: dict[Letter, int] = {}

    def post(self, src: str, sending: Sending) -> int | None:
        """The number of a message; None if nobody of the receiver's name takes part."""
        return self.number_of(Letter(src, *sending))

    def number_of(self, letter: Letter) -> int | None:
        """The number of a letter; None if nobody of the receiver's name takes part."""
        number = self._numbers.get(letter)
        if number is None:
            receiver = self.positions.get(base_name(letter.dst))
            if receiver is None:
                return None
            number = self._numbers[letter] = len(self.letters)
            self.letters.append(letter)
            self.receivers.append(receiver)
        return number

    def sender(self, letter: int) -> int:
        """The position of whoever sent it."""
        return self.positions[base_name(self.letters[letter].src)]


def bits_of(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
