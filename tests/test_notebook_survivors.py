"""However a notebook's kernel or its world ends, nothing is left: no process, no port, no temporary file.

One node of the world runs, one is paused, and one is in an endless loop.
"""

from __future__ import annotations

import os
import signal
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kernels import Notebook, Remains, notebook_in

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.cluster,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's"),
]

STUBBORN = """\
import gc
import time
from pathlib import Path
from ds101 import Cluster, Message, Node, on

class Loop(Message):
    mark: str

class Stubborn(Node):
    def start(self):
        self.storage["lives"] = 1

    @on(Loop)
    def loop(self, request, _):
        Path(request.mark).touch()
        while True:
            pass
"""

BREAK = """\
world.pause("n2")
mark = Path("looping").resolve()
world.send("n3", Loop(str(mark)))
world.wait_until(mark.exists, timeout=20)
mark.unlink()
print("ready")
"""

OPEN = f"world = Cluster(Stubborn, n=3)\n{BREAK}"

FAILING = f"""\
with Cluster(Stubborn, n=3) as world:
{textwrap.indent(BREAK, "    ")}
    while not Path("go on").exists():
        time.sleep(0.005)
    Path("go on").unlink()
    1 / 0
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A kernel for the tests that leave it alive."""
    with notebook_in(tmp_path_factory.mktemp("notebook")) as notebook:
        notebook.run(STUBBORN)
        yield notebook


def test_an_exception_inside_the_with_leaves_no_world(notebook, count):
    for _ in range(count(1, 20)):
        own_ports = notebook.ports()
        cell = notebook.begin(FAILING)
        notebook.hear_until(cell, lambda cell=cell: "ready" in cell.stdout)
        remains = Remains(notebook, own_ports, nodes=3)
        (notebook.folder / "go on").touch()
        assert notebook.failed(cell).name == "ZeroDivisionError"
        remains.assert_world_is_gone()


def test_a_world_that_is_forgotten_leaves_nothing(notebook, count):
    for _ in range(count(1, 20)):
        own_ports = notebook.ports()
        notebook.run(OPEN)
        remains = Remains(notebook, own_ports, nodes=3)
        notebook.run("del world; gc.collect()")
        remains.assert_world_is_gone()


def kill(notebook: Notebook) -> None:
    os.kill(notebook.process.pid, signal.SIGKILL)


def restart(notebook: Notebook) -> None:
    notebook.manager.restart_kernel()


def shut_down(notebook: Notebook) -> None:
    notebook.manager.shutdown_kernel()


@pytest.mark.parametrize("busy", [False, True], ids=["between cells", "in a cell"])
@pytest.mark.parametrize("end", [restart, shut_down, kill], ids=lambda end: end.__name__)
def test_nothing_survives_the_end_of_the_kernel(
    end: Callable[[Notebook], None], busy: bool, tmp_path: Path, count: Callable[[int, int], int]
) -> None:
    for turn in range(count(1, 20)):
        with notebook_in(tmp_path / str(turn)) as notebook:
            own_ports = notebook.ports()
            notebook.run(STUBBORN)
            cell = notebook.begin(OPEN + ("world.wait(1000)" if busy else ""))
            notebook.hear_until(cell, lambda cell=cell: "ready" in cell.stdout if busy else not cell.busy)
            remains = Remains(notebook, own_ports, nodes=3)
            assert cell.busy == busy
            end(notebook)
            remains.assert_all_is_gone()
