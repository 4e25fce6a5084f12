"""Nodes: their handlers, and the mistakes in them that are told when the class is defined."""

import enum
import threading
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from ds101 import Message, Mistake, Node, Timer, on
from ds101.effects import Sending, interval, sendings, timer_name
from ds101.node import attributes_of, handler_for, handlers_of
from ds101.storage import Storage


def sending(to: Any, message: Any, nodes: tuple[str, ...]) -> Sending:
    return sendings((to,), message, nodes)[0]


class Ping(Message):
    number: int = 0


class LoudPing(Ping):
    pass


class Pong(Message):
    pass


class Tick(Timer):
    pass


class Ponger(Node):
    @on(Ping)
    def answer(self, ping, sender):
        self.send(sender, Pong())


class Context:
    """All that a node can reach, written down."""

    def __init__(self):
        self.id, self.peers = "n1", ("n2", "n3")
        self.random = Random(1)
        self.storage = Storage(lambda key, data: None)
        self.done = []

    def send(self, to, message):
        self.done.append(("send", to, message))

    def set_timer(self, timer, after):
        self.done.append(("set", timer, after))

    def cancel_timer(self, timer):
        self.done.append(("cancel", timer))

    def now(self):
        return 12.5

    def log(self, text):
        self.done.append(("log", text))


@pytest.fixture
def context():
    return Context()


def told(define):
    """The sentence that stands against this definition."""
    with pytest.raises(Mistake) as mistake:
        define()
    return str(mistake.value)


# Handlers


def test_handlers_are_found_by_their_events():
    class Clock(Ponger):
        @on(Tick)
        def tick(self, timer):
            pass

    assert handlers_of(Clock) == {"Ping": "answer", "Tick": "tick"}
    assert handlers_of(Ponger) == {"Ping": "answer"}, "the class that it inherits from is as it was"


def test_an_overriding_method_keeps_its_on(context):
    class Silent(Ponger):
        def answer(self, ping, sender):
            pass

    assert handlers_of(Silent) == {"Ping": "answer"}
    getattr(Silent(context), handlers_of(Silent)["Ping"])(Ping(), "n2")
    assert context.done == []


def test_an_overriding_method_may_take_other_events():
    class Other(Ponger):
        @on(Pong)
        def answer(self, pong, sender):
            pass

    assert handlers_of(Other) == {"Pong": "answer"}


def test_one_method_may_handle_several_messages():
    class Both(Node):
        @on(Ping, Pong)
        def take(self, message, sender):
            pass

    assert handlers_of(Both) == {"Ping": "take", "Pong": "take"}


def test_a_message_goes_to_the_handler_of_the_nearest_class_that_it_inherits_from():
    class Careful(Ponger):
        @on(LoudPing)
        def cover_ears(self, ping, sender):
            pass

    assert handler_for(Ponger, LoudPing) == "answer"
    assert handler_for(Careful, LoudPing) == "cover_ears"
    assert handler_for(Ponger, Pong) is None


def test_handlers_of_two_parents_come_together():
    class Ticker(Node):
        @on(Tick)
        def tick(self, timer):
            pass

    class Both(Ponger, Ticker):
        pass

    assert handlers_of(Both) == {"Ping": "answer", "Tick": "tick"}


# What a node may use


def test_a_node_reaches_what_its_world_gives(context):
    node = Ponger(context)
    node.send("n2", Ping(1))
    node.broadcast(Ping(2))
    node.set_timer(Tick(), after=(0.1, 0.2))
    node.cancel_timer(Tick())
    node.log(3)
    assert context.done == [
        ("send", ("n2",), Ping(1)),
        ("send", ("n2", "n3"), Ping(2)),
        ("set", Tick(), (0.1, 0.2)),
        ("cancel", Tick()),
        ("log", "3"),
    ]
    assert (node.id, node.peers, node.now()) == ("n1", ("n2", "n3"), 12.5)
    assert node.random is context.random
    assert node.storage is context.storage
    assert repr(node) == "<Ponger n1>"


def test_the_state_of_a_node_is_what_its_class_has_set(context):
    node = Ponger(context)
    assert attributes_of(node) == {}
    node.term, node.votes = 1, {"n1"}
    node.term += 1
    assert attributes_of(node) == {"term": 2, "votes": {"n1"}}


def test_what_is_given_can_not_be_set(context):
    node = Ponger(context)
    for name in ("id", "peers", "random", "storage", "send", "log"):
        assert told(lambda name=name: setattr(node, name, 1)) == (
            f"self.{name} is given to the node and can't be set. Use another name."
        )
    assert attributes_of(node) == {}


# Mistakes that are told when the class is defined


def test_on_needs_an_event():
    assert told(lambda: on()) == "@on() has no event. Write @on(TheMessage)."
    assert told(lambda: on(lambda self: None)) == "@on stands without its event above <lambda>. Write @on(TheMessage)."
    for what, name in ((str, "str"), ("Ping", "'Ping'"), (Ping(), "Ping(number=0)"), (Node, "Node")):
        assert told(lambda what=what: on(what)) == (
            f"@on({name}): {name} is no event. Events are classes that inherit from Message or Timer."
        )


