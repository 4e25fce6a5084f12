"""Notebooks in sandboxed kernels: by `run_notebook`, and by stock nbgrader with our configuration."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.jobs import Isolation, Limits
from autograder.sandbox.running import Ran, run_notebook

ROOT = Path(__file__).parents[1]
LAB = "lab01-framing"
QUICK = Limits(cell=3, notebook=60)

pytestmark = [pytest.mark.sandbox, pytest.mark.notebook, pytest.mark.usefixtures("bubblewrap")]


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Others may grade on this machine at the same time: our folders are made in one of our own."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="b") as place:
        monkeypatch.setattr("autograder.sandbox.folders.SHORT", place)
        yield
        assert os.listdir(place) == []
    assert not [one for one in psutil.Process().children(recursive=True) if one.name() == "bwrap"]


def notebook_of(*cells: str) -> bytes:
    return nbformat.writes(new_notebook(cells=[new_code_cell(cell) for cell in cells])).encode()


def run(*cells: str, limits: Limits = QUICK, isolation: Isolation = "bubblewrap", files: Any = ()) -> Ran:
    ran = run_notebook(notebook_of(*cells), files, limits, isolation)
    nbformat.validate(ran.notebook)
    return ran


def said(ran: Ran, number: int) -> str:
    """What a cell showed, in words."""
    outputs = ran.notebook.cells[number - 1].outputs
    return "".join(o.get("text") or o.get("ename") or o.get("data", {}).get("text/plain", "") for o in outputs)


def test_cells_run_in_order_and_an_error_stops_none():
    ran = run("x = 1", "1 / 0", "import sys; print('oh', file=sys.stderr)", "x + 1")
    assert [said(ran, number) for number in (1, 2, 3, 4)] == ["", "ZeroDivisionError", "oh\n", "2"]
    assert ran.notebook.cells[2].outputs[0].name == "stderr"
    assert ran.notes == ()


def test_a_kernel_sees_the_library_and_the_submission_and_that_it_is_graded():
    cell = """
import ds101, os
print(ds101.__file__, os.environ["DS101_GRADING"], sorted(os.listdir()), open("data/numbers.csv").read())
open("data/new.csv", "w").close()
"""
    files = [("data/numbers.csv", b"1,2"), ("../evil.txt", b""), ("/tmp/ds101-box-evil", b"")]
    assert said(run(cell, files=files), 1) == "/course/ds101/__init__.py 1 ['data'] 1,2\n"
    assert not list(Path("/tmp").glob("ds101-box-evil"))


def test_an_endless_cell_is_interrupted_and_the_next_ones_run():
    ran = run("while True: pass", "print(2)")
    assert [said(ran, 1), said(ran, 2)] == ["KeyboardInterrupt", "2\n"]
    assert ran.notes == ("Cell 1 did not end after 3 s, and was interrupted.",)


DEAF = """
import time
while True:
    try:
        while True:
            time.sleep(0.01)
    except BaseException:
        pass
"""


def test_a_cell_that_ignores_the_interrupt_ends_with_its_kernel(monkeypatch):
    monkeypatch.setattr("autograder.sandbox.running.GRACE", 1.0)
    ran = run("print(1)", DEAF, "print(3)")
    assert [said(ran, 1), said(ran, 3)] == ["1\n", ""]
    assert ran.notes[1] == (
        "The kernel died in cell 2, which did not end after 3 s, nor when it was interrupted; "
        "what comes after it was not run."
    )


def test_a_notebook_has_a_time_too():
    ran = run("import time; time.sleep(60)", "print(2)", limits=Limits(cell=60, notebook=2))
    assert said(ran, 2) == ""
    assert "did not end after the 2 s of the notebook" in ran.notes[0]


@pytest.mark.parametrize(("cell", "reason"), [
    ("import os; os._exit(3)", "ended it (exit status 3)"),
    ("import os; os.kill(os.getpid(), 9)", "ended it (exit status 137)"),
    ("import ctypes; ctypes.string_at(0)", "ended it (exit status 139)"),
    ("x = [bytearray(1 << 20) for _ in range(300)]\nimport os, time\n"
     "for _ in range(3):\n  if os.fork() == 0:\n    x = [bytearray(1 << 20) for _ in range(300)]; time.sleep(9)\n"
     "time.sleep(9)", "used more than 700 MiB of memory"),
])  # fmt: skip
def test_a_dead_kernel_is_told_with_its_reason(cell, reason):
    ran = run("print(1)", cell, "print(3)", limits=Limits(cell=10, memory=700 << 20))
    assert [said(ran, 1), said(ran, 3)] == ["1\n", ""]
    assert ran.notes == (f"The kernel died in cell 2, which {reason}; what comes after it was not run.",)


def test_leaving_is_an_error_like_others():
    ran = run("import sys; sys.exit(0)", "print(2)")
    assert "SystemExit" in said(ran, 1)
    assert said(ran, 2) == "2\n"


@pytest.mark.parametrize("cell", [
    "for _ in range(100_000): print('x' * 1000)",
    "print('x' * 100_000_000)",
    "while True: print('x' * 1000)",
    "while True: print('x')",
    "for number in range(1_000_000): display(number)",
    "h = display(0, display_id=True)\nfor _ in range(50): h.update('x' * 900_000)",
    "for _ in range(200): print('x' * 500_000); from IPython.display import clear_output; clear_output()",
])  # fmt: skip
def test_much_output_is_cut_while_it_arrives(cell):
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    ran = run(cell, "print(2)")
    assert len(json.dumps(ran.notebook.cells[0].outputs)) <= QUICK.output + 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600 << 10
    assert time.monotonic() - began < 60
    assert ran.notes or said(ran, 1) == "" or len(said(ran, 1)) < QUICK.output
    assert said(ran, 2) == "2\n" or "what comes after it was not run" in ran.notes[-1]  # on a busy machine


def test_all_cells_together_have_a_limit():
    ran = run(*["print('x' * 900_000)"] * 8)
    assert len(json.dumps(ran.notebook)) < 6 << 20
    assert ran.notes == ("The cells together printed more than 5 MiB; the rest was cut.",)


FORGED = """
kernel = get_ipython().kernel
for kind, content in (("display_data", {"data": 3}), ("stream", {"text": {}}), ("execute_result", {}),
                      ("comm_open", {}),
                      ("error", {"traceback": 1}), ("display_data", {"data": {1: 2}, "metadata": []}),
                      ("clear_output", {"wait": {}}), ("update_display_data", {"transient": {"display_id": []}})):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
