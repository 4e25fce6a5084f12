"""A cluster leaves nothing behind: no process, no socket, no file, no growth; and a disk keeps what it was given."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ds101 import Cluster, Message, Node, Timer, on
from tests.survivors import eventually, is_there, survivors

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]

PROGRAM = """
import json, sys
from ds101 import Cluster, Message, Node, Timeout, on
from ds101.processes.launcher import Launcher

class Loop(Message):
    pass

class Count(Message):
    pass

class Restless(Node):
    def start(self):
        self.storage["n"] = 1

    @on(Loop)
    def loop(self, message, sender):
        while True:
            pass

world = Cluster(Restless, n=3)
world.send("n2", Loop())
def is_looping():
    try:
        return not world.state("n2")
    except Timeout:
        return True
world.wait_until(is_looping)
world.pause("n3")
pids = [*world.processes.values(), Launcher.current().supervisor.pid]
print(json.dumps({"pids": pids, "ports": [world.address(node)[1] for node in world.nodes]}), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("victims", [("program",), ("supervisor",), ("program", "supervisor")], ids=" and ".join)
def test_nothing_of_a_cluster_survives_a_kill(
    victims: tuple[str, ...], tmp_path: Path, count: Callable[[int, int], int]
) -> None:
    for _ in range(count(1, 20)):
        environment = os.environ | {"TMPDIR": str(tmp_path)}
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as program:
            assert program.stdout is not None
            told = json.loads(program.stdout.readline())
            processes = [psutil.Process(pid) for pid in told["pids"]]
            for victim in victims:
                os.kill(program.pid if victim == "program" else told["pids"][-1], signal.SIGKILL)
            assert survivors(processes) == []
            program.kill()
            program.wait()
        assert os.listdir(tmp_path) == []
        assert eventually(lambda ports=set(told["ports"]): not ports & listening_ports())


def listening_ports() -> set[int]:
    return {one.laddr.port for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN}


class Nap(Message):
    pass


class Sleeper(Node):
    @on(Nap)
    def nap(self, request: Nap, client: str) -> None:
        self.send(client, Nap())


def test_the_end_of_a_with_an_exception_and_forgetting_leave_no_process() -> None:
    def forget() -> list[psutil.Process]:
        world = Cluster(Sleeper, n=3)
        world.call("n1", Nap())
        return [psutil.Process(pid) for pid in world.processes.values()]

    def leave() -> list[psutil.Process]:
        with Cluster(Sleeper, n=3) as world:
            return [psutil.Process(pid) for pid in world.processes.values()]

    def fail() -> list[psutil.Process]:
        processes: list[psutil.Process] = []
        try:
            with Cluster(Sleeper, n=3) as world:
                processes += [psutil.Process(pid) for pid in world.processes.values()]
                raise RuntimeError
        except RuntimeError:
            return processes

    for end in (leave, fail, forget):
        processes = end()
        gc.collect()
        assert survivors(processes) == [], end.__name__


def test_a_hundred_clusters_in_a_row_leave_no_file_descriptor_no_thread_and_no_memory(
    count: Callable[[int, int], int],
) -> None:
    me = psutil.Process()

    def once() -> None:
        with Cluster(Sleeper, n=3) as world:
            world.call("n1", Nap())
            assert len(world.trace) > 0

    for _ in range(5):  # what is made once and kept: the supervisor, the loop's thread, caches
        once()
    gc.collect()
    before = me.num_fds(), me.num_threads(), me.memory_info().rss
    for _ in range(count(20, 100)):
        once()
    gc.collect()
    assert eventually(lambda: me.num_fds() <= before[0])
    assert me.num_threads() <= before[1]
    assert me.memory_info().rss - before[2] < 20 * 2**20


class Keep(Message):
    number: int


class Kept(Message):
    number: int


class Keeper(Node):
    def start(self) -> None:
        self.number = self.storage.get("number", 0)

    @on(Keep)
    def keep(self, request: Keep, client: str) -> None:
        self.storage["number"] = request.number


def test_storage_is_durable_when_the_assignment_returns(count: Callable[[int, int], int]) -> None:
    with Cluster(Keeper, n=1) as world:
        for number in range(1, count(10, 200) + 1):
            world.crash("n1", during=Keep, effects=1)  # SIGKILL as soon as the assignment has returned
            world.send("n1", Keep(number))
            world.wait_until(lambda: world.condition("n1") == "crashed")
            world.restart("n1")
            assert world.state("n1")["number"] == number


class Ring(Timer):
    pass


class Writer(Node):
    """Writes as fast as it can, and says what it has written: the kill falls wherever it falls."""

    def start(self) -> None:
        self.number = self.storage.get("number", 0)
        self.set_timer(Ring(), after=0)

    @on(Ring)
    def write(self, _: Ring) -> None:
        for _ in range(20):
            self.number += 1
            self.storage["number"] = self.number
        self.log(str(self.number))
        self.set_timer(Ring(), after=0)


def test_a_kill_at_any_moment_leaves_all_that_was_said_to_be_written(count: Callable[[int, int], int]) -> None:
    with Cluster(Writer, n=1, trace_limit=1_000) as world:  # it talks a lot
        for _ in range(count(5, 60)):
            world.wait_until(lambda: bool(world.trace.filter(kinds=["log"])))
            world.crash("n1")
            said = max(int(event.detail) for event in world.trace if event.kind == "log")
            world.restart("n1")
            assert world.state("n1")["number"] >= said


def test_several_clusters_live_side_by_side() -> None:
    worlds = [Cluster(Sleeper, n=2) for _ in range(3)]
    assert [world.call("n2", Nap()) for world in worlds] == [Nap()] * 3
    first = [psutil.Process(pid) for pid in worlds[0].processes.values()]
    worlds[0].close()
    assert survivors(first) == []
    assert worlds[1].call("n1", Nap()) == Nap()
    for world in worlds[1:]:
        world.close()
    assert not any(is_there(process) for process in first)
