"""Notebooks that can be looked at: nothing in their outputs runs in formgrader, in feedback or in a terminal.

`harmless` is for what a kernel said. `markdown2html` takes the place of nbconvert's filter, by our configuration:
students also write Markdown, and that stays in the notebook as they wrote it.
"""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import nbconvert.filters.markdown_mistune as mistune
from jinja2 import pass_context
from nbformat import NotebookNode, from_dict

from autograder.sandbox.cleaning import clean, maths, plain

BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
PICTURES = ("image/png", "image/jpeg", "image/gif")
LEFT_OUT = "Left out, since it could run something: {}"


def harmless(notebook: NotebookNode) -> NotebookNode:
    """The same notebook with outputs that run nothing. What it shows of a picture or a table stays."""
    safe = copy.deepcopy(notebook)
    safe.get("metadata", {}).pop("widgets", None)
    for cell in safe.cells:
        if cell.cell_type == "code":
            cell.outputs = [from_dict(_output(output)) for output in cell.get("outputs") or []]
        if "attachments" in cell:
            cell.attachments = from_dict(dict(_attachments(cell.attachments)))
    return safe


def _output(output: NotebookNode) -> dict[str, Any]:
    if output.output_type == "stream":
        return {**output, "text": plain(output.text)}
    if output.output_type == "error":
        lines = [plain(line) for line in output.traceback]
        return {**output, "ename": plain(output.ename), "evalue": plain(output.evalue), "traceback": lines}
    data = dict(_data(output.data))
    if not data and output.data:
        data = {"text/plain": LEFT_OUT.format(", ".join(plain(kind)[:60] for kind in list(output.data)[:5]))}
    return {**output, "data": data, "metadata": dict(_sizes(output.get("metadata") or {}))}


def _data(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What may be shown. A drawing becomes a picture, in which nothing runs; Markdown becomes what it means."""
    texts = {kind: value for kind, value in data.items() if isinstance(value, str)}
    for kind, made in MADE.items():
        if kind in texts and "text/html" not in texts:
            texts["text/html"] = made(texts[kind])
    for kind, shown in SHOWN.items():
        if kind in texts:
            yield kind, shown(texts[kind])
    for kind in PICTURES:
        if _is_base64(texts.get(kind)):
            yield kind, texts[kind]


def _as_picture(svg: str) -> str:
    return f'<img alt="a drawing" src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">'


def _as_html(markdown: str) -> str:
    return str(mistune.MarkdownWithMath(renderer=mistune.IPythonRenderer(escape=False)).render(markdown))


MADE: dict[str, Callable[[str], str]] = {"image/svg+xml": _as_picture, "text/markdown": _as_html}
SHOWN: dict[str, Callable[[str], str]] = {
    "text/plain": plain,
    "text/html": clean,
    "text/latex": lambda formula: maths(plain(formula)),
}


def _sizes(metadata: dict[str, Any]) -> Iterator[tuple[str, dict[str, int]]]:
    """Of what was said about an output, the size of its picture."""
    for kind in PICTURES:
        if isinstance(said := metadata.get(kind), dict):
            yield kind, {name: said[name] for name in ("width", "height") if type(said.get(name)) is int}


def _is_base64(value: Any) -> bool:
    """And nothing else: it is written into an attribute."""
    return isinstance(value, str) and bool(BASE64.fullmatch(value))


def _attachments(attachments: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """Those that are pictures."""
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        if isinstance(kinds, dict) and (
            good := {kind: kinds[kind] for kind in PICTURES if _is_base64(kinds.get(kind))}
        ):
            yield name, good


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """Markdown as nbconvert shows it, and then only what runs nothing."""
    cell = context.get("cell") or {}
    renderer = mistune.IPythonRenderer(
        escape=False, attachments=dict(_attachments(cell.get("attachments"))), exclude_anchor_links=True
    )
    return clean(mistune.MarkdownWithMath(renderer=renderer).render(source))
