"""Notebooks are built from text: the same bytes each time, and out of step is said in a sentence."""

import json
import re
import shutil
from pathlib import Path

import pytest

from ds101.errors import NotebookError
from ds101.notebooks import build, chosen, out_of_step, project

REPOSITORY = Path(__file__).parent.parent

CHAPTER = """
# Adding

```{code-cell}
# NBVAL_CHECK_OUTPUT
1 + 1
```

```{code-cell}
2 + 2
```

```{code-cell}
2 + 2
```
"""

LAB = '''\
# %% [markdown]
# # Adding

# %% nbgrader={"grade": false, "grade_id": "add", "locked": false, "schema_version": 3, "solution": true}
def add(a, b):
    """The sum of both."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "t", "locked": true, "points": 2, "schema_version": 3, "solution": false}
assert add(1, 2) == 3
### BEGIN HIDDEN TESTS
assert add(20, 2) == 22
### END HIDDEN TESTS
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty project."""
    shutil.copy(REPOSITORY / "nbgrader_config.py", tmp_path)
    (tmp_path / "course" / "source").mkdir(parents=True)
    (tmp_path / "solutions").mkdir()
    return tmp_path


def write_chapter(root: Path, text: str = CHAPTER) -> Path:
    (root / "course/source/00-adding.md").write_text(text)
    return root / "course/00-adding.ipynb"


def write_lab(root: Path, text: str = LAB) -> Path:
    (root / "solutions/lab07_adding.py").write_text(text)
    return root / "labs/lab07-adding/lab07-adding.ipynb"


def cells(notebook: Path) -> list[dict]:
    return json.loads(notebook.read_text())["cells"]


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.notebook
def test_a_chapter_is_built_with_its_outputs(root):
    notebook = write_chapter(root)
    assert list(build(root)) == [notebook]
    prose, first, *_ = cells(notebook)
    assert prose["source"] == ["# Adding"]
    assert first["outputs"][0]["data"] == {"text/plain": ["2"]}


@pytest.mark.notebook
def test_building_again_gives_the_same_bytes_and_runs_nothing(root):
    notebook = write_chapter(root)
    list(build(root))
    before = contents(root)
    assert list(build(root)) == []
    list(build(root, anew=True))
    assert contents(root) == before
    identifiers = [cell["id"] for cell in cells(notebook)]
    assert len(set(identifiers)) == 4, "equal cells have different ids"


@pytest.mark.notebook
def test_a_lab_is_released_without_its_solution_and_hidden_tests(root):
    released = write_lab(root)
    picture = root / "solutions/lab07-adding/bad-run.svg"
    picture.parent.mkdir()
    picture.write_text("<svg/>")
    list(build(root, ["lab07"]))
    _, answer, check = ("".join(cell["source"]) for cell in cells(released))
    assert "return a + b" not in answer
    assert answer.endswith("raise NotYet  # your code, in place of this line")
    assert check == "assert add(1, 2) == 3"
    assert (released.parent / "bad-run.svg").read_text() == "<svg/>"
    assert list(out_of_step(root)) == []
    left = {path.name for path in root.rglob("*") if path.suffix == ".db"}
    assert left == set(), "no gradebook stays behind"


@pytest.mark.notebook
def test_every_way_to_be_out_of_step_is_said_in_a_sentence(root):
    chapter, released = write_chapter(root), write_lab(root)
    assert [sentence.split(" (")[0] for sentence in out_of_step(root)] == [
        "course/00-adding.ipynb is out of step with course/source/00-adding.md",
        "solutions/lab07-adding/lab07-adding.ipynb is out of step with solutions/lab07_adding.py",
        "labs/lab07-adding/lab07-adding.ipynb is out of step with solutions/lab07-adding: run `make notebooks`.",
    ]
    list(build(root))
    assert list(out_of_step(root)) == []

    write_chapter(root, CHAPTER.replace("# Adding", "# Sums"))
    released.write_text(released.read_text().replace("== 3", "== 4"))
    shutil.copy(chapter, root / "course/01-nobody.ipynb")
    assert list(out_of_step(root)) == [
        "course/00-adding.ipynb is out of step with course/source/00-adding.md (cell 1 differs): run `make notebooks`.",
        "labs/lab07-adding/lab07-adding.ipynb is out of step with solutions/lab07-adding: run `make notebooks`.",
        "course/01-nobody.ipynb has no text source: remove it, or write its source.",
    ]


@pytest.mark.notebook
def test_a_file_that_is_no_longer_released_is_removed(root):
    released = write_lab(root)
    list(build(root))
    stray = released.parent / "old.svg"
    stray.write_text("<svg/>")
    assert [sentence for sentence in out_of_step(root) if "old.svg" in sentence]
    assert list(build(root)) == [stray]
    assert not stray.exists()


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("1 / 0", "course/00-adding.ipynb could not be built: a cell raised"),
        ("import sys; print('oh', file=sys.stderr)", "course/00-adding.ipynb: cell 1 writes to standard error: 'oh'."),
        ("import os; os._exit(1)", "course/00-adding.ipynb could not be built: its kernel died."),
    ],
)
def test_a_cell_that_fails_stops_the_build(root, code, sentence):
    notebook = write_chapter(root, f"```{{code-cell}}\n{code}\n```\n")
    with pytest.raises(NotebookError) as error:
        list(build(root))
    assert str(error.value).startswith(sentence)
    assert not notebook.exists()


@pytest.mark.notebook
def test_outputs_do_not_tell_where_they_were_made(root):
    notebook = write_chapter(
        root,
        "```{code-cell}\n:tags: [raises-exception]\nimport os, json\nprint(os.getcwd())\njson.loads('x')\n```\n",
    )
    list(build(root))
    printed, raised = cells(notebook)[0]["outputs"]
    assert printed["text"] == ["course\n"]
    assert raised["ename"] == "JSONDecodeError"
    assert not [line for line in raised["traceback"] if str(Path(json.__file__).parent) in line]


@pytest.mark.notebook
def test_a_widget_is_saved_in_the_form_that_reads_without_a_kernel(root):
    notebook = write_chapter(
        root, "```{code-cell}\nfrom ds101.widgets import predict\npredict('Which?', 'this', 'that')\n```\n"
    )
    list(build(root))
    ((output,),) = (cell["outputs"] for cell in cells(notebook))
    assert set(output["data"]) == {"text/html", "text/plain"}
    assert output["data"]["text/plain"] == ["Predict: Which?  ( ) this  ( ) that"]


@pytest.mark.notebook
def test_a_picture_is_saved_as_an_image_with_alternative_text_for_who_has_not_run_it(root):
    notebook = write_chapter(
        root,
        "```{code-cell}\nfrom ds101 import Trace\nfrom ds101.trace import Event\n"
        "Trace([Event('n1.1', 'crash', 0.1, 'n1', 1, detail='a \"quoted\" <reason>')])\n```\n",
    )
    list(build(root))
    ((output,),) = (cell["outputs"] for cell in cells(notebook))
    html = "".join(output["data"]["text/html"])
    assert "<svg" not in html
    assert re.search(r'<img src="data:image/svg\+xml;base64,[\w+/=]+" alt="Space-time diagram of n1\. .*crash', html)
    assert "<details" in html, "the words under it stay"


def test_names_are_full_or_short(root):
    write_chapter(root)
    write_lab(root)
    for names in (["00"], ["00-adding"]):
        assert [source.name for source in chosen(root, names)] == ["00-adding"]
    for names in (["lab07"], ["lab07-adding"]):
        assert [source.name for source in chosen(root, names)] == ["lab07-adding"]
    assert [source.short for source in chosen(root, [])] == ["00", "lab07"]
    with pytest.raises(NotebookError) as error:
        chosen(root, ["lab08"])
    assert str(error.value) == "There is no notebook called 'lab08': choose from 00, lab07."


def test_the_project_is_found_from_any_folder_in_it(root, tmp_path_factory):
    assert project(root / "course" / "source") == root.resolve()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with pytest.raises(NotebookError, match="is not inside a clone of ds101"):
        project(elsewhere)
