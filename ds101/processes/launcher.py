"""The caller's side of the supervisor: `spawn` a function as a process, and end it."""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from ds101.errors import LaunchError, NodeError
from ds101.lines import place_in_words
from ds101.processes import output
from ds101.processes.link import connection_over
from ds101.processes.process import Life, Process
from ds101.processes.shipping import ship
from ds101.processes.steady import Bell, SteadyLock, bell_of, uninterrupted

STARTUP_TIMEOUT = 30.0  # seconds; a cold start takes a fraction of one
ROOT = Path(__file__).parents[2]  # where `-m ds101...` is found, wherever the caller stands
MOST_PROCESSES = 200  # at once, from one program
CATCH_UP_TIMEOUT = 1.0  # seconds that the end of a cell waits for what processes have printed
SUPERVISOR_DIED = "The supervisor of the processes died, and they with it. Start them again."


def spawn(function: Callable[..., Any], *arguments: Any, name: str | None = None) -> Process:
    """Run `function(*arguments)` in an operating system process of its own.

    What it prints appears under the running cell, behind its name. Raises `Mistake` if the function uses something
    that can't travel, and `LaunchError` if no process can be started.
    """
    process = Process(name or function.__name__)
    start_all([(process, process.name, ship(function, *arguments), None)])
    return process


def start_all(wanted: list[tuple[Process, str, bytes, str | None]]) -> None:
    """Start several processes at once: (process, its title in `ps`, what `ship` made, the name of its disk)."""
    output.show_after_each_cell(catch_up)
    launcher = Launcher.current()
    with uninterrupted:
        try:
            for process, title, payload, disk in wanted:
                launcher.spawn(process._life, title, payload, disk)
            for process, *_ in wanted:
                _await_start(process._life)
        except BaseException:
            for process, *_ in wanted:
                process.kill(wait=False)
            raise


def _await_start(life: Life) -> None:
    bell_of(life.started).wait(STARTUP_TIMEOUT)
    life.started.result(0)


def catch_up() -> None:
    """Wait until all that processes have printed so far has arrived here.

    It comes by way of the supervisor, so a reply over a socket may overtake what was printed before it.
    """
    launcher = Launcher._current
    if launcher is not None and launcher.works() and launcher.lives:
        launcher.catch_up()


def preload(module: str) -> None:
    """Make starting quick for processes that need this module of ours."""
    Launcher.current().command("preload", module)


def forget_disks(prefix: str) -> None:
    """Let go of the disks whose name begins so."""
    Launcher.current().command("forget_disks", prefix)


