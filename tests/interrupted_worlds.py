"""A program that is interrupted while it opens and closes worlds; it speaks JSON with the test that runs it.

`interrupted_worlds.py moments`: it is told a phase, says how long that takes, and is sent SIGINT at some moment of it.
`interrupted_worlds.py steps`: it is told a number, and interrupts itself at that step of opening and closing a world.
Then it says whether it has heard the interrupt, and which processes are left over.
"""

import itertools
import json
import os
import signal
import statistics
import sys
import time

import psutil

from ds101 import Cluster, Message, Node, on
from ds101.processes.launcher import Launcher

LOST = 20.0  # seconds after which an interrupt that nobody has heard is lost, and a process that lives is left over
IDLE = 0.002  # seconds for which a world does nothing before its end: the interrupt may come at its very beginning
STEPS = ("call", "c_return")  # the steps at which Python looks whether an interrupt has come

interruptions = []  # with their tracebacks, which keep the worlds


class Ping(Message):
    pass


class Pong(Message):
    pass


class Ponger(Node):
    @on(Ping)
    def pong(self, _, client):
        self.send(client, Pong())


def say(what):
    os.write(1, json.dumps(what).encode() + b"\n")


def left_over():
    """The processes of this program that don't end, apart from its supervisor."""
    deadline = time.monotonic() + LOST
    while True:
        supervisor = Launcher._current.supervisor.pid if Launcher._current else None
        left = [one.pid for one in psutil.Process().children(recursive=True) if one.pid != supervisor]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.001)


def end_the_supervisor():
    if Launcher._current is not None:
        Launcher._current.close()


def interrupted(run):
    """Run it; whether it has heard its interrupt, and what that has left."""
    try:
        run()
        time.sleep(LOST)
        return ["heard nothing", left_over()]
    except KeyboardInterrupt as interruption:
        interruptions.append(interruption)
    return ["heard", left_over()]


def at_moments():
    durations = {"first start": [], "start": [], "end": []}

    def start_and_end(phase, before=lambda: None):
        began = time.monotonic()
        if phase != "end":
            before()
        with Cluster(Ponger, n=3) as world:
            durations[phase].append(time.monotonic() - began)
            world.call("n1", Ping())
            if phase == "end":
                began = time.monotonic()
                before()
                time.sleep(IDLE)
        durations["end"].append(time.monotonic() - began)

    for phase in ["first start", "start", "start", "start"]:
        start_and_end(phase)
    typical = {phase: statistics.median(seconds) for phase, seconds in durations.items()}
    while (phase := sys.stdin.readline().strip()) != "stop":
        if phase == "first start":
            end_the_supervisor()
        say(interrupted(lambda phase=phase: start_and_end(phase, lambda: say(typical[phase]))))


def at_steps():
    def start_and_end(last=None):
        steps = itertools.count()

        def look(_, event, __):
            if event in STEPS and next(steps) == last:
                signal.raise_signal(signal.SIGINT)

        sys.setprofile(look)
        try:
            with Cluster(Ponger, n=3) as world:
                world.call("n1", Ping())
        finally:
            sys.setprofile(None)
        taken = next(steps)
        if last is not None and taken <= last:  # it came without that step: how often a wait looks differs
            signal.raise_signal(signal.SIGINT)
        return taken

    start_and_end()
    sys.stdin.readline()
    say(start_and_end())
    while (word := sys.stdin.readline().strip()) != "stop":
        say(interrupted(lambda last=int(word): start_and_end(last)))


if __name__ == "__main__":
    {"moments": at_moments, "steps": at_steps}[sys.argv[1]]()
    with Cluster(Ponger, n=3) as world:
        say([type(world.call(node, Ping())).__name__ for node in world.nodes])
