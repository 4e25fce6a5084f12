"""The picture that lab05 opens with: an answer overtakes its question, on two screens, of which one waits.

The nodes are actors who know their parts: how a node finds out what to wait for is the task.
"""

from __future__ import annotations

from dataclasses import dataclass

from ds101.labs.lab05.given import Room
from ds101.messages import Message, Timer
from ds101.node import on
from ds101.simulation import Simulation
from ds101.trace import Trace

QUESTION, ANSWER = "Shall I pay?", "Yes, pay it."


class Ask(Timer):
    """It is time for the question."""


class Question(Message):
    """From n1 to the others."""


class Answer(Message):
    """From n2 to the others."""


class ShowsWhatComes(Room):
    """n1 asks, n2 answers, n3 reads: everything goes to the screen as it comes."""

    def start(self) -> None:
        if self.id == "n1":
            self.set_timer(Ask(), after=0.001)

    @on(Ask)
    def ask(self, _: Ask) -> None:
        self.deliver("n1", QUESTION)
        self.broadcast(Question())

    @on(Question)
    def hear_question(self, _: Question, __: str) -> None:
        self.deliver("n1", QUESTION)
        if self.id == "n2":
            self.deliver("n2", ANSWER)
            self.broadcast(Answer())

    @on(Answer)
    def hear_answer(self, _: Answer, __: str) -> None:
        self.deliver("n2", ANSWER)


class Waits(ShowsWhatComes):
    """The same, but n3 keeps the answer until the question is there."""

    def start(self) -> None:
        super().start()
        self._has_question, self._has_answer = False, False

    @on(Question)
    def hear_question(self, question: Question, sender: str) -> None:
        super().hear_question(question, sender)
        self._has_question = True
        if self._has_answer:
            self.deliver("n2", ANSWER)

    @on(Answer)
    def hear_answer(self, answer: Answer, sender: str) -> None:
        self._has_answer = True
        if self._has_question or self.id == "n1":
            super().hear_answer(answer, sender)
        else:
            self.log("waits: n2 had seen a question that is not here")


@dataclass(frozen=True)
class TwoRuns:
    """The bad run and the good run, one above the other; each is described in words for who can't see it."""

    bad: Trace
    good: Trace

    def _repr_html_(self) -> str:
        bad = self.bad.svg(title="Bad run: n3 shows what comes", in_page=True)
        good = self.good.svg(title="Good run: n3 waits", in_page=True)
        return f"<div>{bad}</div><div>{good}</div>"

    def __repr__(self) -> str:
        return f"Bad run:\n{self.bad.text()}\n\nGood run:\n{self.good.text()}"


def two_rooms() -> TwoRuns:
    """n1 asks and n2 answers, twice; the question takes long to reach n3."""
    return TwoRuns(_run(ShowsWhatComes), _run(Waits))


def _run(room: type[Room]) -> Trace:
    with Simulation(room, n=3, latency=0.001) as world:
        world.link("n1", "n3", delay=0.005)
        world.wait(0.02)
    return world.trace.filter(kinds={"send", "deliver", "log"})
