"""Has the receiver read what was sent? That makes slices arrive one by one, as separate reads.

TCP joins what a receiver has not read yet, so a slice must not leave before the last one was read. The sender's side
can't know that. But where the receiver is a program on the same machine, Linux tells about its socket too: this asks,
by a sock_diag(7) netlink request, as the `ss` command does. It takes about ten microseconds.
"""

from __future__ import annotations

import socket
import struct

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, REQUEST = 4, 20, 1
INFO = 2  # INET_DIAG_INFO: the attribute that holds a struct tcp_info
BYTES_RECEIVED = 128  # offset of tcpi_bytes_received in struct tcp_info (linux/tcp.h)
HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
OPTIONS = struct.Struct("=BBBBI")  # struct inet_diag_req_v2, up to the socket's name
ANSWER = struct.Struct("=BBBB48xIII8x")  # struct inet_diag_msg: family, state, ..., expires, unread, unsent
CONNECTED = {1, 4, 5, 8}  # ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT: it can still be read from
ALL_STATES = 0xFFFFFFFF
NO_COOKIE = b"\xff" * 8


class Receiver:
    """The socket at the other end of `sink`, if it is on this machine."""

    def __init__(self, sink: socket.socket) -> None:
        self.sink = sink
        self._request: bytes | None = None

    def has_read(self, sent: int) -> bool | None:
        """Whether it has read all of the `sent` bytes that were ever sent to it; None: there is no telling."""
        try:
            with _ask_kernel() as kernel:
                kernel.send(self._question())
                answer = kernel.recv(1 << 13)
        except (OSError, AttributeError):  # not Linux, not allowed, or no longer connected
            return None
        return _judge(answer, sent)

    def _question(self) -> bytes:
        if self._request is None:
            there, here = self.sink.getpeername(), self.sink.getsockname()
            ports = struct.pack(">HH", there[1], here[1])
            hosts = b"".join(socket.inet_aton(host) + bytes(12) for host, _ in (there, here))
            name = ports + hosts + struct.pack("=I", 0) + NO_COOKIE
            options = OPTIONS.pack(socket.AF_INET, socket.IPPROTO_TCP, 1 << (INFO - 1), 0, ALL_STATES)
            size = HEADER.size + len(options) + len(name)
            self._request = HEADER.pack(size, SOCK_DIAG_BY_FAMILY, REQUEST, 1, 0) + options + name
        return self._request


def _ask_kernel() -> socket.socket:
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
    kernel.settimeout(0.1)
    return kernel


def _judge(answer: bytes, sent: int) -> bool | None:
    size, kind, *_ = HEADER.unpack_from(answer)
    if kind != SOCK_DIAG_BY_FAMILY:
        return None
    _, state, _, _, _, unread, _ = ANSWER.unpack_from(answer, HEADER.size)
    received = _received(answer, HEADER.size + ANSWER.size, size)
    if state not in CONNECTED or received is None:
        return None
    return bool(unread == 0 and received >= sent)


def _received(answer: bytes, place: int, end: int) -> int | None:
    """How many bytes have ever reached that socket."""
    while place < end:
        length, attribute = struct.unpack_from("=HH", answer, place)
        if attribute == INFO and length >= 4 + BYTES_RECEIVED + 8:
            return int(struct.unpack_from("=Q", answer, place + 4 + BYTES_RECEIVED)[0])
        place += (length + 3) & ~3 or 4
    return None
