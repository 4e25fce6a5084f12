"""Folding: what repeats is shown once, and nothing else is hidden."""

from draw_samples import Run, bank_with_duplicates, chatter, crash_and_restart, heartbeats, partition_and_heal

from ds101.draw import as_text, spacetime
from ds101.draw.repeats import Fold, fold
from ds101.draw.story import Step
from ds101.draw.telling import story_of
from ds101.trace import Trace


def folds_in(trace: Trace) -> list[Fold]:
    return [item for item in fold(story_of(trace).steps) if isinstance(item, Fold)]


def pings(count: int, **body: object) -> Run:
    run = Run("n1", "n2")
    for _ in range(count):
        run.wait(0.05)
        due = run.event("fire", "n1", type="PingDue")
        got = run.message("n1", "n2", "Ping", due, **body)
        run.message("n2", "n1", "Pong", got)
    return run


def test_heartbeats_are_shown_once_with_a_count_in_whatever_order_the_replies_come():
    (one,) = folds_in(heartbeats(25))
    assert one.times == 25
    assert len(one.shown) == 9  # the timer, four requests, four replies
    assert len(one.hidden) == 24 * 9
    assert "×25: the same 24 more times (192 messages), until 1.30 s" in spacetime(heartbeats(25))


def test_a_fold_stands_between_what_came_before_and_what_comes_after():
    run = pings(12)
    run.event("log", "n2", detail="enough")
    items = fold(story_of(run.trace()).steps)
    assert [type(item) for item in items] == [Step, Step, Step, Fold, Step]
    assert items[3].times == 12
    assert items[-1].head.detail == "enough"


def test_two_repetitions_are_not_worth_a_fold():
    assert folds_in(pings(2).trace()) == []
    assert len(folds_in(pings(3).trace())) == 1


def test_rounds_that_take_turns_are_folded_together():
    run = Run("n1", "n2")
    for _ in range(5):
        for src, dst in (("n1", "n2"), ("n2", "n1")):
            run.wait(0.01)
            run.message(src, dst, "Ping", run.event("fire", src, type="PingDue"))
    (one,) = folds_in(run.trace())
    assert one.times == 5
    assert len(one.shown) == 4


def test_messages_that_say_something_else_are_not_folded():
    run = Run("n1", "n2")
    for number in range(10):
        run.message("n1", "n2", "Ping", run.event("fire", "n1", type="PingDue"), number=number)
    assert folds_in(run.trace()) == []


def test_what_is_lost_each_time_is_folded_but_never_with_what_arrived():
    run = pings(4)
    for _ in range(5):
        run.wait(0.05)
        run.drop(run.send("n1", "n2", "Ping", run.event("fire", "n1", type="PingDue")), "n2 is down")
    arrived, lost = folds_in(run.trace())
    assert (arrived.times, lost.times) == (4, 5)


def test_a_fault_is_never_folded_and_ends_a_fold():
    run = pings(6)
    for _ in range(6):
        run.event("crash", "n2")
        run.event("restart", "n2")
    items = fold(story_of(run.trace()).steps)
    assert sum(isinstance(item, Step) and item.head.kind == "crash" for item in items) == 6
    assert [item.times for item in items if isinstance(item, Fold)] == [6]


def test_nothing_is_folded_where_nothing_repeats():
    for sample in (bank_with_duplicates, chatter, crash_and_restart, partition_and_heal):
        assert folds_in(sample()) == [], sample.__name__


def test_folding_can_be_turned_off():
    assert "more times" not in spacetime(heartbeats(5), fold=False)
    assert "more times" not in as_text(heartbeats(5), fold=False)


def test_every_message_is_either_shown_or_counted():
    for trace in (heartbeats(25), heartbeats(25, terms=3), pings(40).trace()):
        items = fold(story_of(trace).steps)
        shown = sum(len(item.departures) for item in items if isinstance(item, Step))
        hidden = sum(len(step.departures) for item in items if isinstance(item, Fold) for step in item.hidden)
        assert shown + hidden == sum(event.kind == "send" for event in trace)


def test_a_message_under_way_at_the_end_is_not_folded_with_those_that_arrived():
    run = pings(5)
    run.send("n1", "n2", "Ping", run.event("fire", "n1", type="PingDue"))
    items = fold(story_of(run.trace()).steps)
    assert isinstance(items[-1], Step)
    assert items[-1].departures[0].head is None
