"""One program in a sandbox: `start` it, talk to it over what it was given, `kill` it and all that came of it.

with start([sys.executable, "-c", "open('/etc/shadow')"]) as program:
    program.process.wait()     # 1: there is no such file
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from autograder.jobs import Isolation, Limits
from autograder.sandbox import bubblewrap, cgroups, seccomp, weaker
from autograder.sandbox.errors import NoSandbox
from autograder.sandbox.gate import Gate
from autograder.sandbox.identity import Identity, become, limited
from autograder.sandbox.launching import popen
from autograder.sandbox.trees import Namespace, Tree
from autograder.sandbox.trying import usable
from autograder.sandbox.watchdog import Watchdog, size

PATIENCE = 10.0  # seconds for killed processes to be gone; it takes milliseconds
Stream = int | IO[Any] | None


class Sandboxed:
    """A running program and all its processes. A context manager, that ends them."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        tree: Tree,
        leave: Callable[[], None] = lambda: None,
        begin: Callable[[], None] = lambda: None,
        group: cgroups.Group | None = None,
    ) -> None:
        self.process = process
        self.tree = tree
        self.group = group
        self._reason = ""
        self.watchdog: Watchdog | None = None
        self._leave, self._begin = leave, begin
        self._ending = threading.Lock()

    @property
    def ended_by(self) -> str:
        """Why it was ended, as a sentence goes on: "used more than 2 GiB of memory". Empty if we didn't."""
        if not self._reason and self.group is not None and self.group.ran_out():
            self._reason = self._too_much
        return self._reason

    def watch(self, limits: Limits, folder: Path | None) -> None:
        """Let it begin, and keep the limits of its tree from now on."""
        self._too_much = f"used more than {size(limits.memory)} of memory"
        self.watchdog = Watchdog(self.tree.folders, limits, self.end, str(folder) if folder else None, self._begin)

    def end(self, reason: str) -> None:
        """End it for a reason, and leave the cleaning to `kill`. The first reason stands."""
        self._reason = self._reason or reason
        self.tree.kill()

    def kill(self) -> None:
        """End the whole tree, and remove what was made for it. When this returns none of its processes is left.

        Doing it again does nothing.
        """
        with self._ending:
            if self.watchdog is not None:
                self.watchdog.stop()
            self.tree.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
            self.tree.await_end(PATIENCE)
            self._leave()
            if self.group is not None:
                _ = self.ended_by  # ask for the last time
                self.group.remove()
                self.group = None

    def __enter__(self) -> Sandboxed:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def start(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    readable: Sequence[tuple[Path, str]] = (),
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    limits: Limits | None = None,
    share_network: bool = False,
    writable_tmp: bool = True,
    isolation: Isolation = "bubblewrap",
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = subprocess.DEVNULL,
) -> Sandboxed:
    """Start a program that sees this environment's Python, `readable` (path here, path inside), and nothing of ours.

    `folder` is where it works and may write, at the same path inside; files there are on our disk, so their sum is kept
    by the watchdog. Where root starts it, the folder is given to the user of the sandbox. Without `writable_tmp` there
    is no other place to write, not even shared memory.

    Raises `NoSandbox`, with what to do, where this machine can't isolate like that.
    """
    limits = limits or Limits()
    streams: dict[str, Any] = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    if isolation == "bubblewrap":
        user = usable()
        started = _in_bubblewrap(
            [*become(user), *limited(limits, user), *command],
            user,
            dict(environment or {}),
            {"folder": folder, "readable": readable, "limits": limits, "share_network": share_network,
             "writable_tmp": writable_tmp},
            pass_fds,
            streams,
        )  # fmt: skip
    else:
        started = _without_walls(command, folder, readable, environment or {}, limits, pass_fds, streams)
    started.watch(limits, folder)
    return started


def _in_bubblewrap(
    command: list[str],
    user: Identity,
    environment: dict[str, str],
    given: dict[str, Any],
    pass_fds: Sequence[int],
    streams: dict[str, Any],
) -> Sandboxed:
    folder = given["folder"]
    if folder is not None and user.own:
        _give(folder, user.user)
    with ExitStack() as stack:
        stubs = {path: stack.enter_context(_file(text.encode())) for path, text in bubblewrap.stubs(user).items()}
        options = [*bubblewrap.walls(user, stubs=stubs, **given)]
        handed = [*pass_fds, *stubs.values()]
        if filtering := seccomp.program():
            handed.append(stack.enter_context(_file(filtering)))
            options += ["--seccomp", str(handed[-1])]
        gate, group = Gate(), cgroups.group(given["limits"])
        stack.callback(gate.built)
        news, tell = os.pipe()
        stack.callback(os.close, news)
        try:
            try:
                whole = [_bwrap(), *options, "--info-fd", str(tell), "--", *gate.before(command)]
                process = popen(
                    group.joined(whole) if group else whole,
                    env=bubblewrap.environment(environment, bubblewrap.HOME if given["writable_tmp"] else "/"),
                    pass_fds=(*handed, tell, gate.entrance),
                    **streams,
                )
            finally:
                os.close(tell)
            tree = _namespace(news, process)
        except BaseException:
            gate.close()
            if group is not None:
                group.remove()
            raise
        return Sandboxed(process, tree, leave=gate.close, begin=lambda: gate.open(tree.first), group=group)


def _namespace(news: int, process: subprocess.Popen[bytes]) -> Namespace:
    """Of the first process inside, as bubblewrap tells it. Raises `NoSandbox` where it ended instead."""
    told = b""
    while piece := os.read(news, 4096):
        told += piece
    try:
        return Namespace(int(json.loads(told)["child-pid"]))
    except ValueError:
        process.kill()
        process.wait(PATIENCE)
        raise NoSandbox(
            "bubblewrap ended before it had built the sandbox. `ds101 doctor` says what is missing."
        ) from None


def _without_walls(
    command: Sequence[str],
    folder: Path | None,
    readable: Sequence[tuple[Path, str]],
    environment: Mapping[str, str],
    limits: Limits,
    pass_fds: Sequence[int],
    streams: dict[str, Any],
) -> Sandboxed:
    place, mark = weaker.Place(readable), secrets.token_hex(8)
    try:
        process = popen(
            [*weaker.limited(limits), *(place.here(word) for word in command)],
            cwd=folder or place.home,
            env=weaker.environment(bubblewrap.environment(environment, str(place.home)), place, mark),
            pass_fds=pass_fds,
            start_new_session=True,
            **streams,
        )
    except BaseException:
        place.remove()
        raise
    return Sandboxed(process, weaker.Family(process.pid, mark), place.remove)


@contextmanager
def _file(content: bytes) -> Iterator[int]:
    """A file that has no name, to be read once from the start."""
    descriptor = os.memfd_create("ds101", 0)
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _give(folder: Path, user: int) -> None:
    """To the user of the sandbox. Links are given, not what they point to."""
    os.lchown(folder, user, user)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.lchown(os.path.join(place, name), user, user)


def _bwrap() -> str:
    return shutil.which("bwrap") or "bwrap"
