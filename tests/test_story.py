"""What a failing run shows: few steps in words with what changed, a picture, the line that replays it, and the hint."""

import re
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from gallery import commit, election, lock, paxos, register
from rich.console import Console

from ds101 import Call, Cluster, Message, Node, Simulation, explore, on
from ds101.bad_days import BadDay, Step
from ds101.checks.answer import Answer, broken, check, holds
from ds101.draw import picture_of, steps_of
from ds101.draw.changes import changed
from ds101.explorer import Violation, replay
from ds101.history import History, Operation
from ds101.progress import FIRST_SHOWN, ProgressLine, counted_aloud
from ds101.report import html_of, text_of
from ds101.trace import Event, Trace
from ds101.trials import Counterexample, Run, Trial, searched_for, until_broken
from ds101.verdict import Verdict

HOLDERS = {"ada": lock.holder, "bob": lock.holder}
ONE_WRITE = {"ada": [Call("n1", register.Put(1))], "bob": [Call("n3", register.Get())]}
COMMIT = {"coordinator": commit.Coordinator, "p1": commit.Impatient, "p2": commit.Participant}
LOCK = {"lock": lock.Lock, "store": lock.Store}


def wrong_paxos() -> Violation:
    return violation_of(
        explore(paxos.WithoutPromiseCheck, 3, invariants=paxos.at_most_one_value_is_chosen, timers=2).violation
    )


def wrong_lock() -> Violation:
    return violation_of(explore(LOCK, clients=HOLDERS, invariants=lock.no_late_write, network="fifo").violation)


def wrong_register() -> Violation:
    return violation_of(
        explore(register.ReadsTooFew, 3, clients=ONE_WRITE, invariants=register.no_stale_read).violation
    )


def wrong_commit() -> Violation:
    return violation_of(explore(COMMIT, invariants=commit.all_or_none).violation)


def wrong_election() -> Violation:
    return violation_of(
        explore(election.ForgetsItsVote, 3, invariants=election.one_vote_a_term, timers=2, crashes=1).violation
    )


def violation_of(violation: Violation | None) -> Violation:
    assert violation is not None
    return violation


WRONG = [wrong_paxos, wrong_lock, wrong_register, wrong_commit, wrong_election]


@pytest.mark.parametrize("wrong", WRONG)
def test_every_wrong_protocol_is_told_in_25_lines_and_the_line_that_is_shown_replays_it(
    wrong: Callable[[], Violation],
) -> None:
    violation = wrong()
    lines = str(violation).splitlines()
    assert lines[0] == f"✗ {violation.sentence}"
    assert len(lines) <= 25
    assert "Traceback" not in str(violation)
    again = lines[-1].partition("Again:  ")[2]
    names = {**vars(paxos), **vars(register), **vars(commit), **vars(election), **vars(lock), "replay": replay}
    clients = {wrong_lock: HOLDERS, wrong_register: ONE_WRITE}.get(wrong)
    assert eval(again, names | {"clients": clients}).trace.events == violation.trace.events


def test_a_vote_that_is_given_twice_is_told_in_seven_steps_with_what_changed_and_what_was_forgotten() -> None:
    assert steps_of(wrong_election().trace) == (
        "n1        timer ElectionTimeout fires   role 'follower' → 'candidate'   term 0 → 1   voted_for None → 'n1'   "
        "votes {} → {'n1'}",
        "n1 → n2   RequestVote(term=1)           n2: term 0 → 1   voted_for None → 'n1'",
        "n2 → n1   Vote(term=1)   (still on its way)",
        "n2        ✗ crashes and restarts        term 1 → 0   voted_for 'n1' → None   ← forgotten",
        "n3        timer ElectionTimeout fires   role 'follower' → 'candidate'   term 0 → 1   voted_for None → 'n3'   "
        "votes {} → {'n3'}",
        "n3 → n2   RequestVote(term=1)           n2: term 0 → 1   voted_for None → 'n3'",
        "n2 → n3   Vote(term=1)   (still on its way)",
    )