class Launcher:
    """The one connection of this program to its supervisor."""

    _current: Launcher | None = None
    _making = threading.Lock()

    @classmethod
    def current(cls) -> Launcher:
        """The launcher of this program; a supervisor that died is replaced."""
        with uninterrupted, cls._making:
            if cls._current is None or not cls._current.works():
                cls._current = Launcher()
            return cls._current

    def __init__(self) -> None:
        self.owner = os.getpid()  # a fork of this program needs a supervisor of its own
        self.lives: dict[int, Life] = {}
        self.keys = itertools.count(1)
        self.lock = SteadyLock()  # half a command would spoil all that follow
        self.broken = False  # the supervisor is gone
        self.gone = Bell()  # and everything is tidied up after it
        self.parts: dict[int, bytes] = {}  # of long lines
        self.behind: dict[int, Bell] = {}  # who waits for what was printed
        self.connection = self._start()
        threading.Thread(target=self._listen, name="ds101 supervisor", daemon=True).start()
        atexit.register(self.close)

    def works(self) -> bool:
        return self.owner == os.getpid() and not self.broken

    def _start(self) -> Connection:
        key = secrets.token_bytes(16)
        with socket.create_server(("127.0.0.1", 0)) as server:
            command = [
                sys.executable,
                "-m",
                "ds101.processes.supervisor",
                str(server.getsockname()[1]),
                str(os.getpid()),
            ]
            self.supervisor = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True, cwd=ROOT,
            )  # fmt: skip
            try:
                return self._greet(server, key)
            except BaseException:  # an interrupt too
                self.supervisor.kill()
                self.supervisor.wait()
                raise

    def _greet(self, server: socket.socket, key: bytes) -> Connection:
        assert self.supervisor.stdin
        self.supervisor.stdin.write(key.hex().encode() + b"\n")
        self.supervisor.stdin.close()
        connection = connection_over(self._accept(server))
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
        return connection

    def _accept(self, server: socket.socket) -> socket.socket:
        """The supervisor's call, unless it died on the way."""
        server.settimeout(0.1)
        deadline = time.monotonic() + STARTUP_TIMEOUT
        while self.supervisor.poll() is None and time.monotonic() < deadline:
            uninterrupted.hear(threading.Lock(), 0)  # it may take long
            with suppress(TimeoutError):
                return server.accept()[0]
        raise LaunchError(
            "The supervisor of the processes did not start. "
            f"To see why, run: {sys.executable} -m ds101.processes.supervisor 0 0 < {os.devnull}"
        )

    def spawn(self, life: Life, title: str, payload: bytes, disk: str | None) -> None:
        """Ask for a process. Raises `LaunchError` when too many run already."""
        with self.lock:
            if self.broken:
                raise LaunchError(SUPERVISOR_DIED)
            if len(self.lives) >= MOST_PROCESSES:
                raise LaunchError(
                    f"{MOST_PROCESSES} processes are running already, which is the most. "
                    "Close a world, or use fewer nodes."
                )
            key = next(self.keys)
            self.lives[key] = life
            life.asked_for = True
            self.command("spawn", key, title, payload, disk)  # in one step: a life that nobody starts would never end

    def command(self, verb: str, *arguments: Any) -> None:
        with self.lock, suppress(OSError):  # a supervisor that is gone has killed its children
            self.connection.send((verb, *arguments))

    def catch_up(self) -> None:
        """Wait until what processes have printed so far has arrived, but not for ever."""
        key = next(self.keys)
        caught_up = self.behind[key] = Bell()
        self.command("catch_up", key)
        caught_up.wait(CATCH_UP_TIMEOUT)
        del self.behind[key]

    def close(self) -> None:
        """Part with the supervisor, and wait until it has buried its children."""
        if self.owner != os.getpid():
            return
        with suppress(OSError):
            socket.socket(fileno=os.dup(self.connection.fileno())).shutdown(socket.SHUT_RDWR)
        with suppress(subprocess.TimeoutExpired):
            self.supervisor.wait(5.0)
        self.gone.wait(5.0)

    def _listen(self) -> None:
        """On a thread of its own: what the supervisor reports."""
        try:
            while True:
                report, key, value = self.connection.recv()
                getattr(self, f"_on_{report}")(key, value)
        except (EOFError, OSError):
            self._bury_all()

    def _on_started(self, key: int, pid: int) -> None:
        life = self.lives[key]
        life.pid = pid
        if life.unwanted:
            life.kill()
        life.started.set_result(pid)

    def _on_refused(self, key: int, reason: str) -> None:
        life = self.lives.pop(key)
        life.ended.ring()
        life.started.set_exception(
            LaunchError(f"The system starts no more processes ({reason}). Close some programs, or use fewer nodes.")
        )

    def _on_caught_up(self, key: int, _: None) -> None:
        waiting = self.behind.get(key)
        if waiting is not None:
            waiting.ring()

    def _on_output(self, key: int, data: bytes) -> None:
        life = self.lives[key]
        kind, rest = data[:1], data[1:]
        if kind == output.PART:
            self.parts[key] = self.parts.get(key, b"") + rest
        elif kind == output.PRINTED:
            output.put(life.name, (self.parts.pop(key, b"") + rest).decode())
        else:
            error, words, places = pickle.loads(rest)
            place = f" It happened in {place_in_words(places[-1])}" if places else ""
            life.error = NodeError(f"{life.name} died of {error}: {words.removesuffix('.')}.{place}")

    def _on_exited(self, key: int, code: int) -> None:
        life = self.lives.pop(key)
        self.parts.pop(key, None)
        life.exit_code = code
        life.ended.ring()
        if not life.started.done():
            life.started.set_exception(LaunchError(f"{life.name} died before it could begin (exit code {code})."))
        if life.on_exit is not None:
            life.on_exit(code)

    def _bury_all(self) -> None:
        """The supervisor is gone, whoever killed it: a stopped process may need the last blow from here."""
        with self.lock:
            self.broken = True
        for key, life in list(self.lives.items()):
            if not life.started.done():
                life.started.set_exception(LaunchError(SUPERVISOR_DIED))
            life.kill()
            self._on_exited(key, -signal.SIGKILL)
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.supervisor.wait(5.0)
        self.gone.ring()
