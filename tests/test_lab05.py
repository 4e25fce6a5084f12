"""lab05: what is special to it. Its wrong solutions are judged in test_mutants.py."""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import Any

import pytest

from autograder.mutants import mutants_of, reference
from ds101 import Call, Cluster, History, Mistake, NodeError, Simulation
from ds101.checks import Answer
from ds101.history import Operation
from ds101.labs import judge
from ds101.labs.lab05 import Room, Said, Say, Stamped, backwards, loggers, post_letters, two_rooms
from ds101.labs.lab05.clocks import lamport, vector
from ds101.labs.lab05.diaries import Sort, Sorted, diary
from ds101.labs.lab05.happened import Happened, _by_notes, happened_in
from ds101.labs.lab05.lamport import clock_condition, letters, own_events
from ds101.labs.lab05.ordering import all_alike, causes_first
from ds101.labs.lab05.runs import chats, sorting_days, travels
from ds101.labs.lab05.screens import every_post_everywhere, no_answer_before_its_question, no_post_twice, own_at_once
from ds101.labs.lab05.travelling import Noted, Work, Write
from ds101.labs.lab05.vectors import is_less
from ds101.messages import Types
from ds101.trace import Event, Trace
from ds101.trials import Run, Trial
from ds101.verdict import Verdict

LamportClock, VectorClock, relation, total_order, CausalBroadcast = reference("lab05")
HOLDS, BROKEN, INCONCLUSIVE = Verdict.HOLDS, Verdict.BROKEN, Verdict.INCONCLUSIVE


# The right solution and the silent one


@pytest.mark.parametrize("world", ["orders", "simulation", pytest.param("processes", marks=pytest.mark.cluster)])
def test_the_solution_holds_in_each_world(world: str) -> None:
    report = judge("lab05", *reference("lab05"), worlds=frozenset({world}))
    unjudged = {"every post everywhere"} if world == "orders" else set()  # a search has no end of the day
    held = {one.title for one in report.asked if report.verdict_of(one) is HOLDS}
    assert held == {one.title for one in report.asked} - unjudged, report.text()


def test_a_node_that_does_nothing_has_no_point() -> None:
    (silent,) = (mutant for mutant in mutants_of("lab05") if mutant.name == "does nothing")
    report = judge("lab05", silent.parts()[-1], worlds=frozenset({"orders", "simulation"}))
    assert report.points == 0, report.text()
    assert "every post everywhere" in report.broken


def test_a_check_of_task_1_does_not_ask_for_the_other_tasks() -> None:
    report = judge("lab05", LamportClock, worlds=frozenset({"simulation"}))
    assert (report.points, report.most) == (4, 4)


# What happened before what


@pytest.mark.parametrize("seed", range(5))
def test_what_was_noted_says_the_same_of_happened_before_as_the_trace(seed: int) -> None:
    for trial in islice(travels(Random(seed), 1), 8, 14):
        run = trial.run(lamport(LamportClock))
        by_trace = happened_in(run)
        assert by_trace is not None
        by_notes = _by_notes(tuple(by_trace.notes.items()))
        pairs = list(by_trace.pairs())
        assert [by_trace.before(a, b) for a, b in pairs] == [by_notes.before(a, b) for a, b in pairs]


def test_a_request_that_arrives_twice_is_one_event() -> None:
    with Simulation(lamport(LamportClock), n=2, seed=1) as world:
        world.link("c1", "n1", duplicate=1.0)
        world.call("n1", Work())
        world.wait(0.1)
        assert len(world.state("n1")["_noted"]) == 1


@pytest.mark.parametrize(("days", "nodes"), [(travels, lamport(LamportClock)), (chats, CausalBroadcast)])
def test_the_days_lose_nothing(days: Any, nodes: Any) -> None:
    for trial in islice(days(Random(3), 1), 10, 15):
        trace = trial.run(nodes).trace
        assert not [event for event in trace if event.kind == "drop" and event.dst in trace.nodes]
        arrived = {event.cause for event in trace if event.kind == "deliver"}
        assert all(event.id in arrived for event in trace if event.kind == "send" and event.dst in trace.nodes)


