"""Nothing is left behind, whoever dies and however: no process, no listening socket, no temporary file.

A program of its own stands for the kernel of a notebook. It has processes that run, that are stopped, that are in an
endless loop, and that listen on a port; one writes to a disk.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest
from survivors import PATIENCE, eventually, refuses, survivors

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]

KERNEL = """
import json, socket, sys, threading
from ds101.processes import Process, spawn
from ds101.processes.launcher import Launcher, start_all
from ds101.processes.shipping import ship

def nap():
    threading.Event().wait()

def loop():
    while True:
        pass

def write(disk):
    nap()

def listen(port):
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(("127.0.0.1", port)) as link:
            link.sendall(str(server.getsockname()[1]).encode())
        nap()

with socket.create_server(("127.0.0.1", 0)) as meeting:
    running, stopped, looping = spawn(nap), spawn(nap), spawn(loop)
    listening = spawn(listen, meeting.getsockname()[1])
    port = int(meeting.accept()[0].recv(10))
writing = Process("writer")
start_all([(writing, "writer", ship(write), "disk of the writer")])
stopped.pause()
everybody = [running, stopped, looping, listening, writing]
pids = [process.pid for process in everybody]
print(json.dumps({"pids": pids, "port": port, "supervisor": Launcher.current().supervisor.pid}), flush=True)
END
"""

WAIT = "sys.stdin.read()"
GO_ON = """
sys.stdin.readline()
codes = [process.wait(20) for process in everybody]
with spawn(nap) as another:
    print(json.dumps({"codes": codes, "alive": another.alive}), flush=True)
"""


class Kernel:
    """The program, and everything that it started."""

    def __init__(self, process):
        self.process = process
        self.told = json.loads(process.stdout.readline())
        self.started = psutil.Process(process.pid).children(recursive=True)

    def kill(self, *victims):
        for victim in victims:
            os.kill(self.process.pid if victim == "kernel" else self.told["supervisor"], signal.SIGKILL)

    def assert_nothing_is_left(self, directory):
        assert {process.pid for process in self.started} >= {*self.told["pids"], self.told["supervisor"]}
        self.process.wait(PATIENCE)
        assert survivors(self.started) == []
        assert eventually(lambda: refuses(self.told["port"]))  # a zombie's last thread may still be closing it
        assert os.listdir(directory) == []


@contextmanager
def kernel(directory, end=WAIT, start_method="fork"):
    environment = os.environ | {"TMPDIR": str(directory), "DS101_START_METHOD": start_method}
    command = [sys.executable, "-c", KERNEL.replace("END", end)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Kernel(process)
        finally:
            process.kill()


@pytest.mark.parametrize(
    "victims", [("kernel",), ("kernel", "supervisor"), ("supervisor", "kernel")], ids=" then ".join
)
def test_nothing_survives_a_kill(victims, tmp_path, count):
    for _ in range(count(1, 20)):
        with kernel(tmp_path) as program:
            program.kill(*victims)
            program.assert_nothing_is_left(tmp_path)


def test_nothing_survives_the_kill_of_the_supervisor_and_its_kernel_goes_on(tmp_path, count):
    for _ in range(count(1, 20)):
        with kernel(tmp_path, end=GO_ON) as program:
            program.kill("supervisor")
            assert survivors(program.started) == []
            said, complaints = program.process.communicate("\n", PATIENCE)
            assert json.loads(said) == {"codes": [-signal.SIGKILL] * 5, "alive": True}
            assert complaints == ""
            program.assert_nothing_is_left(tmp_path)


@pytest.mark.parametrize("victims", [("kernel",), ("kernel", "supervisor"), ("supervisor", "kernel")], ids="+".join)
def test_nothing_survives_a_kill_where_processes_are_not_forked(victims, tmp_path):
    with kernel(tmp_path, start_method="spawn") as program:
        program.kill(*victims)
        if "supervisor" in victims:  # its disks have names there, and nobody is left to remove them
            assert survivors(program.started) == []
        else:
            program.assert_nothing_is_left(tmp_path)


ENDS = ["", "sys.exit(1)", "1 / 0", "raise KeyboardInterrupt", "import os; os._exit(0)"]


@pytest.mark.parametrize(("end", "start_method"), [*((end, "fork") for end in ENDS), ("", "spawn")])
def test_nothing_survives_the_end_of_the_program(end, start_method, tmp_path):
    with kernel(tmp_path, end=f"sys.stdin.readline()\n{end}", start_method=start_method) as program:
        program.process.stdin.write("\n")
        program.process.stdin.flush()
        program.assert_nothing_is_left(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_nothing_survives_a_signal_that_ends_the_program(number, tmp_path):
    with kernel(tmp_path) as program:
        program.process.send_signal(number)
        program.assert_nothing_is_left(tmp_path)
