"""Coverage is counted from tags, and what a finished chapter doesn't show is missing."""

from pathlib import Path

import pytest

from ds101.errors import NotebookError
from ds101.notebooks.coverage import coverage

PLAN = """
finished = ["01"]

["01"]
D1 = "one system"
C10 = "transparency"

["02"]
B1 = "scaling"
D1 = "one system"
"""
CELL = "```{code-cell}\n:tags: [id-%s]\n\n1\n```\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "course/source").mkdir(parents=True)
    (tmp_path / "course/coverage.toml").write_text(PLAN)
    write(tmp_path, "01", "D1", "C10", "D1")
    write(tmp_path, "02", "C10")
    return tmp_path


def write(root: Path, chapter: str, *ids: str) -> None:
    (root / f"course/source/{chapter}-x.md").write_text("\n".join(["# X\n", *(CELL % one for one in ids)]))


def test_every_item_comes_with_the_cells_that_carry_it(root):
    assert {item.id: item.cells for item in coverage(root)} == {
        "D1": ("01 cell 2", "01 cell 4"),
        "C10": ("01 cell 3", "02 cell 2"),
        "B1": (),
    }


def test_only_finished_chapters_can_miss_something(root):
    assert [item.missing for item in coverage(root)] == [(), (), ()]
    write(root, "01", "D1")
    assert {item.id: item.missing for item in coverage(root)} == {"D1": (), "C10": ("01",), "B1": ()}
    assert "MISSING in 01" in str(coverage(root)[1])


@pytest.mark.parametrize(
    ("ids", "plan", "words"),
    [
        (["D1", "Z9"], PLAN, "01 cell 3 carries id-Z9, which course/coverage.toml doesn't know"),
        (["D1"], PLAN.replace('["01"]', '["01", "03"]', 1), "chapter 03 is finished, but there is no such chapter"),
        (["D1"], PLAN + 'C10 = "opacity"', "tells C10 in two ways"),
    ],
)
def test_a_plan_and_tags_that_contradict_each_other_are_an_error(root, ids, plan, words):
    write(root, "01", *ids)
    (root / "course/coverage.toml").write_text(plan)
    with pytest.raises(NotebookError, match=words):
        coverage(root)
