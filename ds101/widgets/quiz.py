"""A quiz at the end of a chapter: it grades itself, and says why.

The questions stand in a file beside the notebook, so that their answers don't stand in the cell above them:

    [[question]]
    asks = "Which messages does a cut link lose?"
    choices = ["all that are sent over it", "every second one"]
    right = "all that are sent over it"
    why = "A cut carries nothing. A lossy link loses some."

In a notebook the reader chooses, and presses a button; all of it works with the keyboard. Without JavaScript, and in a
terminal, the same questions stand there, with the answers folded away or at the end.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from ds101.errors import Mistake
from ds101.widgets.choices import radio_buttons
from ds101.widgets.live import shown

_chosen: dict[str, str] = {}  # by question, as long as the kernel lives
PARTS = {"asks", "choices", "right", "why"}


@dataclass(frozen=True)
class Question:
    """One question; `right` is one of the choices, `why` speaks of the tempting wrong ones too."""

    asks: str
    choices: tuple[str, ...]
    right: str
    why: str

    @property
    def choice(self) -> str | None:
        """What the reader chose, if anything."""
        return _chosen.get(self.asks)

    def verdict(self) -> str:
        """What the reader is told."""
        if self.choice is None:
            return "You chose nothing."
        return f"✓ Right. {self.why}" if self.choice == self.right else f"✗ Right is “{self.right}”. {self.why}"


def quiz(path: str | Path) -> Quiz:
    """The quiz in a file; on the last line of a cell it shows itself.

    Raises `Mistake` where there is no such file, or a question in it can't be asked.
    """
    file = Path(path)
    if not file.is_file():
        raise Mistake(f"There is no quiz {str(path)!r} in {Path.cwd().name}. Open the notebook in its own folder.")
    asked = tomllib.loads(file.read_text(encoding="utf-8")).get("question", [])
    return Quiz(tuple(_question(entry, file.name) for entry in asked))


def _question(entry: dict[str, Any], file: str) -> Question:
    asks = entry.get("asks", "a question")
    if entry.keys() != PARTS:
        raise Mistake(f"{file}: {asks!r} should have {', '.join(sorted(PARTS))}, and nothing else.")
    choices = tuple(entry["choices"])
    if entry["right"] not in choices or len(set(choices)) < max(2, len(choices)):
        raise Mistake(f"{file}: {asks!r} needs two choices or more, each once, and one of them right.")
    return Question(asks, choices, entry["right"], entry["why"])


class Quiz:
    """Questions, and what the reader chose. Nobody has to choose: a notebook also runs unattended."""

    def __init__(self, questions: tuple[Question, ...]) -> None:
        self.questions = questions

    def choose(self, number: int, choice: str) -> None:
        """What a click does: the answer to question `number`, from 1. Raises `Mistake` for what is no choice."""
        question = self.questions[number - 1]
        if choice not in question.choices:
            raise Mistake(f"{choice!r} is no choice here. Choose from: {'; '.join(question.choices)}.")
        _chosen[question.asks] = choice

    def result(self) -> str:
        """The grade, in words."""
        right = sum(question.choice == question.right for question in self.questions)
        return f"{right} of {len(self.questions)} right."

    def __repr__(self) -> str:
        lines = []
        for number, question in enumerate(self.questions, start=1):
            marks = (f"   ({'x' if choice == question.choice else ' '}) {choice}" for choice in question.choices)
            lines += [f"{number}. {question.asks}", *marks]
        answers = (f"{number}. {question.right}" for number, question in enumerate(self.questions, start=1))
        return "\n".join([*lines, "", f"Answers: {'  '.join(answers)}"])

    def _repr_html_(self) -> str:
        """What stands in a saved notebook: the same questions, the answers folded away."""
        items = []
        for question in self.questions:
            choices = "<br>".join(f"○ {escape(choice)}" for choice in question.choices)
            answer = f"<b>{escape(question.right)}.</b> {escape(question.why)}"
            items.append(
                f"<li><p>{escape(question.asks)}</p><p>{choices}</p>"
                f"<details><summary>Answer</summary><p>{answer}</p></details></li>"
            )
        return f"<ol>{''.join(items)}</ol>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return shown(repr(self), self._repr_html_(), self.form)

    def form(self) -> Any:
        """The questions with their buttons, as a widget. The last button grades, so that a choice can be changed."""
        import ipywidgets

        parts: list[Any] = []
        verdicts = []
        for number, question in enumerate(self.questions, start=1):
            verdicts.append(ipywidgets.HTML())
            parts += [
                ipywidgets.HTML(f"<b>{number}.</b> {escape(question.asks)}"),
                radio_buttons(question.choices, question.choice, partial(self.choose, number)),
                verdicts[-1],
            ]
        check, grade = ipywidgets.Button(description="Check my answers", button_style="primary"), ipywidgets.HTML()

        def tell(_: Any) -> None:
            for question, verdict in zip(self.questions, verdicts, strict=True):
                verdict.value = f'<p role="status">{escape(question.verdict())}</p>'
            grade.value = f'<p role="status"><b>{self.result()}</b></p>'

        check.on_click(tell)
        return ipywidgets.VBox([*parts, check, grade])
