"""An interrupt waits for the end of what it must not break."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from types import FrameType

import pytest

from ds101.processes.steady import Bell, SteadyLock, bell_of, uninterrupted


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


# Bells


def test_a_bell_that_has_rung_wakes_all_who_wait_and_who_come_later() -> None:
    bell, woken = Bell(), queue.SimpleQueue[bool]()
    threads = [threading.Thread(target=lambda: woken.put(bell.wait(10.0))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert not bell.wait(0)
    bell.ring()
    bell.ring()
    for thread in threads:
        thread.join(10.0)
    assert [woken.get_nowait() for _ in threads] == [True, True, True]
    assert bell.wait(0)


def test_an_interrupt_that_waits_is_heard_at_the_next_wait_of_its_block() -> None:
    steps = []
    with uninterrupted:
        signal.raise_signal(signal.SIGINT)
        steps.append("held off")
        with pytest.raises(KeyboardInterrupt):
            Bell().wait(10.0)
        signal.raise_signal(signal.SIGINT)
        steps.append("held off again")
        with pytest.raises(KeyboardInterrupt):
            Bell().wait(10.0)
    assert steps == ["held off", "held off again"]


def test_an_interrupt_ends_a_wait_for_a_future_which_can_be_set_afterwards() -> None:
    future: Future[int] = Future()
    bell = bell_of(future)

    def interrupt() -> None:
        while not uninterrupted._hearing:
            time.sleep(0)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        bell.wait(10.0)
    setting = threading.Thread(target=future.set_result, args=(1,), daemon=True)
    setting.start()
    setting.join(10.0)
    assert future.result(0) == 1


# Edges


class Door:
    """What is open from its making to its `close`."""

    closed = False

    def __init__(self) -> None:
        uninterrupted.open.add(self)
        with uninterrupted:
            pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with uninterrupted:
            self.closed = True
            uninterrupted.open.discard(self)


@pytest.mark.parametrize("edge", [Door.__enter__, Door.__exit__, Door.close], ids=lambda edge: edge.__name__)
def test_an_interrupt_of_the_first_step_at_an_edge_closes_first(edge, monkeypatch) -> None:
    def interrupt(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is edge.__code__:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(uninterrupted, "edges", {edge.__code__})
    door, before = Door(), sys.getprofile()
    sys.setprofile(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt), door:
            pass
    finally:
        sys.setprofile(before)
    assert door.closed
    with uninterrupted:
        pass  # nothing is open any more: the handler is put back


def test_an_interrupt_elsewhere_closes_nothing() -> None:
    with Door(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    door = Door()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert not door.closed
    door.close()