def test_a_write_that_was_on_its_way_for_long_is_told_so() -> None:
    steps = steps_of(wrong_lock().trace)
    assert steps[-2:] == (
        "ada → store   Write(token=1)   (sent long before)   store: writes 1 → 2",
        "store → ada   Written(number=2, token=1)   (still on its way)",
    )


def test_a_search_has_no_times_and_its_story_and_picture_show_none() -> None:
    trace = wrong_commit().trace
    assert not re.search(r"\d m?s", "\n".join(steps_of(trace)) + trace.text())
    assert "d-time" not in picture_of(trace)(False).svg.partition("</style>")[2]


def test_in_a_notebook_what_changed_is_marked_and_the_picture_is_there() -> None:
    html = wrong_election()._repr_mimebundle_()["text/html"]
    assert html.count("<tr>") == 7
    assert re.search(r"<span [^>]*>voted_for &#x27;n1&#x27; → None</span>", html)
    assert "<svg" in html
    assert "crashed" in html
    assert "Again: <code" in html


def test_of_a_collection_only_what_it_gained_or_lost_is_told() -> None:
    assert changed("votes", "{'n1'}", "{'n1', 'n2'}") == "votes gains 'n2'"
    assert changed("votes", "{'n2'}", "{'n1', 'n2'}") == "votes gains 'n1'"
    assert changed("queue", "[1, 2]", "[2]") == "queue loses 1"
    assert changed("queue", "[1]", "[2]") == "queue [1] → [2]"
    assert changed("queue", "[]", "[2]") == "queue [] → [2]"


def test_what_a_crash_takes_along_is_not_told_before_the_crash() -> None:
    events = [
        Event("s", "send", 0.1, "n1", 1, src="n1", dst="n2", type="Ball"),
        Event("c", "crash", 0.2, "n2", 1, detail="SIGKILL"),
        Event("d", "drop", 0.2, "n1", 1, "s", src="n1", dst="n2", type="Ball", detail="n2 crashed"),
    ]
    trace = Trace(events, ["n1", "n2"])
    assert steps_of(trace) == ("200 ms   n2   ✗ crashed: SIGKILL",)
    assert "n2 crashed" in picture_of(trace)(False).svg


# Long runs


def chain(length: int, *more: Event) -> Trace:
    """n1 and n2 send one number to and fro: each depends on the one before."""
    events: list[Event] = []
    for number in range(length):
        src, dst = ("n1", "n2") if number % 2 == 0 else ("n2", "n1")
        cause = f"d{number - 1}" if number else None
        body = {"number": number}
        events.append(Event(f"s{number}", "send", number + 0.1, src, 1, cause, src, dst, "Ball", body))
        events.append(Event(f"d{number}", "deliver", number + 0.5, dst, 1, f"s{number}", src, dst, "Ball", body))
    return Trace([*events, *more], ["n1", "n2", "n3"])


def test_of_a_long_run_the_end_is_told_and_how_much_is_left_out() -> None:
    steps = steps_of(chain(40), at_most=6)
    assert len(steps) == 6
    assert re.fullmatch(r"… \d+ earlier steps …", steps[0])
    assert "Ball(number=39)" in steps[-1]
    assert [int(number) for step in steps[1:] for number in re.findall(r"number=(\d+)", step)] == [35, 36, 37, 38, 39]


def test_what_the_end_depends_on_is_told_before_what_merely_came_shortly_before_it() -> None:
    noise = [
        event
        for number in range(20)
        for event in (Event(f"x{number}", "log", 50.0 + number, "n3", 1, detail=f"idle {number}"),)
    ]
    body = {"number": 99}
    last = [
        Event("s", "send", 45.0, "n1", 1, src="n1", dst="n2", type="Late", body=body),
        Event("d", "deliver", 90.0, "n2", 1, "s", "n1", "n2", "Late", body),
    ]
    told = "\n".join(steps_of(chain(3, *noise, *last), at_most=8))
    assert "Late(number=99)" in told
    assert "Ball(number=2)" in told  # what n2 or n1 had done before
    assert "idle 0" not in told


