"""An interrupt of a world's start or end, wherever it falls, is heard, and leaves no process behind."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's"),
]

PROGRAM = Path(__file__).parent / "interrupted_worlds.py"
HANGS = 60.0  # seconds that no answer of the program takes


class Program:
    """A program that opens and closes worlds, and tells what an interrupt of each has left."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def hear(self):
        """What it says next."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        return json.loads(line) if line else pytest.fail(self._process.communicate()[1])

    def say(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)


@pytest.fixture
def no_hang():
    """What never answers is killed, and then has failed."""

    def ring(*_: object) -> None:
        raise AssertionError(f"no answer within {HANGS:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, HANGS)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("phase", ["first start", "start", "end"])
def test_an_interrupt_at_any_moment_is_heard_and_leaves_no_process(phase, count, no_hang):
    moments = random.Random(f"interrupts of the {phase}")
    no_hang()
    with Program("moments") as program:
        for number in range(count(5 if phase == "first start" else 20, 500)):
            no_hang()
            program.say(phase)
            duration = program.hear()  # of an earlier one
            time.sleep(moments.uniform(0, 1.1) * duration)
            program.interrupt()
            assert program.hear() == ["heard", []], f"interrupt {number}"
        program.say("stop")
        assert program.hear() == ["Pong", "Pong", "Pong"]


def test_an_interrupt_between_any_two_steps_is_heard_and_leaves_no_process(count, no_hang):
    no_hang()
    with Program("steps") as program:
        program.say("count")
        steps = program.hear()
        for step in sorted(random.Random(1).sample(range(steps), count(20, 500))):
            no_hang()
            program.say(str(step))
            assert program.hear() == ["heard", []], f"step {step} of {steps}"
        program.say("stop")
        assert program.hear() == ["Pong", "Pong", "Pong"]
