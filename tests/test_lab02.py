"""lab02: the right solutions in each world, and what the checks say of runs made by hand."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest

from autograder.mutants import another_way, mutants_of, parts_of, reference, reference_source
from ds101 import Call, Simulation, explore
from ds101.bad_days import BadDay
from ds101.history import History, Operation
from ds101.labs import judge
from ds101.labs.lab02 import (
    Cancelled,
    Charge,
    Charges,
    Done,
    Failed,
    Read,
    Refused,
    Reply,
    Request,
    Unknown,
    lost_reply,
)
from ds101.labs.lab02.faults import bad_day, chosen_days
from ds101.labs.lab02.forgetting import at_most_once, older_requests_are_refused
from ds101.labs.lab02.growth import Measure, Measured, measured, stays_small
from ds101.labs.lab02.outcomes import charged_once, failed_for_good, in_time, kept_for_good, of_its_own
from ds101.labs.lab02.readers import hearing_once
from ds101.labs.lab02.runs import READERS, WITHIN, days, without_storage
from ds101.labs.lab02.serving import answered_is_kept, cancelled_for_good, every_request_is_answered
from ds101.labs.lab02.soundness import troubles, was_sound
from ds101.labs.specification import find_lab
from ds101.messages import Message, Types
from ds101.trace import Event, Trace
from ds101.trials import Run
from ds101.verdict import Verdict

HOLDS, BROKEN, INCONCLUSIVE = Verdict.HOLDS, Verdict.BROKEN, Verdict.INCONCLUSIVE
SIMULATED = frozenset({"orders", "simulation"})
PARTS = find_lab("lab02").parts
TYPES = Types([Cancelled, Charge, Charges, Done, Failed, Read, Refused, Reply, Request, Unknown])


class Tale:
    """A run made by hand: what is sent, what clients ask and are told, what goes wrong."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.operations: list[Operation] = []
        self._ids = itertools.count(1)

    def sends(self, at: float, src: str, dst: str, message: Message, *, arrives: bool = True, cause: str = "") -> str:
        """Returns the id of the delivery, or of the send if it doesn't arrive."""
        more: dict[str, Any] = {"src": src, "dst": dst, "type": type(message).__name__, "body": vars(message)}
        sent = self.happens(at, "send", src, cause=cause or None, **more)
        return self.happens(at + 0.001, "deliver", dst, cause=sent, **more) if arrives else sent

    def happens(self, at: float, kind: str, node: str = "", **more: Any) -> str:
        self.events.append(Event(f"e{next(self._ids)}", kind, at, node, 0, **more))
        return self.events[-1].id

    def asks(self, client: str, request: Message, began: float, ended: float | None = None, reply: Any = None) -> None:
        """`ended` without a reply: it has given up."""
        node = "n2" if isinstance(request, Charge) else "n1"
        outcome: Any = "open" if ended is None else "info" if reply is None else "ok"
        self.operations.append(Operation(client, node, request, began, ended, outcome, reply))

    def run(self, seconds: float = 10.0) -> Run:
        events = sorted(self.events, key=lambda event: event.at)
        return Run(Trace(events, ("n1", "n2", "n3")), History(self.operations), {}, None, TYPES, seconds)


def told(answer: Any, *, ended: float = 0.1, within: float = 1.0) -> Tale:
    """c1 asks at 0 to charge card A, and is told this."""
    tale = Tale()
    tale.asks("c1", Charge("A", within), 0.0, ended, answer)
    return tale


# Right solutions, and those that do nothing


@pytest.mark.parametrize("solution", [reference, another_way])
def test_a_right_solution_holds_in_every_order_and_on_simulated_days(solution: Any) -> None:
    report = judge("lab02", *solution("lab02"), worlds=SIMULATED)
    assert report.points == report.most, report.text()


@pytest.mark.cluster
def test_the_solution_is_not_accused_on_real_processes() -> None:
    report = judge("lab02", *reference("lab02"), worlds=frozenset({"processes"}))
    assert not report.broken, report.text()


def test_the_search_for_rides_sees_every_order_there_is() -> None:
    report = judge("lab02", *reference("lab02"), only="at most once", worlds=frozenset({"orders"}))
    assert report.findings["at most once"].looked.startswith("all ")


def test_who_does_nothing_breaks_the_liveness_properties_of_every_task() -> None:
    (idle,) = (one for one in mutants_of("lab02") if one.name == "does nothing")
    report = judge("lab02", *idle.parts(), worlds=SIMULATED)
    assert report.broken == {"every request is answered", "by its deadline", "by its deadline, without storage"}


