"""What is still there after an end: processes, and ports on which somebody listens."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable

import psutil

PATIENCE = 20.0  # seconds; after that a test has failed


def eventually(condition: Callable[[], object]) -> object:
    """Whether it comes true in good time."""
    deadline = time.monotonic() + PATIENCE
    while not (true := condition()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return true


def survivors(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that are still there after a while."""
    processes = list(processes)
    eventually(lambda: not any(map(is_there, processes)))
    return [process for process in processes if is_there(process)]


def refuses(port: int) -> bool:
    """Whether nobody listens on this port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it went away while we knocked
        return False
    return False


def is_there(process: psutil.Process) -> bool:
    """Whether it lives; a zombie only waits to be reaped."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
