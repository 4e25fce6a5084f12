"""Chapters keep the anatomy that readers rely on, and cover what they promise."""

import re
from pathlib import Path

import pytest

from ds101.notebooks.bibliography import bibliography
from ds101.notebooks.citations import cited
from ds101.notebooks.convert import converted
from ds101.notebooks.coverage import coverage
from ds101.widgets import quiz

ROOT = Path(__file__).parent.parent
SOURCES = sorted(ROOT.glob("course/source/[0-9][0-9]-*.md"))
MOST_LINES, MOST_PREDICTIONS = 20, 5

chapters = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


def cells(source: Path, kind: str) -> list[dict]:
    return [cell for cell in converted(source).cells if cell.cell_type == kind]


def prose(source: Path) -> str:
    return "\n\n".join(cell.source for cell in cells(source, "markdown"))


def test_what_a_finished_chapter_has_to_show_is_shown_by_a_cell():
    assert [str(item) for item in coverage(ROOT) if item.missing] == []


def test_every_citation_is_known_and_every_source_is_cited():
    keys = cited(source.read_text() for source in SOURCES)
    assert keys == set(bibliography(ROOT / "course"))


@chapters
def test_a_chapter_has_one_quiz_and_it_can_be_asked(source):
    asked = [found for cell in cells(source, "code") for found in re.findall(r'^quiz\("(.*)"\)$', cell.source, re.M)]
    assert asked == [f"quizzes/{source.name[:2]}.toml"]
    questions = quiz(ROOT / "course" / asked[0]).questions
    assert 3 <= len(questions) <= 8
    assert all(len(question.why.split()) >= 8 for question in questions), "it says why"
    assert max(len(choice) for question in questions for choice in question.choices) <= 75, "it has one line"


def test_every_quiz_is_of_a_chapter():
    assert {path.stem for path in ROOT.glob("course/quizzes/*")} == {source.name[:2] for source in SOURCES}


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