def test_an_event_has_one_handler():
    def define():
        class Twice(Ponger):
            @on(Ping)
            def answer_too(self, ping, sender):
                pass

    assert told(define) == "Twice handles Ping twice, in answer and in answer_too. Keep one of them."


def test_a_handler_takes_what_its_event_gives():
    def message_without_sender():
        class Wrong(Node):
            @on(Ping)
            def take(self, ping):
                pass

    def timer_with_sender():
        class Wrong(Node):
            @on(Tick)
            def take(self, tick, sender):
                pass

    def nothing():
        class Wrong(Node):
            @on(Ping)
            def take():
                pass

    for define, event, write in (
        (message_without_sender, "Ping", "(self, message, sender)"),
        (nothing, "Ping", "(self, message, sender)"),
        (timer_with_sender, "Tick", "(self, timer)"),
    ):
        sentence = told(define)
        assert sentence.startswith(f"Wrong.take handles {event}, so write  def take{write}:  It begins in test_node.py")
        assert sentence.endswith(f"in take:  @on({event})")


def test_one_method_can_not_handle_a_message_and_a_timer():
    def define():
        class Wrong(Node):
            @on(Ping, Tick)
            def take(self, event, sender):
                pass

    assert told(define).startswith("Wrong.take handles Tick, so write  def take(self, timer):")


def test_an_overriding_method_must_fit_its_event_too():
    def wrong_signature():
        class Wrong(Ponger):
            def answer(self):
                pass

    def no_method():
        class Wrong(Ponger):
            answer = 3

    assert told(wrong_signature).startswith("Wrong.answer handles Ping, so write")
    assert told(no_method) == "Wrong.answer was a handler, and is now 3. Make it a method."


def test_a_handler_does_not_wait():
    def asynchronous():
        class Wrong(Node):
            @on(Ping)
            async def take(self, ping, sender):
                pass

    def generator():
        class Wrong(Node):
            @on(Ping)
            def take(self, ping, sender):
                yield

    for define in (asynchronous, generator):
        assert told(define).startswith(
            "Wrong.take waits (async or yield), and a handler runs to completion. Send, set a timer, return. It begins"
        )


def test_start_takes_nothing_and_does_not_wait():
    def with_argument():
        class Wrong(Node):
            def start(self, peers):
                pass

    def asynchronous():
        class Wrong(Node):
            async def start(self):
                pass

    assert told(with_argument).startswith("Wrong.start runs at every start, so write  def start(self):  It begins in")
    assert told(asynchronous).startswith("Wrong.start waits (async or yield), and start runs to completion.")


def test_a_node_takes_no_constructor_arguments():
    def define():
        class Wrong(Node):
            def __init__(self, size):
                self.size = size

    assert told(define) == (
        "Wrong has an __init__, and the world makes its nodes without arguments. "
        "Write  def start(self):  for the state, and class attributes for settings."
    )


@pytest.mark.parametrize("name", ["send", "id", "storage", "set_timer", "peers", "now"])
def test_a_method_does_not_hide_what_every_node_has(name):
    sentence = told(lambda: type("Wrong", (Node,), {name: lambda self: None}))
    assert sentence == f"Wrong.{name} hides what every node has. Use another name."


@pytest.mark.parametrize("value", [[], {}, set(), deque(), bytearray()])
def test_a_class_attribute_that_can_be_changed_is_no_setting(value):
    sentence = told(lambda: type("Wrong", (Node,), {"log_so_far": value}))
    kind = type(value).__name__
    assert sentence == (
        f"Wrong.log_so_far is a {kind} that all nodes of a process would share. "
        "Write  self.log_so_far = ...  in start(self), or make it a tuple if it is a setting."
    )


def test_settings_are_class_attributes_changed_by_subclassing(context):
    class Slow(Ponger):
        TIMEOUT = (0.1, 0.2)

    class Slower(Slow):
        TIMEOUT = (1.0, 2.0)

    assert Slower(context).TIMEOUT == (1.0, 2.0)
    assert attributes_of(Slower(context)) == {}


counter = 0


def test_a_handler_does_not_change_a_global():
    def define():
        class Wrong(Node):
            @on(Ping)
            def take(self, ping, sender):
                global counter
                counter += 1

    sentence = told(define)
    assert sentence.startswith(
        "Wrong.take changes the global 'counter', and nodes share no memory. Write self.counter instead. It begins in"
    )
    assert counter == 0


def test_a_function_inside_a_handler_does_not_change_a_global_either():
    def define():
        class Wrong(Node):
            def start(self):
                def later():
                    global counter
                    del counter

                later()

    assert "changes the global 'counter'" in told(define)


# Attributes that the worlds can carry


