"""Citations in a chapter's text, as links to the list of sources that ends the chapter.

In the text source (MyST) we write, and the notebook shows:

    [@Lamport1978]                              (Lamport 1978)
    [@Lynch1996, chapter 1; @Waldo1994]         (Lynch 1996, chapter 1; Waldo and others 1994)
    as @Waldo1994 said                          as Waldo and others (1994) said

The list is made where the text says ```` ```{bibliography} ````: every entry that the chapter cites, and those that the
block itself names for further reading.

>>> from ds101.notebooks.bibliography import entries
>>> known = entries('''@misc{Brewer2000,
...   author = {Brewer, Eric A.},
...   title = {Towards robust distributed systems},
...   howpublished = {talk at PODC},
...   year = {2000},
... }''')
>>> resolved("A conjecture [@Brewer2000].", known)
'A conjecture ([Brewer 2000](#source-Brewer2000)).'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from nbformat import NotebookNode

from ds101.errors import NotebookError
from ds101.notebooks.bibliography import Entry

KEY = r"@([A-Za-z]+\d{3,4}[a-z]?)\b"  # Lamport1978, RFC791
BRACKETED = re.compile(r"\[(@[^\]]+)\]")
BARE = re.compile(rf"(?<![\w`]){KEY}")
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.S)
LIST = re.compile(r"^```\{bibliography\}\n(.*?)^```$", re.M | re.S)


def cite(notebook: NotebookNode, known: Mapping[str, Entry]) -> None:
    """Resolve every citation of a notebook's prose, and make its list of sources.

    Raises NotebookError for a key that no entry has, and for a chapter that cites and has no list.
    """
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    keys = cited(cell.source for cell in prose)
    if keys and not any(LIST.search(cell.source) for cell in prose):
        raise NotebookError(f"Nothing lists the source {min(keys)}: end with a block ```{{bibliography}}.")
    listed = "\n".join(f'- <a id="source-{entry.key}"></a>{entry.in_full}' for entry in _sorted(keys, known))
    for cell in prose:
        head, *tail = LIST.split(cell.source)
        after = tail[1::2]  # what the block named is in `keys` already
        cell.source = listed.join(resolved(part, known) for part in (head, *after))


def cited(texts: Iterable[str]) -> set[str]:
    """The keys that texts cite, or name for further reading."""
    return {key for text in texts for key in BARE.findall(CODE.sub("", LIST.sub(r"\1", text)))}


def resolved(text: str, known: Mapping[str, Entry]) -> str:
    """A piece of prose with links in place of citations; what stands in code is left alone."""
    done, last = "", 0
    for code in CODE.finditer(text):
        done += _linked(text[last : code.start()], known) + code[0]
        last = code.end()
    return done + _linked(text[last:], known)


def _linked(text: str, known: Mapping[str, Entry]) -> str:
    text = BRACKETED.sub(lambda found: f"({BARE.sub(lambda key: _link(key[1], known), found[1])})", text)
    return BARE.sub(lambda key: _link(key[1], known, in_sentence=True), text)


def _link(key: str, known: Mapping[str, Entry], *, in_sentence: bool = False) -> str:
    entry = _entry(key, known)
    words = f"{entry.surnames} ({entry.fields['year']})" if in_sentence else entry.label
    return f"[{words}](#source-{key})"


def _entry(key: str, known: Mapping[str, Entry]) -> Entry:
    if key not in known:
        raise NotebookError(f"Nothing is known of the source {key}: add it to course/references.bib.")
    return known[key]


def _sorted(keys: Iterable[str], known: Mapping[str, Entry]) -> list[Entry]:
    return sorted((_entry(key, known) for key in keys), key=lambda entry: (entry.label.lower(), entry.key))
