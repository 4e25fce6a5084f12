"""A world in a notebook's kernel: cells are run again, printed to, broken, interrupted, and nothing is left behind."""

from __future__ import annotations

import json
import os

import psutil
import pytest
from kernels import Remains, notebook_in
from survivors import survivors

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.cluster,
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's"),
]

IMPORTS = """\
import enum
import math
from dataclasses import dataclass
from fractions import Fraction as Ratio

from ds101 import Cluster, Message, Node, on
"""

SURROUNDINGS = """\
RATE = Ratio(1, 4)

class Mood(enum.Enum):
    CALM = "calm"
    CROSS = "cross"

@dataclass(frozen=True)
class Account:
    owner: str
    euros: int = 0

def interest(account):
    return math.floor(account.euros * RATE)
"""

MESSAGES = """\
class Put(Message):
    owner: str
    euros: int
    mood: Mood = Mood.CALM

class Have(Message):
    euros: int
    mood: Mood
"""

BANK = """\
class Bank(Node):
    def start(self):
        self.account = Account("nobody")

    @on(Put)
    def put(self, request, client):
        self.account = Account(request.owner, request.euros)
        self.send(client, Have(request.euros + interest(self.account), request.mood))
"""

USE = """\
with Cluster(Bank, n=2) as world:
    reply = world.call("n1", Put("Ada", 100, Mood.CROSS))
    account = world.state("n1")["account"]
(reply.euros, reply.mood is Mood.CROSS, account == Account("Ada", 100))
"""

SPEAKER = """\
from ds101 import Cluster, Message, Node, Timer, on

class Say(Message):
    words: str

class SayLater(Message):
    words: str

class Said(Message):
    pass

class Later(Timer):
    words: str

class Speaker(Node):
    def start(self):
        self.said = []
        print("here I am")

    @on(Say)
    def say(self, request, client):
        print(request.words)
        self.send(client, Said())

    @on(SayLater)
    def say_later(self, request, client):
        self.set_timer(Later(request.words), after=0)

    @on(Later)
    def speak(self, timer):
        print(timer.words)
        self.said.append(timer.words)
"""