def test_a_fault_long_ago_is_told() -> None:
    crash = Event("c", "crash", 3.9, "n3", 1, detail="SIGKILL")
    assert any("✗ crashed" in step for step in steps_of(chain(40, crash), at_most=6))


def test_lines_that_tell_of_several_steps_have_no_number() -> None:
    said = broken("It went wrong.", steps_of(chain(40), at_most=4))
    assert re.findall(r"^  ([ \d]*)  ", text_of(said).partition("\n\n  ")[2], re.MULTILINE)[1:] == ["1", "2", "3"]
    assert html_of(said).count("<tr>") == 4


# Pictures


def test_the_picture_of_a_failure_has_drops_crashes_and_partitions() -> None:
    with Simulation(election.Election, n=3, seed=1) as world:
        world.crash("n3")
        with world.partition(["n1"], ["n2"]):
            world.wait(0.7)
        world.restart("n3")
        world.wait(0.2)
    svg = picture_of(world.trace)(False).svg
    assert "d-cross" in svg.partition("</style>")[2]
    assert "n3 is down" in svg
    assert "partition n1 | n2" in svg
    assert re.search(r'class="[^"]*d-wall', svg)
    told = "\n".join(steps_of(world.trace))
    assert "✗ partition" in told


# Answers


def test_a_report_tells_a_failure_in_one_form_with_how_much_was_looked_at() -> None:
    said = Answer(
        Verdict.BROKEN, "3 is odd.", ("n1   adds 3   total 0 → 3",), None, "It is even.", "Why?", "again()", "4 runs"
    )
    assert text_of(said) == (
        "✗ It is even.\n\n  3 is odd. Found after 4 runs.\n\n"
        "  1  n1   adds 3   total 0 → 3\n\n"
        "  Again:  again()\n  Think:  Why?"
    )
    assert said.text() == text_of(said)


def test_nothing_that_is_told_becomes_markup() -> None:
    said = broken("<script>1</script>", ["<b>a   <i>b   <u>c"], replay="<img>")
    assert not re.search(r"<(script|i>|u>|img)", html_of(said).replace("<p><i>", ""))


# Where it went wrong


@check(hint="What did it promise before?")
def no_number_seven(run: Run) -> Answer:
    """Nobody sends the number 7."""
    wrong = [event for event in run.trace if event.kind == "send" and event.body["number"] >= 7]
    return broken(f"{wrong[0].src} sent it.") if wrong else holds()


def test_the_run_of_a_safety_failure_ends_where_it_went_wrong() -> None:
    run = Run(chain(20), history=History([]), states={}, error=None, types=None)  # type: ignore[arg-type]  # not looked at
    ended = until_broken(run, no_number_seven).trace
    assert ended[-1].kind == "send"
    assert ended[-1].body == {"number": 7}


def test_a_run_that_is_broken_by_its_history_ends_where_a_client_was_told_so() -> None:
    told = [Operation("ada", "n1", "Get()", one / 10, one / 10 + 0.05, "ok", one) for one in range(5)]
    trace = Trace([Event(f"e{one}", "log", one / 20, "n1", one) for one in range(10)])
    run = Run(trace, History(told), {}, None, None)  # type: ignore[arg-type]  # not looked at
    wrong = lambda some: broken("Told 2.") if any(one.reply == 2 for one in some.history) else holds()  # noqa: E731
    ended = until_broken(run, wrong)
    assert ended.trace[-1].at == 0.25
    assert [one.outcome for one in ended.history] == ["ok", "ok", "ok"]


def test_a_run_that_is_broken_by_what_its_trace_does_not_tell_stays_whole() -> None:
    run = Run(chain(20), history=History([]), states={}, error=None, types=None)  # type: ignore[arg-type]  # not looked at
    assert until_broken(run, lambda _: broken("The states are wrong.")) is run
    assert until_broken(run, lambda _: holds()) is run


# From real processes to the simulation


class Ask(Message):
    pass


