"""What lab02 gives its students: the messages between passenger, reader and server, and three timers."""

from __future__ import annotations

from ds101.messages import Message, Timer

SERVER = "n1"
"""The address of the server. All other nodes are readers."""

RETRY = 0.1
"""Seconds of silence after which a client asks again."""


# Between a passenger and a ticket reader, which is the client


class Charge(Message):
    """A passenger asks the reader: charge this card once, and tell me within so many seconds."""

    card: str
    within: float


class Done(Message):
    """The card was charged; altogether, it has been charged so many times."""

    card: str
    charges: int


class Failed(Message):
    """The card was not charged, and this request will never charge it."""


class Unknown(Message):
    """Nobody can tell whether the card was charged."""


# Between client and server


class Request(Message):
    """The client's operation with this number, meant for this incarnation of the server (0: which one isn't known)."""

    client: str
    number: int
    card: str
    incarnation: int = 0


class Reply(Message):
    """The answer to the request with this number: the card, and how many times it has been charged."""

    number: int
    card: str
    charges: int


class Cancel(Message):
    """The client gives up its operation with this number."""

    client: str
    number: int
    incarnation: int = 0


class Cancelled(Message):
    """The operation with this number has not taken effect, and never will."""

    number: int


class Refused(Message):
    """The request or cancel with this number was meant for another incarnation; this is mine."""

    number: int
    incarnation: int


class Read(Message):
    """Anybody asks the server: how many times has this card been charged?"""

    card: str


class Charges(Message):
    """The card has been charged so many times."""

    card: str
    charges: int


# Timers of the client


class RetryDue(Timer):
    """The operation with this number has had no answer for a while."""

    number: int


class GiveUpDue(Timer):
    """From now on, the operation with this number should rather be cancelled than asked for again."""

    number: int


class Deadline(Timer):
    """The passenger must be told about the operation with this number now."""

    number: int