def test_a_part_names_the_properties_of_its_task() -> None:
    server, client, _ = reference("lab02")
    report = judge("lab02", server, client, only="Client", worlds=frozenset({"orders"}))
    assert [one.title for one in report.asked] == [
        "by its deadline", "at most once", "its own reply", "failed is final", "done is done",
    ]  # fmt: skip
    assert report.most == 16


def test_the_one_method_of_task_3_that_belongs_to_the_client_is_named_and_not_missed_before() -> None:
    source = reference_source("lab02")
    begin = source.index("        self.incarnation = max(")
    unwritten = source[:begin] + "        raise NotYet\n" + source[source.index("        ### END SOLUTION", begin) :]
    server, client, volatile = parts_of("lab02", unwritten, "a client without be_refused")
    assert "`raise NotYet` in be_refused." in judge("lab02", client, volatile).text()
    report = judge("lab02", server, client, only="at most once", worlds=SIMULATED)
    assert report.points == report.most


def test_the_same_seed_draws_the_same_days_and_another_seed_others() -> None:
    def lines(seed: int) -> list[str]:
        return [trial.line() for trial in days(Random(seed), 1)]

    assert lines(1) == lines(1)
    assert not set(lines(1)[len(chosen_days(READERS)) :]) & set(lines(2))


def test_every_fault_of_a_day_ends_within_it() -> None:
    ends = {"restart", "resume", "heal", "mend"}
    for seed in range(200):
        day: BadDay = bad_day(Random(seed), 3.0, READERS)
        for fault in day.faults:
            last = [step for step in day.steps if step.fault == fault][-1]
            assert last.verb in ends
            assert last.at <= 3.0


# When server and links were sound


def test_trouble_lasts_from_a_crash_to_the_restart_and_from_a_cut_to_its_heal() -> None:
    tale = Tale()
    tale.happens(1.0, "crash", "n1")
    tale.happens(1.5, "partition", body={"fault": "p1"})
    tale.happens(2.0, "restart", "n1")
    tale.happens(3.0, "heal", body={"fault": "p1"})
    found = troubles(tale.run().trace)
    assert was_sound(found, 0.0, 0.9)
    assert not was_sound(found, 0.5, 1.1)
    assert not was_sound(found, 2.5, 2.6)
    assert was_sound(found, 3.1, 9.0)


def test_what_does_not_end_is_trouble_for_ever() -> None:
    tale = Tale()
    tale.happens(1.0, "pause", "n1")
    assert not was_sound(troubles(tale.run().trace), 100.0, 101.0)


def test_a_link_that_holds_messages_back_is_felt_after_its_end() -> None:
    tale = Tale()
    tale.happens(1.0, "link", body={"fault": "l1", "delay": 0.8, "reorder": 0.0})
    tale.happens(2.0, "heal", body={"fault": "l1"})
    found = troubles(tale.run().trace)
    assert not was_sound(found, 2.7, 3.0)
    assert was_sound(found, 2.9, 3.0)


def test_a_lost_message_is_trouble_and_a_reply_to_somebody_who_has_left_is_not() -> None:
    tale = Tale()
    tale.happens(1.0, "drop", "n1", dst="n2", detail="chosen")
    tale.happens(2.0, "drop", "n2", dst="c1.1", detail="the call has ended")
    found = troubles(tale.run().trace)
    assert not was_sound(found, 0.9, 1.1)
    assert was_sound(found, 1.9, 2.1)


# At most once


def test_a_card_that_was_charged_twice_breaks_at_most_once() -> None:
    tale = Tale()
    assert charged_once(tale.run()).verdict is INCONCLUSIVE
    tale.sends(0.1, "n1", "n2", Reply(1, "A", 1))
    assert charged_once(tale.run()).verdict is HOLDS
    tale.sends(0.2, "n1", "c3.1", Charges("A", 2))
    answer = charged_once(tale.run())
    assert answer.verdict is BROKEN
    assert "twice" in answer.headline


def test_the_same_charge_in_two_lives_of_a_server_without_storage_is_two_charges() -> None:
    tale = Tale()
    tale.sends(0.1, "n1", "n2", Reply(1, "A", 1), arrives=False)
    tale.sends(0.15, "n1", "n2", Reply(1, "A", 1), arrives=False)
    assert at_most_once.check(tale.run()).verdict is HOLDS
    tale.happens(0.2, "crash", "n1")
    tale.happens(0.3, "restart", "n1")
    assert at_most_once.check(tale.run()).verdict is HOLDS
    tale.sends(0.4, "n1", "n2", Reply(1, "A", 1))
    assert at_most_once.check(tale.run()).verdict is BROKEN


