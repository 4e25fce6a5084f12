"""A program that is interrupted, at any moment, has sent nothing by half."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's"),
]

NODES = """
import os, random, signal, sys, threading, time
from ds101 import Cluster, Message, Node, on

class Note(Message):
    number: int
    text: str

class Noted(Message):
    pass

class Taker(Node):
    def start(self):
        self.numbers = []

    @on(Note)
    def take(self, note, client):
        self.numbers.append(note.number)
        self.send(client, Noted())

def interrupt_after(seconds):
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGINT)
"""


def run(*, script: str, counted: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", NODES + textwrap.dedent(script), str(counted)],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


@pytest.mark.parametrize("size", [10, 3_000], ids=["short", "long"])
@pytest.mark.parametrize("verb", ["send", "call"])
def test_a_message_whose_sending_is_interrupted_arrives_once_or_not_at_all(verb, size, count):
    script = f"""
    moments, interrupted, number = random.Random(1), 0, 0
    with Cluster(Taker, n=1) as world:
        while interrupted < int(sys.argv[1]):
            interrupter = threading.Thread(target=interrupt_after, args=(moments.uniform(0.0005, 0.002),))
            try:
                try:
                    interrupter.start()
                    while True:
                        number += 1
                        world.{verb}("n1", Note(number, {size} * "x"))
                finally:
                    interrupter.join()
            except KeyboardInterrupt:
                interrupted += 1
        world.call("n1", Note(number + 1, ""))
        numbers = world.state("n1")["numbers"]
        print(len(numbers) - len(set(numbers)), numbers == sorted(numbers), numbers[-1] == number + 1)
        print(sorted({{operation.outcome for operation in world.history}} - {{"ok", "info"}}))
    """
    assert run(script=script, counted=count(50, 1_000)) == "0 True True\n[]\n"