class Suit(enum.Enum):
    HEARTS = 1


@dataclass
class Entry:
    term: int
    command: str


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        1j,
        "text",
        b"bytes",
        [1, [2]],
        (1, {2: {3}}),
        frozenset({1}),
        deque([1], maxlen=3),
        bytearray(b"a"),
        range(3),
        Suit.HEARTS,
        Ping(1),
        Entry(1, "x"),
        [Entry(1, "x")],
        {"n1": Entry(1, "x")},
        Ping,
        Random(1),
    ],
)
def test_a_node_keeps_values(context, value):
    node = Ponger(context)
    node.kept = value
    assert attributes_of(node) == {"kept": value}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (lambda: None, "a function"),
        (threading.Lock(), "a lock"),
        (threading.Thread(), "a Thread"),
        (threading, "a module"),
        ((number for number in ()), "a generator"),
        ([1, {"key": (lambda: None,)}], "a function"),
        (Entry(1, threading.Lock()), "a lock"),
        (Ponger.answer, "a function"),
    ],
)
def test_an_attribute_that_the_worlds_can_not_carry_is_told_where_it_is_set(context, value, kind):
    node = Ponger(context)
    sentence = told(lambda: setattr(node, "kept", value))
    assert sentence.startswith(
        f"self.kept holds {kind}, which a node can't keep: it can't be copied, compared or sent."
    )
    assert attributes_of(node) == {}


def test_an_open_file_is_no_attribute(context, tmp_path):
    node = Ponger(context)
    with (tmp_path / "log").open("w") as file:
        assert told(lambda: setattr(node, "log_file", file)).startswith("self.log_file holds a TextIOWrapper")


def test_one_changeable_object_can_not_be_held_by_two_attributes(context):
    node = Ponger(context)
    node.log_entries = [1]
    sentence = told(lambda: setattr(node, "committed", node.log_entries))
    assert sentence == (
        "self.committed and self.log_entries are the same list: changing one would change the other. "
        "Write self.committed = list(self.log_entries)."
    )
    node.committed = list(node.log_entries)
    node.log_entries = node.log_entries
    node.voted_for = node.name = "n1"
    node.pair = node.other_pair = (1, 2)
    assert attributes_of(node)["committed"] == [1]


# What a node asks of its world


def test_a_message_is_encoded_when_it_is_sent():
    class Members(Message):
        names: list[str]

    names = ["n1"]
    sent = sending("n2", Members(names), ("n1", "n2"))
    names.append("n2")
    assert sent.body == b'{"names":["n1"]}'


def test_a_message_to_nobody_is_told_at_the_line_that_sends_it():
    assert told(lambda: sending("n9", Ping(), ("n1", "n2"))) == (
        "send('n9', ...): nobody is called so. There are n1, n2, and senders."
    )
    assert told(lambda: sending("n1", Tick(), ("n1",))).startswith("Tick() can't be sent: it is no Message.")
    assert told(lambda: sending(Ping(), "n1", ("n1",))).startswith("'n1' can't be sent: it is no Message.")
    for nobody in (None, 3, ["n1"], "ada", "ada.", ".7", ""):
        assert told(lambda nobody=nobody: sending(nobody, Ping(), ("n1",))).startswith(f"send({nobody!r}, ...): nobody")
    assert sending("ada.7", Ping(), ("n1",)).to == "ada.7"


def test_a_message_that_was_spoiled_after_it_was_made_is_told_at_the_line_that_sends_it():
    class Numbers(Message):
        values: list[float]

    message = Numbers([1.0])
    message.values.append(threading.Lock())
    assert told(lambda: sending("n1", message, ("n1",))).startswith("Numbers(values=[1.0, <unlocked")


def test_a_timer_is_named_by_its_value_and_needs_a_handler():
    class Due(Timer):
        round: int

    class Rounds(Node):
        @on(Due)
        def take(self, timer):
            pass

    assert timer_name(Rounds, Due(1)) == timer_name(Rounds, Due(1)) != timer_name(Rounds, Due(2))
    assert told(lambda: timer_name(Ponger, Due(1))) == (
        "Nothing handles Due. Write  @on(Due)  above a method (self, timer)."
    )
    assert told(lambda: timer_name(Ponger, Ping())).startswith("set_timer(Ping(number=0)): that is no Timer.")
    assert told(lambda: timer_name(Ponger, Due)).startswith("set_timer(<class ")


def test_after_is_a_number_of_seconds_or_a_pair_to_draw_from():
    assert interval(2) == (2.0, 2.0)
    assert interval((0.1, 0.3)) == interval([0.1, 0.3]) == (0.1, 0.3)
    for wrong in (-1, (0.3, 0.1), float("inf"), float("nan"), "soon", None, (1, 2, 3), (), ("a", "b")):
        assert told(lambda wrong=wrong: interval(wrong)) == (
            f"after={wrong!r} is no time. Give seconds, 0 or more, or a pair (low, high) to draw from."
        )
