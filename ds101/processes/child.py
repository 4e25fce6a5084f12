"""What a new process does before it runs the function that it was started for.

It lets go of everything that it inherited, takes its own name (look for it in `ps`), sends what is printed to the
supervisor, and makes sure to die with it: by the kernel's death signal on Linux (that works on a stopped process
too), and by a thread that waits for the supervisor's end everywhere.
"""

from __future__ import annotations

import ctypes
import io
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from multiprocessing.connection import Connection, wait
from typing import Any

import cloudpickle
import setproctitle

from ds101.lines import places_of
from ds101.processes.output import LAST_WORDS, PART, PRINTED, READY

PR_SET_PDEATHSIG = 1
MESSAGE = 4_000  # bytes: a pipe takes up to 4,096 whole or not at all, so a process that is stopped leaves no half one
MOST_LAST_WORDS = 1_000  # characters, for the same reason


def run_child(title: str, payload: bytes, output: Connection, disk: int | str | None, start_method: str) -> None:
    """Become the process `title` and run the shipped function. Its exit code is 1 if the function raised."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    if start_method == "fork":
        _let_go_of_all_but({output.fileno(), parent.sentinel, disk})
    _silence_the_terminal()
    setproctitle.setproctitle(f"ds101 {title}")
    _die_with(parent)
    output.send_bytes(READY)  # only now: whoever stops this process from here on can't make it survive the supervisor
    sys.stdout = sys.stderr = _Printer(output)
    try:
        path, directory, body = pickle.loads(payload)
        sys.path[:] = path
        os.chdir(directory)
        function, arguments = cloudpickle.loads(body)
        function(*arguments, **({} if disk is None else {"disk": disk}))
    except SystemExit:
        raise
    except BaseException as error:
        sys.stdout.flush()
        last_words = (type(error).__name__, str(error)[:MOST_LAST_WORDS], places_of(error)[-1:])
        output.send_bytes(LAST_WORDS + pickle.dumps(last_words))
        sys.exit(1)
    finally:
        sys.stdout.flush()


def _let_go_of_all_but(kept: set[Any]) -> None:
    """Close the descriptors of siblings: a stopped sibling must not keep anybody's connection open."""
    first = 3
    for descriptor in sorted(fd for fd in kept if isinstance(fd, int)):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def _silence_the_terminal() -> None:
    """Nothing goes to the descriptors 0, 1 and 2, and the terminal's Ctrl-C is for the notebook alone."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _die_with(parent: Any) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_watch, args=(parent.sentinel,), name="watcher", daemon=True).start()


def _watch(sentinel: Any) -> None:
    wait([sentinel])
    os._exit(1)


class _Printer(io.TextIOBase):
    """A standard output that goes to the supervisor, line by line."""

    def __init__(self, output: Connection) -> None:
        self._output, self._line, self._lock = output, "", threading.Lock()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            *lines, self._line = (self._line + text).split("\n")
            if lines:
                self._send("\n".join(lines))
        return len(text)

    def flush(self) -> None:
        with self._lock:
            if self._line:
                self._send(self._line)
                self._line = ""

    def _send(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        while len(data) > MESSAGE:
            self._output.send_bytes(PART + data[:MESSAGE])
            data = data[MESSAGE:]
        self._output.send_bytes(PRINTED + data)
