"""Questions to marks: what a graded cell handed over is judged by the lab's properties, in sandboxes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from html import escape

from autograder.jobs import Isolation, Limits, Mark, Question, Verdict
from autograder.judge.errors import Endless, RaisedThere, SandboxLost
from autograder.judge.house import House, Start
from autograder.judge.line import spent
from autograder.judge.solution import Solution, stand_ins
from autograder.judge.within import OutOfTime, within
from autograder.judge.words import know
from ds101.errors import Ds101Error, LaunchError
from ds101.labs import judge
from ds101.labs.report import Report
from ds101.verdict import Verdict as Found

NOT_REACHED = (
    "The check of this task handed nothing over, so there is nothing to judge. "
    "Restart the kernel, run all cells from the top, and see how far you get."
)
FAILED = "The judge failed ({}): a person has to look at it."
MOST_FAILED = 300  # characters of that
WORDS: Mapping[Found, Verdict] = {Found.HOLDS: "holds", Found.BROKEN: "broken", Found.INCONCLUSIVE: "inconclusive"}


def judged(
    question: Question,
    solution: Solution | None,
    limits: Limits,
    isolation: Isolation = "bubblewrap",
    networked: bool = False,
    start: Start | None = None,
) -> Mark:
    """The mark for one graded cell, as `judged_in` gives it, in a house of its own."""
    solutions = {} if solution is None else {question.grade_id: solution}
    with House(question.lab, solutions, limits, isolation, networked=networked, start=start) as house:
        return judged_in(house, question, solution, limits.judging)


def judged_in(house: House, question: Question, solution: Solution | None, seconds: float) -> Mark:
    """The mark for one graded cell. Never raises for what a solution does; a fault of ours leaves the mark open.

    `seconds`: how long it may take.
    """
    if solution is None:
        return without_verdicts(question, 0.0, NOT_REACHED)
    know(solution.cells)
    begin, before = time.monotonic(), spent.seconds
    try:
        with within(seconds):
            parts = stand_ins(question.lab, house.doors(question.grade_id), question.parts)
            missing = [part for part in question.parts if part not in parts]
            if missing:
                return without_verdicts(question, 0.0, f"Your check was not given {', '.join(missing)}. {NOT_REACHED}")
            report = judge(question.lab, *parts.values(), only=question.only, seed=question.seed, size=question.size)
            return mark_of(question, report)
    except OutOfTime:
        return _out_of_time(question, time.monotonic() - begin, spent.seconds - before)
    except (SandboxLost, LaunchError) as ours:  # whatever was handed in, this machine could not do it
        return without_verdicts(question, None, str(ours))
    except (RaisedThere, Endless) as error:
        return without_verdicts(question, 0.0, f"Your code could not be loaded: {type(error).__name__}: {error}")
    except Ds101Error as error:
        return without_verdicts(question, 0.0, f"Your code could not be judged: {error}")
    except Exception as error:  # a mistake of ours, and nobody else's mark
        return without_verdicts(question, None, FAILED.format(f"{type(error).__name__}: {error}"[:MOST_FAILED]))


def _out_of_time(question: Question, seconds: float, waited: float) -> Mark:
    """Nothing where a student's code took most of the time; open where this machine did."""
    if waited > seconds / 2:
        reason = f"Judging was ended after {seconds:.0f} s, of which your code had taken {waited:.0f} s: much too long."
        return without_verdicts(question, 0.0, reason)
    return without_verdicts(question, None, f"Judging was not done after {seconds:.0f} s: a person has to look at it.")


def mark_of(question: Question, report: Report) -> Mark:
    """The points of what holds; open where something could not be told."""
    verdicts = tuple((one.title, _verdict(report, one.title)) for one in report.asked)
    open_ones = [title for title, verdict in verdicts if verdict == "inconclusive"]
    reason = ""
    if open_ones:
        reason = f"{len(open_ones)} of {len(verdicts)} properties could not be told: {', '.join(open_ones)}."
        reason += f" What holds gives {report.points} of {question.points:g}."
    points = None if open_ones else float(report.points)
    return Mark(
        question.grade_id, points, question.points, verdicts, report.text(), report._repr_html_(), reason,
        question.seed, question.size,
    )  # fmt: skip


def _verdict(report: Report, title: str) -> Verdict:
    finding = report.findings[title]
    return "to do" if finding.to_do else WORDS[finding.verdict]


def without_verdicts(question: Question, points: float | None, reason: str) -> Mark:
    """The mark where nothing could be judged, with the reason."""
    html = f'<div class="ds101-report"><p><b>{escape(reason)}</b></p></div>'
    return Mark(
        question.grade_id, points, question.points, (), reason, html, reason, question.seed, question.size
    )  # fmt: skip
