"""When labs are due, who has longer, and what lateness costs."""

from datetime import datetime
from pathlib import Path

import pytest

from autograder.grading.course import CourseError
from autograder.grading.deadlines import read_deadlines
from autograder.grading.late import days_late, handed_in, penalty

HEAD = "lab,student,due,timezone,grace_minutes,percent_per_day,most_percent\n"
RULE = "lab01,,2026-10-12 23:59,Europe/Berlin,15,10,50\n"


def penalty_of(folder: Path, rows: str, student: str, timestamp: str, raw: float = 30.0) -> float:
    (folder / "deadlines.csv").write_text(HEAD + rows, encoding="utf-8")
    rule = read_deadlines(folder).rule("lab01-framing", student)
    assert rule is not None
    return penalty(rule, handed_in(timestamp), raw)


@pytest.mark.parametrize(
    ("timestamp", "cost"),
    [
        ("2026-10-12 21:59:00 UTC", 0),  # 23:59 in Berlin, where it is summer
        ("2026-10-12 22:14:00 UTC", 0),  # within the grace
        ("2026-10-12 22:14:01 UTC", 3),  # the first day has begun
        ("2026-10-13 22:13:59 UTC", 3),
        ("2026-10-13 22:14:01 UTC", 6),
        ("2026-12-24 12:00:00 UTC", 15),  # no more than half
        ("2026-10-13 08:00:00 Europe/Berlin", 3),
        ("", 0),
        ("soon", 0),
    ],
)
def test_each_day_that_has_begun_costs(tmp_path: Path, timestamp: str, cost: float) -> None:
    assert penalty_of(tmp_path, RULE, "bob", timestamp) == cost


def test_an_extension_moves_the_day_and_keeps_the_rule(tmp_path: Path) -> None:
    rows = "lab01,ada,2026-10-19 23:59,,,,\n" + RULE  # in any order
    assert penalty_of(tmp_path, rows, "ada", "2026-10-15 12:00:00 UTC") == 0
    assert penalty_of(tmp_path, rows, "ada", "2026-10-20 12:00:00 UTC") == 3
    assert penalty_of(tmp_path, rows, "bob", "2026-10-15 12:00:00 UTC") == 9


def test_an_extension_may_have_terms_of_its_own(tmp_path: Path) -> None:
    rows = RULE + "lab01-framing,ada,2026-10-13 12:00,UTC,0,100,100\n"
    assert penalty_of(tmp_path, rows, "ada", "2026-10-13 12:00:01 UTC") == 30


def test_a_lab_without_a_rule_has_none(tmp_path: Path) -> None:
    assert read_deadlines(tmp_path).rule("lab01-framing", "ada") is None
    (tmp_path / "deadlines.csv").write_text(f"# of this term\n{HEAD}{RULE}")
    assert read_deadlines(tmp_path).rule("lab02-exactly-once-calls", "ada") is None


def test_days_are_counted_from_the_end_of_the_grace(tmp_path: Path) -> None:
    (tmp_path / "deadlines.csv").write_text(HEAD + RULE)
    rule = read_deadlines(tmp_path).rule("lab01", "bob")
    assert rule is not None
    assert days_late(rule, datetime(2026, 10, 14, 12)) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "deadlines.csv has to begin with the line  lab,student,due,"),
        ("lab,when\nlab01,today\n", "deadlines.csv has to begin with the line  lab,student,due,"),
        (HEAD + "lab01,,soon,,,,\n", "deadlines.csv, line 2: Invalid isoformat string: 'soon'"),
        (HEAD + "# note\nlab01,,2026-10-12,Mars/Base,,,\n", "line 3: there is no time zone 'Mars/Base'"),
        (HEAD + "lab01,,2026-10-12,,,-1,\n", "line 2: a percentage lies between 0 and 100"),
        (HEAD + "lab01,,2026-10-12,,,much,\n", "line 2: could not convert string to float"),
        (HEAD + "lab01,,,,,10,\n", "line 2: say when lab01 is due"),
        (HEAD + RULE + RULE, "line 3: say the lab, and each lab or student once"),
        (HEAD + ",ada,2026-10-12,,,,\n", "line 2: say the lab"),
    ],
)
def test_a_line_that_can_not_be_read_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "deadlines.csv").write_text(text)
    with pytest.raises(CourseError) as told:
        read_deadlines(tmp_path)
    assert said in str(told.value)
