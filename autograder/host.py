"""A process that judges: alone on a network and among processes of its own, and for each job in a fork of its own.

    with Host("bubblewrap") as host:
        host.do("autograder.execute:executed", job, deadline=900.0)

It imports what judging needs once. Whatever a job leaves running ends with it, since it is all in this namespace; and
all of it ends when the program that made the host does. Both sides are ours, so what travels is pickled.
"""

from __future__ import annotations

import importlib
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from autograder.jobs import Isolation
from autograder.sandbox.errors import Lost as Lost
from autograder.sandbox.errors import NoSandbox
from autograder.sandbox.launching import popen
from autograder.sandbox.trying import why_not
from ds101.errors import Ds101Error

ROOT = Path(__file__).parents[1]
PRELOADED = ("autograder.execute", "autograder.judge.judging", "autograder.sandbox.running", "IPython.display")
HEAD = struct.Struct(">Q")
READ = 1 << 20
PATIENCE = 10.0  # seconds for a host to end by itself


class Host:
    """The caller's side. It starts at the first job, and again after it was lost; not for several threads at once."""

    def __init__(self, isolation: Isolation = "bubblewrap") -> None:
        self.isolation: Isolation = isolation
        self.process: subprocess.Popen[bytes] | None = None

    def do(self, function: str, *arguments: Any, deadline: float) -> Any:
        """What `module:function` returns there. Raises what it raises, and `Lost` after `deadline` seconds."""
        if self.process is None or self.process.poll() is not None:
            self._start()
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            _write(self.process.stdin, pickle.dumps((function, arguments)))
            answer = _read(self.process.stdout, deadline)
        except TimeoutError:
            self.close()
            raise Lost(f"It had come to no end after {deadline:g} s, and was ended.") from None
        except (EOFError, OSError):
            self.close()
            raise Lost("The process that judged it was ended from outside: was there memory enough?") from None
        returned, value = pickle.loads(answer)
        if not returned:
            raise value
        return value

    def _start(self) -> None:
        command = [sys.executable, "-m", "autograder.host"]
        if self.isolation == "bubblewrap":
            if reason := why_not():
                raise NoSandbox(reason)
            command = ["bwrap", *_walls(), "--", *command, "alone"]
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self.process = popen(
            command,
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def close(self) -> None:
        """End it, and all that it started. Does nothing if it doesn't run."""
        if self.process is None:
            return
        process, self.process = self.process, None
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        with suppress(ProcessLookupError):
            process.kill() if self.isolation == "bubblewrap" else os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _walls() -> list[str]:
    """A network and processes of its own; all else is the instructor's, since what runs there is ours."""
    own = ["--cap-add", "ALL"] if os.geteuid() == 0 else ["--unshare-user"]
    return [*own, "--unshare-net", "--unshare-pid", "--die-with-parent", "--dev-bind", "/", "/", "--proc", "/proc"]


def _write(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(HEAD.pack(len(data)) + data)
    pipe.flush()


def _read(pipe: IO[bytes], patience: float | None = None) -> bytes:
    """The next letter. Raises `EOFError`, and `TimeoutError` where it is not there in time."""
    deadline = None if patience is None else time.monotonic() + patience
    size: int = HEAD.unpack(_exactly(pipe, HEAD.size, deadline))[0]
    return _exactly(pipe, size, deadline)


def _exactly(pipe: IO[bytes], size: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < size:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([pipe], [], [], left)[0]:
            raise TimeoutError
        piece = os.read(pipe.fileno(), min(READ, size - len(data)))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


# The host's own side


def serve(alone: bool) -> None:
    """Do job after job, until the other side hangs up."""
    jobs, answers = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)  # what anybody prints is no answer
    for module in PRELOADED:
        importlib.import_module(module)
    while True:
        try:
            letter = _read(jobs)
        except EOFError:
            return
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reader)
            jobs.close()
            answers.close()
            _do(letter, writer)
        os.close(writer)
        with os.fdopen(reader, "rb", 0) as answer:
            try:
                data = _read(answer)
            except EOFError:
                data = pickle.dumps((False, Lost("The process that judged it died.")))
        _clear(pid, alone)
        _write(answers, data)


def _do(letter: bytes, writer: int) -> None:
    """One job, in a process of its own."""
    try:
        function, arguments = pickle.loads(letter)
        module, _, name = function.partition(":")
        answer = pickle.dumps((True, getattr(importlib.import_module(module), name)(*arguments)))
    except BaseException as error:
        foreseen = error if isinstance(error, Ds101Error) else Lost(f"{type(error).__name__}: {error}")
        answer = pickle.dumps((False, foreseen))
    with suppress(OSError), os.fdopen(writer, "wb", 0) as pipe:
        _write(pipe, answer)
    os._exit(0)


def _clear(pid: int, alone: bool) -> None:
    """Nothing of the job goes on."""
    with suppress(ProcessLookupError):
        if alone and os.getppid() == 1:  # bubblewrap: all others in this namespace are the job's
            os.kill(-1, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


if __name__ == "__main__":
    serve("alone" in sys.argv[1:])
