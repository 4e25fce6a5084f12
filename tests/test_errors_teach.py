"""Errors teach: what can go wrong is told in a sentence that says what happened and what to do."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from ds101 import Cluster, Message, Mistake, Node, NodeError, Timeout, Timer, Unreachable, on, spawn
from ds101.errors import ClosedError, LaunchError

pytestmark = pytest.mark.cluster


class Greet(Message):
    name: str


class Greeting(Message):
    text: str


class Unknown(Message):
    pass


class PassOn(Message):
    to: str


class Greeter(Node):
    @on(Greet)
    def greet(self, request: Greet, client: str) -> None:
        self.send(client, Greeting(f"{1 // len(request.name)} hello"))

    @on(PassOn)
    def pass_on(self, request: PassOn, client: str) -> None:
        self.send(request.to, Unknown())
        self.send(client, Greeting("passed on"))


LOCK = threading.Lock()
OPEN_FILE = Path(__file__).open()
WORLD = None


class Locked(Node):
    def start(self) -> None:
        with LOCK:
            self.n = 1


class Filed(Node):
    def start(self) -> None:
        self.n = len(OPEN_FILE.name)


class Nested(Node):
    def start(self) -> None:
        self.n = str(WORLD)


class Careless(Node):
    @on(Greet)
    def greet(self, request: Greet, client: str) -> None:
        self.send("n9", Greeting("?"))


class Hoarder(Node):
    @on(Greet)
    def greet(self, request: Greet, client: str) -> None:
        self.answer = lambda: request.name


class Deaf(Timer):
    pass


class Forgetful(Node):
    @on(Greet)
    def greet(self, request: Greet, client: str) -> None:
        self.set_timer(Deaf(), after=1.0)


def sentence(error: pytest.ExceptionInfo[BaseException]) -> str:
    words = str(error.value)
    assert "\n" not in words
    return words


def test_a_refused_call_says_that_nobody_is_there() -> None:
    with Cluster(Greeter, n=2) as world:
        world.crash("n1")
        with pytest.raises(Unreachable) as error:
            world.call("n1", Greet("Ada"))
    assert sentence(error) == "n1 is not there: its machine refuses the connection. Restart it, or ask another node."


@pytest.mark.parametrize("cause", ["paused", "cut off"])
def test_a_silent_node_may_be_anything_and_the_sentence_says_so(cause: str) -> None:
    with Cluster(Greeter, n=2) as world:
        if cause == "paused":
            world.pause("n1")
        else:
            world.partition(["n1"], ["c1"])
        with pytest.raises(Timeout) as error:
            world.call("n1", Greet("Ada"), timeout=0.1)
    assert sentence(error).startswith("n1 did not answer within 0.1 s. It may be slow, paused, cut off or dead")


def test_the_state_of_a_crashed_or_paused_node_says_what_to_do() -> None:
    with Cluster(Greeter, n=2) as world:
        world.crash("n1")
        world.pause("n2")
        with pytest.raises(Unreachable, match=r"^n1 has crashed. Use restart\('n1'\) first.$"):
            world.state("n1")
        with pytest.raises(Timeout, match=r"^n2 is paused, so it answers nothing. Use resume\('n2'\) first.$"):
            world.state("n2")


def test_a_wrong_field_is_told_where_the_message_is_made() -> None:
    with pytest.raises(Mistake) as error:
        Greet(3)  # type: ignore[arg-type]
    assert sentence(error) == "Greet(name=3): name must be a str, and 3 is an int."


def test_a_request_that_nothing_handles_is_told_where_it_is_written() -> None:
    with Cluster(Greeter, n=1) as world, pytest.raises(Mistake) as error:
        world.call("n1", Unknown())
    assert sentence(error) == (
        "Greeter has no handler for Unknown (it handles Greet, PassOn). "
        "Write  @on(Unknown)  above a method (self, message, sender)."
    )


def test_a_message_between_nodes_that_nothing_handles_is_told_by_the_next_verb() -> None:
    with Cluster(Greeter, n=2) as world:
        world.call("n1", PassOn("n2"))
        with pytest.raises(NodeError) as error:
            world.wait_until(lambda: False)
        assert sentence(error).startswith("n2 got a Unknown from n1. Greeter has no handler for Unknown")
        assert world.call("n2", Greet("Ada")) == Greeting("0 hello")  # it lives


def test_an_exception_in_a_handler_is_shown_at_the_caller_once_and_the_node_is_dead() -> None:
    with Cluster(Greeter, n=2) as world:
        with pytest.raises(NodeError) as error:
            world.call("n1", Greet(""))
        told = sentence(error)
        assert told.startswith("n1 died of ZeroDivisionError: integer division or modulo by zero. It happened in ")
        assert told.endswith('in greet:  self.send(client, Greeting(f"{1 // len(request.name)} hello"))')
        assert world.condition("n1") == "crashed"
        assert [event.node for event in world.trace if event.kind == "crash"] == ["n1"]
        assert world.call("n2", Greet("Ada")) == Greeting("0 hello")  # and no second telling


def test_an_exception_that_no_caller_was_waiting_for_is_raised_by_the_next_verb() -> None:
    with Cluster(Greeter, n=2) as world:
        world.send("n1", Greet(""))
        with pytest.raises(NodeError, match=r"^n1 died of ZeroDivisionError"):
            world.wait_until(lambda: False)


def test_an_exception_that_nobody_has_heard_of_is_raised_at_the_end_of_the_with() -> None:
    def send_and_leave() -> None:
        with Cluster(Greeter, n=2) as world:
            world.send("n1", Greet(""))
            while world._runtime.members.by_id["n1"].process.alive:  # no verb, which would tell it
                threading.Event().wait(0.001)

    with pytest.raises(NodeError, match=r"^n1 died of ZeroDivisionError"):
        send_and_leave()


@pytest.mark.parametrize(
    ("node_class", "name", "kind"), [(Locked, "LOCK", "lock"), (Filed, "OPEN_FILE", "TextIOWrapper")]
)
def test_a_global_that_cannot_travel_is_named(node_class: type[Node], name: str, kind: str) -> None:
    with pytest.raises(Mistake) as error:
        Cluster(node_class, n=1)
    told = sentence(error)
    assert told.startswith(f"The global '{name}' (of type {kind}) can't be sent to another process. It is used in ")
    assert told.endswith("Make it inside the node or the function that uses it instead.")


def test_a_running_world_among_the_globals_is_named() -> None:
    global WORLD
    with Cluster(Greeter, n=1) as WORLD:  # type: ignore[assignment]
        with pytest.raises(Mistake) as error:
            Cluster(Nested, n=1)
    WORLD = None
    assert "A running world can't be sent to a process" in sentence(error)


def test_a_message_to_nobody_names_the_line() -> None:
    with Cluster(Careless, n=2) as world, pytest.raises(NodeError) as error:
        world.call("n1", Greet("Ada"))
    told = sentence(error)
    assert "send('n9', ...): nobody is called so. There are n1, n2, and senders." in told
    assert told.endswith('in greet:  self.send("n9", Greeting("?"))')


def test_an_attribute_that_no_world_can_carry_names_the_line() -> None:
    with Cluster(Hoarder, n=1) as world, pytest.raises(NodeError) as error:
        world.call("n1", Greet("Ada"))
    told = sentence(error)
    assert "self.answer holds a function, which a node can't keep" in told
    assert told.endswith("in greet:  self.answer = lambda: request.name")


def test_a_timer_that_nothing_handles_is_told_where_it_is_set() -> None:
    with Cluster(Forgetful, n=1) as world, pytest.raises(NodeError) as error:
        world.call("n1", Greet("Ada"))
    assert "Nothing handles Deaf. Write  @on(Deaf)  above a method (self, timer)." in sentence(error)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises((LaunchError, NodeError)) as error:
            Cluster(Greeter, n=1, first_port=port)
    assert f"{port} is in use by another program. Give another first_port, or none" in sentence(error)


def test_too_many_nodes_are_refused_before_anything_starts() -> None:
    with pytest.raises(LaunchError) as error:
        Cluster(Greeter, n=1_000)
    assert sentence(error) == "n=1000 are too many processes for one machine: a world has at most 60 nodes."


def test_too_many_processes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ds101.processes.launcher.MOST_PROCESSES", 0)
    with pytest.raises(LaunchError, match=r"^0 processes are running already, which is the most. Close a world"):
        spawn(print)


def test_a_closed_world_says_so() -> None:
    with Cluster(Greeter, n=1) as world:
        pass
    with pytest.raises(ClosedError) as error:
        world.call("n1", Greet("Ada"))
    assert sentence(error) == "This world is closed: its processes have ended. Start a new one."


def test_a_node_that_is_not_there_is_told_with_those_that_are() -> None:
    with Cluster(Greeter, n=2) as world, pytest.raises(Mistake) as error:
        world.call("n3", Greet("Ada"))
    assert sentence(error) == "There is no node 'n3'. There are n1, n2."


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("restart", "n1 is running. Only a crashed node can be restarted: crash('n1') first."),
        ("resume", "n1 is running, so it can't be resumed. Use pause('n1') first."),
    ],
)
def test_a_verb_that_does_not_fit_says_what_comes_first(verb: str, words: str) -> None:
    with Cluster(Greeter, n=1) as world, pytest.raises(Mistake) as error:
        getattr(world, verb)("n1")
    assert sentence(error) == words


@pytest.mark.parametrize(
    ("nodes", "n", "words"),
    [
        (Greeter, 0, "n=0: a world has one node or more."),
        (print, 2, "is no node class. Write  class Name(Node): ...  and give Name, not Name()."),
        ({}, None, "Give the nodes by name"),
        ({"n 1": Greeter}, None, "'n 1' can't be a node's name. Use a word, such as n1."),
    ],
)
def test_what_is_no_cluster_is_told(nodes: object, n: int | None, words: str) -> None:
    with pytest.raises(Mistake) as error:
        Cluster(nodes, n)  # type: ignore[arg-type]
    assert words in sentence(error)