def test_the_days_have_copies_overtaking_and_clocks_that_differ() -> None:
    copies = overtaken = 0
    for trial in islice(travels(Random(3), 1), 10, 20):
        trace = trial.run(lamport(LamportClock)).trace
        causes = [event.cause for event in trace if event.kind == "deliver"]
        copies += len(causes) - len(set(causes))
        for link in {(event.src, event.dst) for event in trace if event.kind == "deliver"}:
            sent = [event.id for event in trace if event.kind == "send" and (event.src, event.dst) == link]
            came = [event.cause for event in trace if event.kind == "deliver" and (event.src, event.dst) == link]
            overtaken += sorted(came, key=lambda one: sent.index(str(one))) != came
        offsets = [event for event in trace if event.kind == "skew"]
        assert len({event.detail for event in offsets}) == 3
    assert copies > 5
    assert overtaken > 5


# Task 1 and 2, on events made by hand


def of(**notes: list[tuple[str, str, Any]]) -> Happened:
    """What happened, from what each node noted: the event, what arrived, the stamp."""
    return _by_notes(tuple((node, tuple(Noted(*one) for one in noted)) for node, noted in notes.items()))


def asked(check: Any, happened: Happened) -> Answer:
    """What the check says of a run in which just this was noted."""
    events = []
    names = sorted(happened.stamps, key=lambda event: len([a for a in happened.stamps if happened.before(a, event)]))
    causes = {one.event: one.cause for noted in happened.notes.values() for one in noted}
    for place, name in enumerate(names):
        events.append(
            Event(name, "log", place, name.split(".")[0], place, cause=causes[name] or None, detail=f"{name} x")
        )
    states = {node: {"_noted": tuple(map(tuple, noted))} for node, noted in happened.notes.items()}
    answer: Answer = check.check(Run(Trace(events), History(()), states, None, Types(())))
    return answer


def test_equal_times_break_the_clock_condition() -> None:
    happened = of(n1=[("n1.1", "", 1)], n2=[("n2.1", "n1.1", 1)])
    answer = asked(letters, happened)
    assert answer.verdict is BROKEN
    assert answer.headline == "The letter sent at n1.1 (time 1) arrived at n2.1 (time 1)."
    assert asked(clock_condition, happened).verdict is BROKEN


def test_concurrent_events_may_have_any_times() -> None:
    happened = of(n1=[("n1.1", "", 7)], n2=[("n2.1", "", 7)], n3=[("n3.1", "", 1), ("n3.2", "n1.1", 8)])
    assert asked(clock_condition, happened).verdict is HOLDS


def test_where_nothing_happened_before_anything_nothing_is_said() -> None:
    happened = of(n1=[("n1.1", "", 1)], n2=[("n2.1", "", 1)])
    for check in (letters, own_events, clock_condition):
        assert asked(check, happened).verdict is INCONCLUSIVE


def test_happened_before_goes_over_third_nodes() -> None:
    happened = of(n1=[("n1.1", "", 1)], n2=[("n2.1", "n1.1", 2), ("n2.2", "", 3)], n3=[("n3.1", "n2.2", 1)])
    assert happened.before("n1.1", "n3.1")
    assert not happened.before("n3.1", "n1.1")
    assert asked(clock_condition, happened).verdict is BROKEN


@pytest.mark.parametrize(
    ("one", "other", "less"),
    [((1, 0), (1, 1), True), ((1, 1), (1, 1), False), ((1, 0), (0, 1), False), ((2, 2), (1, 3), False)],
)
def test_a_vector_is_less_if_none_is_greater_and_one_is_smaller(one: Any, other: Any, less: bool) -> None:
    names = ("n1", "n2")
    assert is_less(dict(zip(names, one, strict=True)), dict(zip(names, other, strict=True))) is less


def test_a_stamp_that_is_none_is_told_with_what_it_should_be() -> None:
    class Forgets(LamportClock):  # type: ignore[misc, valid-type]
        def tick(self) -> None:
            self.time += 1

    with (
        Simulation(lamport(Forgets), n=1) as world,
        pytest.raises(NodeError, match=r"tick returned None\. It returns the time of the event, an int\.$"),
    ):
        world.call("n1", Work())