def test_a_send_that_died_with_its_process_is_no_evidence_for_a_later_life() -> None:
    tale = Tale()
    tale.sends(0.1, "n1", "n2", Reply(1, "A", 1))
    tale.happens(0.2, "crash", "n1")
    tale.happens(
        0.3, "send", "n1", src="n1", dst="n2", type="Reply", body=vars(Reply(1, "A", 1)), detail="reconstructed"
    )
    assert at_most_once.check(tale.run()).verdict is HOLDS


# Failed, Done, and whose reply it is


def test_failed_is_final_whether_the_charge_comes_before_or_after() -> None:
    assert failed_for_good(told(Unknown()).run()).verdict is INCONCLUSIVE
    assert failed_for_good(told(Failed()).run()).verdict is HOLDS
    for at in (0.05, 5.0):
        tale = told(Failed())
        tale.sends(at, "n1", "n2", Reply(1, "A", 1))
        assert failed_for_good(tale.run()).verdict is BROKEN


def test_done_is_done_asks_only_those_who_read_after_it() -> None:
    tale = told(Done("A", 1), ended=0.1)
    tale.asks("c3", Read("A"), 0.05, 0.06, Charges("A", 0))
    assert kept_for_good(tale.run()).verdict is INCONCLUSIVE
    tale.asks("c3", Read("A"), 0.2, 0.3, Charges("A", 1))
    assert kept_for_good(tale.run()).verdict is HOLDS
    tale.asks("c3", Read("A"), 0.4, 0.5, Charges("A", 0))
    assert kept_for_good(tale.run()).verdict is BROKEN


def test_a_reply_for_another_card_is_not_its_own() -> None:
    tale = told(Done("B", 1))
    tale.sends(0.05, "n1", "n2", Reply(1, "B", 1))
    assert of_its_own(tale.run()).verdict is BROKEN


def test_done_needs_an_answer_of_the_server_that_came_first() -> None:
    assert of_its_own(told(Done("A", 1)).run()).verdict is BROKEN
    late, early = told(Done("A", 1)), told(Done("A", 1))
    late.sends(0.5, "n1", "n2", Reply(1, "A", 1))
    early.sends(0.05, "n1", "n2", Reply(1, "A", 1))
    assert of_its_own(late.run()).verdict is BROKEN
    assert of_its_own(early.run()).verdict is HOLDS


# Deadlines


def test_a_call_without_trouble_must_end_with_its_reply() -> None:
    assert in_time(told(Done("A", 1)).run(), forgetful=False).verdict is HOLDS
    assert in_time(told(Unknown()).run(), forgetful=False).verdict is BROKEN
    assert in_time(told(Failed()).run(), forgetful=False).verdict is BROKEN


def test_trouble_in_the_last_half_excuses_and_trouble_in_the_first_half_does_not() -> None:
    for at, verdict in ((0.2, BROKEN), (0.7, HOLDS)):
        tale = told(Unknown(), ended=1.0)
        tale.happens(at, "drop", "n1", dst="n2", detail="lost")
        assert in_time(tale.run(), forgetful=False).verdict is verdict


def test_nothing_excuses_a_call_that_is_told_too_late_or_never() -> None:
    for tale in (told(Unknown(), ended=1.5), told(None, ended=2.0)):
        tale.happens(0.7, "drop", "n1", dst="n2", detail="lost")
        assert in_time(tale.run(), forgetful=False).verdict is BROKEN


def test_a_call_that_the_run_cut_short_says_nothing() -> None:
    tale = Tale()
    tale.asks("c1", Charge("A", 1.0), 0.0)
    assert in_time(tale.run(seconds=0.5), forgetful=False).verdict is HOLDS


def test_a_server_that_forgets_owes_no_reply_to_the_first_call_after_a_crash_but_to_the_second() -> None:
    tale = told(Done("A", 1))
    tale.happens(1.0, "crash", "n1")
    tale.happens(1.1, "restart", "n1")
    tale.asks("c1", Charge("B", 1.0), 2.0, 2.1, Unknown())
    assert in_time(tale.run(), forgetful=True).verdict is HOLDS
    assert in_time(tale.run(), forgetful=False).verdict is BROKEN
    tale.asks("c1", Charge("C", 1.0), 4.0, 4.1, Unknown())
    assert in_time(tale.run(), forgetful=True).verdict is BROKEN


# The server alone


def test_a_repeated_request_that_gets_no_answer_breaks_it_and_an_old_one_does_not() -> None:
    tale = Tale()
    tale.asks("c1", Request("c1", 2, "B"), 0.0, 0.01, Reply(2, "B", 1))
    tale.asks("c1", Request("c1", 1, "A"), 0.5, 0.9)
    assert every_request_is_answered.check(tale.run()).verdict is HOLDS
    tale.asks("c1", Request("c1", 2, "B"), 1.0, 1.4)
    assert every_request_is_answered.check(tale.run()).verdict is BROKEN


