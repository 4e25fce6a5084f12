"""The bibliography `course/references.bib`: BibTeX, read as far as we write it.

>>> (entry,) = entries('''
... @article{Lamport1978,
...   author = {Lamport, Leslie},
...   title = {Time, clocks, and the ordering of events},
...   journal = {Communications of the ACM},
...   volume = {21(7)},
...   year = {1978},
... }
... ''').values()
>>> entry.label
'Lamport 1978'
>>> entry.in_full
'L. Lamport, "Time, clocks, and the ordering of events", *Communications of the ACM* 21(7), 1978.'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ds101.errors import NotebookError

ENTRY = re.compile(r"^@(\w+)\{(\w+),\n(.*?)^\}", re.M | re.S)
FIELD = re.compile(r"^ +(\w+) = \{(.*?)\},$", re.M | re.S)
NEEDED = {
    "article": {"journal", "volume"},
    "book": {"publisher"},
    "inproceedings": {"booktitle"},
    "misc": {"howpublished"},
    "techreport": {"institution", "number"},
}
ALWAYS = {"author", "title", "year"}


@dataclass(frozen=True)
class Entry:
    """One source; `fields` are those of BibTeX, with blanks joined."""

    key: str
    kind: str
    fields: dict[str, str]

    @property
    def surnames(self) -> str:
        """As one speaks of them: `Lamport`, `Gilbert and Lynch`, `Waldo and others`."""
        names = [author.partition(",")[0].strip("{}") for author in self._authors]
        return f"{names[0]} and others" if len(names) > 2 else " and ".join(names)

    @property
    def label(self) -> str:
        """What stands in the text."""
        return f"{self.surnames} {self.fields['year']}"

    @property
    def in_full(self) -> str:
        """What stands in a list of sources, in Markdown."""
        title = self.fields["title"]
        named = f"*{title}*" if self.kind == "book" else f'"{_inner(title)}"'
        where = [named, self._where(), self.fields["year"]]
        words = ", ".join(part for part in (self._people(), *where) if part)
        return " ".join(part for part in (f"{words}.", self.fields.get("annote", "")) if part)

    @property
    def _authors(self) -> list[str]:
        return self.fields["author"].split(" and ")

    def _people(self) -> str:
        *first, last = (_short(author) for author in self._authors)
        if len(first) > 3:
            return f"{first[0]} and others"
        return f"{', '.join(first)} and {last}" if first else last

    def _where(self) -> str:
        have = self.fields
        match self.kind:
            case "article":
                return f"*{have['journal']}* {have['volume']}"
            case "book":
                return ", ".join(have[part] for part in ("edition", "publisher") if part in have)
            case "inproceedings":
                return f"*{have['booktitle']}*"
            case "techreport":
                return f"{have['institution']}, technical report {have['number']}"
        found = have["howpublished"]
        return f"{found}, <{have['url']}>" if "url" in have else found


def entries(bibtex: str) -> dict[str, Entry]:
    """All entries by their keys, in the file's order. Raises NotebookError for one that we can't show, or two alike."""
    found: dict[str, Entry] = {}
    for kind, key, body in ENTRY.findall(bibtex):
        fields = {name: " ".join(value.split()) for name, value in FIELD.findall(body)}
        missing = sorted((ALWAYS | NEEDED.get(kind, set())) - fields.keys())
        if kind not in NEEDED or missing:
            wants = f"it has no {', '.join(missing)}" if kind in NEEDED else f"no {kind} has been needed so far"
            raise NotebookError(f"The source {key} can't be shown: {wants}. Mend it in course/references.bib.")
        if key in found:
            raise NotebookError(f"Two sources are called {key}. Rename one in course/references.bib.")
        found[key] = Entry(key, kind, fields)
    if len(found) != len(re.findall(r"^@", bibtex, re.M)):
        raise NotebookError("An entry of course/references.bib can't be read: is its last } in the first column?")
    return found


def bibliography(course: Path) -> dict[str, Entry]:
    """The sources of the course in this folder, none where there is no such file."""
    path = course / "references.bib"
    return entries(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _short(author: str) -> str:
    """`Tanenbaum, Andrew S.` as `A. S. Tanenbaum`; an organization in braces as it is."""
    if author.startswith("{"):
        return author.strip("{}")
    surname, _, given = author.partition(", ")
    initials = ["-".join(f"{part[0]}." for part in name.split("-")) for name in given.split()]
    return " ".join([*initials, surname])


def _inner(title: str) -> str:
    """Quotation marks inside of others."""
    return re.sub(r'"([^"]*)"', r"‘\1’", title)