def test_a_vector_that_lacks_a_node_is_told_with_what_it_should_be() -> None:
    class OnlyMe(VectorClock):  # type: ignore[misc, valid-type]
        def tick(self) -> dict[str, int]:
            return {self.me: 1}

    with Simulation(vector(OnlyMe), n=2) as world, pytest.raises(NodeError, match="an int for each of n1, n2"):
        world.call("n1", Work())


# Task 3


def sorted_by(order: Any) -> Run:
    """n1 and n2 write to each other at once; each sorts when it has both events."""
    letters = [("c1", (Call("n1", Write("n2")),)), ("c2", (Call("n2", Write("n1")),))]
    sorts = [("c3", (Call("n1", Sort(), after=0.05),)), ("c4", (Call("n2", Sort(), after=0.05),))]
    return Trial(2, seconds=0.1, workload=(*letters, *sorts)).run(diary(order))


def test_ties_that_each_node_breaks_its_own_way_are_noticed() -> None:
    run = sorted_by(lambda log: sorted(log, key=lambda line: line.time))
    answer = all_alike.check(run)
    assert answer.verdict is BROKEN
    assert "n1 put n1.1 before n2.1" in answer.headline
    assert "n2 put n2.1 before n1.1" in answer.headline
    assert causes_first.check(run).verdict is HOLDS


def test_any_tie_break_that_all_know_is_right() -> None:
    run = sorted_by(lambda log: sorted(log, key=lambda line: (line.time, line.event[::-1])))
    assert all_alike.check(run).verdict is HOLDS
    assert causes_first.check(run).verdict is HOLDS


def test_an_order_that_lacks_a_line_is_told() -> None:
    for trial in islice(sorting_days(Random(1), 1), 5, 6):
        run = trial.run(diary(lambda log: log[:1]))
        assert "It returns a list of the same lines, each once." in str(run.error)


def test_all_that_a_node_knows_is_sorted() -> None:
    run = sorted_by(total_order)
    assert {len(sent.body.events) for sent in run.sent(Sorted)} == {3}


# Task 4, on screens made by hand


def shown(*posts: tuple[str, str], **screens: list[tuple[str, str]]) -> Run:
    """A run that ends with these screens; clients had these posts posted, and each author showed it at once."""
    asked = [
        Operation(f"c{number}", node, Say(text), number, number + 0.5, "ok", Said(((node, text),)))
        for number, (node, text) in enumerate(posts)
    ]
    states = {node: {"_screen": tuple(screen)} for node, screen in screens.items()}
    return Run(Trace(()), History(asked), states, None, Types(()))


WHO, ME, YES = ("n1", "who?"), ("n2", "me"), ("n1", "yes")


def test_an_answer_without_its_question_is_noticed() -> None:
    run = shown(WHO, ME, n1=[WHO, ME], n2=[WHO, ME], n3=[ME, WHO])
    answer = no_answer_before_its_question.check(run)
    assert answer.headline == "n3 shows 'n2: me' without 'n1: who?', which stood on n2's screen when n2 wrote it."


def test_what_its_author_had_not_seen_may_come_later() -> None:
    run = shown(WHO, ME, n1=[WHO, ME], n2=[ME, WHO], n3=[ME, WHO])
    assert no_answer_before_its_question.check(run).verdict is INCONCLUSIVE


def test_what_was_received_and_still_waits_happened_before_nothing() -> None:
    """n2 had received n1's second post, but not the first, when it wrote: its screen was empty."""
    run = shown(WHO, YES, ME, n1=[WHO, YES, ME], n2=[ME, WHO, YES], n3=[WHO, ME, YES])
    assert no_answer_before_its_question.check(run).verdict is HOLDS


def test_the_posts_of_one_author_stay_in_their_order() -> None:
    run = shown(WHO, YES, n1=[WHO, YES], n2=[YES])
    assert no_answer_before_its_question.check(run).verdict is BROKEN


