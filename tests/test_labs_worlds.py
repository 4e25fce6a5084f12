"""Labs on nodes: the worlds of a property, what is said of a node that dies, loops or floods, and the run again."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest

from ds101 import Message, Node, Timer, on
from ds101.bad_days import BadDay, Step
from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.errors import Mistake
from ds101.labs import NotYet
from ds101.labs.specification import Effort, Property
from ds101.labs.worlds import Days, Orders, Processes, judge_in_worlds
from ds101.labs.worlds.stuck import Endless, handlers_end
from ds101.labs.worlds.trying import FLOODS, LOOPS, MEND_FIRST
from ds101.labs.worlds.witness import Witness
from ds101.trials import Trial
from ds101.verdict import Verdict


class Beat(Message):
    number: int


class BeatDue(Timer):
    pass


class Metronome(Node):
    """n1 sends beats to n2, numbered from 1 and never twice the same, also after a crash."""

    def start(self) -> None:
        self.number = self.storage.get("number", 0)
        if self.id == "n1":
            self.set_timer(BeatDue(), after=0.1)

    @on(BeatDue)
    def beat(self, _: BeatDue) -> None:
        self.number += 1
        self.keep()
        self.send("n2", Beat(self.number))
        self.set_timer(BeatDue(), after=0.1)

    def keep(self) -> None:
        self.storage["number"] = self.number

    @on(Beat)
    def hear(self, beat: Beat, _: str) -> None:
        self.log(f"beat {beat.number}")


class Forgetful(Metronome):
    def keep(self) -> None:
        pass


class Silent(Metronome):
    def start(self) -> None:
        self.number = 0


class Clumsy(Metronome):
    def keep(self) -> None:
        raise LookupError("where is it?")


class Unwritten(Metronome):
    def keep(self) -> None:
        raise NotYet


class Looping(Metronome):
    def keep(self) -> None:
        while True:
            pass


class Chatty(Metronome):
    @on(Beat)
    def hear(self, beat: Beat, sender: str) -> None:
        self.send(sender, beat)
        self.send(sender, beat)


def days(random: Random, size: int) -> Iterator[Trial]:
    for _ in range(5 * size):
        crash = BadDay((Step(0.35, "crash", ("n1",), 1), Step(0.4, "restart", ("n1",), 1)), 0.5)
        yield Trial(2, random.randrange(1000), 1.0, (), crash)


def a_quiet_day(random: Random, _: int) -> Iterator[Trial]:
    yield Trial(2, random.randrange(1000), 0.5)


def the_node(parts):
    return parts["Metronome"]


ORDERS = Orders("every order", the_node, n=2, states=2_000, options={"crashes": 1, "timers": 3})
DAYS = Days("bad days", the_node, days)
REAL = Processes("two processes", the_node, a_quiet_day)


def never_twice(run) -> Answer:
    numbers = [one.body.number for one in run.sent(Beat)]
    if not numbers:
        return inconclusive("Nothing was sent.")
    again = {number for number in numbers if numbers.count(number) > 1}
    return broken(f"beat {min(again)} was sent twice.") if again else holds()


def never_twice_in_any_order(view) -> Answer:
    """Two sends of one message are one message there: so the state tells."""
    sent = {one.body.number for one in view.sent(Beat)}
    now = view.state("n1").get("number", 0) if view.is_up("n1") else max(sent, default=0)
    return broken(f"beat {now + 1} will be sent twice.") if now + 1 in sent else holds()


def goes_on(run) -> Answer:
    late = [one for one in run.sent(Beat) if one.event.at > run.seconds - 0.3]
    return holds() if late else broken("There was no beat in the last 0.3 s.")


TWICE = Property(
    "lab98", "never twice", "No number is sent twice.", 2, "What outlives a crash?", ("Metronome",), never_twice,
    {"worlds": (DAYS, REAL)},
)  # fmt: skip
ORDERLY = Property(
    "lab98", "in any order", "No number is sent twice.", 2, "What outlives a crash?", ("Metronome",), never_twice,
    {"worlds": (ORDERS, DAYS), "orders": never_twice_in_any_order},
)  # fmt: skip
ALIVE = Property(
    "lab98", "goes on", "There is a beat every 0.1 s.", 2, "Who sets the timer again?", ("Metronome",), goes_on,
    {"worlds": (DAYS, REAL), "live": True},
)  # fmt: skip
ALL = (TWICE, ORDERLY, ALIVE)


def answers(solution: type[Node], asked: Sequence[Property] = ALL, effort: Effort | None = None) -> dict[str, Answer]:
    """What is said of a solution, property by property, with all stories."""
    judging = judge_in_worlds({"Metronome": solution}, asked, effort or Effort())
    found = {}
    for one in asked:
        steps = judging.judge(one)
        try:
            while next(steps) is not None:
                pass
        except StopIteration as stop:
            found[one.title] = judging.tell(one, stop.value)
    return found


def verdicts(found: dict[str, Answer]) -> list[Verdict]:
    return [answer.verdict for answer in found.values()]


IN_MEMORY = Effort(worlds=frozenset({"orders", "simulation"}))


@pytest.mark.cluster
def test_a_right_solution_holds_in_every_world_and_it_is_said_at_how_much_was_looked():
    found = answers(Metronome)
    assert verdicts(found) == [Verdict.HOLDS] * 3
    assert found["never twice"].looked == "5 runs (bad days), 1 run (two processes)"
    assert "states (every order)" in found["in any order"].looked


def test_a_wrong_solution_breaks_what_it_breaks_and_the_story_is_short():
    found = answers(Forgetful, effort=IN_MEMORY)
    assert verdicts(found) == [Verdict.BROKEN, Verdict.BROKEN, Verdict.HOLDS]
    assert found["never twice"].headline == "beat 1 was sent twice."
    assert any("crashes" in step for step in found["never twice"].steps)
    assert len(found["never twice"].steps) <= 16
    assert found["never twice"].looked == "1 run (bad days)"
    assert found["never twice"].hint == ""  # the property's own is shown


def test_nodes_that_do_nothing_have_no_lane_in_an_order_of_events():
    four = Orders("four nodes", the_node, n=4, states=2_000, options={"crashes": 1, "timers": 3})
    orderly = replace(ORDERLY, data={**ORDERLY.data, "worlds": (four,)})
    svg = answers(Forgetful, [orderly], IN_MEMORY)["in any order"].svg()
    assert ">n1<" in svg
    assert ">n4<" not in svg


@pytest.mark.parametrize("one", [TWICE, ORDERLY], ids=["a day", "an order"])
def test_the_replay_line_shows_the_same_run_again(one: Property):
    found = answers(Forgetful, effort=IN_MEMORY)[one.title]
    (again,) = answers(Forgetful, [one], Effort(replay=found.replay)).values()
    assert (again.verdict, again.headline, again.steps) == (found.verdict, found.headline, found.steps)
    assert again.replay == found.replay


def test_a_replay_line_holds_for_a_solution_that_was_mended():
    found = answers(Forgetful, [TWICE], IN_MEMORY)["never twice"]
    (again,) = answers(Metronome, [TWICE], Effort(replay=found.replay)).values()
    assert again.verdict is Verdict.HOLDS


def test_a_replay_line_that_is_cut_off_says_so():
    found = answers(Forgetful, [TWICE], IN_MEMORY)["never twice"]
    for line in ("never twice", "never twice bad days: night x", found.replay[: len("never twice bad days: day ABC")]):
        with pytest.raises(Mistake, match=r"[Cc]opy"):
            answers(Forgetful, [TWICE], Effort(replay=line))


def test_a_silent_node_fails_what_must_happen_and_leaves_the_rest_open():
    found = answers(Silent, effort=IN_MEMORY)
    assert verdicts(found) == [Verdict.INCONCLUSIVE, Verdict.HOLDS, Verdict.BROKEN]
    assert found["never twice"].headline == "Nothing was sent."


def test_a_node_that_dies_of_a_mistake_breaks_everything_and_its_line_is_named():
    for answer in answers(Clumsy, effort=IN_MEMORY).values():
        assert answer.verdict is Verdict.BROKEN
        assert "died of LookupError: where is it?" in answer.headline
        assert "test_labs_worlds.py, line" in answer.headline
        assert "Traceback" not in answer.headline
        assert answer.hint == MEND_FIRST


def test_a_skeleton_is_told_as_what_to_do_next():
    for answer in answers(Unwritten, effort=IN_MEMORY).values():
        assert answer.to_do
        assert answer.headline.startswith("Next: write Unwritten.")
        assert "It happened in" not in answer.headline


def test_a_handler_that_never_ends_is_ended_and_told_once():
    found = answers(Looping, effort=IN_MEMORY)
    assert len({answer.headline for answer in found.values()}) == 1
    for answer in found.values():
        assert "one of its loops goes on for ever" in answer.headline
        assert "while True" in answer.headline or "in keep" in answer.headline
        assert answer.hint == LOOPS


def test_only_a_handler_is_ever_taken_for_one_that_does_not_end():
    with handlers_end(patience=0.3):
        threading.Event().wait(1.0)
    with pytest.raises(Endless), handlers_end(patience=0.3):
        Looping.keep(None)  # type: ignore[arg-type]


def test_a_flood_is_stopped_and_told_once():
    found = answers(Chatty, effort=IN_MEMORY)
    assert verdicts(found)[0] is Verdict.BROKEN
    assert "bring about ever more of their kind" in found["never twice"].headline
    assert found["never twice"].hint == FLOODS


def test_a_class_that_is_no_node_is_told_by_what_it_should_be():
    found = answers(dict, [TWICE], IN_MEMORY)  # type: ignore[arg-type]
    assert found["never twice"].verdict is Verdict.BROKEN
    assert "Node" in found["never twice"].headline


@pytest.mark.cluster
def test_a_deadline_that_is_missed_on_real_processes_counts_only_where_a_witness_keeps_the_time(monkeypatch):
    only_real = Property("lab98", "goes on", "", 2, "", ("Metronome",), goes_on, {"worlds": (REAL,), "live": True})
    assert answers(Silent, [only_real])["goes on"].verdict is Verdict.BROKEN
    monkeypatch.setattr(Witness, "kept_time", property(lambda self: False))
    found = answers(Silent, [only_real])["goes on"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "too busy to tell" in found.headline


@pytest.mark.cluster
def test_the_witness_measures_what_the_machine_keeps_waiting():
    with Witness(slack=60.0) as witness:
        witness.world.wait_until(lambda: len(witness.world.trace) > 20)
    assert 0 < witness.late < 60
    assert witness.kept_time
    assert not Witness.kept_time.fget(type("Late", (), {"late": 2.0, "slack": 1.0})())


def test_it_is_said_after_how_many_runs_the_mistake_was_found_not_how_many_there_were():
    calm = Property("lab98", "goes on", "", 2, "", ("Metronome",), goes_on, {"worlds": (DAYS,), "live": True})
    found = answers(Forgetful, [calm, TWICE], IN_MEMORY)
    assert found["goes on"].looked == "5 runs (bad days)"
    assert found["never twice"].looked == "1 run (bad days)"
