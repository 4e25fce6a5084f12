"""An interrupt waits for the end of what it must not break."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from ds101.processes.steady import SteadyLock, uninterrupted


@pytest.fixture(autouse=True)
def same_handler_afterwards() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    left, _ = signal.getsignal(signal.SIGINT), signal.signal(signal.SIGINT, before)
    assert left is before


def test_an_interrupt_comes_at_the_end_of_the_outermost_block() -> None:
    steps = []

    def work() -> None:
        with uninterrupted:
            with uninterrupted:
                signal.raise_signal(signal.SIGINT)
                steps.append("inner")
            steps.append("outer")
        steps.append("after")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["inner", "outer"]


def test_an_interrupt_that_came_is_not_told_twice() -> None:
    with pytest.raises(KeyboardInterrupt), uninterrupted:
        signal.raise_signal(signal.SIGINT)
    with uninterrupted:
        pass


def test_a_lock_is_free_when_its_interrupted_holder_hears_of_the_interrupt() -> None:
    lock = SteadyLock()
    with pytest.raises(KeyboardInterrupt), lock, lock:
        signal.raise_signal(signal.SIGINT)
    got = []

    def take() -> None:
        with lock:
            got.append(True)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join(10.0)
    assert got == [True]


def test_a_lock_of_another_thread_holds_off_nothing() -> None:
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with SteadyLock():
            inside.set()
            leave.wait(10.0)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(10.0)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    leave.set()
    thread.join(10.0)


def test_an_error_of_the_block_is_told_if_no_interrupt_came() -> None:
    with pytest.raises(ZeroDivisionError), uninterrupted:
        1 / 0  # noqa: B018


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None], ids=["ignored", "handled"])
def test_whoever_handles_interrupts_otherwise_goes_on_doing_so(handler) -> None:
    before = signal.signal(signal.SIGINT, handler)
    try:
        with uninterrupted:
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