class Granted(Message):
    pass


class Refused(Message):
    pass


class Forgetful(Node):
    """Gives its vote to whoever asks first, and keeps it in memory only."""

    def start(self) -> None:
        self.voted_for = self.storage.get("vote", "")

    @on(Ask)
    def vote(self, _: Ask, candidate: str) -> None:
        if self.voted_for:
            self.send(candidate, Refused())
            return
        self.voted_for = candidate
        self.keep()
        self.send(candidate, Granted())

    def keep(self) -> None:
        pass


class Careful(Forgetful):
    """Has its vote on disk before anybody hears of it."""

    def keep(self) -> None:
        self.storage["vote"] = self.voted_for


@check(hint="Which attribute must outlive the node?")
def votes_once(run: Run) -> Answer:
    """The node grants its vote once, across crashes."""
    granted = [sent.dst for sent in run.sent(Granted)]
    return broken(f"It was granted to {' and '.join(granted)}.") if len(granted) > 1 else holds()


# The pauses are long, so that a busy machine doesn't change what comes before what.
KILLED = BadDay((Step(1.0, "crash", ("n1",), 1), Step(1.3, "restart", ("n1",), 1)), 3.0)
TWO_ASK = (("ada", (Call("n1", Ask()),)), ("bob", (Call("n1", Ask(), after=2.5),)))
AN_ELECTION = Trial(2, seconds=3.0, workload=TWO_ASK, day=KILLED)


@pytest.mark.cluster
def test_a_failure_of_real_processes_is_found_in_the_simulation_and_shrunk() -> None:
    assert votes_once(AN_ELECTION.run(Forgetful, Cluster)).verdict is Verdict.BROKEN
    found = searched_for(AN_ELECTION, Forgetful, votes_once, seeds=5, safety=True)
    assert found is not None
    assert found.schedule == "ada.invoke ada>n1.Ask n1.crash n1.restart bob.invoke bob>n1.Ask"
    assert "voted_for 'ada.1' → ''   ← forgotten" in found.text()
    assert Counterexample.replay(found.line(), Forgetful, votes_once).run.trace.events == found.run.trace.events


def test_what_no_seed_shows_is_not_found() -> None:
    assert searched_for(AN_ELECTION, Careful, votes_once, seeds=5, safety=True) is None


def test_a_trial_that_is_shrunk_keeps_its_times_where_its_failure_is_none_of_safety() -> None:
    found = searched_for(AN_ELECTION, Forgetful, votes_once, seeds=5)
    assert found is not None
    assert (found.schedule, found.trial.n, len(found.trial.day.steps)) == ("", 1, 2)


def test_a_search_that_takes_long_says_how_far_it_is() -> None:
    said = StringIO()
    console = Console(file=said, force_terminal=True)
    with ProgressLine(console) as line:
        assert not line.is_due(FIRST_SHOWN / 2)
        assert line.is_due(FIRST_SHOWN)
        line.say("searching, run 7", FIRST_SHOWN)
    assert "searching, run 7" in said.getvalue()


def test_a_short_search_says_nothing() -> None:
    def things() -> Iterator[int]:
        yield from (1, 2, 3)

    said = StringIO()
    assert list(counted_aloud(things(), "searching", Console(file=said, force_terminal=True))) == [1, 2, 3]
    assert said.getvalue() == ""


def test_a_part_of_a_trace_shows_itself_in_a_notebook_and_in_a_terminal() -> None:
    shown = chain(10).show(last=2)
    assert "number=9" in repr(shown)
    assert "number=5" not in repr(shown)
    assert "<svg" in shown._repr_html_()


def test_an_operation_that_fits_nowhere_has_a_mark_in_place_of_a_number():
    said = broken("It fits nowhere.", ["1  ada  Write('A')", "✗  cem  Read() → 'B'"])
    assert "  1  ada  Write('A')\n  ✗  cem  Read() → 'B'" in text_of(said)
    assert ">1<" in html_of(said)
    assert ">2<" not in html_of(said)
