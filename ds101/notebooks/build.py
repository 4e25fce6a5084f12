"""Build what is out of step with its source; or say what is.

Measured outputs differ in every run, so a notebook is in step when its cells are those that its source
describes and it has been run: its outputs are not compared. Whoever wants fresh outputs builds it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ds101.notebooks.convert import as_text, converted
from ds101.notebooks.release import released
from ds101.notebooks.run import executed
from ds101.notebooks.sources import Source, chosen, sources

MEND = "run `make notebooks`."


def build(root: Path, names: Iterable[str] = (), *, anew: bool = False) -> Iterator[Path]:
    """Build the named notebooks (all, without a name) that are out of step, or all of them `anew`.

    Gives the path of each file that it wrote or removed.
    Raises NotebookError where a cell fails or nbgrader refuses.
    """
    wanted = chosen(root, names)
    for source in wanted:
        plain = converted(source.text)
        if anew or _difference(source.notebook, plain):
            result = executed(plain, source.notebook, root)
            yield from _write(source.notebook, as_text(result).encode())
    for lab, files in _releases(root, wanted).items():
        folder = root / "labs" / lab
        for name, content in files.items():
            yield from _write(folder / name, content)
        for stray in sorted(_present(folder) - files.keys()):
            (folder / stray).unlink()
            yield folder / stray


def out_of_step(root: Path) -> Iterator[str]:
    """A sentence for each notebook that is not what its source describes, and how to mend it."""
    every = sources(root)
    for source in every:
        difference = _difference(source.notebook, converted(source.text))
        if difference:
            notebook, text = source.notebook.relative_to(root), source.text.relative_to(root)
            yield f"{notebook} is out of step with {text} ({difference}): {MEND}"
    for lab, files in _releases(root, every).items():
        folder = root / "labs" / lab
        for name in sorted(_present(folder) | files.keys()):
            path = folder / name
            if not path.is_file() or path.read_bytes() != files.get(name):
                yield f"{path.relative_to(root)} is out of step with solutions/{lab}: {MEND}"
    yield from _orphans(root, every)


def _difference(path: Path, plain: NotebookNode) -> str:
    """How the notebook at `path` differs from the one its source describes; nothing if it doesn't."""
    if not path.is_file():
        return "it has not been built"
    built = nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    if len(built.cells) != len(plain.cells):
        return f"{len(built.cells)} cells instead of {len(plain.cells)}"
    for number, (there, here) in enumerate(zip(built.cells, plain.cells, strict=True), start=1):
        if any(there.get(key) != here.get(key) for key in ("cell_type", "id", "source", "metadata")):
            return f"cell {number} differs"
        if there.cell_type == "code" and there.source and there.execution_count is None:
            return f"cell {number} has not been run"
    return "its metadata differ" if built.metadata != plain.metadata else ""


def _releases(root: Path, among: list[Source]) -> dict[str, dict[str, bytes]]:
    """What students should receive of these labs, made from the sources as they are now."""
    return released(root, {s.name: as_text(converted(s.text)) for s in among if s.is_lab})


def _orphans(root: Path, every: list[Source]) -> Iterator[str]:
    """Notebooks that nothing describes."""
    expected = {source.notebook for source in every}
    for path in sorted([*root.glob("course/*.ipynb"), *root.glob("solutions/*/*.ipynb")]):
        if path not in expected:
            yield f"{path.relative_to(root)} has no text source: remove it, or write its source."
    labs = {source.name for source in every if source.is_lab}
    for folder in sorted(path for path in root.glob("labs/*") if path.is_dir()):
        if folder.name not in labs:
            yield f"{folder.relative_to(root)} has no text source: remove it, or write its source."


def _write(path: Path, content: bytes) -> Iterator[Path]:
    """Write a file, unless it says this already."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    yield path


def _present(folder: Path) -> set[str]:
    """The files of a folder, without what a running notebook leaves there."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    passing = {".ipynb_checkpoints", "__pycache__"}
    return {path.as_posix() for path in paths if not passing & set(path.parts)}
