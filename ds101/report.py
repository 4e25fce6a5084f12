"""What is read when something fails: the sentence, what happened, the picture, how to see it again, a hint.

All that answers is told here, as text and for a notebook: checks, counterexamples, what a search found, labs.

>>> from ds101.checks import broken
>>> from dataclasses import replace
>>> said = broken("3 is odd.", ["n1 → n2   Add(3)   n2: total 0 → 3"], replay="replay(Adder, '...')")
>>> print(text_of(replace(said, sentence="The total is even.", hint="What is added?")))
✗ The total is even.
<BLANKLINE>
  3 is odd.
<BLANKLINE>
  1  n1 → n2   Add(3)   n2: total 0 → 3
<BLANKLINE>
  Again:  replay(Adder, '...')
  Think:  What is added?
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from ds101.draw.picture import Picture
from ds101.verdict import Verdict

if TYPE_CHECKING:
    from ds101.checks.answer import Answer

MARKS = {Verdict.HOLDS: "✓", Verdict.BROKEN: "✗", Verdict.INCONCLUSIVE: "?"}
SEVERAL = ("…", "↻")  # begin a line that tells of several steps
ITS_OWN = re.compile(r"( *\d+|✗)  (?! )")  # number of a step, or a mark in its place
TIME = re.compile(r"[\d.]+ m?s")
CELL = 'style="text-align:left;vertical-align:top;padding:1px 12px 1px 0;border:none"'
CODE = 'style="white-space:pre-wrap"'
CHANGED = 'style="border-bottom:2px solid #d97706;margin-right:12px;white-space:nowrap"'


def text_of(answer: Answer) -> str:
    """As a terminal shows it, and nbgrader's feedback."""
    return "\n".join(_blocks(answer))


def _blocks(answer: Answer) -> Iterator[str]:
    picture = _picture(answer)
    blocks = [
        [f"{MARKS[answer.verdict]} {answer.sentence}"],
        [f"  {_headline(answer)}"] if answer.headline else [],
        [f"  {line}" for line in _numbered(answer.steps)],
        [f"  {line}" for line in picture.text] if picture else [],
        [f"  {line}" for line in _last_lines(answer)],
    ]
    yield "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _picture(answer: Answer) -> Picture | None:
    """Of a failure, and of any run that was asked for by its replay line."""
    return answer.picture if answer.verdict is Verdict.BROKEN or answer.replay else None


def _headline(answer: Answer) -> str:
    looked = f" Found after {answer.looked}." if answer.looked and answer.verdict is Verdict.BROKEN else ""
    return f"{answer.headline}{looked}"


def _numbered(steps: Sequence[str]) -> Iterator[str]:
    """Steps with their numbers; without, where one brings its own or tells of what is left out."""
    bare = [bool(step.startswith(SEVERAL) or ITS_OWN.match(step)) for step in steps]
    wide = len(str(len(steps) - sum(bare)))
    number = 0
    for step, is_bare in zip(steps, bare, strict=True):
        number += not is_bare
        yield step if ITS_OWN.match(step) else f"{'' if is_bare else number:>{wide}}  {step}"


def _last_lines(answer: Answer) -> Iterator[str]:
    if answer.replay:
        yield f"Again:  {answer.replay}"
    if answer.hint and answer.verdict is Verdict.BROKEN:
        yield f"Think:  {answer.hint}"


def html_of(answer: Answer) -> str:
    """For a notebook. Nothing that it tells can become markup."""
    picture = _picture(answer)
    parts = [
        f"<p>{MARKS[answer.verdict]} <b>{with_code(answer.sentence)}</b></p>",
        f"<p>{with_code(_headline(answer))}</p>" if answer.headline else "",
        _table(answer.steps),
        f'<div style="overflow-x:auto">{picture.svg}</div>' if picture else "",
        *(_last_line(line) for line in _last_lines(answer)),
    ]
    return f'<div class="ds101-answer">{"".join(parts)}</div>'


def _table(steps: Sequence[str]) -> str:
    rows = "".join(f"<tr>{_cells(line)}</tr>" for line in _numbered(steps))
    return f'<table style="border:none;font-size:90%">{rows}</table>' if rows else ""


def _cells(line: str) -> str:
    """Number, who, what; and what changed, marked: columns have three spaces between them, or more."""
    number, _, step = line.strip().partition("  ")
    if not number.isdigit():
        return f'<td {CELL}></td><td {CELL} colspan="4">{escape(line.strip())}</td>'
    columns = re.split(r" {3,}", step.strip())
    cells = [number]
    if TIME.fullmatch(columns[0]):
        cells.append(columns.pop(0).replace(" ", "&nbsp;"))
    who = f"<code>{escape(columns.pop(0)).replace(' ', '&nbsp;')}</code>" if len(columns) > 1 else ""
    cells += [who, f"<code {CODE}>{escape(columns[0])}</code>", " ".join(map(_marked, columns[1:]))]
    return "".join(f"<td {CELL}>{cell}</td>" for cell in cells)


def _marked(words: str) -> str:
    """What changed; a remark stays as it is."""
    remark = words.startswith(("(", "←", "✗"))
    return escape(words) if remark else f"<span {CHANGED}>{escape(words)}</span>"


def _last_line(line: str) -> str:
    name, _, words = line.partition("  ")
    if name == "Think:":
        return f"<p><i>{name} {with_code(words)}</i></p>"
    return f'<p>{name} <code style="overflow-wrap:anywhere">{escape(words)}</code></p>'


def with_code(words: str) -> str:
    """As HTML; what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))
