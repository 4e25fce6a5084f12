"""Every mistake and every failure that a student meets: the sentence that appears, in full, and what it says to do."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading

import pytest
from cluster_nodes import Echo, Echoed, Knock, Open, Parrot, Tell

from ds101 import Cluster, Message, Mistake, Node, NodeError, Timeout, Timer, Unreachable, on
from ds101.cluster.runtime import Runtime
from ds101.errors import ClosedError, Ds101Error, LaunchError
from ds101.processes.launcher import Launcher

pytestmark = pytest.mark.cluster

SHORT = 0.1  # seconds that a call waits where nothing will come
HERE = "test_errors_teach.py, line "


@pytest.fixture
def world():
    with Cluster(Parrot, n=3) as world:
        yield world


def said(action, kind):
    """The sentence that an action ends with."""
    with pytest.raises(kind) as error:
        action()
    assert type(error.value) is kind
    return str(error.value)


class Divide(Message):
    by: int


class Forward(Message):
    by: int


class Spread(Message):
    """Everybody divides by this, the receiver too."""

    by: int


class Divider(Node):
    @on(Divide)
    def divide(self, request, client):
        self.log(12 // request.by)

    @on(Forward)
    def forward(self, request, client):
        self.send("n2", Divide(request.by))

    @on(Spread)
    def spread(self, request, client):
        for node in (*self.peers, self.id):
            self.send(node, Divide(request.by))


# Silence and refusal


def test_a_crashed_node(world):
    world.crash("n1")
    assert said(lambda: world.call("n1", Echo()), Unreachable) == (
        "n1 is not there: its machine refuses the connection. Restart it, or ask another node."
    )
    assert said(lambda: world.state("n1"), Unreachable) == "n1 has crashed. Use restart('n1') first."


SILENCE = (
    "n1 did not answer within 0.1 s. It may be slow, paused, cut off or dead, or the request or the reply was lost: "
    "from here they look the same, and the request may have had its effect."
)


def test_silence_looks_the_same_whatever_its_cause(world):
    def call():
        return said(lambda: world.call("n1", Echo(), timeout=SHORT), Timeout)

    world.pause("n1")
    assert call() == SILENCE
    world.resume("n1")
    with world.partition(["n1"], ["c1"]):
        assert call() == SILENCE
    with world.link("n1", "c1", loss=1.0):
        assert call() == SILENCE
    with world.drop(Echoed, "n1", "c1"):
        assert call() == SILENCE
    assert said(lambda: world.call("n1", Knock(), timeout=SHORT), Timeout) == SILENCE, "it keeps quiet itself"


def test_a_condition_that_never_comes_true(world):
    assert said(lambda: world.wait_until(lambda: False, timeout=0.01), Timeout) == (
        "The condition was not true within 0.01 s. Look at the trace, or wait longer."
    )


# Wrong messages


def test_what_is_no_message(world):
    assert said(lambda: world.call("n1", "hello"), Mistake) == (
        "'hello' is no message. Write  class Name(Message): ...  and send Name(...)."
    )
    assert said(lambda: world.call("n1", Echo), Mistake) == (
        "Echo is a class of messages, and no message. Make one: Echo(...)."
    )


def test_a_field_of_the_wrong_type():
    assert said(lambda: Echo(3), Mistake) == "Echo(text=3): text must be a str, and 3 is an int."


def test_a_message_that_nothing_handles(world):
    class Unheard(Message):
        pass

    sentence = said(lambda: world.call("n1", Unheard()), Mistake)
    assert sentence == (
        "Parrot has no handler for Unheard (it handles Echo, Keep, Knock, Loop, Note, Open, Pass, Raise, SetAlarm, "
        "Silence, Tell, TellAll). Write  @on(Unheard)  above a method (self, message, sender)."
    )


def test_a_message_from_a_node_that_nothing_handles_is_told_by_the_next_verb():
    class Deaf(Node):
        pass

    with Cluster({"n1": Parrot, "n2": Deaf}) as world:
        world.call("n1", Tell("n2"))
        sentence = said(lambda: world.wait_until(lambda: False), NodeError)
        assert sentence == (
            "n2 got a Note from n1. Deaf has no handler for Note (it handles nothing). "
            "Write  @on(Note)  above a method (self, message, sender)."
        )
        assert world.call("n1", Echo()) == Echoed("", "n1"), "and both live"


def test_a_node_that_is_not_there(world):
    for verb in (
        lambda: world.call("n9", Echo()),
        lambda: world.client("ada").send("n9", Echo()),
        lambda: world.start("n9", Echo()),
        lambda: world.state("n9"),
        lambda: world.address("n9"),
        lambda: world.crash("n9"),
    ):
        assert said(verb, Mistake) == "There is no node 'n9'. There are n1, n2, n3."


def test_a_client_by_the_name_of_a_node(world):
    for name in ("n1", "ada.1", "two words", "", 7):
        assert said(lambda name=name: world.client(name), Mistake) == (
            f"A client can't be called {name!r}: use a word that is no node's name."
        )


# Exceptions in handlers


def test_an_exception_in_a_handler_is_told_to_its_caller_with_the_students_own_line_once():
    with Cluster(Divider, n=2) as world:
        sentence = said(lambda: world.call("n1", Divide(0)), NodeError)
        assert re.fullmatch(
            rf"n1 died of ZeroDivisionError: integer division or modulo by zero\. It happened in {HERE}\d+, "
            r"in divide:  self\.log\(12 // request\.by\)",
            sentence,
        )
        world.wait_until(lambda: True)
        assert [(e.kind, e.detail) for e in world.trace if e.kind in ("error", "crash")] == [
            ("error", "ZeroDivisionError: integer division or modulo by zero"),
            ("crash", "an exception: ZeroDivisionError"),
        ]
        assert [event.kind for event in world.trace.filter(kinds=["ok", "info", "fail"])] == ["info"]


def test_an_exception_that_no_caller_was_waiting_for_is_told_by_the_next_verb_once():
    with Cluster(Divider, n=2) as world:
        world.send("n1", Divide(0))
        world_until_crashed(world, "n1")
        assert said(lambda: world.call("n2", Divide(1)), NodeError).startswith("n1 died of ZeroDivisionError")
        world.send("n2", Divide(1))


def world_until_crashed(world, node):
    """Waits without a verb, since the next verb is what is tested."""
    pid = world.processes.get(node)
    while pid is not None and node in world.processes:
        threading.Event().wait(0.002)


def test_an_exception_after_forwarding_explains_the_silence_of_the_call():
    with Cluster(Divider, n=2) as world:
        sentence = said(lambda: world.call("n1", Forward(0), timeout=0.3), NodeError)
        assert sentence.startswith("n2 died of ZeroDivisionError")
        world.wait_until(lambda: True)


def test_an_exception_that_no_caller_was_waiting_for_is_told_at_the_end_of_the_with():
    def scenario():
        with Cluster(Divider, n=2) as world:
            world.send("n1", Divide(0))
            world_until_crashed(world, "n1")

    assert said(scenario, NodeError).startswith("n1 died of ZeroDivisionError")


def test_an_exception_of_the_last_moment_is_told_at_the_end_of_the_with(monkeypatch):
    close = Runtime.close

    def close_late(runtime):
        while not runtime.unheard:
            threading.Event().wait(0.002)
        close(runtime)

    monkeypatch.setattr(Runtime, "close", close_late)

    def scenario():
        with Cluster(Divider, n=1) as world:
            world.send("n1", Divide(0))
            monkeypatch.setattr(world._engine, "check", lambda: None)  # as if the node had not failed yet

    assert said(scenario, NodeError).startswith("n1 died of ZeroDivisionError")


def test_an_exception_at_the_end_does_not_hide_the_students_own():
    def scenario():
        with Cluster(Divider, n=2) as world:
            world.send("n1", Divide(0))
            world_until_crashed(world, "n1")
            raise KeyError("mine")

    assert said(scenario, KeyError) == "'mine'"


def test_exceptions_in_several_nodes_are_one_error():
    with Cluster(Divider, n=3) as world:
        world.send("n1", Spread(0))  # and no other verb, which would tell of the first one
        for name in world.nodes:
            world_until_crashed(world, name)
        sentence = said(lambda: world.wait(0), NodeError)
        assert sentence.startswith("n")
        assert re.search(r"\(n\d, n\d too\.\)$", sentence)
        world.wait(0)


def test_an_exception_in_start_is_told_where_the_world_is_made():
    class Broken(Node):
        def start(self):
            self.value = {}["missing"]

    sentence = said(lambda: Cluster(Broken, n=3), NodeError)
    assert re.fullmatch(
        rf"n\d died of KeyError: 'missing'\. It happened in {HERE}\d+, in start:  self\.value = \{{\}}\[\"missing\"\]",
        sentence,
    )


def test_a_start_that_does_not_come_back(monkeypatch):
    class Endless(Node):
        def start(self):
            while True:
                pass

    monkeypatch.setattr("ds101.cluster.runtime.ARRIVAL_TIMEOUT", 0.5)
    assert said(lambda: Cluster(Endless, n=2), LaunchError) == (
        "n1 did not come back from start() within 0.5 s. Is it a loop?"
    )


def test_a_node_that_dies_silently_in_start():
    class Leaver(Node):
        def start(self):
            os._exit(3)

    with Cluster(Leaver) as world:
        assert repr(world) == "Cluster(n1 crashed)"
        assert [event.detail for event in world.trace if event.kind == "crash"] == ["exit code 3"]


def test_an_exception_in_a_timer():
    class Due(Timer):
        pass

    class Late(Node):
        def start(self):
            self.set_timer(Due(), after=0)

        @on(Due)
        def due(self, timer):
            raise RuntimeError("the timer's")

    with Cluster(Late) as world:
        assert said(lambda: world.wait_until(lambda: False), NodeError).startswith(
            "n1 died of RuntimeError: the timer's. It happened in"
        )


def test_a_mistake_inside_a_handler_names_the_students_line():
    class Sends(Node):
        @on(Echo)
        def echo(self, request, client):
            self.send("nobody", request)

    with Cluster(Sends) as world:
        assert re.fullmatch(
            r"n1 died of Mistake: send\('nobody', \.\.\.\): nobody is called so\. There are n1, and senders\. "
            rf"It happened in {HERE}\d+, in echo:  self\.send\(\"nobody\", request\)",
            said(lambda: world.call("n1", Echo()), NodeError),
        )


class Hoarder(Node):
    @on(Echo)
    def echo(self, request, client):
        self.answer = lambda: request.text


class Deaf(Timer):
    pass


class Forgetful(Node):
    @on(Echo)
    def echo(self, request, client):
        self.set_timer(Deaf(), after=1.0)


@pytest.mark.parametrize(
    ("node_class", "mistake", "line"),
    [
        (
            Hoarder,
            "self.answer holds a function, which a node can't keep: it can't be",
            "self.answer = lambda: request.text",
        ),
        (Forgetful, "Nothing handles Deaf. Write  @on(Deaf)  above a method", "self.set_timer(Deaf(), after=1.0)"),
    ],
)
def test_what_a_node_can_not_do_names_the_line_where_it_does_it(node_class, mistake, line):
    with Cluster(node_class) as world:
        sentence = said(lambda: world.call("n1", Echo()), NodeError)
    assert sentence.startswith(f"n1 died of Mistake: {mistake}")
    assert sentence.endswith(f"in echo:  {line}")


TABLE = {"a": 1}


def test_changing_a_global_in_a_handler():
    class Changes(Node):
        @on(Echo)
        def echo(self, request, client):
            TABLE["b"] = 2

    with Cluster(Changes) as world:
        assert "A node can't change the global 'TABLE': nodes share no memory. Keep what changes in self." in said(
            lambda: world.call("n1", Echo()), NodeError
        )
    assert TABLE == {"a": 1}


# What can't be carried

LOCK = threading.Lock()
FILE = io.StringIO()
WORLD = None


def test_a_global_that_can_not_be_carried():
    class Locked(Node):
        @on(Echo)
        def echo(self, request, client):
            with LOCK:
                self.send(client, request)

    assert re.fullmatch(
        r"The global 'LOCK' \(of type lock\) can't be sent to another process\. It is used in "
        rf"{HERE}\d+, in echo:  @on\(Echo\) Make it inside the node or the function that uses it instead\.",
        said(lambda: Cluster(Locked), Mistake),
    )


def test_an_open_file_among_the_globals(tmp_path):
    global FILE
    with (tmp_path / "log").open("w") as FILE:

        class Writes(Node):
            @on(Echo)
            def echo(self, request, client):
                FILE.write("hello")

        sentence = said(lambda: Cluster(Writes), Mistake)
    assert sentence.startswith("The global 'FILE' (of type TextIOWrapper) can't be sent to another process.")


def test_a_running_world_among_the_globals():
    global WORLD

    class Meddles(Node):
        @on(Echo)
        def echo(self, request, client):
            WORLD.crash("n2")

    with Cluster(Parrot) as WORLD:
        assert said(lambda: Cluster(Meddles), Mistake) == (
            "A running world can't be sent to a process, and its nodes can't use it. Send them messages."
        )


def test_an_instance_where_a_class_is_wanted():
    assert said(lambda: Parrot(), Mistake) == (
        "A world makes its nodes itself. Give it the class, Parrot, and not Parrot()."
    )
    for wrong in ("Parrot", Node, Echo):
        assert said(lambda wrong=wrong: Cluster(wrong), Mistake) == (
            f"{wrong!r} is no node class. Write  class Name(Node): ...  and give Name, not Name()."
        )


@pytest.mark.parametrize("n", [0, -1, 2.5, "3", True])
def test_a_number_of_nodes_that_can_not_be(n):
    assert said(lambda: Cluster(Parrot, n=n), Mistake) == f"n={n!r}: a world has one node or more."


def test_names_that_can_not_be():
    assert said(lambda: Cluster({}), Mistake).startswith("Give the nodes by name,")
    assert said(lambda: Cluster({"n1": Parrot}, n=3), Mistake).startswith("Give the nodes by name,")
    assert said(lambda: Cluster({"node 1": Parrot}), Mistake) == (
        "'node 1' can't be a node's name. Use a word, such as n1."
    )


# The machine


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert said(lambda: Cluster(Parrot, first_port=port), LaunchError) == (
            f"The port {port} is in use by another program. Give another first_port, or none."
        )


@pytest.mark.parametrize("port", [-1, 70_000, "http", 2.5])
def test_a_port_that_can_not_be(port):
    assert said(lambda: Cluster(Parrot, n=2, first_port=port), Mistake) == (
        f"first_port={port!r}: give a number from 1 to 65535 that leaves a port for each node, or none."
    )


def test_too_many_processes():
    assert said(lambda: Cluster(Parrot, n=61), LaunchError) == (
        "61 nodes are too many for one machine: a world has at most 60."
    )
    assert said(lambda: Cluster({f"n{number}": Parrot for number in range(1, 62)}), LaunchError).startswith("61 nodes")


def test_too_many_processes_in_several_worlds(monkeypatch):
    monkeypatch.setattr("ds101.processes.launcher.MOST_PROCESSES", 4)
    with Cluster(Parrot, n=3) as world:
        assert said(lambda: Cluster(Parrot, n=3), LaunchError) == (
            "4 processes are running already, which is the most. Close a world, or use fewer nodes."
        )
        assert world.call("n1", Echo()) == Echoed("", "n1")
    with Cluster(Parrot, n=3) as world:
        assert world.call("n1", Echo()) == Echoed("", "n1"), "what was started in vain is gone"


def test_a_system_that_starts_no_more_processes():
    script = textwrap.dedent("""
        import resource
        from ds101 import Cluster, Node
        from ds101.errors import LaunchError
        from ds101.processes.launcher import Launcher
        class Nothing(Node): pass
        Cluster(Nothing).close()
        resource.prlimit(Launcher.current().supervisor.pid, resource.RLIMIT_NOFILE, (12, 12))
        try: Cluster(Nothing, n=20)
        except LaunchError as error: print(error)
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert re.fullmatch(
        r"The system starts no more processes \(.*Too many .*\)\. Close some programs, or use fewer nodes\.\n",
        done.stdout,
    ), done.stdout + done.stderr
    assert done.stderr == ""


