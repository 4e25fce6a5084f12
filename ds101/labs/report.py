"""What a student reads: which properties hold, the first that doesn't with its story, and what to do next.

At most about 25 lines; the story of one property at a time, since the first mistake often causes the next ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape

from ds101.checks.answer import Answer
from ds101.labs.specification import Lab, Property, find_lab
from ds101.report import MARKS, html_of, text_of, with_code
from ds101.verdict import Verdict

COLOURS = {Verdict.HOLDS: "#15803d", Verdict.BROKEN: "#dc2626", Verdict.INCONCLUSIVE: "#b45309"}


@dataclass(frozen=True)
class Report:
    """The findings so far, property by property, in the order of the specification."""

    lab: Lab
    asked: tuple[Property, ...]
    findings: dict[str, Answer] = field(default_factory=dict)  # by the property's title
    first: str = ""  # the property that was the first to be found broken
    replayed: bool = False
    doing: str = ""  # what is done now, in words, while it grows
    runs: int = 0  # how many were made, for a lab on nodes

    @property
    def points(self) -> int:
        """The points of the properties that hold."""
        return sum(one.points for one in self.asked if self.verdict_of(one) is Verdict.HOLDS)

    @property
    def most(self) -> int:
        """The points that could be had."""
        return sum(one.points for one in self.asked)

    @property
    def broken(self) -> frozenset[str]:
        """The titles of the properties that don't hold."""
        return frozenset(title for title, finding in self.findings.items() if finding.verdict is Verdict.BROKEN)

    def verdict_of(self, one: Property) -> Verdict | None:
        """None: not judged yet."""
        return self.findings[one.title].verdict if one.title in self.findings else None

    @property
    def told(self) -> Property | None:
        """The property whose story is told: the first that was found broken, or one that is inconclusive."""
        if self.first:
            return next(one for one in self.asked if one.title == self.first)
        if self.doing:
            return None
        for verdict in (Verdict.BROKEN, Verdict.INCONCLUSIVE):
            for one in self.asked:
                if self.verdict_of(one) is verdict:
                    return one
        return self.asked[0] if self.replayed and self.findings else None

    @property
    def has_story(self) -> bool:
        """Whether there is a picture that somebody may be looking at."""
        return bool(self.first) and self.findings[self.first].draw is not None

    @property
    def todo(self) -> str:
        """What to do next, where a part has not been written."""
        told = self.told
        finding = self.findings[told.title] if told else None
        return finding.headline if finding is not None and finding.to_do else ""

    def text(self) -> str:
        """As a terminal shows it."""
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return _html(self)

    def _lines(self) -> Iterator[str]:
        yield f"{self.lab.name}: {self.points} of {self.most} points"
        for one in self.asked:
            yield self._line_of(one)
        told = self.told
        if self.todo:
            yield f"\n  {self.todo}"
        elif told:
            yield ""
            yield text_of(_story(told, self.findings[told.title]))
        if self.doing:
            yield f"\n  {self.doing} ..."

    def _line_of(self, one: Property) -> str:
        finding = self.findings.get(one.title)
        if finding is None:
            return f"  · {one.title}"
        if finding.to_do:
            return f"  · {one.title}  (to do)"
        got = one.points if finding.verdict is Verdict.HOLDS else 0
        return f"  {MARKS[finding.verdict]} {one.title}  ({got}/{one.points})"


def _story(one: Property, finding: Answer) -> Answer:
    """What was found, with all that the property says of it."""
    parts = one.needs or find_lab(one.lab).parts
    again = f"replay={finding.replay!r}" if finding.replay else f"only={one.title!r}"
    call = f"check({one.lab!r}, {', '.join(parts)}, {again})"
    return replace(finding, sentence=one.sentence, hint=finding.hint or one.hint, replay=call)


def _html(report: Report) -> str:
    items = "".join(_item(report, one) for one in report.asked)
    told = report.told
    doing = f"<p><i>{escape(report.doing)} ...</i></p>" if report.doing else ""
    if report.todo:
        below = f"<p><b>{with_code(report.todo)}</b></p>"
    else:
        below = html_of(_story(told, report.findings[told.title])) if told else ""
    return (
        f'<div class="ds101-report"><p><b>{escape(report.lab.name)}: {report.points} of {report.most} points</b></p>'
        f'<ul style="list-style:none;padding-left:0">{items}</ul>{below}{doing}</div>'
    )


def _item(report: Report, one: Property) -> str:
    finding = report.findings.get(one.title)
    title, sentence = escape(one.title), with_code(one.sentence)
    if finding is None or finding.to_do:
        waiting = "" if finding is None else " (to do)"
        return f"<li>· <b>{title}</b>{waiting}: {sentence}</li>"
    got = one.points if finding.verdict is Verdict.HOLDS else 0
    mark = f'<span style="color:{COLOURS[finding.verdict]}">{MARKS[finding.verdict]}</span>'
    return f"<li>{mark} <b>{title}</b> ({got}/{one.points}): {sentence}</li>"
