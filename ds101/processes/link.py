"""The connection between a program and its supervisor."""

from __future__ import annotations

import socket
from multiprocessing.connection import Connection


def connection_over(link: socket.socket) -> Connection:
    """Messages over a socket, sent at once (Nagle's algorithm would hold small ones back for 40 ms)."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(link.detach())
