"""Histories of others can be read and judged, and ours can be written for others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from histories import MODELS, histories, told
from hypothesis import HealthCheck, given, settings
from typer.testing import CliRunner

from ds101 import Message, Verdict
from ds101.checks import Lock, Named, Queue, Register, edn, jepsen, linearizable
from ds101.cli import app
from ds101.errors import Mistake
from ds101.history import Operation

KEY_VALUE = """\
{:process 0, :type :invoke, :f :put, :key "0", :value "x"}
{:process 1, :type :invoke, :f :append, :key "0", :value "y"}
{:process 0, :type :ok, :f :put, :key "0", :value "x"}
{:process 1, :type :ok, :f :append, :key "0", :value "y"}
{:process 2, :type :invoke, :f :get, :key "0", :value nil}
{:process 2, :type :ok, :f :get, :key "0", :value "%s"}
"""
ETCD = """\
INFO  jepsen.util - 0\t:invoke\t:write\t1
INFO  jepsen.util - 0\t:ok\t:write\t1
INFO  jepsen.util - 1\t:invoke\t:cas\t[2 3]
INFO  jepsen.util - 1\t:%s\t:cas\t[2 3]
INFO  jepsen.util - 2\t:invoke\t:write\t4
INFO  jepsen.util - 2\t:info\t:write\t:timed-out
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 0\t:fail\t:read\t:timed-out
INFO  jepsen.util - 7\t:invoke\t:read\tnil
INFO  jepsen.util - 7\t:ok\t:read\t4
"""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["judge", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_a_history_in_edn_is_judged_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "history.edn"
    file.write_text(KEY_VALUE % "xy")
    assert run(str(file), "--model", "kv") == (
        0,
        "✓ Every operation seems to take effect at one instant between its invocation and its reply.\n\n"
        "  3 operations, 6 steps\n",
    )
    file.write_text(KEY_VALUE % "yx")
    status, said = run(str(file), "--model", "kv", "--picture", str(tmp_path / "timeline.svg"))
    assert status == 1
    assert "p2's get() → 'yx' (4–5 s) fits nowhere" in said
    assert "<svg" in (tmp_path / "timeline.svg").read_text()


def test_a_log_of_etcds_tests_is_judged_and_a_failed_compare_and_set_is_an_answer(tmp_path: Path) -> None:
    file = tmp_path / "etcd.log"
    file.write_text(ETCD % "fail")
    assert run(str(file))[0] == 0
    file.write_text(ETCD % "ok")
    assert run(str(file))[0] == 1
    assert [o.outcome for o in jepsen.parse(ETCD % "fail")] == ["ok", "ok", "info", "fail", "ok"]


def test_a_search_beyond_its_budget_has_an_exit_status_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "history.edn"
    file.write_text(KEY_VALUE % "xy")
    status, said = run(str(file), "--model", "kv", "--steps", "1")
    assert status == 2
    assert "no answer within 1 step" in said


def test_values_may_be_pairs_with_their_key_and_events_may_stand_in_a_vector_with_tags() -> None:
    history = jepsen.parse(
        "[#jepsen.history.Op{:process 0, :type :invoke, :f :cas, :value [3 [1 2]], :time 5000000, :index 0}\n"
        "{:process :nemesis, :type :info, :f :start, :value nil} ; it breaks things\n"
        "#jepsen.history.Op{:process 0, :type :ok, :f :cas, :value [3 [1 2]], :time 7000000, :index 1}]",
        keyed=True,
    )
    assert list(history) == [Operation("p0", "any", Named("cas", 3, (1, 2)), 0.005, 0.007, "ok", True)]


def test_the_order_of_the_lines_counts_where_times_are_equal() -> None:
    text = "".join(
        f"{{:process {process}, :type :{kind}, :f :{f}, :value {value}, :time 0}}\n"
        for process, kind, f, value in [
            (0, "invoke", "write", 1), (0, "ok", "write", 1), (1, "invoke", "read", "nil"), (1, "ok", "read", "nil"),
        ]
    )  # fmt: skip
    assert linearizable(jepsen.parse(text), Register()).verdict is Verdict.BROKEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "No history stands here"),
        ("{:process 0}", "needs :process, :type and :f"),
        ("{:process 0, :type :invoke, :f :read} {:process 0, :type :invoke, :f :read}", "asks again"),
        ("{:process 0, :type :ok, :f :read}", "though it asked nothing"),
        ("{:process 0", "ends before a '}'"),
        ("{:process }", "in a map every key has a value"),
        ('{:process "a', "doesn't end, at line 1"),
        ("]", "closes what was not opened"),
    ],
)
def test_what_is_no_history_is_a_mistake_that_says_why(text: str, said: str) -> None:
    with pytest.raises(Mistake, match=said) if text != "]" else pytest.raises(Mistake):
        jepsen.parse(text)


def test_a_missing_file_and_an_unknown_model_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="can't be read"):
        CliRunner().invoke(app, ["judge", str(tmp_path / "none.edn")], catch_exceptions=False)
    with pytest.raises(Mistake, match="There is no model 'clock'"):
        CliRunner().invoke(app, ["judge", "x", "--model", "clock"], catch_exceptions=False)


class Get(Message):
    key: str


class Got(Message):
    value: int


class Put(Message):
    key: str
    value: int


class Done(Message):
    pass


def test_our_own_history_is_written_in_the_words_of_the_model() -> None:
    history = [
        Operation("ada", "n1", Put("x", 1), 0.1, 0.2, "ok", Done()),
        Operation("ada", "n1", Put("x", 2), 0.3, 0.5, "info"),
        Operation("bob", "n1", Get("x"), 0.4, 0.6, "ok", Got(1)),
        Operation("ada", "n1", Get("x"), 0.7),
    ]
    assert jepsen.as_edn(history, Register(read=Get, write=Put)).splitlines() == [
        '{:process 0, :client "ada", :type :invoke, :f :write, :key "x", :value 1, :time 100000000, :index 0}',
        '{:process 0, :client "ada", :type :ok, :f :write, :key "x", :value 1, :time 200000000, :index 1}',
        '{:process 0, :client "ada", :type :invoke, :f :write, :key "x", :value 2, :time 300000000, :index 2}',
        '{:process 1, :client "bob", :type :invoke, :f :read, :key "x", :value nil, :time 400000000, :index 3}',
        '{:process 0, :client "ada", :type :info, :f :write, :key "x", :value 2, :time 500000000, :index 4}',
        '{:process 1, :client "bob", :type :ok, :f :read, :key "x", :value 1, :time 600000000, :index 5}',
        '{:process 1, :client "ada", :type :invoke, :f :read, :key "x", :value nil, :time 700000000, :index 6}',
    ]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(set(MODELS) - {"map"}))
def test_what_was_written_and_read_again_has_the_same_verdict(
    name: str, count: Callable[[int, int], int], tmp_path: Path
) -> None:
    model = MODELS[name][0]
    file = tmp_path / "history.edn"

    @settings(
        max_examples=count(60, 2_000), deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(histories(name))
    def round_trip(history: list[Operation]) -> None:
        jepsen.write(history, file, model)
        again = jepsen.read(file)
        assert linearizable(again, model).verdict is linearizable(history, model).verdict

    round_trip()


def test_processes_are_renumbered_when_an_outcome_stays_unknown_for_others_to_judge() -> None:
    lost = told("acquire()", at=(0, 1), outcome="info")
    text = jepsen.as_edn([lost, told("release()", False, at=(2, 3))], Lock())
    assert [event["process"] for event in edn.read_all(text)] == [0, 0, 1, 1]
    assert edn.read_all(text)[3]["type"] == "fail"
    assert jepsen.parse(text)[1].reply is False


def test_a_client_that_asks_again_at_the_moment_of_its_reply_is_written_in_its_order() -> None:
    history = [told("acquire()", True, at=(0, 1)), told("release()", True, at=(1, 2))]
    events = edn.read_all(jepsen.as_edn(history, Lock()))
    assert [(event["process"], event["type"]) for event in events] == [
        (0, "invoke"), (0, "ok"), (0, "invoke"), (0, "ok"),
    ]  # fmt: skip


def test_edn_comes_back_as_it_was() -> None:
    value = {"a": [1, -2.5, None, True, 'quote " slash \\ line\n'], "b": frozenset({1, 2}), edn.Keyword("k"): []}
    assert edn.read_all(edn.write(value)) == [value]
    assert edn.read_all(r"\a \newline \u0041 #_ignored 42N 1.5M sym (1 2) #{1} ; comment") == [
        "a", "\n", "A", 42, 1.5, "sym", [1, 2], frozenset({1}),
    ]  # fmt: skip
    with pytest.raises(Mistake, match="can't be written as EDN"):
        edn.write(Queue())
