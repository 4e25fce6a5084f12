"""A quiz grades itself, says why, and reads without JavaScript."""

from importlib import import_module
from pathlib import Path

import pytest

from ds101.errors import Mistake
from ds101.widgets import Quiz, quiz

TWO = """
[[question]]
asks = "Is 1 < 2?"
choices = ["<b>yes</b>", "no"]
right = "<b>yes</b>"
why = "One is less than two."

[[question]]
asks = "Is 3 < 2?"
choices = ["yes", "no"]
right = "no"
why = "Three is more."
"""


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Quiz:
    monkeypatch.setattr(import_module("ds101.widgets.quiz"), "_chosen", {})  # what another test chose is not known here
    (tmp_path / "two.toml").write_text(TWO)
    return quiz(tmp_path / "two.toml")


def test_nobody_has_to_choose(two):
    assert two.result() == "0 of 2 right."
    assert two.questions[1].verdict() == "You chose nothing."


def test_a_wrong_answer_is_told_the_right_one_and_why(two):
    two.choose(1, "<b>yes</b>")
    two.choose(2, "yes")
    assert [question.verdict() for question in two.questions] == [
        "✓ Right. One is less than two.",
        "✗ Right is “no”. Three is more.",
    ]
    assert two.result() == "1 of 2 right."
    two.choose(2, "no")
    assert two.result() == "2 of 2 right."
    with pytest.raises(Mistake, match="'maybe' is no choice here"):
        two.choose(2, "maybe")


def test_without_javascript_the_answers_are_folded_away_and_all_is_escaped(two):
    html = two._repr_html_()
    assert html.count("<details><summary>Answer</summary>") == 2
    assert "○ &lt;b&gt;yes&lt;/b&gt;" in html
    assert "<b>no.</b> Three is more." in html
    question, _, answer = html.partition("<details>")
    assert "One is less" not in question
    assert "One is less" in answer


def test_a_terminal_shows_the_answers_at_the_end(two):
    assert repr(two).splitlines()[-1] == "Answers: 1. <b>yes</b>  2. no"


def test_the_last_button_grades_and_a_choice_alone_does_not(two):
    pytest.importorskip("ipywidgets")
    two.choose(1, "no")
    form = two.form()
    first, told, second, check, grade = (form.children[index] for index in (1, 2, 4, 6, 7))
    assert [button.value for button in first.children] == [None, "no"], "what was chosen stays"
    second.children[1].value = "no"
    assert (told.value, grade.value) == ("", "")
    check.click()
    assert "✗ Right is “&lt;b&gt;yes&lt;/b&gt;”." in told.value
    assert "1 of 2 right." in grade.value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TWO.replace('why = "Three is more."', ""), "should have asks, choices, right, why"),
        (TWO.replace('right = "no"', 'right = "No"'), "one of them right"),
        (TWO.replace('["yes", "no"]', '["no"]'), "two choices or more"),
        (TWO.replace('["yes", "no"]', '["no", "no"]'), "each once"),
    ],
)
def test_a_question_that_can_not_be_asked_is_a_mistake(tmp_path, text, words):
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(Mistake, match=words):
        quiz(tmp_path / "bad.toml")


def test_a_missing_file_is_told_in_a_sentence(tmp_path):
    with pytest.raises(Mistake, match="Open the notebook in its own folder"):
        quiz(tmp_path / "none.toml")