# The end


CLOSED = "This world is closed: its processes have ended. Start a new one."


def test_a_world_that_is_used_after_it_was_closed():
    with Cluster(Parrot, n=2) as world:
        ada = world.client("ada")
        pending = world.start("n1", Knock())
    for verb in (
        lambda: world.call("n1", Echo()),
        lambda: world.send("n1", Echo()),
        lambda: ada.call("n1", Echo()),
        lambda: world.state("n1"),
        lambda: world.crash("n1"),
        lambda: world.restart("n1"),
        lambda: world.pause("n1"),
        lambda: world.partition(["n1"], ["n2"]),
        lambda: world.heal(),
        lambda: world.link("n1", "n2", loss=0.1),
        lambda: world.skew("n1", offset=1.0),
        lambda: world.wait(0.01),
        lambda: world.wait_until(lambda: True),
        lambda: world.address("n1"),
        lambda: world.run({"ada": []}),
        lambda: pending.result(timeout=SHORT),
    ):
        assert said(verb, ClosedError) == CLOSED
    assert world.trace
    assert len(world.history) == 1


def test_a_verb_on_the_worlds_own_thread(world):
    problems = []
    pending = world.start("n1", Knock())
    pending.when_done(lambda: problems.append(said(lambda: world.state("n1"), Mistake)))
    world.call("n1", Open())
    pending.result()
    world.wait_until(lambda: problems)
    assert problems == ["A world's verbs can't be called from inside its own thread. Call them from the cell."]


def test_every_error_is_a_sentence_with_an_end_and_shows_without_a_traceback():
    errors = [
        Mistake("One."), Timeout("Two."), Unreachable("Three."), NodeError("Four."), ClosedError("Five."),
        LaunchError("Six."),
    ]  # fmt: skip
    for error in errors:
        assert isinstance(error, Ds101Error)
        assert error._render_traceback_() == [f"{type(error).__name__}: {error}"]
    assert isinstance(Unreachable(""), ConnectionError)
    assert isinstance(Timeout(""), TimeoutError)


def test_a_supervisor_that_was_killed_is_told_and_the_next_world_has_a_new_one():
    with Cluster(Parrot, n=2) as world:
        os.kill(Launcher.current().supervisor.pid, signal.SIGKILL)
        world.wait_until(lambda: not world.processes)
        assert said(lambda: world.call("n1", Echo()), Unreachable).startswith("n1 is not there")
    with Cluster(Parrot, n=2) as world:
        assert world.call("n1", Echo()) == Echoed("", "n1")
