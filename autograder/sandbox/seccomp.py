"""What a sandboxed program may not ask the system for, as a filter that the kernel runs at each call.

None of these is needed by a student's Python. They make memory that no process is seen to have (System V shared memory,
message queues, keys, memory files, shared mappings of nothing), look into other processes, build namespaces and mounts,
or are where the kernel had its holes (BPF, io_uring, userfaultfd). A program that asks gets an error and goes on.

The filter is a classic BPF program, eight bytes an instruction: load a word of (call number, architecture, address,
six arguments of eight bytes), compare, jump, return.
"""

from __future__ import annotations

import errno
import platform
import struct
import sys

LOAD, EQUAL, ANY_BIT, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x45, 0x35, 0x54, 0x06
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE = 0, 4  # where in what the kernel shows
ARGUMENT = (16, 24, 32, 40)  # the low halves
NEW_NAMESPACES = 0x7E020000  # CLONE_NEW*: user, pid, net, ipc, uts, mount, cgroup
SHARED_NOTHING = 0x21  # MAP_SHARED | MAP_ANONYMOUS
X32 = 0x40000000  # another numbering of the same calls, that a filter must not forget

# name: number on x86_64, on aarch64 (None: not there). From the kernel's own tables.
FORBIDDEN: dict[str, tuple[int | None, int | None]] = {
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "mount_setattr": (442, 442), "swapon": (167, 224), "acct": (163, 89),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "kexec_load": (246, 104),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "quotactl": (179, 60),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "fanotify_init": (300, 262),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "personality": (135, 92), "syslog": (103, 116),
}  # fmt: skip
MISSING: dict[str, tuple[int, int]] = {  # answered "there is no such call", so that libraries take another way
    "clone3": (435, 435), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
}  # fmt: skip
MACHINES = {"x86_64": (0, 0xC000003E, 56, 9), "aarch64": (1, 0xC00000B7, 220, 222)}  # column, architecture, clone, mmap


def program(machine: str = "") -> bytes:
    """The filter for this machine; empty where we have none."""
    machine = machine or platform.machine()
    if machine not in MACHINES or sys.byteorder != "little":
        return b""
    column, architecture, clone, mmap = MACHINES[machine]
    refuse, absent = ERROR | errno.EPERM, ERROR | errno.ENOSYS
    lines = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),  # calls of another architecture have other numbers
        (LOAD, 0, 0, NUMBER),
        *((AT_LEAST, 0, 1, X32), (RETURN, 0, 0, absent)),
        *(line for number in _numbers(FORBIDDEN, column) for line in _answer(number, refuse)),
        *(line for number in _numbers(MISSING, column) for line in _answer(number, absent)),
        *((EQUAL, 0, 3, clone), (LOAD, 0, 0, ARGUMENT[0]), (ANY_BIT, 0, 6, NEW_NAMESPACES), (RETURN, 0, 0, refuse)),
        *((EQUAL, 0, 4, mmap), (LOAD, 0, 0, ARGUMENT[3]), (AND, 0, 0, SHARED_NOTHING)),
        *((EQUAL, 0, 1, SHARED_NOTHING), (RETURN, 0, 0, refuse)),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def _numbers(calls: dict[str, tuple[int, int]] | dict[str, tuple[int | None, int | None]], column: int) -> list[int]:
    return sorted(number for both in calls.values() if (number := both[column]) is not None)


def _answer(number: int, answer: int) -> list[tuple[int, int, int, int]]:
    return [(EQUAL, 0, 1, number), (RETURN, 0, 0, answer)]
