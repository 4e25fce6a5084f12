"""Invariants, goals and prunes: questions to a view, each asked once for all states that look the same to it.

A question's looks form a tree: what it looks at first, then, depending on what it saw, next; at the ends stand the
answers. A state goes down the tree, and only where it leads to no answer the question is asked.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ds101.checks.answer import Answer as Finding
from ds101.errors import Mistake
from ds101.explorer.space import Fields, State
from ds101.explorer.symmetry import Symmetry
from ds101.explorer.view import Glass, Key, Look, Reader, View
from ds101.verdict import Verdict

Ask = Callable[[View], Any]
_YES_OR_NO = {Verdict.HOLDS: True, Verdict.BROKEN: False, Verdict.INCONCLUSIVE: None}


class Fork:
    """A look, and where each thing that was seen leads: to another look, or to an answer."""

    __slots__ = ("look", "paths", "read")

    def __init__(self, look: Look, read: Reader) -> None:
        self.look, self.read = look, read
        self.paths: dict[Key, Fork | Answer] = {}


class Answer:
    """Yes or no, and why."""

    __slots__ = ("holds", "why")

    def __init__(self, holds: bool | None, why: str = "") -> None:
        self.holds, self.why = holds, why  # None: the question could not tell


YES, NO = Answer(True), Answer(False)


class Question:
    """A question with its sentence, and the answers that are known. Answers are about rows."""

    def __init__(self, name: str, ask: Ask, glass: Glass) -> None:
        self.name, self.ask, self.glass = name, ask, glass
        self.title = name.replace("_", " ")
        self.sentence = " ".join((inspect.getdoc(ask) or self.title).split("\n\n")[0].split())
        self.hint = str(getattr(ask, "hint", ""))
        self.asked = 0  # how often
        self._root: Fork | Answer | None = None

    def answer(self, state: State, fields: Fields) -> Answer:
        """The answer for this state, whose row is `fields`."""
        at = self._root
        while type(at) is Fork:
            at = at.paths.get(at.read(state, fields))
        return at if at is not None else self._ask(state)  # type: ignore[return-value]  # the loop ends at no Fork

    def check_symmetry(self, symmetry: Symmetry, state: State, answer: Answer) -> None:
        """Raises `Mistake` if the answer depends on names."""
        for other, names in symmetry.like(state):
            if self.answer(other, self.glass.space.unpack(other)).holds != answer.holds:
                raise Mistake(f"symmetry: {self.name} does not treat {' and '.join(sorted(names))} alike.")

    def _ask(self, state: State) -> Answer:
        looks: list[tuple[Look, Key]] = []
        answer = self._put(View(self.glass, state, looks))
        self.asked += 1
        self._keep(looks, answer)
        return answer

    def _put(self, view: View) -> Answer:
        try:
            said = self.ask(view)
        except AssertionError as error:
            return Answer(False, str(error).partition("\n")[0])
        if isinstance(said, Finding):
            return YES if said.verdict is Verdict.HOLDS else Answer(_YES_OR_NO[said.verdict], said.headline)
        if isinstance(said, Verdict):
            return Answer(_YES_OR_NO[said])
        if not isinstance(said, bool):
            raise Mistake(
                f"{self.name} answered {said!r}. Return True or False (at the end too), or what a check says."
            )
        return YES if said else NO

    def _keep(self, looks: Iterable[tuple[Look, Key]], answer: Answer) -> None:
        path = list(dict(looks).items())
        if not path:
            self._root = answer
            return
        if self._root is None:
            self._root = self._fork(path[0][0])
        at = self._root
        for index, (look, key) in enumerate(path):
            if not isinstance(at, Fork) or at.look != look:
                raise Mistake(f"{self.name} looks at other things when asked again. It must depend on the view alone.")
            last = index == len(path) - 1
            at = at.paths.setdefault(key, answer if last else self._fork(path[index + 1][0]))

    def _fork(self, look: Look) -> Fork:
        return Fork(look, self.glass.reader(look))

    def __repr__(self) -> str:
        return f"<{self.name}: {self.sentence}>"


def questions(given: Any, what: str, glass: Glass) -> list[Question]:
    """Questions from a function, several, or functions by name. Raises `Mistake` for anything else."""
    if callable(given):
        given = [given]
    named = (
        given.items() if isinstance(given, Mapping) else [(getattr(ask, "__name__", repr(ask)), ask) for ask in given]
    )
    found: list[Question] = []
    for name, ask in named:
        if not callable(ask):
            raise Mistake(f"{what}={ask!r}: give functions of a view, such as  def one_leader(view): ...")
        alike = sum(one.name.partition(" (")[0] == name for one in found)  # lambdas share a name
        found.append(Question(f"{name} ({alike + 1})" if alike else name, ask, glass))
    return found
