"""What labs have in common: judging apart, shrinking, replaying, the report, and finding a solution in a file."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.errors import Mistake, NotYet
from ds101.labs import Lab, Property, check, judge
from ds101.labs.apart import Apart, Died, Foreign, Raised, Returned, Silent, machine_keeps
from ds101.labs.cases import judge_by_cases
from ds101.labs.lab01 import LAB
from ds101.labs.report import Report
from ds101.labs.specification import Effort, Parts, find_lab, property_of
from ds101.labs.submission import parts_in
from ds101.labs.wording import outcome_in_words
from ds101.verdict import Verdict

PLENTY = 30.0  # seconds that nothing here takes


def sleep_for_ever() -> None:
    while True:
        time.sleep(1)


def die(code: int) -> None:
    import os

    os._exit(code)


def fail_with(words: str) -> None:
    raise ValueError(words)


@pytest.mark.cluster
def test_an_endless_loop_in_a_solution_is_silence_and_ends_with_its_process() -> None:
    with Apart(sleep_for_ever) as apart:
        assert apart.ask(patience=0.1) == Silent(0.1)
        assert apart.process is None


@pytest.mark.cluster
def test_a_solution_that_ends_its_process_is_told_with_its_exit_code() -> None:
    with Apart(die) as apart:
        assert apart.ask(3, patience=PLENTY) == Died(3)


@pytest.mark.cluster
def test_after_a_silence_the_next_question_gets_a_fresh_process() -> None:
    with Apart(time.sleep) as apart:
        assert apart.ask(PLENTY, patience=0.1) == Silent(0.1)
        assert apart.ask(0, patience=PLENTY) == Returned(None)


@pytest.mark.cluster
def test_an_error_in_a_solution_comes_with_the_students_own_line() -> None:
    with Apart(fail_with) as apart:
        outcome = apart.ask("no", patience=PLENTY)
    assert isinstance(outcome, Raised)
    assert outcome.is_a(ValueError)
    words = outcome_in_words(outcome)
    assert words.startswith("raised ValueError: no  [test_labs.py, line ")
    assert words.endswith("in fail_with:  raise ValueError(words)]")


def a_view() -> list[memoryview]:
    return [memoryview(b"hi")]


@pytest.mark.cluster
def test_an_object_that_means_nothing_elsewhere_arrives_as_the_name_of_its_class() -> None:
    with Apart(a_view) as apart:
        assert apart.ask(patience=PLENTY) == Returned([Foreign("memoryview")])


@pytest.mark.cluster
@pytest.mark.parametrize(("returned", "kind"), [(bytearray(b"hi"), "bytearray"), ("hi", "str"), (None, "NoneType")])
def test_an_encode_that_returns_no_bytes_is_told_what_it_returned(returned: object, kind: str) -> None:
    def encode(message: str) -> object:
        return returned

    assert f"encode('hi') returned an object of type {kind} instead of bytes." in judge("lab01", encode).text()


@pytest.mark.cluster
def test_what_a_solution_prints_is_shown_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    for aloud, shown in ((False, ""), (True, "solution | seen\n")):
        with Apart(print, aloud=aloud) as apart:
            apart.ask("seen", patience=PLENTY)
            assert apart.process
            apart.process.kill()
            from ds101.processes import output

            output.show()
        assert capsys.readouterr().out == shown


@pytest.mark.cluster
def test_a_machine_with_time_keeps_a_deadline_and_no_machine_keeps_one_of_zero() -> None:
    assert machine_keeps(PLENTY)
    assert not machine_keeps(0.0)


@dataclass(frozen=True)
class Numbers:
    """A case of the made-up lab below."""

    values: tuple[int, ...]


@contextmanager
def as_it_is(part: Any, aloud: bool) -> Iterator[Any]:
    yield part


def lists(source: random.Random, size: int) -> Iterator[Numbers]:
    for _ in range(20 * size):
        yield Numbers(tuple(source.randrange(100) for _ in range(10)))


def with_one_less(case: Numbers) -> Iterator[Numbers]:
    for index in range(len(case.values)):
        yield Numbers(case.values[:index] + case.values[index + 1 :])


def is_the_largest(largest: Any, case: Numbers) -> Answer:
    """The largest number is found."""
    got = largest(case.values)
    return holds() if got == max(case.values, default=None) else broken(f"{case.values} gave {got}")


@pytest.fixture
def made_up() -> Property:
    return Property(
        "lab99", "largest", "The largest number is found.", 2, "Which is it?", ("largest",), is_the_largest,
        {"trial": as_it_is, "cases": lists, "simpler": with_one_less, "case": Numbers},
    )  # fmt: skip


def judged(one: Property, parts: Parts, effort: Effort) -> Answer:
    steps = judge_by_cases(parts, [one], effort).judge(one)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            answer: Answer = stop.value
            return answer


def first(values: tuple[int, ...]) -> int | None:
    return values[0] if values else None


def test_a_case_that_breaks_a_property_is_shrunk_to_the_least_that_does(made_up: Property) -> None:
    finding = judged(made_up, {"largest": first}, Effort())
    assert finding.verdict is Verdict.BROKEN
    assert len(json.loads(finding.replay.removeprefix("largest "))["values"]) == 2


def test_a_replay_line_gives_the_same_run_again(made_up: Property) -> None:
    finding = judged(made_up, {"largest": first}, Effort())
    again = judged(made_up, {"largest": first}, Effort(replay=finding.replay))
    assert replace(again, looked=finding.looked) == finding


def test_another_seed_looks_at_other_cases(made_up: Property) -> None:
    runs = [judged(made_up, {"largest": first}, Effort(seed=seed)).replay for seed in (1, 2)]
    assert runs[0] != runs[1]


def test_a_property_whose_situation_never_arose_is_inconclusive(made_up: Property) -> None:
    made_up.data["cases"] = lambda source, size: iter(())  # type: ignore[index]  # a dict, in this test
    finding = judged(made_up, {"largest": max}, Effort())
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_trouble_of_the_machine_is_not_blamed_on_the_solution(made_up: Property) -> None:
    def no_sockets_left(values: Any) -> int:
        raise OSError("too many open files")

    finding = judged(made_up, {"largest": no_sockets_left}, Effort())
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "too many open files" in finding.headline


def test_a_replay_line_that_was_cut_off_says_so(made_up: Property) -> None:
    with pytest.raises(Mistake, match="Copy it whole from the report"):
        judged(made_up, {"largest": max}, Effort(replay='largest {"values": [1'))


def test_a_property_without_a_sentence_is_refused() -> None:
    with pytest.raises(Mistake, match="needs its sentence"):

        @property_of("lab98", points=1, title="mute", hint="")
        def mute(view: object) -> None: ...


def report_of(**findings: Answer) -> Report:
    properties = tuple(
        Property("lab99", title, f"Sentence of {title}.", 2, f"Question of {title}?", ("part",), is_the_largest)
        for title in findings
    )
    return Report(Lab("lab99", "", ("part",), judge_by_cases), properties, dict(findings))


def test_a_report_tells_the_story_of_the_first_broken_property_only() -> None:
    text = report_of(
        one=holds(),
        two=broken("It went wrong.", ["first this", "then that"], replay="two {}"),
        three=broken("It too."),
    ).text()
    assert text == (
        "lab99: 2 of 6 points\n"
        "  ✓ one  (2/2)\n"
        "  ✗ two  (0/2)\n"
        "  ✗ three  (0/2)\n"
        "\n"
        "✗ Sentence of two.\n"
        "\n"
        "  It went wrong.\n"
        "\n"
        "  1  first this\n"
        "  2  then that\n"
        "\n"
        "  Again:  check('lab99', part, replay='two {}')\n"
        "  Think:  Question of two?"
    )


def test_a_report_that_grows_tells_the_first_mistake_and_what_is_done_meanwhile() -> None:
    growing = report_of(one=holds(), two=inconclusive("Not yet."), three=broken("It went wrong.", ["first this"]))
    early = replace(growing, doing="real days, 1 run so far").text()
    assert "Not yet." not in early
    assert "It went wrong." not in early
    text = replace(growing, first="three", doing="real days, 1 run so far").text()
    assert "  1  first this\n" in text
    assert text.endswith("\n  real days, 1 run so far ...")


def test_an_answer_with_a_hint_of_its_own_is_told_with_that() -> None:
    assert "Think:  Mend it." in report_of(one=replace(broken("It died."), hint="Mend it.")).text()


def test_an_inconclusive_property_earns_no_point_and_says_why() -> None:
    report = report_of(one=inconclusive("The machine was busy."))
    assert report.points == 0
    assert report.broken == frozenset()
    assert "? one  (0/2)" in report.text()
    assert "The machine was busy." in report.text()


def test_what_a_solution_says_cannot_become_markup_in_a_notebook() -> None:
    html = report_of(one=broken("<script>alert(1)</script>", ["<b>"], replay="one <i>"))._repr_html_()
    assert "<script" not in html
    assert "<b>," not in html
    assert "&lt;script&gt;" in html


def test_unwritten_parts_are_told_in_one_sentence() -> None:
    def encode(message: str) -> bytes:
        raise NotYet

    text = judge("lab01", encode).text()
    assert text.count("Next: write encode.") == 1
    assert text.count("(to do)") == 2
    assert len(text.splitlines()) == 5


def test_check_returns_the_points_and_prints_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    def encode(message: str) -> bytes:
        return len(message.encode()).to_bytes(4, "big") + message.encode()

    assert check("lab01", encode) == 3
    assert "A message of more than LIMIT bytes raises FrameTooLarge" in capsys.readouterr().out


def test_a_part_that_the_lab_does_not_know_is_named() -> None:
    def encod(message: str) -> bytes:
        return b""

    with pytest.raises(Mistake, match="lab01 judges encode, Decoder, exchange and serve: it does not know encod"):
        judge("lab01", encod)


def test_a_lab_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(Mistake, match=r"no lab called 'lab77'. There are: lab01"):
        judge("lab77", print)


def test_an_unlisted_property_is_answered_with_those_that_are() -> None:
    with pytest.raises(Mistake, match=r"has no property 'speed'. It has: one frame a message"):
        judge("lab01", print_encode, only="speed")


def print_encode(message: str) -> bytes:
    return b""


print_encode.__name__ = "encode"


def test_full_names_of_labs_are_understood() -> None:
    assert find_lab("lab01-framing") is LAB


def test_every_property_has_one_sentence_a_question_and_points() -> None:
    for one in LAB.properties:
        assert one.sentence.endswith(".")
        assert one.hint.endswith("?")
        assert one.points > 0
    assert len({one.title for one in LAB.properties}) == len(LAB.properties)


def notebook_with(folder: Path, *cells: str) -> Path:
    path = folder / "mine.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}))
    return path


def test_only_the_definitions_of_a_notebook_are_run(tmp_path: Path) -> None:
    path = notebook_with(
        tmp_path,
        "import struct\n%matplotlib inline\nHEADER = struct.Struct('>I')",
        "def encode(message):\n    return HEADER.pack(len(message.encode())) + message.encode()",
        "raise RuntimeError('a check or an experiment')",
        "connection = open('/no/such/file')",
    )
    (encode,) = parts_in(path, "lab01")
    assert encode("ö") == b"\0\0\0\2" + "ö".encode()


def test_a_module_beside_the_notebook_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "helper_of_mine.py").write_text("SIZE = 4\n")
    path = notebook_with(tmp_path, "from helper_of_mine import SIZE", "def encode(message):\n    return bytes(SIZE)")
    (encode,) = parts_in(path, "lab01")
    assert encode("") == bytes(4)


def test_a_cell_that_is_no_python_is_named(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"mine.ipynb \(cell 2\), line 1 is no Python"):
        parts_in(notebook_with(tmp_path, "x = 1", "def encode(:"), "lab01")


def test_an_import_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"cell 1.*No module named 'nosuchmodule'"):
        parts_in(notebook_with(tmp_path, "import nosuchmodule"), "lab01")


def test_a_file_without_any_part_of_the_lab_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="defines none of encode, Decoder, exchange, serve"):
        parts_in(notebook_with(tmp_path, "x = 1"), "lab01")
