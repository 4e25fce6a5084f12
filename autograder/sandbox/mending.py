"""Notebooks as the format means them, whatever bytes were handed in, and whatever a kernel said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import nbformat
from nbformat import NotebookNode, from_dict

LONGEST = 32 << 20  # bytes of a notebook
CUT = "… the rest of what this cell printed was cut.\n"


def mended(content: bytes) -> tuple[NotebookNode, list[str]]:
    """The notebook in these bytes, with the cells that are cells, and what should be known of that. Never raises."""
    if len(content) > LONGEST:
        return _empty(), [f"The notebook has more than {LONGEST >> 20} MiB, and was not run."]
    try:
        found = json.loads(content)
        if found["nbformat"] != 4:
            found = nbformat.reads(content.decode(), as_version=4)
        cells = [cell for cell in found["cells"] if _is_cell(cell)]
        notes = [] if len(cells) == len(found["cells"]) else ["Cells that are no cells were left out."]
        metadata = found["metadata"] if isinstance(found.get("metadata"), dict) else {}
        kept = {"nbformat": 4, "nbformat_minor": _minor(found), "metadata": metadata, "cells": [*map(_cell, cells)]}
        json.dumps(kept)  # deep nesting shows here
        return from_dict(kept), notes
    except Exception as error:  # a notebook can be wrong in more ways than anyone can list
        return _empty(), [f"The notebook can't be read ({type(error).__name__}), and was not run."]


def _empty() -> NotebookNode:
    return from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})


def _minor(notebook: dict[str, Any]) -> int:
    minor = notebook.get("nbformat_minor")
    return minor if type(minor) is int and 0 <= minor <= 5 else 5


def _is_cell(cell: Any) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown", "raw")


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    """As the format has it: source, metadata with tags that are words, outputs that are outputs."""
    source, metadata = cell.get("source"), cell.get("metadata")
    good: dict[str, Any] = dict(cell)
    good["source"] = _text(source) if isinstance(source, str | list) else ""
    good["metadata"] = metadata if isinstance(metadata, dict) else {}
    if "tags" in good["metadata"] and not _words(good["metadata"]["tags"]):
        del good["metadata"]["tags"]
    if cell["cell_type"] == "code":
        outputs = cell.get("outputs")
        good["outputs"] = list(_outputs(outputs)) if isinstance(outputs, list) else []
        good["execution_count"] = _number(cell.get("execution_count"))
    return good


def whole(cell: NotebookNode, most: int) -> None:
    """Make what a kernel said of a cell well formed, and no more than `most` bytes."""
    kept, left = [], most
    for output in _joined(_outputs(cell.get("outputs") or [])):
        size = _size(output)
        if size > left:
            if output["output_type"] == "stream":
                kept.append(
                    from_dict({**output, "text": output["text"][: left // 2]})
                )  # a character may take several bytes
            kept.append(from_dict(_stream(CUT)))
            break
        kept.append(output)
        left -= size
    cell["outputs"] = kept
    cell["execution_count"] = _number(cell.get("execution_count"))


def shortened(notebook: NotebookNode, most: int) -> list[str]:
    """Cut what all cells together printed to `most` bytes. What should be known of that."""
    left, cut = most, False
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.outputs:
            size = sum(map(_size, cell.outputs))
            if size > left:
                cell.outputs, cut = [from_dict(_stream(CUT))], True
            else:
                left -= size
    return [f"The cells together printed more than {most >> 20} MiB; the rest was cut."] if cut else []


def _size(output: Any) -> int:
    try:
        return len(json.dumps(output))
    except (TypeError, ValueError, RecursionError):
        return 1 << 40


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _joined(outputs: Iterator[dict[str, Any]]) -> Iterator[NotebookNode]:
    """With text that follows text in one output."""
    texts: list[str] = []
    name = ""
    for output in outputs:
        if output["output_type"] == "stream" and (output["name"] == name or not texts):
            name = output["name"]
            texts.append(output["text"])
            continue
        if texts:
            yield from_dict({**_stream("".join(texts)), "name": name})
            texts = []
        if output["output_type"] == "stream":
            name, texts = output["name"], [output["text"]]
        else:
            yield from_dict(output)
    if texts:
        yield from_dict({**_stream("".join(texts)), "name": name})


def _outputs(outputs: list[Any]) -> Iterator[dict[str, Any]]:
    """Those that are outputs, with the fields that they have."""
    for output in outputs:
        with suppress(AttributeError, TypeError, KeyError):
            good = {"output_type": output["output_type"], **SHAPES[output["output_type"]](output)}
            if _size(good) < 1 << 40:
                yield good


def _of_stream(output: dict[str, Any]) -> dict[str, Any]:
    return {"name": "stderr" if output["name"] == "stderr" else "stdout", "text": _text(output["text"])}


def _of_display(output: dict[str, Any]) -> dict[str, Any]:
    data = {kind: _datum(kind, value) for kind, value in output["data"].items()}
    metadata = output.get("metadata")
    return {"data": data, "metadata": metadata if isinstance(metadata, dict) else {}}


def _of_result(output: dict[str, Any]) -> dict[str, Any]:
    return {**_of_display(output), "execution_count": _number(output.get("execution_count"))}


def _of_error(output: dict[str, Any]) -> dict[str, Any]:
    return {
        "ename": str(output["ename"]),
        "evalue": str(output["evalue"]),
        "traceback": [str(line) for line in output["traceback"]],
    }


SHAPES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "stream": _of_stream,
    "display_data": _of_display,
    "execute_result": _of_result,
    "error": _of_error,
}


def _datum(kind: str, value: Any) -> Any:
    """Text, but where the kind says JSON."""
    return value if kind.endswith("json") else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(map(str, value))
    return value if isinstance(value, str) else str(value)


def _number(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 31 else None


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
