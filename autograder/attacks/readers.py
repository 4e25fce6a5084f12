"""Outputs, names and words that act where people read them: in formgrader, feedback, a terminal, a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterator

import nbformat

from autograder.attacks.attack import ENCODE, NOTHING, Attack, Scene, Submission

SCRIPT = "<script>fetch('/formgrader/api/grade/1', {method: 'PUT', body: '{\"manual_score\": 30}'})</script>"
IMAGE = '<img src=x onerror="fetch(1)">'
# What acts in a page: a script of theirs, an attribute that is one, an address that is one, and frames and forms.
LIVE = re.compile(
    r"<script[^>]*>\s*fetch|<[a-z][^<>]*\s(on\w+\s*=|(href|src|action)\s*=\s*[\"']?\s*javascript:)|<iframe|<form",
    re.IGNORECASE,
)


def attacks(scene: Scene) -> Iterator[Attack]:
    yield Attack("html", "Outputs and texts that would change a mark in formgrader.", _html, ENCODE)
    yield Attack("escapes", "Outputs that would take over a terminal.", _escapes, ENCODE)
    yield Attack(
        "html-in-errors", "An error whose class, message and line are HTML.", _html_in_errors, NOTHING,
        "&lt;script&gt;|<script>",  # as text
    )  # fmt: skip
    yield Attack("formula", "A name that a spreadsheet would run.", lambda _: None, ENCODE, student="=1+1")
    yield Attack("comma", "A name that would be two columns.", lambda _: None, ENCODE, student='a,"b')


def _html(submission: Submission) -> None:
    submission.run(
        f"""
        from IPython.display import HTML, SVG, Javascript, Markdown, display
        script, image = {SCRIPT!r}, {IMAGE!r}
        svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload='fetch(1)'>{{script}}<circle r='1'/></svg>"
        display(HTML(script + image + "<iframe src='javascript:fetch(1)'></iframe>"))
        display(SVG(svg), Javascript("fetch(1)"))
        display(Markdown(f"{{script}} [link](javascript:fetch(1)) ![x](x){{image}}"))
        display({{"text/html": [script], "text/latex": f"$\\\\href{{{{javascript:fetch(1)}}}}{{{{x}}}}$"}}, raw=True)
        display({{"application/vnd.jupyter.widget-view+json": {{"model_id": script}}}}, raw=True)
        print(script)
        raise ValueError(script)
        """
    )
    submission.cells.insert(0, nbformat.v4.new_markdown_cell(f"{SCRIPT} {IMAGE} [link](javascript:fetch(1))"))
    submission.cells.insert(0, nbformat.v4.new_raw_cell(f"{SCRIPT} {IMAGE}", metadata={"format": "text/html"}))


def _escapes(submission: Submission) -> None:
    submission.run(
        r"""
        import sys
        print("\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m \x1b]52;c;cm0gLXJm\x07 \x9b2J \u202e txet")
        print("\x1b]8;;http://example.invalid\x1b\\link\x1b]8;;\x1b\\", file=sys.stderr)
        raise ValueError("\x1b]0;title\x07\x1b[2J")
        """
    )


def _html_in_errors(submission: Submission) -> None:
    submission.write(
        "encode",
        f"""
        class Bad(Exception):
            pass

        Bad.__name__ = Bad.__qualname__ = {IMAGE!r}

        def encode(message):
            raise Bad({SCRIPT!r} + "\\x1b]0;title\\x07")  # {SCRIPT}
        """,
    )
