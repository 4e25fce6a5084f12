"""What can happen in a search: the same as in every other world, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from ds101 import Call, Message, Node, Timer, Verdict, explore, on
from ds101.explorer import View, replay


class Ping(Message):
    number: int = 0


class Pong(Message):
    number: int = 0


class Tick(Timer):
    pass


class Echo(Node):
    def start(self):
        self.seen = ()

    @on(Ping)
    def answer(self, ping, sender):
        self.seen = (*self.seen, ping.number)
        self.send(sender, Pong(ping.number))


class Bank(Node):
    """Moves 10 from one account to another, in two assignments."""

    def start(self):
        self.storage.setdefault("from", 10)
        self.storage.setdefault("to", 0)

    @on(Ping)
    def move(self, ping, client):
        self.storage["from"] = 0
        self.storage["to"] = 10
        self.send(client, Pong(1))
        self.send(client, Pong(2))


ONE_PING = {"ada": [Call("n1", Ping(1))]}
TWO_PINGS = {"ada": [Call("n1", Ping(1)), Call("n1", Ping(2))]}


def answers(view: View) -> set[Any]:
    return {one.body.number for one in view.sent(Pong)}


def money_is_conserved(view: View) -> bool:
    stored = view.storage("n1")
    return stored.get("from", 10) + stored.get("to", 0) == 10


def can_be(nodes: Any, what: Any, **options: Any) -> bool:
    """Whether a state of this kind is reachable; all is searched if it isn't."""
    answer = explore(nodes, **options, goals={"it": what})
    assert answer.verdict is not Verdict.INCONCLUSIVE, answer
    return "it" in answer.reached


# Crashes


def test_a_crash_falls_between_two_storage_assignments():
    assert explore(Bank, clients=ONE_PING, invariants=money_is_conserved).verdict is Verdict.HOLDS
    violation = explore(Bank, clients=ONE_PING, invariants=money_is_conserved, crashes=1).violation
    assert violation is not None
    assert violation.schedule == "ada.invoke ada>n1.Ping@1"
    assert [event.kind for event in violation.trace][-2:] == ["deliver", "crash"]
    assert violation.trace[-1].detail == "SIGKILL during Ping"


@pytest.mark.parametrize("network", ["set", "multiset", "fifo"])
def test_a_crash_falls_after_any_prefix_of_the_sends(network: str):
    def sent(*numbers: int) -> Any:
        return lambda view: not view.up and answers(view) == set(numbers)

    for numbers in ((), (1,), (1, 2)):
        assert can_be(Bank, sent(*numbers), clients=ONE_PING, crashes=1, network=network)
    assert not can_be(Bank, sent(2), clients=ONE_PING, crashes=1, network=network)
    assert not can_be(Bank, lambda view: answers(view) == {1}, clients=ONE_PING, network=network)


def test_a_crash_in_the_middle_of_a_start_leaves_what_was_stored():
    assert can_be(Bank, lambda view: dict(view.storage("n1")) == {"from": 10}, crashes=1)
    assert not can_be(Bank, lambda view: dict(view.storage("n1")) == {"from": 10}, crashes=0)


def test_a_restart_has_the_storage_and_nothing_else():
    class Counts(Node):
        def start(self):
            self.lives = self.storage.get("lives", 0) + 1
            self.memory = getattr(self, "memory", 0) + 1
            self.storage["lives"] = self.lives

    assert can_be(Counts, lambda view: view.state("n1").get("lives") == 3, crashes=2)
    assert not can_be(Counts, lambda view: view.state("n1").get("lives") == 4, crashes=2)
    assert not can_be(Counts, lambda view: view.state("n1").get("lives") == 2, crashes=2, restarts=0)
    assert not can_be(Counts, lambda view: view.state("n1").get("memory", 0) > 1, crashes=2)


@pytest.mark.parametrize("network", ["set", "multiset", "fifo"])
def test_what_was_sent_to_a_node_in_its_earlier_life_never_reaches_the_next(network: str):
    class Sender(Node):
        def start(self):
            self.send("n2", Ping(1))

    class Receiver(Node):
        def start(self):
            self.life = self.storage.get("life", 0) + 1
            self.storage["life"] = self.life
            self.got = False

        @on(Ping)
        def receive(self, *_):
            self.got = True

    nodes = {"n1": Sender, "n2": Receiver}

    def second_life_has_it(view: View) -> bool:
        return view.state("n2").get("life") == 2 and view.state("n2")["got"]

    def n1_has_lived_once(view: View) -> bool:
        return view.is_up("n1")

    assert can_be(nodes, second_life_has_it, crashes=2, network=network)  # n1 too has crashed, and sends again
    assert not can_be(nodes, second_life_has_it, crashes=1, network=network)
    assert can_be(nodes, n1_has_lived_once, crashes=1, network=network)


