"""Citations become links into a chapter's list of sources, and nothing unknown is cited."""

import nbformat
import pytest

from ds101.errors import NotebookError
from ds101.notebooks.bibliography import entries
from ds101.notebooks.citations import cite, cited, resolved

BIBTEX = """
@article{Lamport1978,
  author = {Lamport, Leslie},
  title = {Time, "clocks" and order},
  journal = {CACM},
  volume = {21(7)},
  year = {1978},
  annote = {Read it.},
}

@book{Tanenbaum2007,
  author = {Tanenbaum, Andrew S. and van Steen, Maarten},
  title = {Distributed Systems},
  publisher = {Hall},
  year = {2007},
}

@misc{Etcd2024,
  author = {{The etcd Authors}},
  title = {API guarantees},
  howpublished = {documentation},
  url = {https://etcd.io/},
  year = {2024},
}
"""
KNOWN = entries(BIBTEX)
LIST = "```{bibliography}\n```"


def chapter(*texts: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in texts])


def test_a_citation_in_brackets_keeps_its_places_and_its_neighbours():
    assert resolved("So it is [@Lamport1978, section 2; @Tanenbaum2007].", KNOWN) == (
        "So it is ([Lamport 1978](#source-Lamport1978), section 2; "
        "[Tanenbaum and van Steen 2007](#source-Tanenbaum2007))."
    )


def test_keys_are_names_with_a_year_or_a_number():
    assert cited(["As [@RFC791; @Lamport1978b] and @RFC9110 say."]) == {"RFC791", "Lamport1978b", "RFC9110"}


def test_a_citation_in_a_sentence_has_its_year_in_brackets():
    assert resolved("@Lamport1978 asks", KNOWN) == "[Lamport (1978)](#source-Lamport1978) asks"


@pytest.mark.parametrize(
    "code", ["`@Unknown1999`", "```python\n@on(Greet)\n@Unknown1999\n```", "me@example.org", "``@A1999``"]
)
def test_what_stands_in_code_is_no_citation(code):
    assert resolved(code, KNOWN) == code
    assert cited([code]) == set()


def test_the_list_has_what_the_chapter_cites_and_what_it_adds_sorted_by_name():
    notebook = chapter(
        "See [@Tanenbaum2007].", "**Sources**\n\n```{bibliography}\n@Etcd2024 @Lamport1978\n```\n\nNext: more."
    )
    cite(notebook, KNOWN)
    _, last = (cell.source for cell in notebook.cells)
    assert last.splitlines() == [
        "**Sources**",
        "",
        '- <a id="source-Lamport1978"></a>L. Lamport, "Time, ‘clocks’ and order", *CACM* 21(7), 1978. Read it.',
        '- <a id="source-Tanenbaum2007"></a>A. S. Tanenbaum and M. van Steen, *Distributed Systems*, Hall, 2007.',
        '- <a id="source-Etcd2024"></a>The etcd Authors, "API guarantees", documentation, <https://etcd.io/>, 2024.',
        "",
        "Next: more.",
    ]


def test_an_unknown_source_is_named():
    with pytest.raises(NotebookError, match=r"Nothing is known of the source Nobody1999: add it"):
        cite(chapter("[@Nobody1999]", LIST), KNOWN)


def test_a_chapter_that_cites_lists_its_sources():
    with pytest.raises(NotebookError, match=r"Nothing lists the source Lamport1978: end with a block"):
        cite(chapter("[@Lamport1978]"), KNOWN)


@pytest.mark.parametrize(
    ("bibtex", "words"),
    [
        (BIBTEX + BIBTEX, "Two sources are called Lamport1978"),
        (BIBTEX.replace("  journal = {CACM},\n", ""), "Lamport1978 can't be shown: it has no journal"),
        (BIBTEX.replace("@misc", "@online"), "Etcd2024 can't be shown: no online has been needed so far"),
        (BIBTEX.replace("\n}", "\n  }", 1), "can't be read"),
    ],
)
def test_an_entry_that_can_not_be_shown_is_an_error(bibtex, words):
    with pytest.raises(NotebookError, match=words):
        entries(bibtex)
