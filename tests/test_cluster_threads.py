"""Several threads of one program share worlds."""

import threading
from contextlib import suppress

import pytest
from cluster_nodes import Echo, Echoed, Note, Parrot

from ds101 import Cluster, Timeout, Unreachable

pytestmark = pytest.mark.cluster


def test_threads_share_a_world():
    with Cluster(Parrot, n=2) as world:
        replies = []

        def work(name):
            client = world.client(name)
            replies.extend(client.call("n1", Echo(f"{name}{index}")).text for index in range(20))

        threads = [threading.Thread(target=work, args=(name,)) for name in ("ada", "bob", "cyd")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(replies) == sorted(f"{name}{index}" for name in ("ada", "bob", "cyd") for index in range(20))
        assert world.state("n1")["echoes"] == 60


def test_what_threads_send_to_a_node_that_does_not_read_yet_arrives_whole_and_in_order():
    with Cluster(Parrot, n=1) as world:
        world.pause("n1")

        def work(first):
            client = world.client(f"c{first}")
            for number in range(first, first + 50):
                client.send("n1", Note(number, "x" * 100_000))

        threads = [threading.Thread(target=work, args=(first,)) for first in (100, 200, 300)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.resume("n1")
        world.wait_until(lambda: len(world.state("n1")["notes"]) == 150, timeout=20.0)
        numbers = world.state("n1")["notes"]
        assert [n for n in numbers if n < 200] == list(range(100, 150))
        assert sorted(numbers) == [*range(100, 150), *range(200, 250), *range(300, 350)]


def test_operations_of_several_threads_are_numbered_apart():
    with Cluster(Parrot, n=1) as world:

        def work():
            for _ in range(30):
                world.call("n1", Echo())

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        invoked = [event.body["op"] for event in world.trace.filter(kinds=["invoke"])]
        assert sorted(invoked) == list(range(1, 121))
        addresses = [event.src for event in world.trace.filter(kinds=["send"], types=[Echo])]
        assert len(set(addresses)) == 120


def test_a_world_may_be_made_and_used_on_a_thread():
    replies = []

    def work():
        with Cluster(Parrot, n=2) as world:
            replies.append(world.call("n2", Echo("from a thread")))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert replies == [Echoed("from a thread", "n2")]


def at_once(*functions):
    """Each on a thread of its own; what one raises is raised here."""
    errors = []

    def guarded(function):
        try:
            function()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_calls_to_a_node_that_comes_and_goes_end_as_calls_do(count):
    rounds = count(5, 50)
    with Cluster(Parrot, n=2) as world:
        over = threading.Event()

        def ask():
            while not over.is_set():
                with suppress(Unreachable, Timeout):
                    world.call("n1", Echo(), timeout=0.05)

        def break_it():
            try:
                for _ in range(rounds):
                    asked = len(world.history)
                    world.wait_until(lambda asked=asked: len(world.history) > asked + 50)
                    world.crash("n1")
                    world.restart("n1")
            finally:
                over.set()

        at_once(ask, ask, ask, break_it)
        assert world.call("n1", Echo("still")) == Echoed("still", "n1")
        assert {operation.outcome for operation in world.history} <= {"ok", "fail", "info"}


def test_threads_that_read_the_trace_at_once_see_all_of_it(count):
    for _ in range(count(2, 20)):
        with Cluster(Parrot, n=2) as world:
            for number in range(300):
                world.send("n1", Note(number))
            world.call("n1", Echo())
            lengths = []

            def look(world=world, lengths=lengths):
                lengths.append(len(world.trace.filter(kinds=["send"], types=[Note])))

            at_once(look, look, look, look)
            look()
            assert lengths == [300] * 5


def test_faults_that_come_and_go_while_others_call_keep_their_count():
    with Cluster(Parrot, n=1) as world:

        def cut():
            for _ in range(20):
                with world.drop(Echo, "ada", "n1"):
                    world.heal()

        def ask():
            for _ in range(100):
                with suppress(Timeout):
                    world.client("ada").call("n1", Echo(), timeout=0.01)

        at_once(cut, ask, ask)
        chosen = [event for event in world.trace.filter(kinds=["drop"]) if event.detail == "chosen"]
        assert len(chosen) <= 20
        assert world.client("ada").call("n1", Echo("clear")) == Echoed("clear", "n1")
