"""A cluster in every kind of program: with and without a guard, from a module, a pipe, a test, a fork of a program."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.cluster

NODES = """
import enum, math
from dataclasses import dataclass
from ds101 import Cluster, Message, Node, Timer, on

class Mood(enum.Enum):
    CALM = 1

@dataclass
class Entry:
    text: str

RATE = 2

def twice(number):
    return math.floor(number * RATE)

class Ask(Message):
    number: int
    mood: Mood = Mood.CALM

class Answer(Message):
    number: int
    by: str
    entries: "list[Entry]"

class Clerk(Node):
    @on(Ask)
    def answer(self, request, client):
        self.send(client, Answer(twice(request.number), self.id, [Entry(request.mood.name)]))
"""

USE = """
with Cluster(Clerk, n=2) as world:
    print(world.call("n2", Ask(21)))
"""

ANSWER = "Answer(number=42, by='n2', entries=[Entry(text='CALM')])\n"


def run(directory, *arguments, text=""):
    """The standard output of a program of its own that must end well, without a word on standard error."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=directory, input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_a_script_without_a_main_guard(tmp_path):
    (tmp_path / "script.py").write_text(NODES + USE)
    assert run(tmp_path, "script.py") == ANSWER


def test_a_script_where_processes_are_not_forked(tmp_path, monkeypatch):
    monkeypatch.setenv("DS101_START_METHOD", "spawn")
    use = USE.replace(
        "21)))", "21)))\n    world.crash('n1')\n    world.restart('n1')\n    print(world.call('n1', Ask(1)).number)"
    )
    (tmp_path / "script.py").write_text(NODES + use)
    assert run(tmp_path, "script.py") == f"{ANSWER}2\n"


def test_a_script_with_a_main_guard(tmp_path):
    guarded = f"{NODES}\nif __name__ == '__main__':\n{textwrap.indent(USE, '    ')}"
    (tmp_path / "script.py").write_text(guarded)
    assert run(tmp_path, "script.py") == ANSWER


def test_a_program_from_a_pipe_or_a_command_line(tmp_path):
    assert run(tmp_path, "-", text=NODES + USE) == ANSWER
    assert run(tmp_path, "-c", NODES + USE) == ANSWER


def test_nodes_from_a_module_beside_the_script(tmp_path):
    (tmp_path / "clerks.py").write_text(NODES)
    (tmp_path / "script.py").write_text(f"from clerks import *\n{USE}")
    assert run(tmp_path, "script.py") == ANSWER
    assert run(tmp_path, "-m", "script") == ANSWER


def test_nodes_that_a_function_makes_hold_what_it_knew(tmp_path):
    script = """
    from ds101 import Cluster, Message, Node, on

    class Ask(Message):
        pass

    class Answer(Message):
        text: str

    def clerk(name):
        class Clerk(Node):
            @on(Ask)
            def answer(self, _, client):
                self.send(client, Answer(name))
        return Clerk

    with Cluster({"a": clerk("Ada"), "b": clerk("Bob")}) as world:
        print(world.call("a", Ask()).text, world.call("b", Ask()).text)
    """
    assert run(tmp_path, "-c", textwrap.dedent(script)) == "Ada Bob\n"


def test_a_test_of_the_readers_own(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "test_clerks.py").write_text(f"{NODES}\ndef test_it(capsys):\n{textwrap.indent(USE, '    ')}")
    said = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_clerks.py")
    assert "1 passed" in said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_program_that_forks_has_worlds_on_both_sides(tmp_path):
    script = f"""{NODES}
import os
with Cluster(Clerk, n=1) as world:
    before = world.call("n1", Ask(1)).number
    child = os.fork()
    if child == 0:
        with Cluster(Clerk, n=1) as other:
            os._exit(other.call("n1", Ask(2)).number)
    _, status = os.waitpid(child, 0)
    print(before, os.waitstatus_to_exitcode(status), world.call("n1", Ask(3)).number)
"""
    assert run(tmp_path, "-W", "ignore::DeprecationWarning", "-c", script) == "2 4 6\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_of_a_program_can_neither_use_its_world_nor_end_it(tmp_path):
    script = f"""{NODES}
import os, sys
from ds101 import Mistake
with Cluster(Clerk, n=1) as world:
    child = os.fork()
    if child == 0:
        for verb in (lambda: world.call("n1", Ask(1)), lambda: world.state("n1"), lambda: world.trace):
            try:
                verb()
            except Mistake as mistake:
                print(mistake, flush=True)
        world.close()
        sys.exit()  # leaves the block, and forgets the world
    os.waitpid(child, 0)
    print(world.call("n1", Ask(3)).number)
"""
    told = "This world belongs to the program of which this is a fork. Make a world of your own here.\n"
    assert run(tmp_path, "-W", "ignore::DeprecationWarning", "-c", script) == 3 * told + "6\n"


def test_what_nodes_print_is_on_standard_output_behind_their_names(tmp_path):
    script = NODES.replace("self.send(", "print('asked by', client)\n        self.send(") + USE
    shown = run(tmp_path, "-c", script).splitlines(keepends=True)
    assert sorted(shown) == sorted(["n2 | asked by c1.1\n", ANSWER])  # the reply may be the faster one of the two


def test_a_program_that_forgets_to_close_its_world_ends(tmp_path):
    script = f"{NODES}\nworld = Cluster(Clerk, n=2)\nprint(world.call('n2', Ask(21)))"
    assert run(tmp_path, "-c", script) == ANSWER


def test_a_program_that_ends_with_an_error_shows_it_and_ends(tmp_path):
    script = f"{NODES}\nworld = Cluster(Clerk, n=2)\nworld.pause('n1')\nraise SystemExit(3)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