def test_timers_die_with_their_node():
    class Wakes(Node):
        def start(self):
            self.woken = False
            if "started" not in self.storage:
                self.storage["started"] = True
                self.set_timer(Tick(), after=1)

        @on(Tick)
        def wake(self, _):
            self.woken = True
            self.storage["woken"] = True

    assert can_be(Wakes, lambda view: view.state("n1").get("woken", False), crashes=0)
    dead_once = explore(Wakes, goals={"down": lambda view: not view.up}, crashes=1).reached["down"]
    assert not can_be(Wakes, lambda view: view.state("n1").get("woken", False), start=dead_once, crashes=0)


def test_a_call_to_a_node_that_is_down_fails_at_once():
    answer = explore(Echo, clients=TWO_PINGS, crashes=1, restarts=0, goals={
        "failed": lambda view: [one.outcome for one in view.history] == ["ok", "fail"]
    })  # fmt: skip
    reached = answer.reached["failed"]
    assert reached.schedule == "ada.invoke ada>n1.Ping n1.crash n1>ada.Pong ada.invoke"
    assert [event.kind for event in reached.trace][-2:] == ["invoke", "fail"]


# Networks


def test_a_set_of_messages_duplicates_and_reorders_without_asking():
    class Twice(Node):
        def start(self):
            self.got = ()
            for peer in self.peers:
                self.send(peer, Ping(1))
                self.send(peer, Ping(2))

        @on(Ping)
        def receive(self, ping, _):
            self.got = (*self.got, ping.number)[-3:]

    def got(*numbers: int) -> Any:
        return lambda view: view.state("n1")["got"] == numbers

    assert can_be(Twice, got(2, 1, 2), n=2)
    assert can_be(Twice, got(2, 1), n=2, network="multiset")
    assert not can_be(Twice, got(1, 1), n=2, network="multiset")
    assert can_be(Twice, got(1, 1), n=2, network="multiset", duplicates=1)
    assert can_be(Twice, got(1, 2), n=2, network="fifo")
    assert not can_be(Twice, got(2), n=2, network="fifo")
    assert can_be(Twice, got(2), n=2, network="fifo", drops=1)


@pytest.mark.parametrize("network", ["multiset", "fifo"])
def test_messages_are_lost_within_their_budget(network: str):
    class Three(Node):
        def start(self):
            self.got, self.waits = 0, self.id == "n1"
            if not self.waits:
                for number in range(3):
                    self.send("n1", Ping(number))

        @on(Ping)
        def receive(self, *_):
            self.got += 1

    def nothing_is_under_way_and_got(count: int) -> Any:
        return lambda view: view.state("n1")["got"] == count

    answer = explore(Three, 2, network=network, drops=2, goals={
        str(count): nothing_is_under_way_and_got(count) for count in range(4)
    }, invariants=lambda view: True)  # fmt: skip
    assert sorted(answer.reached) == ["0", "1", "2", "3"]
    assert answer.exhausted


def test_a_partition_cuts_both_ways_and_heals():
    class Asks(Echo):
        def start(self):
            super().start()
            self.heard = 0
            if self.id == "n1":
                self.set_timer(Tick(), after=1)

        @on(Tick)
        def ask(self, _):
            self.send("n2", Ping(1))
            self.set_timer(Tick(), after=1)

        @on(Pong)
        def hear(self, *_):
            self.heard += 1

    nodes = {"n1": Asks, "n2": Asks, "n3": Asks}
    answer = explore(nodes, network="fifo", partitions=1, timers=2, goals={
        "lost": lambda view: view.state("n2")["seen"] == (1,) and view.state("n1")["heard"] == 0 and view.nodes
        and len(view.sent(Pong)) == 1,
        "both": lambda view: view.state("n1")["heard"] == 2,
    })  # fmt: skip
    assert sorted(answer.reached) == ["both", "lost"]
    cut = replay(nodes, "cut:n1|n2,n3 n1!Tick heal n1!Tick n1>n2.Ping n2>n1.Pong", network="fifo")
    kinds = [event.kind for event in cut.trace if event.kind in ("partition", "heal", "drop", "deliver")]
    assert kinds == ["partition", "drop", "heal", "deliver", "deliver"]
    assert cut.trace.filter(kinds=["drop"])[0].detail == "partition"


# Timers


def test_timers_of_one_node_fire_in_the_order_that_their_durations_force():
    class First(Timer):
        pass

    class Second(Timer):
        pass

    class Timed(Node):
        AFTER = ((0.1, 0.2), (0.3, 0.4))

        def start(self):
            self.fired = ()
            self.set_timer(First(), after=self.AFTER[0])
            self.set_timer(Second(), after=self.AFTER[1])

        @on(First, Second)
        def fire(self, timer):
            self.fired = (*self.fired, type(timer).__name__)

    class Overlapping(Timed):
        AFTER = ((0.1, 0.35), (0.3, 0.4))

    def second_first(view: View) -> bool:
        return view.state("n1")["fired"][:1] == ("Second",)

    assert not can_be(Timed, second_first)
    assert can_be(Overlapping, second_first)
    across = {"n1": Timed, "n2": Timed}
    assert can_be(across, lambda view: view.state("n1")["fired"] == () and len(view.state("n2")["fired"]) == 2)


# Choices