FRAGILE = """\
from ds101 import Call, Cluster, Message, Node, NodeError, on

class Divide(Message):
    by: int

class Fragile(Node):
    @on(Divide)
    def divide(self, request, client):
        share = 1 / request.by
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """One kernel for all tests that leave it alive."""
    with notebook_in(tmp_path_factory.mktemp("notebook")) as notebook:
        yield notebook


# Cells


def test_what_other_cells_define_reaches_the_nodes(notebook):
    for cell in (IMPORTS, SURROUNDINGS, MESSAGES, BANK):
        notebook.run(cell)
    assert notebook.run(USE).result == "(125, True, True)"


def test_every_cell_can_be_run_again_after_its_classes_were_used(notebook):
    for cell in (IMPORTS, SURROUNDINGS, MESSAGES, BANK, USE):
        notebook.run(cell)
    for cell in (USE, BANK, USE, MESSAGES, BANK, USE, SURROUNDINGS, MESSAGES, BANK):
        notebook.run(cell)
    assert notebook.run(USE).result == "(125, True, True)"


def test_a_class_or_a_constant_that_was_changed_is_changed_in_the_next_world(notebook):
    for cell in (IMPORTS, SURROUNDINGS, MESSAGES, BANK, USE):
        notebook.run(cell)
    notebook.run("RATE = Ratio(1, 2)")
    assert notebook.run(USE).result == "(150, True, True)"
    notebook.run(BANK.replace("request.euros +", "-1000 +"))
    assert notebook.run(USE).result == "(-950, True, True)"


def test_a_world_that_is_open_outlasts_a_new_run_of_the_cell_of_its_class(notebook):
    for cell in (IMPORTS, SURROUNDINGS, MESSAGES, BANK, "world = Cluster(Bank, n=1)"):
        notebook.run(cell)
    pids = json.loads(notebook.run("import json; print(json.dumps(world.processes))").stdout)
    before = [psutil.Process(pid) for pid in pids.values()]
    notebook.run("reply, state = world.call('n1', Put('Ada', 8)), world.state('n1')")
    notebook.run(BANK)
    assert notebook.run("world.call('n1', Put('Ada', 8)).euros").result == "10"
    notebook.run("world = Cluster(Bank, n=1)")
    assert notebook.run("world.call('n1', Put('Ada', 8)).euros").result == "10"
    assert survivors(before) == []  # nobody holds the first world any more
    notebook.run("world.close()")


# Printing


def test_what_a_node_prints_stands_under_the_cell_in_which_it_was_printed_behind_its_name(notebook, count):
    notebook.run(SPEAKER)
    cells = [notebook.run("world = Cluster(Speaker, n=1)")]
    cells += [notebook.run(f"said = world.call('n1', Say('{number}'))") for number in range(count(30, 300))]
    assert notebook.run("world.close()").stdout == ""
    assert notebook.run("1 + 1").stdout == ""
    assert [cell.stdout for cell in cells] == ["n1 | here I am\n", *(f"n1 | {n}\n" for n in range(len(cells) - 1))]


def test_what_a_node_prints_while_a_cell_waits_stands_there_before_the_cell_ends(notebook):
    notebook.run(SPEAKER)
    cell = notebook.begin(
        "with Cluster(Speaker, n=1) as world:\n    world.send('n1', SayLater('hello'))\n    world.wait(1000)"
    )
    notebook.hear_until(cell, lambda: "n1 | hello\n" in cell.stdout)
    notebook.interrupt(cell)
    assert cell.stdout == "n1 | here I am\nn1 | hello\n"


def test_what_a_node_prints_to_standard_error_is_no_error_of_the_cell(notebook):
    notebook.run("import sys\n" + SPEAKER.replace("print(request.words)", "print(request.words, file=sys.stderr)"))
    cell = notebook.run("with Cluster(Speaker, n=1) as world:\n    world.call('n1', Say('oh dear'))")
    assert cell.stdout == "n1 | here I am\nn1 | oh dear\n"


def test_what_is_printed_after_the_last_verb_of_a_cell_stands_there_or_under_the_next_verb_once(notebook, count):
    notebook.run(SPEAKER)
    for _ in range(count(5, 100)):
        notebook.run("world = Cluster(Speaker, n=1)")
        cells = [notebook.run("world.send('n1', SayLater('late'))")]
        cells.append(notebook.run("world.wait_until(lambda: world.state('n1')['said'])"))
        after = [notebook.run("world.close()"), notebook.run("1 + 1")]
        assert sorted(cell.stdout for cell in cells) == ["", "n1 | late\n"]
        assert [cell.stdout for cell in after] == ["", ""]


def test_what_is_printed_before_a_cell_fails_or_its_world_ends_is_not_lost(notebook):
    notebook.run(SPEAKER)
    block = "with Cluster(Speaker, n=1) as world:\n    world.call('n1', Say('goodbye'))"
    failing = notebook.begin(f"{block}\n    1 / 0")
    assert notebook.failed(failing).name == "ZeroDivisionError"
    assert [failing.stdout, notebook.run(block).stdout] == 2 * ["n1 | here I am\nn1 | goodbye\n"]
    assert notebook.run("2 + 2").stdout == ""


# Errors


DIED = "n1 died of ZeroDivisionError: division by zero. It happened in cell ["
ERRORS = {
    "a node that crashed": ("Unreachable", "n1 is not there", "world.crash('n1'); world.call('n1', Divide(1))"),
    "silence": ("Timeout", "n1 did not answer within 0.01 s.", "world.call('n1', Divide(1), timeout=0.01)"),
    "a handler that raises": ("NodeError", DIED, "world.call('n1', Divide(0))"),
    "a handler that raises unasked": ("NodeError", DIED, "world.send('n1', Divide(0)); await_the_death()"),
    "a second error on top": ("Unreachable", "n1 is not there", "divide_twice()"),
    "the end": ("ClosedError", "This world is closed", "world.close(); world.call('n1', Divide(1))"),
}

HELPERS = """\
import time

def await_the_death():
    while world.processes:
        time.sleep(0.005)

