"""A submission's notebook, rebuilt from what is valid in it: types and sources of cells, and pictures in its text.

What else a notebook can hold (metadata, outputs, its format's version, broken ids) is not taken over, so nothing of
it can stop or mislead what comes later.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import nbformat
from nbformat import NotebookNode

CELLS = 1_000
SOURCE = 2 << 20  # characters of all the cells together
TAG = re.compile(r"[\w-]{1,50}")
IDENTITY = re.compile(r"[a-zA-Z0-9_-]{1,64}")
NAME = re.compile(r"[\w. -]{1,100}")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
PICTURES = ("image/png", "image/jpeg", "image/gif")


class Unreadable(ValueError):
    """A sentence that tells the student why the notebook can't be read."""


def tidied(content: bytes) -> NotebookNode:
    """The notebook in those bytes, in the current format. Raises Unreadable."""
    raw = _parsed(content)
    cells = raw.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("The notebook has no list of cells: it is damaged. Save it again in JupyterLab.")
    if len(cells) > CELLS:
        raise Unreadable(f"The notebook has {len(cells):,} cells; {CELLS:,} are read at most.")
    notebook = nbformat.v4.new_notebook()
    notebook.nbformat_minor = 5
    notebook.cells = list(_cells(cells))
    if sum(len(cell.source) for cell in notebook.cells) > SOURCE:
        raise Unreadable(f"The cells of the notebook have more than {SOURCE:,} characters.")
    return notebook


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("The notebook is not text in UTF-8: it is damaged.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"The notebook is not valid JSON: it ends or is broken in line {error.lineno}.") from None
    except (RecursionError, ValueError, MemoryError):
        raise Unreadable("The notebook is not valid JSON that can be read: it is damaged.") from None
    if not isinstance(raw, dict):
        raise Unreadable("The file is not a notebook: it holds something else.")
    return raw if raw.get("nbformat") == 4 else _upgraded(raw)


def _upgraded(raw: dict[str, Any]) -> dict[str, Any]:
    """A notebook of an older format, in the current one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dict(nbformat.convert(nbformat.from_dict(raw), 4))
    except Exception:  # whatever a converter makes of what is no notebook
        version = str(raw.get("nbformat"))[:20]
        raise Unreadable(f"The notebook says that its format is {version}: version 4 can be read.") from None


def _cells(cells: list[Any]) -> Iterator[NotebookNode]:
    known: set[str] = set()
    for raw in cells:
        if not isinstance(raw, dict) or raw.get("cell_type") not in ("code", "markdown", "raw"):
            continue
        cell = new_cell(raw["cell_type"], _text(raw.get("source")))
        if isinstance(name := raw.get("id"), str) and IDENTITY.fullmatch(name) and name not in known:
            cell.id = name
        known.add(cell.id)
        metadata = raw.get("metadata")
        _take_metadata(cell, metadata if isinstance(metadata, dict) else {})
        if cell.cell_type == "markdown" and (pictures := dict(_pictures(raw.get("attachments")))):
            cell.attachments = nbformat.from_dict(pictures)
        yield cell


def new_cell(kind: str, source: str) -> NotebookNode:
    """An empty cell of a kind; a cell has the fields of its kind and no others."""
    v4 = nbformat.v4
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    return make[kind](source)


def _text(source: Any) -> str:
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    return source.encode("utf-8", "replace").decode().replace("\x00", "�")


def _take_metadata(cell: NotebookNode, metadata: dict[str, Any]) -> None:
    """Tags, and what nbgrader knows the cell by: the rest of nbgrader's settings is the instructor's to say."""
    tags = metadata.get("tags")
    if isinstance(tags, list):
        plain = [tag for tag in tags if isinstance(tag, str) and TAG.fullmatch(tag)]
        if plain:
            cell.metadata.tags = list(dict.fromkeys(plain))
    settings = metadata.get("nbgrader")
    if isinstance(settings, dict) and isinstance(settings.get("grade_id"), str):
        cell.metadata.nbgrader = nbformat.from_dict({"grade_id": settings["grade_id"]})


def _pictures(attachments: Any) -> Iterator[tuple[str, dict[str, str]]]:
    if not isinstance(attachments, dict):
        return
    for name, kinds in attachments.items():
        if isinstance(kinds, dict) and NAME.fullmatch(name):
            for kind, content in kinds.items():
                if kind in PICTURES and isinstance(content, str) and BASE64.fullmatch(content):
                    yield name, {kind: content}