def test_a_choice_takes_every_option():
    class Chooses(Node):
        def start(self):
            self.pair = (self.random.choice("ab"), self.random.choice((1, 2, 3)), self.random.choice([None]))

    answer = explore(Chooses, goals={
        f"{letter}{number}": (lambda pair: lambda view: view.state("n1")["pair"] == pair)((letter, number, None))
        for letter in "ab" for number in (1, 2, 3)
    }, invariants=lambda view: True)  # fmt: skip
    assert (answer.exhausted, answer.states, answer.missed) == (True, 6, ())
    assert answer.reached["b2"].schedule == "n1.start=1,1"


# Clients


def test_a_client_goes_on_only_when_it_is_answered_or_gives_up():
    def second_before_first_answer(view: View) -> bool:
        history = view.history
        return len(history) == 2 and history[0].outcome != "ok"

    assert not can_be(Echo, second_before_first_answer, clients=TWO_PINGS, network="fifo")
    assert can_be(Echo, second_before_first_answer, clients=TWO_PINGS, network="fifo", timeouts=1)


def test_a_client_that_gave_up_takes_no_late_answer():
    def told_wrong(view: View) -> bool:
        return any(one.outcome == "ok" and one.reply.number != one.request.number for one in view.history)

    assert not can_be(Echo, told_wrong, clients=TWO_PINGS, timeouts=2, network="multiset")


def test_a_generator_function_is_sent_each_reply():
    def steps():
        reply = yield Call("n1", Ping(1))
        if reply is None:
            yield Call("n1", Ping(100))
        else:
            yield Call("n1", Ping(reply.number + 10))

    clients = {"ada": steps}
    assert can_be(Echo, lambda view: view.state("n1")["seen"] == (1, 11), clients=clients, network="fifo")
    assert not can_be(Echo, lambda view: 100 in view.state("n1")["seen"], clients=clients, network="fifo")
    assert can_be(Echo, lambda view: 100 in view.state("n1")["seen"], clients=clients, network="fifo", timeouts=1)


def test_any_node_may_answer_a_client():
    class Forwards(Node):
        def start(self):
            self.client = ""

        @on(Ping)
        def forward(self, ping, sender):
            if sender in self.peers:
                self.send("ada.1", Pong(2))
            else:
                self.send("n2", ping)

    def is_answered(view: View) -> bool:
        return [one.reply for one in view.history] == [Pong(2)]

    assert can_be(Forwards, is_answered, n=2, clients=ONE_PING)


# What goes wrong in a handler


class DividesByZero(Echo):
    @on(Ping)
    def answer(self, ping, sender):
        1 / (ping.number - 2)  # fails for 2


def test_a_handler_that_raises_is_a_violation_of_its_own_kind():
    answer = explore(DividesByZero, clients={"ada": [Call("n1", Ping(1))], "bob": [Call("n1", Ping(2))]})
    violation = answer.violation
    assert violation is not None
    assert violation.kind == "died"
    assert violation.why.startswith(
        "n1 died of ZeroDivisionError: division by zero. It happened in test_explorer_meaning.py"
    )
    assert "1 / (ping.number - 2)" in violation.why
    assert violation.schedule == "bob.invoke bob>n1.Ping"
    assert [event.kind for event in violation.trace][-3:] == ["deliver", "error", "crash"]


def test_a_start_that_raises_is_found_before_anything_else():
    class CannotStart(Node):
        def start(self):
            self.x = self.random.choice((1, 0))
            self.x = 1 / self.x

    violation = explore({"n1": Echo, "n2": CannotStart}).violation
    assert violation is not None
    assert violation.why.startswith("n2 died of ZeroDivisionError")
    assert replay({"n1": Echo, "n2": CannotStart}, violation.schedule).trace.events == violation.trace.events


def test_what_cannot_be_paid_does_not_fail():
    class FailsInItsSecondLife(Node):
        def start(self):
            self.storage["lives"] = self.storage.get("lives", 0) + 1
            assert self.storage["lives"] == 1, "not again"

    assert explore(FailsInItsSecondLife, crashes=1, restarts=0).verdict is Verdict.HOLDS
    violation = explore(FailsInItsSecondLife, crashes=1).violation
    assert violation is not None
    assert violation.schedule == "n1.crash n1.restart"
    assert "died of AssertionError: not again" in violation.why


def test_a_message_without_a_handler_is_a_violation_of_its_own_kind():
    class SendsToAll(Echo):
        @on(Ping)
        def answer(self, ping, sender):
            self.broadcast(Pong(1))

    violation = explore(SendsToAll, 2, clients=ONE_PING).violation
    assert violation is not None
    assert violation.kind == "unhandled"
    assert violation.why.startswith("n2 got a Pong from n1. SendsToAll has no handler for Pong (it handles Ping).")
    assert violation.schedule == "ada.invoke ada>n1.Ping n1>n2.Pong"


def test_a_mistake_in_a_handler_says_the_same_as_in_every_world():
    class SendsToNobody(Echo):
        @on(Ping)
        def answer(self, ping, sender):
            self.send("n9", Pong(1))

    violation = explore(SendsToNobody, clients=ONE_PING).violation
    assert violation is not None
    assert "died of Mistake: send('n9', ...): nobody is called so. There are n1, and senders." in violation.why
