"""What students receive: it runs from top to bottom, fails politely at the first task, and gives nothing away."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from ds101.notebooks import project, sources

ROOT = project(Path(__file__).parent)
LABS = [source for source in sources(ROOT) if source.is_lab]
ANSWERS = re.compile(r"BEGIN SOLUTION|END SOLUTION|HIDDEN TESTS")


def released(lab: str) -> NotebookNode:
    (path,) = (ROOT / "labs").glob(f"{lab}-*/{lab}-*.ipynb")
    return nbformat.read(path, as_version=4)


def text_of(cell: NotebookNode) -> str:
    """What a cell's outputs say in plain text."""
    said = []
    for output in cell.get("outputs", []):
        said += [output.get("text", ""), output.get("data", {}).get("text/plain", ""), *output.get("traceback", [])]
    return "\n".join(said)


@pytest.mark.notebook
@pytest.mark.parametrize("lab", [lab.short for lab in LABS])
def test_a_released_lab_runs_from_top_to_bottom_in_a_fresh_kernel(lab: str, tmp_path: Path) -> None:
    notebook = released(lab)
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.notebook
def test_an_untouched_lab01_says_at_every_check_what_to_write_next(tmp_path: Path) -> None:
    notebook = released("lab01")
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    said = [text_of(cell) for cell in notebook.cells if 'check("lab01"' in cell.source and cell.cell_type == "code"]
    for words, task in zip(said, ("encode", "Decoder", "exchange", "serve"), strict=True):
        assert f"Next: write {task}. Its docstring is the sentence to implement" in words
        assert words.rstrip().endswith("\n0")
    (experiment,) = [cell for cell in notebook.cells if cell.source.startswith("SLICE")]
    assert text_of(experiment).strip().startswith("NotYet: Next: write ")
    assert len(text_of(experiment).strip().splitlines()) == 1


@pytest.mark.parametrize("lab", [lab.short for lab in LABS])
def test_a_released_lab_gives_no_answer_away(lab: str) -> None:
    notebook = released(lab)
    everything = json.dumps(notebook)
    assert not ANSWERS.search(everything)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    source = nbformat.read(next(one.notebook for one in LABS if one.short == lab), as_version=4)
    for cell in source.cells:
        settings = cell.metadata.get("nbgrader", {})
        if settings.get("solution") and cell.cell_type == "markdown":
            assert json.dumps(cell.source)[1:40] not in everything


@pytest.mark.parametrize("lab", [lab.short for lab in LABS])
def test_a_lab_has_its_anatomy(lab: str) -> None:
    notebook = released(lab)
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    story = words.split("## The story")[1].split("**System model")[0].split("\n#")[0].split("**In words")[0]
    assert len(story.split()) < 120
    for heading in ("# lab", "## The story", "## Experiment: one knob", "## Reflection", "## What you know now"):
        assert heading in words
    assert "System model" in words
    tasks = re.findall(r"^## Task \d", words, re.MULTILINE)
    assert len(tasks) <= 4
    assert words.count("<summary>Hint") == 3 * len(tasks)


@pytest.mark.parametrize("lab", [lab.short for lab in LABS])
def test_code_cells_of_a_lab_are_short(lab: str) -> None:
    for cell in released(lab).cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 20 + cell.source.count('"""'), cell.source