"""


@pytest.mark.parametrize("cell", [
    FORGED,
    FORGED + "kernel.iopub_socket.send_multipart([b'x', b'y'])",
    FORGED + "kernel.session.send(kernel.iopub_socket, 'status', {}, parent=kernel.get_parent())",
    "get_ipython().kernel.iopub_socket.close()",
    "get_ipython().kernel.shell_stream.close()",
    "raise Exception('x' * 20_000_000)",
])  # fmt: skip
def test_what_no_kernel_says_is_no_error_of_ours(cell):
    run(cell, "print(2)", limits=Limits(cell=2, notebook=10))


@pytest.mark.parametrize("content", [
    b"", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"nbformat": 4}', b'{"nbformat": 2, "worksheets": []}',
    b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"a": ' + b"[" * 3000 + b"]" * 3000 + b'}, "cells": []}',
    b" " * (40 << 20),
])  # fmt: skip
def test_what_is_no_notebook_is_told_in_a_note(content):
    ran = run_notebook(content, [], QUICK)
    nbformat.validate(ran.notebook)
    assert ran.notebook.cells == []
    assert "was not run" in ran.notes[0]


def test_broken_cells_are_mended_or_left_out():
    cells = [
        3, {}, {"cell_type": "code", "id": "a", "source": 3, "outputs": 1},
        {"cell_type": "code", "id": "b", "source": ["print(", "1)"], "metadata": {"tags": 3}, "outputs": [{"a": 1}]},
        {"cell_type": "markdown", "id": "c", "source": "text", "metadata": []},
    ]  # fmt: skip
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": [], "cells": cells}
    ran = run_notebook(json.dumps(content).encode(), [], QUICK)
    nbformat.validate(ran.notebook)
    assert said(ran, 2) == "1\n"
    assert ran.notes == ("Cells that are no cells were left out.",)


def test_the_kernel_that_a_notebook_names_is_kept_and_not_asked_for():
    notebook = new_notebook(cells=[new_markdown_cell("text"), new_code_cell("print(1)")])
    notebook.metadata.kernelspec = {"name": "evil", "display_name": "Evil"}
    ran = run_notebook(nbformat.writes(notebook).encode(), [], QUICK)
    assert ran.notebook.metadata.kernelspec.name == "evil"
    assert said(ran, 2) == "1\n"


def answer(isolation: Isolation = "bubblewrap") -> str:
    return said(run("6 * 7", isolation=isolation), 1)


def test_it_works_from_threads_from_loops_and_from_processes():
    async def in_a_loop() -> str:
        return answer()

    assert asyncio.run(in_a_loop()) == "42"
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda _: answer(), range(3))) == ["42"] * 3
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        assert processes.submit(answer).result() == "42"


def test_weaker_isolations_run_notebooks_too():
    assert answer("none") == answer("container") == "42"


# Stock nbgrader.

SPY = """
import os, pathlib
tried = {}
for place in PLACES:
    try:
        path = pathlib.Path(place)
        tried[place] = os.listdir(path) if path.is_dir() else path.read_text()
    except OSError:
        pass
print("found", tried, os.listdir(), os.environ.get("DS101_GRADING"))
"""


def test_stock_nbgrader_runs_submissions_in_the_sandbox(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    source = tmp_path / "solutions" / LAB
    source.mkdir(parents=True)
    task = {"grade_id": "answer", "solution": True, "grade": False, "locked": False, "schema_version": 3}
    notebook = new_notebook(cells=[new_code_cell("x = 1", metadata={"nbgrader": task})])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, source / f"{LAB}.ipynb")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def nbgrader(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr

    nbgrader("generate_assignment", LAB)
    submitted = tmp_path / "submitted" / "ada" / LAB
    submitted.mkdir(parents=True)
    places = [str(tmp_path / name) for name in ("gradebook.db", "solutions", "submitted", "nbgrader_config.py")]
    notebook.cells[0].source = "x = 2\n" + SPY.replace("PLACES", repr([*places, str(ROOT / "tests")]))
    nbformat.write(notebook, submitted / f"{LAB}.ipynb")
    (submitted / "notes.txt").write_text("mine")
    nbgrader("autograde", LAB)
    graded = nbformat.read(tmp_path / "autograded" / "ada" / LAB / f"{LAB}.ipynb", as_version=4)
    outputs = [output.text for cell in graded.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs == ["found {} ['notes.txt'] 1\n"]
    assert graded.metadata.kernelspec.name == "python3"
