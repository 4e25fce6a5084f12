"""What lab12 gives its students: timers, messages, and the node that they build on. It is all that the tasks need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ds101.messages import Message, Timer
from ds101.node import Node


@dataclass(frozen=True, order=True, slots=True)
class Entry:
    """The last entry of a log.

    Of two logs, the one with the later last term is more up to date; with the same last term, the longer one (Ongaro
    and Ousterhout 2014, section 5.4.1). So entries compare.
    """

    term: int
    index: int


LOGS: Mapping[str, Entry] = MappingProxyType(
    {"n1": Entry(2, 5), "n2": Entry(2, 4), "n3": Entry(1, 6), "n4": Entry(2, 5), "n5": Entry(2, 3)}
)
"""Each node's last log entry. Of three nodes, n3 can't win an election; of five, neither n3 nor n5."""


class ElectionTimeout(Timer):
    """No leader has been heard for a while."""


class HeartbeatDue(Timer):
    """It is time to tell the others again who leads."""


class RequestVote(Message):
    """Vote for me in this term; this is the last entry of my log. Who sends it, votes for itself in that term."""

    term: int
    last_log_index: int
    last_log_term: int


class Vote(Message):
    """You have my vote in this term; or you have it not, and this is the term that I am in."""

    term: int
    granted: bool


class Heartbeat(Message):
    """I lead in this term."""

    term: int


class HeartbeatReply(Message):
    """I have heard you, and this is the term that I am in."""

    term: int


class Member(Node):
    """A node with what it is given: its settings, and the last entry of a log that nobody changes in this lab."""

    ELECTION_TIMEOUT = (0.150, 0.300)  # seconds, at least and at most
    HEARTBEAT_INTERVAL = 0.050  # seconds
    FIRST_TERM = 2  # the term of a node that has never stored one; no log has an entry of a later term

    @property
    def last_log_index(self) -> int:
        """The index of the last entry in this node's log."""
        return LOGS[self.id].index

    @property
    def last_log_term(self) -> int:
        """The term of the last entry in this node's log."""
        return LOGS[self.id].term
