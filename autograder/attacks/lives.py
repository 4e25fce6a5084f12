"""What the life of a node may try to leave for its next one, or to tell another node: each way writes and reads a word.

A crash takes all that isn't in `self.storage`, and nodes meet in messages only. So whatever is read here, nobody wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WORD = b"n3"
Way = tuple[Callable[[], object], Callable[[], Any]]  # leave it, find it
PORT = 47_102


def _files() -> list[str]:
    return [
        f"{folder}/ds101-attack-vote"
        for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/course", ".", "/proc/1/cwd")
    ]


def _leave_file() -> None:
    for path in _files():
        try:
            with open(path, "wb") as file:
                file.write(WORD)
        except OSError:
            pass


def _find_file() -> Any:
    for path in _files():
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            pass
    return None


def _leave_global() -> None:
    import builtins

    vars(builtins)["vote"] = WORD


def _find_global() -> Any:
    import builtins

    return vars(builtins).get("vote")


def _leave_standard_input() -> None:
    import os

    os.pwrite(0, WORD, 1 << 20)


def _find_standard_input() -> Any:
    import os

    return os.pread(0, 10, 1 << 20)


def _descriptors() -> list[int]:
    import os
    import stat

    found = []
    for number in range(256):
        try:
            if stat.S_ISREG(os.fstat(number).st_mode):
                found.append(number)
        except OSError:
            pass
    return found


def _leave_descriptor() -> None:
    import os

    for number in _descriptors():
        os.pwrite(number, WORD, 1 << 20)


def _find_descriptor() -> Any:
    import os

    return [found for number in _descriptors() if (found := os.pread(number, 10, 1 << 20))]


def _leave_process() -> None:
    """A process that holds on to it, with all that could be found again."""
    import os
    import socket
    import time

    if os.fork():
        time.sleep(0.2)
        return
    os.setsid()
    names = [socket.socket(socket.AF_UNIX) for _ in range(1)]
    names[0].bind(b"\0ds101-attack-n3")
    names[0].listen()
    time.sleep(20)
    os._exit(0)


def _find_process() -> Any:
    import os

    return [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, 2, os.getpid())]


def _leave_abstract() -> None:
    import builtins
    import socket

    one = socket.socket(socket.AF_UNIX)
    one.bind(b"\0ds101-attack-n3")
    one.listen()
    vars(builtins)["kept"] = one


def _find_abstract() -> Any:
    import socket

    with socket.socket(socket.AF_UNIX) as one:
        return WORD if one.connect_ex(b"\0ds101-attack-n3") == 0 else None


def _leave_port() -> None:
    import builtins
    import socket

    vars(builtins)["kept"] = socket.create_server(("127.0.0.1", PORT))


def _find_port() -> Any:
    import socket

    with socket.socket() as one:
        return WORD if one.connect_ex(("127.0.0.1", PORT)) == 0 else None


def _system_v() -> Any:
    import ctypes

    libc = ctypes.CDLL(None)
    libc.shmat.restype = ctypes.c_void_p
    number = libc.shmget(0x6E33, 4096, 0o1666)
    address = libc.shmat(number, None, 0) if number >= 0 else None
    return None if address in (None, ctypes.c_void_p(-1).value) else address


def _leave_system_v() -> None:
    import ctypes

    if address := _system_v():
        ctypes.memmove(address, WORD, len(WORD))


def _find_system_v() -> Any:
    import ctypes

    address = _system_v()
    return ctypes.string_at(address, 2).strip(b"\0") if address else None


def _leave_lock() -> None:
    """On a file of the system, which all sandboxes see: which byte is locked, tells the word."""
    import builtins
    import fcntl

    file = open("/usr/bin/env", "rb")
    vars(builtins)["kept"] = file
    fcntl.lockf(file, fcntl.LOCK_SH, 1, 1 << 20)
    fcntl.flock(file, fcntl.LOCK_EX)


def _find_lock() -> Any:
    import fcntl

    with open("/usr/bin/env", "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return WORD
    return None


def _leave_door() -> None:
    """With the process that lets the judge in: its niceness, its limits, its memory."""
    import os
    import resource
    from contextlib import suppress

    door = os.getppid()
    for ask in (
        lambda: os.setpriority(os.PRIO_PROCESS, door, 7),
        lambda: resource.prlimit(door, resource.RLIMIT_CORE, (0, 0)),
        lambda: resource.prlimit(door, resource.RLIMIT_NOFILE, (777, 1024)),
        lambda: os.sched_setaffinity(door, {0}),
        lambda: open(f"/proc/{door}/oom_score_adj", "w").write("777"),
    ):
        with suppress(OSError):
            ask()


def _find_door() -> Any:
    import os
    import resource

    found = []
    if os.getpriority(os.PRIO_PROCESS, 0) == 7:
        found.append("nice")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 777:
        found.append("limit")
    with open("/proc/self/oom_score_adj") as file:
        if file.read().strip() == "777":
            found.append("score")
    try:
        with open(f"/proc/{os.getppid()}/mem", "r+b"):
            found.append("memory")
    except OSError:
        pass
    return found


def _leave_numbers() -> None:
    """So many processes and threads that the number of the next one tells the word."""
    import os
    import threading

    for _ in range(300):
        threading.Thread(target=lambda: None).start()
        if not os.fork():
            os._exit(0)
        os.wait()


def _find_numbers() -> Any:
    import os

    return os.getpid() if os.getpid() > 200 else None


WAYS: dict[str, Way] = {
    "a global": (_leave_global, _find_global),
    "a file": (_leave_file, _find_file),
    "standard input": (_leave_standard_input, _find_standard_input),
    "an open file": (_leave_descriptor, _find_descriptor),
    "a detached process": (_leave_process, _find_process),
    "an abstract socket": (_leave_abstract, _find_abstract),
    "a port": (_leave_port, _find_port),
    "System V shared memory": (_leave_system_v, _find_system_v),
    "the door": (_leave_door, _find_door),
    "the numbers of processes": (_leave_numbers, _find_numbers),
}
MEETING: dict[str, Way] = {  # of two nodes, each in a sandbox of its own
    "a file": (_leave_file, _find_file),
    "an abstract socket": (_leave_abstract, _find_abstract),
    "a port": (_leave_port, _find_port),
    "System V shared memory": (_leave_system_v, _find_system_v),
    "a lock on a file of the system": (_leave_lock, _find_lock),
}
