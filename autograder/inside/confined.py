"""What a process that answers may not ask the system for, beyond what its sandbox forbids.

Its first process, the door, outlives it, and what outlives a life must not tell the next one anything. So no process
signals or slows the door, or reads or writes its memory; none leaves marks on what all sandboxes share (locks on files
of the system, and who looks at them). The life of a node makes no threads, processes or sockets: it is one handler
after the other, and even the numbers of processes would be a memory.

A filter as in `autograder.sandbox.seccomp`, in a form that this process installs for itself; no child can take it off.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Iterator

LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
NUMBER, FIRST, SECOND = 0, 16, 24  # where in what the kernel shows: the call, and two arguments
NEGATIVE = 0x8000_0000
SET_DUMPABLE, SET_SECCOMP, NO_NEW_PRIVILEGES, FILTER = 4, 22, 38, 2

# name: number on x86_64, on aarch64 (None: not there)
Calls = dict[str, tuple[int | None, int | None]]
REFUSED: Calls = {
    "sched_setaffinity": (203, 122), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274), "setpriority": (141, 140), "ioprio_set": (251, 30), "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "flock": (73, 32),
    "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27), "mincore": (27, 232),
    "cachestat": (451, 451), "process_madvise": (440, 440), "process_mrelease": (448, 448),
}  # fmt: skip
SIGNALS: Calls = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131)}
SOCKET: Calls = {"socket": (41, 198)}
MAKING: Calls = {"clone": (56, 220), "fork": (57, None), "vfork": (58, None), "clone3": (435, 435)}
PRLIMIT: Calls = {"prlimit64": (302, 261)}
FCNTL: Calls = {"fcntl": (72, 25)}
LOCKS = (5, 6, 7, 36, 37, 38, 1024, 1025, 1026)  # the commands that lock, lease or watch a file
COLUMNS = {"x86_64": 0, "aarch64": 1}


def private() -> None:
    """Nobody else in this sandbox may read or write this process's memory."""
    _prctl(SET_DUMPABLE, 0)


def confine(door: int, *, lonely: bool, single: bool) -> None:
    """Take from this process, and all that come of it, what its work doesn't need. `door`: the process to leave alone.

    `lonely`: it makes no sockets. `single`: it makes no processes and no threads.
    """
    _prctl(SET_DUMPABLE, 1)
    column = COLUMNS.get(platform.machine())
    if column is None or sys.byteorder != "little":
        return
    refused = {**REFUSED, **(SOCKET if lonely else {}), **(MAKING if single else {})}
    lines = b"".join(struct.pack("<HBBI", *line) for line in _lines(refused, door, column))
    code = ctypes.create_string_buffer(lines, len(lines))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(lines) // 8, ctypes.addressof(code)))
    _prctl(NO_NEW_PRIVILEGES, 1)
    _prctl(SET_SECCOMP, FILTER, ctypes.addressof(program))


def _lines(refused: Calls, door: int, column: int) -> Iterator[tuple[int, int, int, int]]:
    """The sandbox's own filter has refused other architectures already."""
    yield (LOAD, 0, 0, NUMBER)
    for number in _numbers(refused, column):
        yield from ((EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE))
    for number in _numbers(SIGNALS, column):  # not to the door, nor to all or to groups
        yield from ((EQUAL, 0, 5, number), (LOAD, 0, 0, FIRST), (EQUAL, 1, 0, door), (ANY_BIT, 0, 1, NEGATIVE))
        yield from ((RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW))
    for number in _numbers(PRLIMIT, column):  # of no other
        yield from ((EQUAL, 0, 4, number), (LOAD, 0, 0, FIRST), (EQUAL, 1, 0, 0))
        yield from ((RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW))
    for number in _numbers(FCNTL, column):
        yield from ((EQUAL, 0, 2 + 2 * len(LOCKS), number), (LOAD, 0, 0, SECOND))
        for command in LOCKS:
            yield from ((EQUAL, 0, 1, command), (RETURN, 0, 0, REFUSE))
        yield (RETURN, 0, 0, ALLOW)
    yield (RETURN, 0, 0, ALLOW)


def _numbers(calls: Calls, column: int) -> list[int]:
    return sorted(number for both in calls.values() if (number := both[column]) is not None)


def _prctl(option: int, value: int, more: int = 0) -> None:
    """Where there is no such thing, nothing happens: then there are no walls either, or others."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(more), 0, 0)
