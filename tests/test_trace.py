"""The record of a run: its causal order, what happened before what, filters, files, and what is reconstructed."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ds101 import Mistake, Trace, Verdict
from ds101.cluster.frames import Envelope, encode_line
from ds101.cluster.recorder import LONGEST_LINE, brief
from ds101.cluster.tracebook import TraceBook
from ds101.trace import Event, by_number, in_causal_order


class Script:
    """Writes a run down by hand: each step takes a millisecond and a tick of the clock."""

    def __init__(self):
        self.events = []

    def add(self, kind, node, **more):
        count = len(self.events) + 1
        event = Event(f"e{count}", kind, count / 1000, node, count, **more)
        self.events.append(event)
        return event

    def send(self, src, dst, cause=None, type_name="Ping", node=None):
        return self.add(
            "send", node or src.split(".")[0], src=src, dst=dst, type=type_name, cause=cause.id if cause else None
        )

    def deliver(self, send):
        return self.add("deliver", send.dst.split(".")[0], src=send.src, dst=send.dst, type=send.type, cause=send.id)

    def message(self, src, dst, cause=None):
        return self.deliver(self.send(src, dst, cause))


@pytest.fixture
def script():
    return Script()


# Order


@given(st.permutations(range(8)), st.lists(st.floats(0, 0.01), min_size=8, max_size=8))
def test_whatever_the_clocks_say_no_effect_stands_before_its_cause(order, times):
    chain = [
        Event(f"e{index}", "log", at, f"n{index % 3}", 0, cause=f"e{index - 1}" if index else None)
        for index, at in enumerate(times)
    ]
    ordered = in_causal_order(chain[index] for index in order)
    assert [event.id for event in ordered] == [f"e{index}" for index in range(8)]


def test_events_without_causes_stand_by_their_times():
    events = [Event(f"e{index}", "log", (7 * index) % 5, "n1", 0) for index in range(5)]
    assert [event.at for event in Trace(events)] == [0, 1, 2, 3, 4]


def test_a_cause_that_is_not_in_the_trace_holds_nothing_back():
    events = [Event("a", "log", 0.2, "n1", 0), Event("b", "deliver", 0.1, "n1", 0, cause="gone")]
    assert [event.id for event in Trace(events)] == ["b", "a"]


def test_the_trace_does_not_change_with_the_lists_that_it_was_made_of(script):
    script.message("n1", "n2")
    nodes = ["n1", "n2"]
    trace = Trace(script.events, nodes)
    script.events.clear()
    nodes.append("n3")
    assert len(trace) == 2
    assert trace.nodes == ("n1", "n2")


def test_lanes_are_nodes_by_number_then_clients():
    events = [Event(name, "log", 0.0, name, 0) for name in ("c1", "n10", "ada", "n2", "")]
    assert Trace(events).nodes == ("n2", "n10", "ada", "c1")
    assert sorted(["n10", "n2", "c2", "c10"], key=by_number) == ["n2", "n10", "c2", "c10"]


def test_an_event_and_a_trace_show_in_one_line(script):
    script.message("n1", "n2")
    trace = Trace(script.events)
    assert repr(trace) == "Trace(2 events, n1 n2)"
    assert repr(trace[0]) == "<0.0010s send Ping n1 → n2>"
    assert repr(Trace(script.events, cut=7)) == "Trace(2 events, n1 n2, 7 older ones forgotten)"
    assert repr(Event("x", "crash", 1.5, "n1", 3, detail="SIGKILL")) == "<1.5000s crash n1 SIGKILL>"


# Happened before


def test_a_send_happened_before_its_delivery_and_all_that_followed(script):
    first = script.send("n1", "n2")
    second = script.message("n2", "n3", cause=script.deliver(first))
    later = script.add("log", "n3")
    trace = Trace(script.events)
    assert trace.happened_before(first, second) is Verdict.HOLDS
    assert trace.happened_before(first, later) is Verdict.HOLDS
    assert trace.happened_before(later, first) is Verdict.BROKEN
    assert trace.happened_before(first, first) is Verdict.BROKEN


def test_what_no_message_connects_is_concurrent_whatever_the_clock_says(script):
    one, other = script.add("log", "n1"), script.add("log", "n2")
    trace = Trace(script.events)
    assert one.at < other.at
    assert trace.happened_before(one, other) is trace.happened_before(other, one) is Verdict.BROKEN


def test_events_of_one_node_have_an_order_without_any_message(script):
    first, _, third = script.add("log", "n1"), script.add("crash", "n1"), script.add("restart", "n1")
    assert Trace(script.events).happened_before(first, third) is Verdict.HOLDS


def test_a_delivery_that_was_lost_connects_nothing(script):
    sent = script.send("n1", "n2")
    script.add("drop", "n2", src="n1", dst="n2", cause=sent.id, detail="lost")
    after = script.add("log", "n3")
    assert Trace(script.events).happened_before(sent, after) is Verdict.BROKEN


def test_a_call_that_returned_happened_before_the_next_call_of_the_same_client(script):
    first = script.add("invoke", "ada", type="Ping")
    handled = script.deliver(script.send("ada.1", "n1", cause=first))
    script.deliver(script.send("n1", "ada.1", cause=handled, type_name="Pong"))
    answered = script.add("ok", "ada", type="Ping", cause=first.id)
    second = script.add("invoke", "ada", type="Ping")
    sent = script.send("ada.2", "n2", cause=second)
    trace = Trace(script.events)
    assert trace.happened_before(handled, answered) is Verdict.HOLDS
    assert trace.happened_before(handled, sent) is Verdict.HOLDS


def test_two_calls_of_one_client_that_overlap_are_concurrent(script):
    first, second = script.add("invoke", "ada"), script.add("invoke", "ada")
    one = script.deliver(script.send("ada.1", "n1", cause=first))
    other = script.deliver(script.send("ada.2", "n2", cause=second))
    trace = Trace(script.events)
    assert trace.happened_before(one, other) is trace.happened_before(other, one) is Verdict.BROKEN
    assert trace.happened_before(first, other) is Verdict.HOLDS


def test_what_was_cut_makes_the_answer_inconclusive_and_only_then(script):
    forgotten = script.send("n1", "n2")
    got = script.deliver(forgotten)
    early, late = script.add("log", "n2"), script.add("log", "n3")
    cut = Trace(script.events[1:], cut=1)
    assert cut.happened_before(forgotten, got) is Verdict.INCONCLUSIVE
    assert cut.happened_before(got, early) is Verdict.HOLDS
    assert cut.happened_before(early, got) is Verdict.BROKEN
    assert cut.happened_before(late, early) is Verdict.INCONCLUSIVE
    assert Trace(script.events).happened_before(late, early) is Verdict.BROKEN


def test_the_lamport_clock_never_contradicts_the_answer(script):
    script.message("n2", "n3", cause=script.message("n1", "n2"))
    script.message("n3", "n1")
    trace = Trace(script.events)
    for a in trace:
        for b in trace:
            if trace.happened_before(a, b):
                assert a.clock < b.clock


# Filters


@pytest.fixture
def run(script):
    script.message("ada.1", "n1")
    script.message("n1", "n2")
    script.add("fire", "n3", type="Tick")
    script.add("partition", "", body={"fault": "p1"})
    return Trace(script.events, ["n1", "n2", "n3", "ada"], cut=3)


def test_a_trace_filters_by_node_and_keeps_what_concerns_it_and_the_world(run):
    kept = run.filter(nodes=["n2"])
    assert [(event.kind, event.node) for event in kept] == [("send", "n1"), ("deliver", "n2"), ("partition", "")]
    assert kept.nodes == ("n2",)
    assert kept.cut == 3
    assert {event.node for event in run.filter(nodes=["ada"]) if event.node} == {"ada", "n1"}


def test_a_trace_filters_by_kind_type_and_time(run):
    assert [event.kind for event in run.filter(kinds=["fire", "partition"])] == ["fire", "partition"]
    assert [event.kind for event in run.filter(types=["Tick"])] == ["fire", "partition"]
    tick = type("Tick", (), {})
    assert list(run.filter(types=[tick])) == list(run.filter(types=["Tick"]))
    assert [event.at for event in run.filter(after=0.002, before=0.004)] == [0.002, 0.003]
    assert len(run.filter()) == len(run)
    assert len(run.filter(kinds=["send"], nodes=["n2"])) == 1


# Files


def test_a_trace_comes_back_from_its_file_as_it_was(run, tmp_path):
    run.save(tmp_path / "run.json")
    back = Trace.load(tmp_path / "run.json")
    assert (back.events, back.nodes, back.cut) == (run.events, run.nodes, run.cut)
    assert msgspec.json.decode((tmp_path / "run.json").read_bytes())["cut"] == 3


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"nodes": []}', b"\x89PNG", b'{"nodes": [], "cut": 0, "events": [1]}']
)
def test_a_file_that_is_no_trace_is_told(content, tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(Mistake) as mistake:
        Trace.load(path)
    assert str(mistake.value).startswith("run.json is no trace: ")
    assert str(mistake.value).endswith(" Give a file that trace.save() wrote.")


# What the world writes down, and reads back

WORLD = ("n1", "n2")


class Node:
    """Records as a node process does, straight into a book."""

    def __init__(self, name, book):
        self.name, self.book, self.count = name, book, 0

    def record(self, *records):
        self.book.add_batch(self.name, len(records), 0, msgspec.msgpack.encode(records))

    def envelope(self, to, sent, clock):
        self.count += 1
        return Envelope("Ping", {"x": 1}, self.name, to, f"{self.name}.{self.count}", clock, int(sent * 1e9))

    def sent(self, envelope, cause=None):
        self.record(("send", cause, encode_line(envelope)))

    def delivered(self, envelope, at, clock):
        self.record(("deliver", f"{self.name}:{envelope.id}", int(at * 1e9), clock, encode_line(envelope)))

    def crashed(self, at, clock=9):
        self.record(("crash", f"{self.name}:crash", int(at * 1e9), clock, None, "", {}, "SIGKILL"))

    def restarted(self, at, clock=10):
        self.record(("restart", f"{self.name}:restart", int(at * 1e9), clock, None, "", {}, ""))


@pytest.fixture
def book():
    return TraceBook(limit=1_000)


def kinds(trace):
    return [(event.kind, event.node, event.detail) for event in trace]


def test_a_message_is_a_send_and_a_delivery_that_name_each_other(book):
    n1, n2 = Node("n1", book), Node("n2", book)
    envelope = n1.envelope("n2", 0.1, 4)
    n2.delivered(envelope, 0.2, 7)
    n1.sent(envelope, cause="n1:start")
    send, deliver = book.read(WORLD)
    assert (send.id, send.at, send.clock, send.cause) == ("n1.1", 0.1, 4, "n1:start")
    assert (deliver.cause, deliver.at, deliver.clock, deliver.body) == ("n1.1", 0.2, 7, {"x": 1})


def test_a_send_whose_record_died_with_its_process_is_reconstructed_from_the_delivery(book):
    n1, n2 = Node("n1", book), Node("n2", book)
    n2.delivered(n1.envelope("n2", 0.1, 4), 0.2, 7)
    send, deliver = book.read(WORLD)
    assert (send.kind, send.id, send.node, send.at, send.clock) == ("send", "n1.1", "n1", 0.1, 4)
    assert send.detail == "reconstructed"
    assert deliver.cause == send.id


def test_a_duplicate_is_two_deliveries_of_one_send_also_when_that_is_reconstructed(book):
    n1, n2 = Node("n1", book), Node("n2", book)
    envelope = n1.envelope("n2", 0.1, 4)
    n2.delivered(envelope, 0.2, 7)
    n2.delivered(envelope, 0.3, 8)
    trace = book.read(WORLD)
    assert [event.kind for event in trace] == ["send", "deliver", "deliver"]
    assert {event.cause for event in trace if event.kind == "deliver"} == {trace[0].id}


def test_what_was_on_its_way_to_a_node_that_died_is_a_drop(book):
    n1, n2 = Node("n1", book), Node("n2", book)
    n1.sent(n1.envelope("n2", 0.1, 4))
    n2.crashed(0.2)
    trace = book.read(WORLD)
    assert kinds(trace)[-1] == ("drop", "n2", "n2 crashed")
    assert trace[-1].cause == "n1.1"


def test_what_was_sent_to_a_node_that_was_dead_is_a_drop_and_what_came_after_its_restart_is_none(book):
    n1, n2 = Node("n1", book), Node("n2", book)
    n2.crashed(0.1)
    n1.sent(n1.envelope("n2", 0.2, 4))
    n2.restarted(0.3)
    n1.sent(n1.envelope("n2", 0.4, 5))
    drops = [event for event in book.read(WORLD) if event.kind == "drop"]
    assert [(drop.cause, drop.at) for drop in drops] == [("n1.1", 0.2)]


def test_what_a_dead_node_had_not_let_go_yet_is_a_drop(book):
    n1 = Node("n1", book)
    n1.sent(n1.envelope("n2", 0.1, 4))
    n1.crashed(0.2)
    trace = book.read(WORLD)
    assert kinds(trace)[-1] == ("drop", "n1", "n1 crashed")


def test_what_arrived_before_the_death_is_no_drop(book):
    n1, n2 = Node("n1", book), Node("n2", book)
    envelope = n1.envelope("n2", 0.1, 4)
    n1.sent(envelope)
    n2.delivered(envelope, 0.15, 7)
    n2.crashed(0.2)
    assert "drop" not in [event.kind for event in book.read(WORLD)]


def test_reading_twice_gives_the_same(book):
    n1, n2 = Node("n1", book), Node("n2", book)
    n2.delivered(n1.envelope("n2", 0.1, 4), 0.2, 7)
    n2.crashed(0.3)
    assert book.read(WORLD).events == book.read(WORLD).events


def test_what_the_world_does_to_a_node_happens_at_the_nodes_latest_clock(book):
    n1, n2 = Node("n1", book), Node("n2", book)
    n2.delivered(n1.envelope("n2", 0.1, 4), 0.2, 7)
    book.add(Event("w1", "pause", 0.3, "n2", 0))
    assert [(event.kind, event.clock) for event in book.read(WORLD)][-1] == ("pause", 7)


def test_the_book_forgets_the_oldest_events_and_counts_them():
    book = TraceBook(limit=10)
    n1 = Node("n1", book)
    for number in range(30):
        n1.sent(n1.envelope("n2", number / 1000, number))
    trace = book.read(WORLD)
    assert len(trace) == 10
    assert trace.cut == 20
    assert trace[0].at == 0.020


def test_events_that_a_node_forgot_because_nobody_listened_are_counted_too(book):
    n1 = Node("n1", book)
    envelope = n1.envelope("n2", 0.1, 4)
    book.add_batch("n1", 1, 5, msgspec.msgpack.encode([("send", None, encode_line(envelope))]))
    assert book.read(WORLD).cut == 5


def test_a_long_message_is_kept_by_its_size_and_the_names_of_its_fields():
    envelope = Envelope("Blob", {"data": "x" * LONGEST_LINE, "number": 1}, "n1", "n2", "n1.1", 3, 5)
    line = encode_line(envelope)
    kept = msgspec.json.decode(brief(envelope, line), type=Envelope)
    assert kept.body == {"(not kept)": f"{len(line):,} bytes", "(fields)": ["data", "number"]}
    assert replace_body(kept, envelope.body) == envelope
    short = Envelope("Blob", {"data": "x"}, "n1", "n2", "n1.2", 3, 5)
    assert brief(short, encode_line(short)) == encode_line(short)


def replace_body(envelope, body):
    return msgspec.structs.replace(envelope, body=body)