def divide_twice():
    try:
        world.call("n1", Divide(0))
    except NodeError:
        world.call("n1", Divide(0))
"""


@pytest.mark.parametrize("situation", ERRORS)
def test_an_error_is_one_sentence_and_no_traceback(notebook, situation):
    name, sentence, verbs = ERRORS[situation]
    notebook.run(FRAGILE)
    notebook.run(HELPERS)
    failure = notebook.fail(f"with Cluster(Fragile, n=1) as world:\n    {verbs}")
    assert failure.name == name
    assert failure.value.startswith(sentence)
    assert failure.traceback == [f"{name}: {failure.value}"]


@pytest.mark.parametrize("others", [0, 2], ids=["at once", "after other cells"])
def test_a_node_that_dies_of_a_mistake_names_the_cell_and_the_line(notebook, others):
    cell = notebook.run(FRAGILE)
    for _ in range(others):
        notebook.run(SPEAKER)
    failure = notebook.fail("with Cluster(Fragile, n=1) as world:\n    world.call('n1', Divide(0))")
    line = 1 + FRAGILE.splitlines().index("        share = 1 / request.by")
    assert failure.value.endswith(f"cell [{cell.number}], line {line}, in divide:  share = 1 / request.by")


def test_a_mistake_in_a_class_is_told_by_its_own_cell_in_one_sentence(notebook):
    notebook.run(FRAGILE)
    cell = notebook.begin("class Wrong(Node):\n    @on(Divide)\n    def divide(self):\n        pass")
    failure = notebook.failed(cell)
    assert failure.name == "Mistake"
    assert failure.traceback == [f"Mistake: {failure.value}"]
    assert f"cell [{cell.number}], line 2, in divide" in failure.value


# Interrupts


WAITING = """\
import threading

def tell():
    while not any(operation.outcome == "open" for operation in world.history):
        time.sleep(0.005)
    print("waiting", flush=True)

with Cluster(Fragile, n=2) as world:
    world.pause("n1")
    threading.Thread(target=tell).start()
    VERB
"""

VERBS = {
    "call": "world.call('n1', Divide(1), timeout=1000)",
    "result": "world.start('n1', Divide(1)).result(timeout=1000)",
    "wait": "world.start('n1', Divide(1)); world.wait(1000)",
    "run": "world.run({'ada': [Call('n1', Divide(1))]}, timeout=1000)",
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_is_interrupted_closes_the_world_and_the_kernel_goes_on(notebook, verb, count):
    notebook.run(FRAGILE)
    notebook.run(HELPERS)
    for _ in range(count(1, 20)):
        own_ports = notebook.ports()
        cell = notebook.begin(WAITING.replace("VERB", VERBS[verb]))
        notebook.hear_until(cell, lambda cell=cell: "waiting" in cell.stdout)
        remains = Remains(notebook, own_ports, nodes=2)
        notebook.interrupt(cell)
        remains.assert_world_is_gone()
        assert notebook.run("world").result == "Cluster(n1 n2, closed)"
        assert (
            notebook.fail("with Cluster(Fragile, n=1) as world:\n    world.call('n1', Divide(0))").name == "NodeError"
        )


def test_a_world_that_is_interrupted_while_it_starts_leaves_nothing(notebook):
    notebook.run(
        SPEAKER
        + "        \nclass Endless(Speaker):\n    def start(self):\n        print('waiting')\n        while True: pass"
    )
    own_ports = notebook.ports()
    cell = notebook.begin("world = Cluster(Endless, n=1)")
    notebook.hear_until(cell, lambda: "waiting" in cell.stdout)
    remains = Remains(notebook, own_ports, nodes=1)
    notebook.interrupt(cell)
    remains.assert_world_is_gone()


# Restarts


def test_a_kernel_that_was_restarted_has_forgotten_everything_and_works(notebook):
    for cell in (IMPORTS, SURROUNDINGS, MESSAGES, BANK, USE):
        notebook.run(cell)
    notebook.restart()
    assert notebook.fail(USE).name == "NameError"
    for cell in (IMPORTS, SURROUNDINGS, MESSAGES, BANK):
        notebook.run(cell)
    assert notebook.run(USE).result == "(125, True, True)"
