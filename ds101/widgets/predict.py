"""A prediction: the reader chooses before the run, and sees both side by side after it.

>>> guess = predict("How many euros has the bank moved?", 0, 10, 20)
>>> guess
Predict: How many euros has the bank moved?  ( ) 0  ( ) 10  ( ) 20
>>> guess.choose(10)
>>> guess.compare(20)
You predicted: 10. The run says: 20.

The same question keeps its answer as long as the kernel lives, so that running all cells forgets nothing.
"""

from __future__ import annotations

from html import escape
from typing import Any

from ds101.errors import Mistake
from ds101.widgets.choices import radio_buttons
from ds101.widgets.live import shown

_chosen: dict[str, str] = {}  # by question


def predict(question: str, *choices: object) -> Prediction:
    """Ask for a choice; on the last line of a cell it shows buttons. Raises `Mistake` for fewer than two choices."""
    return Prediction(question, choices)


class Compared:
    """A prediction beside what happened, in one line."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __repr__(self) -> str:
        return self.words


class Prediction:
    """A question and what the reader chose. Nobody has to choose: a notebook also runs unattended."""

    def __init__(self, question: str, choices: tuple[object, ...]) -> None:
        self.question, self.choices = question, tuple(str(choice) for choice in choices)
        if len(set(self.choices)) < max(2, len(choices)):
            raise Mistake(f"predict({question!r}, ...) needs two choices or more, each of them once.")

    @property
    def choice(self) -> str | None:
        """What the reader chose, if anything."""
        return _chosen.get(self.question)

    def choose(self, choice: object) -> None:
        """What a click does. Raises `Mistake` for what is no choice."""
        if str(choice) not in self.choices:
            raise Mistake(f"{choice!r} is no choice here. Choose from: {'; '.join(self.choices)}.")
        _chosen[self.question] = str(choice)

    def compare(self, outcome: object) -> Compared:
        """The prediction beside the outcome. It gives no marks: whether they agree is for the reader to see."""
        said = "You chose nothing" if self.choice is None else f"You predicted: {self.choice}"
        return Compared(f"{said}. The run says: {outcome}.")

    def __repr__(self) -> str:
        marks = (f"({'x' if choice == self.choice else ' '}) {choice}" for choice in self.choices)
        return f"Predict: {self.question}  {'  '.join(marks)}"

    def _repr_html_(self) -> str:
        """What stands in a saved notebook: the same question, without buttons."""
        marks = (f"{'●' if choice == self.choice else '○'} {escape(choice)}" for choice in self.choices)
        return f"<p><b>Predict.</b> {escape(self.question)}</p><p>{'<br>'.join(marks)}</p>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return shown(repr(self), self._repr_html_(), self.form)

    def form(self) -> Any:
        """The question with its buttons, as a widget: a click is a choice."""
        import ipywidgets

        buttons = radio_buttons(self.choices, self.choice, self.choose)
        return ipywidgets.VBox([ipywidgets.HTML(f"<b>Predict.</b> {escape(self.question)}"), buttons])
