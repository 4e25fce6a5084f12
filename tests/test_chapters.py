"""Chapters keep the anatomy that readers rely on, and cover what they promise."""

import re
from pathlib import Path

import jupytext
import pytest

SOURCES = sorted(Path(__file__).parent.parent.glob("course/source/[0-9][0-9]-*.md"))
MOST_LINES, MOST_PREDICTIONS = 20, 5
COVERED = {
    "00": "",
    "01": "D1 D2 D3 D5 D6 D7 C5 C6 C10 K1 K2 K3 K4 T1 T2",
}

chapters = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


def cells(source: Path, kind: str) -> list[dict]:
    return [cell for cell in jupytext.read(source, fmt="md:myst").cells if cell.cell_type == kind]


def prose(source: Path) -> str:
    return "\n\n".join(cell.source for cell in cells(source, "markdown"))


def tags(cell: dict) -> set[str]:
    return set(cell.metadata.get("tags", ()))


@chapters
def test_a_chapter_names_what_it_covers(source):
    named = {tag.removeprefix("id-") for cell in cells(source, "code") for tag in tags(cell) if tag.startswith("id-")}
    assert named == set(COVERED[source.name[:2]].split())


@chapters
def test_cells_are_short_and_loops_are_few(source):
    code = [cell.source for cell in cells(source, "code")]
    assert [text for text in code if len(text.splitlines()) > MOST_LINES] == []
    assert sum(len(re.findall(r"\bpredict\(", text)) for text in code) <= MOST_PREDICTIONS


@chapters
def test_every_image_has_alternative_text_and_is_ours(source):
    for words, target in re.findall(r"!\[(.*?)\]\((.*?)\)", prose(source), re.S):
        assert len(words) > 40, target
        assert (source.parents[1] / target).is_file(), "nothing is hot-linked"


@chapters
def test_a_chapter_opens_with_a_picture_and_ends_with_what_we_know_and_where_to_read_on(source):
    first, *_, last = (cell.source for cell in cells(source, "markdown"))
    assert "![" in first
    assert first.startswith("# ")
    for part in ("## What we now know", "**Questions to take with you**", "**Sources**", "</details>"):
        assert part in prose(source), part
    assert re.search(r"\b(19|20)\d\d\b", last), "sources have years"


@chapters
def test_answers_are_folded_away_and_every_fold_is_closed(source):
    text = prose(source)
    folds = text.count("<details><summary>")
    assert folds == text.count("</details>") == text.count("<details")
    assert folds >= 3


@chapters
def test_something_is_broken_on_purpose(source):
    code = "\n".join(cell.source for cell in cells(source, "code"))
    assert ".crash(" in code or ".partition(" in code or ".drop(" in code


@chapters
def test_nothing_is_installed_from_a_cell(source):
    for cell in cells(source, "code"):
        assert not re.search(r"\bpip\b|\bconda\b|^[!%]", cell.source, re.M), cell.source


@chapters
def test_links_to_our_own_pages_lead_somewhere(source):
    for target in re.findall(r"[^!]\[[^\]]*\]\(([^)#:]+)\)", prose(source)):
        path = (source.parents[1] / target).resolve()
        text = path.parent / "source" / f"{path.stem}.md"
        assert path.is_file() or text.is_file(), target