def test_an_answer_under_another_number_breaks_it() -> None:
    tale = Tale()
    tale.asks("c1", Request("c1", 2, "B"), 0.0, 0.01, Reply(1, "A", 1))
    assert every_request_is_answered.check(tale.run()).verdict is BROKEN


def test_cancelled_is_about_the_operation_of_that_client() -> None:
    tale = Tale()
    tale.sends(0.1, "c1.1", "n1", Request("c1", 1, "A"))
    tale.sends(0.1, "c2.1", "n1", Request("c2", 1, "B"))
    tale.sends(0.2, "n1", "c1.1", Reply(1, "A", 1))
    tale.sends(0.3, "n1", "c2.2", Cancelled(1))
    assert cancelled_for_good.check(tale.run()).verdict is HOLDS
    tale.sends(0.4, "n1", "c1.2", Cancelled(1))
    assert cancelled_for_good.check(tale.run()).verdict is BROKEN


def test_what_was_answered_must_still_be_there() -> None:
    tale = Tale()
    tale.asks("c1", Request("c1", 1, "A"), 0.0, 0.1, Reply(1, "A", 1))
    tale.asks("c3", Read("A"), 1.0, 1.1, Charges("A", 0))
    assert answered_is_kept.check(tale.run()).verdict is BROKEN


# Incarnations


def _answered(incarnation: int) -> Tale:
    tale = Tale()
    tale.sends(0.1, "n1", "n2", Refused(1, 7))
    arrived = tale.sends(0.2, "n2", "n1", Request("n2", 1, "A", incarnation))
    tale.sends(0.3, "n1", "n2", Reply(1, "A", 1), cause=arrived)
    return tale


def test_only_what_is_meant_for_this_incarnation_may_be_answered() -> None:
    assert older_requests_are_refused.check(_answered(7).run()).verdict is HOLDS
    assert older_requests_are_refused.check(_answered(0).run()).verdict is BROKEN


def test_a_number_that_an_earlier_life_announced_is_an_old_one() -> None:
    tale = _answered(7)
    tale.happens(0.15, "crash", "n1")
    tale.happens(0.16, "restart", "n1")
    assert older_requests_are_refused.check(tale.run()).verdict is BROKEN


def test_the_server_with_storage_is_not_taken_for_one_without() -> None:
    server, client, _ = reference("lab02")
    forgetful = type("VolatileServer", (server,), {"__module__": server.__module__})
    report = judge("lab02", client, forgetful, only="older requests are refused", worlds=frozenset({"simulation"}))
    assert "older requests are refused" in report.broken


# How the server is measured, and how the explorer's passengers are heard


def _measured_twice(first: int, second: int, answered: int) -> Run:
    tale = Tale()
    for number in range(answered):
        tale.asks("c1", Request("c1", number, "A"), 0.0, 0.1, Reply(number, "A", 1))
    tale.asks("c1", Measure(), 0.1, 0.2, Measured(first))
    tale.asks("c1", Measure(), 0.3, 0.4, Measured(second))
    return tale.run()


def test_a_tenth_more_is_allowed_and_a_server_that_answers_nobody_proves_nothing() -> None:
    assert stays_small(_measured_twice(1000, 1100, 1000)).verdict is HOLDS
    assert stays_small(_measured_twice(1000, 1101, 1000)).verdict is BROKEN
    assert stays_small(_measured_twice(1000, 1000, 10)).verdict is INCONCLUSIVE


def test_storage_counts_as_well_as_attributes() -> None:
    server, _, volatile = reference("lab02")
    for one in (server, volatile):
        with Simulation({"n1": measured(one)}) as world:
            before = world.call("n1", Measure()).size
            incarnation = getattr(world.call("n1", Request("c1", 1, "A")), "incarnation", 0)
            world.call("n1", Request("c1", 1, "a very long name of a card " * 10, incarnation))
            assert world.call("n1", Measure()).size > before + 50


def test_in_the_explorer_each_passenger_is_heard_once() -> None:
    server, client, _ = reference("lab02")
    nodes = {"n1": server, "n2": hearing_once(client)}
    found = explore(
        nodes,
        clients={"c1": [Call("n2", Charge("A", WITHIN))]},
        invariants=lambda view: len({one.body.number for one in view.sent(Request)}) <= 1,
    )
    assert found.verdict is HOLDS
    assert found.exhausted


def test_both_pictures_are_drawn_and_told() -> None:
    picture = lost_reply()
    assert picture.svg.count("<svg") == 2
    assert sum("charges=2" in line for line in picture.text) == 2


def test_nodes_are_those_that_the_student_wrote() -> None:
    parts = dict(zip(PARTS, reference("lab02"), strict=True))
    assert without_storage(parts)["n1"] is parts["VolatileServer"]
