"""The filter of system calls, by running its program: what it says to each call on each machine."""

import errno
import struct

import pytest

from autograder.sandbox import seccomp

REFUSED, ABSENT = seccomp.ERROR | errno.EPERM, seccomp.ERROR | errno.ENOSYS


def verdict(machine: str, call: int, arguments: tuple[int, ...] = (), architecture: int | None = None) -> int:
    """What the kernel would get for an answer."""
    own = seccomp.MACHINES[machine][1]
    values = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", call, own if architecture is None else architecture, 0, *values)
    lines = list(struct.iter_unpack("<HBBI", seccomp.program(machine)))
    at = word = 0
    while True:
        operation, yes, no, value = lines[at]
        at += 1
        match operation:
            case seccomp.RETURN:
                return value
            case seccomp.LOAD:
                word = struct.unpack_from("<I", data, value)[0]
            case seccomp.AND:
                word &= value
            case seccomp.EQUAL:
                at += yes if word == value else no
            case seccomp.ANY_BIT:
                at += yes if word & value else no
            case seccomp.AT_LEAST:
                at += yes if word >= value else no


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_it_forbids_what_it_lists_and_nothing_else(machine):
    column = seccomp.MACHINES[machine][0]
    forbidden = {numbers[column] for numbers in seccomp.FORBIDDEN.values()}
    absent = {numbers[column] for numbers in seccomp.MISSING.values()}
    for call in range(600):
        expected = REFUSED if call in forbidden else ABSENT if call in absent else seccomp.ALLOW
        assert verdict(machine, call) == expected, call


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_it_looks_at_arguments(machine):
    _, _, clone, mmap = seccomp.MACHINES[machine]
    assert verdict(machine, clone, (0x10000000,)) == REFUSED  # a user namespace
    assert verdict(machine, clone, (0x3D0F00,)) == seccomp.ALLOW  # a thread
    assert verdict(machine, mmap, (0, 4096, 3, 0x21)) == REFUSED  # memory of nobody, shared
    assert verdict(machine, mmap, (0, 4096, 3, 0x22)) == seccomp.ALLOW
    assert verdict(machine, mmap, (0, 4096, 3, 0x01)) == seccomp.ALLOW  # a file, shared


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_calls_in_another_numbering_do_not_pass(machine):
    assert verdict(machine, 1, architecture=0x40000003) == seccomp.KILL
    assert verdict(machine, 0x40000000 | 9) == ABSENT


def test_an_unknown_machine_has_no_filter():
    assert seccomp.program("riscv64") == b""
