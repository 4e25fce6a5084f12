"""What a search answers: exhausted, a shortest run, or how far it got; in one line, and always in bounded memory."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gallery import commit, election, paxos
from rich.console import Console

from ds101 import Call, Message, Mistake, Node, Timer, Verdict, explore, on
from ds101.explorer import View, replay
from ds101.explorer.limits import Limits
from ds101.explorer.progress import Progress
from ds101.explorer.telling import STEP
from ds101.progress import heard_by


class Add(Message):
    amount: int


class Tick(Timer):
    pass


class Counter(Node):
    """Counts without end."""

    STEP = 1

    def start(self):
        self.count = 0
        self.set_timer(Tick(), after=1)

    @on(Tick)
    def tick(self, _):
        self.count += self.STEP
        self.set_timer(Tick(), after=1)


def below(limit: int) -> Any:
    def stays_below(view: View) -> bool:
        """No counter gets that far."""
        return all(view.state(node)["count"] < limit for node in view.nodes)

    return stays_below


def counts_to(limit: int) -> Any:
    return lambda view: any(view.state(node)["count"] >= limit for node in view.nodes)


# In one line


def test_every_answer_shows_in_one_line():
    both = {"a leader": election.a_leader_is_elected, "the moon": lambda view: False}
    answers = [
        explore(Counter, timers=3),
        explore(Counter, depth=3),
        explore(Counter, states=100),
        explore(Counter, invariants=below(3)),
        explore(Counter, goals={"five": counts_to(5)}),
        explore(election.Election, 3, timers=1, goals=both),
        explore(Counter, timers=3, prunes=counts_to(2)),
    ]
    assert [repr(one) for one in answers] == [
        "Exploration(holds: all 4 states, 3 steps deep)",
        "Exploration(inconclusive: 4 states, 3 steps deep; it went 3 steps deep, as asked)",
        "Exploration(inconclusive: 100 states, 99 steps deep; its budget of 100 states is spent)",
        "Exploration(broken: stays below does not hold, after 3 steps; 4 states)",
        "Exploration(holds: five reached; 6 states, 5 steps deep)",
        "Exploration(broken: the moon can't be reached; all 25 states, 4 steps deep)",  # 1 + 3 * 8
        "Exploration(holds: all 3 states, 2 steps deep, 1 of them pruned)",
    ]


# Out of budget


def test_a_search_that_spends_its_states_is_inconclusive_and_says_how_far_it_got():
    answer = explore(Counter, 3, states=2_000, invariants=below(1_000))
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert not answer.exhausted
    assert 2_000 <= answer.states < 3_000
    assert answer.depth == 21  # there are 2,024 ways for three to count to 21 or less
    with pytest.raises(ValueError, match="neither true nor false"):
        bool(answer.verdict)


def test_what_was_found_when_the_states_were_spent_is_looked_at_too():
    """The violation is among the last states that were found, one step deeper than those that were gone on from."""
    answer = explore(Counter, 2, states=56, invariants=below(10))
    assert answer.verdict is Verdict.BROKEN
    assert answer.violation is not None
    assert answer.violation.steps == 10


def test_a_depth_that_is_reached_leaves_it_open_unless_there_is_nothing_deeper():
    assert explore(Counter, timers=3, depth=2).why == "it went 2 steps deep, as asked"
    assert explore(Counter, timers=3, depth=3).exhausted
    assert explore(Counter, depth=5, invariants=below(6)).verdict is Verdict.INCONCLUSIVE
    assert explore(Counter, depth=5, invariants=below(5)).verdict is Verdict.BROKEN


def test_a_search_without_time_stops_at_once():
    answer = explore(Counter, 3, seconds=0)
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert answer.why == "its 0 s are over"


def test_memory_is_bounded():
    """Every state has a list of its own, ever longer: the search stops with an answer."""

    class Hoards(Counter):
        @on(Tick)
        def tick(self, _):
            self.count += 1
            self.hoard = bytes(self.count * 100_000)
            self.set_timer(Tick(), after=1)

    answer = explore(Hoards, 2, memory=60_000_000)
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert answer.why == "its 60 MB of memory are full"


def test_what_is_no_limit_is_told():
    for options in ({"states": -1}, {"depth": "deep"}, {"crashes": -1}, {"timers": 1.5}, {"network": "carrier pigeon"}):
        with pytest.raises(Mistake):
            explore(Counter, **options)  # type: ignore[arg-type]


# Shortest, also where a walk was first


def test_what_a_walk_finds_is_shortened_by_the_search():
    """Enough states that walks come first; the search then goes no deeper than they did, and finds the shortest."""
    answer = explore(paxos.WithoutPromiseCheck, 3, invariants=paxos.at_most_one_value_is_chosen, timers=3)
    assert answer.violation is not None
    assert answer.violation.shortest
    assert answer.violation.steps == 14


def test_what_a_walk_finds_is_told_even_if_the_search_then_runs_out():
    answer = explore(paxos.WithoutPromiseCheck, 3, invariants=paxos.at_most_one_value_is_chosen, timers=3, states=5_500)
    violation = answer.violation
    assert answer.verdict is Verdict.BROKEN
    assert violation is not None
    assert not violation.shortest
    assert f"after at most {violation.steps} steps" in repr(answer)
    again = replay(paxos.WithoutPromiseCheck, violation.schedule, 3)
    assert not paxos.at_most_one_value_is_chosen(again.view)
    steps = violation.schedule.split()
    for left_out in range(len(steps)):
        shorter = " ".join(steps[:left_out] + steps[left_out + 1 :])
        with pytest.raises((Mistake, AssertionError)):  # it is not possible any more, or breaks nothing
            assert not paxos.at_most_one_value_is_chosen(replay(paxos.WithoutPromiseCheck, shorter, 3).view)


def test_what_a_walk_finds_is_told_by_its_names_also_with_symmetry():
    class Unstable(Counter):
        def start(self):
            super().start()
            self.heard = frozenset()

        @on(Tick)
        def tick(self, _):
            self.count += 1
            self.broadcast(Add(self.count))
            self.set_timer(Tick(), after=1)

        @on(Add)
        def add(self, add, sender):
            self.heard |= {(sender, add.amount)}

    def nobody_hears_eight(view: View) -> bool:
        return not any((node, 8) in view.state(other)["heard"] for node in view.nodes for other in view.nodes)

    answer = explore(Unstable, 3, invariants=nobody_hears_eight, symmetry=True, states=6_000)
    assert answer.violation is not None
    assert answer.violation.steps == 9  # what is needless is left out: one counts to eight, one hears it
    assert not nobody_hears_eight(replay(Unstable, answer.violation.schedule, 3).view)


def test_a_death_that_a_walk_meets_is_shortened_by_the_search():
    class Dies(Counter):
        @on(Tick)
        def tick(self, _):
            super().tick(_)
            assert self.count < 40, "too much"

    answer = explore(Dies, 3)
    assert answer.violation is not None
    assert (answer.violation.kind, answer.violation.steps, answer.violation.shortest) == ("died", 40, True)


# Goals, stages, prunes


def test_a_goal_that_cannot_be_reached_is_a_broken_promise():
    answer = explore(election.Election, 3, timers=0, goals=election.a_leader_is_elected)
    assert (answer.verdict, answer.missed) == (Verdict.BROKEN, ("a_leader_is_elected",))
    assert explore(Counter, states=50, goals={"far": counts_to(1_000)}).verdict is Verdict.INCONCLUSIVE


def test_with_goals_alone_a_search_stops_when_all_are_reached():
    answer = explore(Counter, 2, goals={"two": counts_to(2), "three": counts_to(3)})
    assert answer.verdict is Verdict.HOLDS
    assert not answer.exhausted
    assert {name: one.steps for name, one in answer.reached.items()} == {"two": 2, "three": 3}
    assert answer.reached["three"].schedule == "n1!Tick n1!Tick n1!Tick"


def test_a_search_goes_on_from_where_another_has_come():
    nodes: dict[str, Any] = {"n": 3, "invariants": election.one_leader_a_term}
    leader = explore(election.ForgetsItsVote, goals=election.a_leader_is_elected, timers=1, **nodes)
    elected = leader.reached["a_leader_is_elected"]
    answer = explore(election.ForgetsItsVote, start=elected, crashes=1, timers=1, **nodes)
    assert answer.violation is not None
    assert answer.violation.schedule.startswith(elected.schedule)
    assert answer.violation.schedule == (
        "n1!ElectionTimeout n1>n2.RequestVote n2>n1.Vote "
        "n2.crash n2.restart n2!ElectionTimeout n2>n3.RequestVote n3>n2.Vote"
    )
    assert explore(election.ForgetsItsVote, start=elected, timers=1, **nodes).verdict is Verdict.HOLDS
    with_crash = answer.violation.schedule.split(" n2!")[0]
    again = explore(election.ForgetsItsVote, start=with_crash, timers=1, **nodes)  # the crash costs nothing any more
    assert again.violation is not None
    assert again.violation.schedule == answer.violation.schedule


def test_a_prune_ends_a_branch_and_no_other():
    pruned = explore(Counter, 2, timers=6, prunes=lambda view: view.state("n1")["count"] == 2)
    assert pruned.exhausted
    assert (pruned.states, pruned.pruned) == (7 + 6 + 5, 5)  # n1 at 0, 1 and 2


# Schedules


def test_a_schedule_that_is_not_possible_says_what_is():
    with pytest.raises(Mistake, match=r"Step 2 of the schedule, n1>n2\.Vote, is not possible there\. Possible are: "):
        replay(election.Election, "n1!ElectionTimeout n1>n2.Vote", 3)


def test_a_schedule_tells_messages_of_one_type_apart():
    class Sender(Node):
        def start(self):
            self.got: tuple[int, ...] = ()
            for peer in self.peers:
                for amount in (3, 1, 2):
                    self.send(peer, Add(amount))

        @on(Add)
        def add(self, add, _):
            self.got = (*self.got, add.amount)

    answer = explore(Sender, 2, network="multiset", goals={"it": lambda view: view.state("n2")["got"] == (2, 3, 1)})
    assert answer.reached["it"].schedule == "n1>n2.Add:2 n1>n2.Add:2 n1>n2.Add"


def test_choices_stand_in_the_schedule():
    nodes = {"coordinator": commit.Coordinator, "p1": commit.Participant}
    answer = explore(nodes, goals={"it": lambda view: view.state("p1")["state"] == "aborted"})
    assert answer.reached["it"].schedule == "p1!Asked=1"


# Traces


def test_the_trace_of_a_violation_is_that_of_any_world():
    answer = explore(election.ForgetsItsVote, 3, invariants=election.one_vote_a_term, timers=2, crashes=1)
    assert answer.violation is not None
    trace = answer.violation.trace
    assert trace.nodes == ("n1", "n2", "n3")
    known = {event.id: event for event in trace}
    for event in trace:
        if event.kind == "deliver":
            sent = known[str(event.cause)]
            assert (sent.kind, sent.type, dict(sent.body)) == ("send", event.type, dict(event.body))
            assert sent.clock < event.clock
        if event.kind in ("send", "set"):
            assert known[str(event.cause)].node == event.node
    assert [event.kind for event in trace.filter(nodes=["n2"]) if event.kind in ("crash", "restart")] == [
        "crash",
        "restart",
    ]
    assert "Vote(term=1)" in trace.text()
    assert trace.svg().startswith("<svg")
    shown = answer._repr_mimebundle_()
    assert shown["text/plain"] == repr(answer)
    assert "<svg" in shown["text/html"]


def test_every_step_says_what_it_changed_in_its_node():
    answer = explore(election.ForgetsItsVote, 3, invariants=election.one_vote_a_term, timers=2, crashes=1)
    assert answer.violation is not None
    trace = answer.violation.trace
    votes = [event.body["voted_for"] for event in trace if event.kind == "change" and event.node == "n2"]
    assert votes == [["–", "None"], ["None", "'n1'"], ["'n1'", "None"], ["None", "'n3'"]]
    times = [event.at for event in trace if event.kind in ("fire", "deliver", "crash", "restart")]
    assert [round(at / STEP) for at in times] == [1, 2, 3, 4, 5, 6]


def test_questions_without_a_name_are_told_apart():
    answer = explore(Counter, goals=[counts_to(1), counts_to(2)])
    assert sorted(answer.reached) == ["<lambda>", "<lambda> (2)"]


def test_what_clients_and_handlers_did_stands_in_the_trace(capsys: pytest.CaptureFixture[str]):
    class Adder(Node):
        def start(self):
            self.sum = 0

        @on(Add)
        def add(self, add, client):
            self.sum += add.amount
            self.log(f"the sum is {self.sum}")
            print("added")
            self.send(client, Add(self.sum))

    clients = {"ada": [Call("n1", Add(1))]}
    answer = explore(Adder, clients=clients, network="fifo", goals={"it": lambda view: view.history[:1] != () and (
        view.history[0].outcome == "ok")})  # fmt: skip
    kinds = [event.kind for event in answer.reached["it"].trace]
    assert kinds == ["start", "change", "invoke", "send", "deliver", "log", "print", "send", "change", "deliver", "ok"]
    assert capsys.readouterr().out == ""  # what handlers print stands in the trace alone


# Progress


def test_a_short_search_shows_nothing_and_a_long_one_a_line():
    console = Console(force_terminal=True, width=100, file=open("/dev/null", "w"), record=True)
    with Progress(console) as progress:
        progress.show(1_000, 3, elapsed=0.5)
        assert console.export_text() == ""
        progress.show(250_000, 12, elapsed=2.5)
        assert progress.words == "searched 250,000 states, 12 steps deep, 100,000 states/s"
    console.file.close()


def test_nothing_is_shown_where_nobody_looks():
    script = (
        "from ds101.explorer.progress import Progress\n"
        "with Progress() as progress:\n"
        "    progress.show(250_000, 12, elapsed=2.5)\n"
        "    progress.show(250_000, 12, elapsed=9.0)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert (ran.stdout, ran.stderr) == (b"", b"")


def test_whoever_has_a_better_place_hears_the_words():
    heard = []
    console = Console(force_terminal=True, width=100, file=io.StringIO())
    with heard_by(heard.append), Progress(console) as progress:
        progress.show(250_000, 12, elapsed=2.5)
    assert heard == ["searched 250,000 states, 12 steps deep, 100,000 states/s"]
    assert console.file.getvalue() == ""


def test_limits_say_which_one_was_reached():
    assert Limits(10, None, None, memory=0)._full({}) == "its 0 MB of memory are full"


# The same on every run

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from ds101 import Call, explore
from gallery import commit, election, lock, paxos, published, register

def show(answer):
    print(answer, answer.transitions, answer.handler_runs, *map(repr, [answer.violation, *answer.reached.values()]))

show(explore(paxos.WithoutPromiseCheck, 3, invariants=paxos.at_most_one_value_is_chosen, timers=2))
show(explore(election.Election, 3, goals=election.a_leader_is_elected, timers=2, crashes=1,
             invariants=election.one_vote_a_term))
show(explore(election.ForgetsItsVote, 3, timers=2, crashes=1, network="multiset",
             invariants=election.one_leader_a_term))
show(explore(election.Election, 3, timers=2, symmetry=True, network="fifo", goals=election.a_leader_is_elected))
show(explore({"lock": lock.Lock, "store": lock.Store}, clients={"ada": lock.holder, "bob": lock.holder},
             invariants=lock.no_late_write))
show(explore(register.ReadsTooFew, 3, invariants=register.no_stale_read, network="multiset", drops=1, partitions=1,
             clients={"ada": [Call("n1", register.Put(1))], "bob": [Call("n3", register.Get())]}))
"""


def test_a_search_is_the_same_in_every_interpreter_whatever_the_hashes():
    outputs = set()
    for seed in ("0", "77"):
        command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
        ran = subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        outputs.add(ran.stdout)
    assert len(outputs) == 1
    assert outputs.pop().count(b"\n") == 6