def test_two_posts_that_say_the_same_are_two_posts() -> None:
    twice = shown(YES, YES, n1=[YES, YES], n2=[YES, YES])
    assert no_post_twice.check(twice).verdict is HOLDS
    assert every_post_everywhere.check(twice).verdict is HOLDS
    once = shown(YES, YES, n1=[YES, YES], n2=[YES])
    assert (
        every_post_everywhere.check(once).headline
        == "n1 posted 'yes' twice, all messages have arrived, and n2 shows it once."
    )
    thrice = shown(YES, YES, n1=[YES, YES], n2=[YES, YES, YES])
    assert no_post_twice.check(thrice).headline == "n2 shows n1: yes for the third time, and n1 posted it twice."


def test_a_post_that_nobody_made_is_noticed() -> None:
    run = shown(YES, n1=[YES], n2=[ME])
    assert no_post_twice.check(run).headline == "n2 shows n2: me for the first time, and n2 posted it never."


def test_an_author_who_does_not_see_the_own_post_is_noticed() -> None:
    operation = Operation("c1", "n1", Say("who?"), 0, 1, "ok", Said(()))
    run = Run(Trace(()), History([operation]), {"n1": {}}, None, Types(()))
    assert own_at_once.check(run).verdict is BROKEN


def test_a_run_that_ends_while_messages_are_on_their_way_says_nothing_of_the_end() -> None:
    run = shown(WHO, n1=[WHO], n2=[])
    under_way = Event("n1.1", "send", 0.1, "n1", 1, src="n1", dst="n2", type="Post")
    late = Run(Trace([under_way]), run.history, run.states, None, Types(()))
    assert every_post_everywhere.check(late).verdict is INCONCLUSIVE
    arrived = Event("n2.1", "deliver", 0.2, "n2", 2, cause="n1.1", src="n1", dst="n2", type="Post")
    assert (
        every_post_everywhere.check(Run(Trace([under_way, arrived]), run.history, run.states, None, Types(()))).verdict
        is BROKEN
    )


# The picture and the experiment


def test_the_picture_shows_the_answer_before_the_question_and_then_not() -> None:
    rooms = two_rooms()
    shows = [
        [event.detail for event in run if event.kind == "log" and event.node == "n3"] for run in (rooms.bad, rooms.good)
    ]
    assert shows == [
        ["shows n2: Yes, pay it.", "shows n1: Shall I pay?"],
        ["waits: n2 had seen a question that is not here", "shows n1: Shall I pay?", "shows n2: Yes, pay it."],
    ]
    assert rooms._repr_html_().count("<desc") == 2, "each is described in words"


@pytest.mark.cluster
def test_a_clock_that_is_late_puts_the_letters_to_its_node_backwards() -> None:
    with Cluster(loggers(LamportClock), n=2) as world:
        world.skew("n2", offset=-5)
        log = post_letters(world, 10)
    assert backwards(sorted(log, key=lambda line: line.wall)) == 5
    assert backwards(total_order(log)) == 0


def test_a_line_of_a_log_is_checked() -> None:
    with pytest.raises(Mistake, match="time must be an int"):
        Stamped("n1.1", "n1", "1", 0.0, "n1 works")


def test_a_story_has_no_step_that_is_beside_the_point() -> None:
    (mutant,) = (mutant for mutant in mutants_of("lab05") if mutant.name == "takes the greater time as it is")
    told = judge("lab05", mutant.parts()[0], worlds=frozenset({"orders"})).text()
    assert "The letter sent at n1.1 (time 1) arrived at n2.1 (time 1)." in told
    assert [line.split(maxsplit=1) for line in told.splitlines() if line[:4].strip().isdigit()] == [
        ["1", "n1        “n1.1 writes to n2: time 1”"],
        ["2", "n1 → n2   Letter(event='n1.1', stamp=1)"],
        ["3", "n2        “n2.1 gets n1.1 from n1: time 1”"],
    ]


def test_a_loop_that_never_ends_is_told_as_one() -> None:
    class CausalBroadcast(Room):
        def say(self, text: str) -> None:
            while True:
                self.deliver(self.id, text)

    told = judge("lab05", CausalBroadcast, only="your own at once", worlds=frozenset({"orders"})).text()
    assert "one of its loops goes on for ever" in told
