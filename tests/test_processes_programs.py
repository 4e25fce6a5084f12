"""Processes from every kind of program: the cells of a notebook, a script without a guard, a thread, a fork."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.cluster

START_METHODS = ["fork", "spawn"] if hasattr(os, "fork") else ["spawn"]

CELLS = [
    """
    import math
    from dataclasses import dataclass
    from enum import Enum

    class Colour(Enum):
        RED = "red"

    @dataclass(frozen=True)
    class Circle:
        radius: float
        colour: Colour = Colour.RED

    FACTOR = 2
    """,
    """
    def area(circle):
        return FACTOR * math.pi * circle.radius**2
    """,
    """
    from ds101.processes import spawn

    def tell(circle):
        print(circle == Circle(1.0), circle.colour is Colour.RED, round(area(circle), 3))

    with spawn(tell, Circle(1.0)) as process:
        process.wait()
    """,
]


@pytest.fixture(params=START_METHODS)
def run(request, tmp_path):
    """Runs a program of its own and returns its standard output; it must end well, without a word of complaint."""

    def run(text):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(text))
        environment = os.environ | {"DS101_START_METHOD": request.param}
        done = subprocess.run(
            [sys.executable, path], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def test_functions_of_cells_reach_the_process_with_all_that_they_use(run):
    cells = [textwrap.dedent(cell) for cell in CELLS]
    out = run(f"""
for cell in {cells!r}:
    exec(compile(cell, "<cell>", "exec"), globals())
""")
    assert out == "tell | True True 6.283\n"


def test_a_cell_that_runs_again_with_another_constant_is_what_counts(run):
    cells = [textwrap.dedent(cell) for cell in [*CELLS, "FACTOR = 3", CELLS[2]]]
    out = run(f"""
for cell in {cells!r}:
    exec(compile(cell, "<cell>", "exec"), globals())
""")
    assert out == "tell | True True 6.283\ntell | True True 9.425\n"


def test_a_script_needs_no_guard(run):
    out = run("""
        from ds101.processes import spawn
        print("the script runs")
        def greet(name):
            print("hello", name)
        with spawn(greet, "Ada") as process:
            process.wait()
    """)
    assert out == "the script runs\ngreet | hello Ada\n"


def test_a_script_may_forget_its_processes_and_end(run):
    assert (
        run("""
        import threading
        from ds101.processes import spawn
        def nap():
            threading.Event().wait()
        processes = [spawn(nap) for _ in range(3)]
        processes[1].pause()
    """)
        == ""
    )


def test_a_thread_may_start_a_process_and_wait_for_it(run):
    out = run("""
        import threading
        from ds101.processes import spawn
        def greet():
            print("hello")
        def work():
            with spawn(greet) as process:
                process.wait()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """)
    assert out == "greet | hello\n"


def test_a_module_beside_the_script_travels_too(run, tmp_path):
    (tmp_path / "helpers.py").write_text("def double(x):\n    return 2 * x\n")
    out = run("""
        from helpers import double
        from ds101.processes import spawn
        def tell():
            print(double(21))
        with spawn(tell) as process:
            process.wait()
    """)
    assert out == "tell | 42\n"


def test_an_exception_names_the_line_of_the_script(run):
    out = run("""
        from ds101.errors import NodeError
        from ds101.processes import spawn
        def divide(x):
            return 1 / x
        try:
            spawn(divide, 0).wait()
        except NodeError as error:
            print(error)
    """)
    assert out == (
        "divide died of ZeroDivisionError: division by zero. "
        "It happened in program.py, line 5, in divide:  return 1 / x\n"
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_of_the_program_leaves_its_processes_alone_and_may_have_its_own(run):
    out = run("""
        import os, sys, threading, warnings
        from ds101.processes import spawn
        warnings.simplefilter("ignore")  # a fork of a program with threads: as careless users do
        def nap():
            threading.Event().wait()
        def greet():
            print("hello")
        process = spawn(nap)
        child = os.fork()
        if child == 0:
            with spawn(greet) as own:
                own.wait()
            sys.stdout.flush()
            sys.exit()
        os.waitpid(child, 0)
        print(process.alive, process.pid != 0)
    """)
    assert out == "greet | hello\nTrue True\n"
