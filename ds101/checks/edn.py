"""EDN, the notation in which Clojure programs such as Jepsen write data: a reader and a writer of what histories need.

>>> read_all('{:process 0, :type :invoke, :f :put, :key "0", :value [1 nil]}')
[{'process': 0, 'type': 'invoke', 'f': 'put', 'key': '0', 'value': [1, None]}]
>>> write({Keyword("f"): Keyword("put"), Keyword("value"): [1, None, "x"]})
'{:f :put, :value [1 nil "x"]}'

Lists and vectors become lists, sets frozensets, keywords and symbols texts. A tag (`#jepsen.history.Op{...}`) is passed
over. It is a reader of our own since the general library for EDN takes a millisecond for each line of a history.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ds101.errors import Mistake

_TOKEN = re.compile(
    r"""
    (?P<space>(?:[\s,]|;[^\n]*)+)
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<char>\\(?:newline|return|space|tab|u[0-9a-fA-F]{4}|.))
  | (?P<open>\#\{|[(\[{])
  | (?P<close>[)\]}])
  | (?P<discard>\#_)
  | (?P<tag>\#[A-Za-z][^\s,(){}\[\]";]*)
  | (?P<atom>[^\s,(){}\[\]";]+)
    """,
    re.VERBOSE,
)
_CLOSES = {"(": ")", "[": "]", "{": "}", "#{": "}"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_CHARACTERS = {"newline": "\n", "return": "\r", "space": " ", "tab": "\t"}
_WORDS = {"nil": None, "true": True, "false": False}
_NUMBER = re.compile(r"[+-]?\d+N?|[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?M?")
_END = object()


class Keyword(str):
    """A text that is written as `:text`."""


def read_all(text: str) -> list[Any]:
    """All values that stand in a text. Raises `Mistake` with the line where it is no EDN."""
    tokens = _tokens(text)
    values = []
    while (value := _read(tokens, "")) is not _END:
        values.append(value)
    return values


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _mistake(text.count("\n", 0, at) + 1, f"{text[at : at + 20]!r} begins a text that doesn't end")
        if match.lastgroup != "space":
            assert match.lastgroup
            yield match.lastgroup, match.group(), at
        at = match.end()


def _read(tokens: Iterator[tuple[str, str, int]], closing: str) -> Any:
    for kind, token, at in tokens:
        if kind == "open":
            return _collection(tokens, token)
        if kind == "close":
            if token != closing:
                raise _mistake(at, f"{token!r} closes what was not opened", "character")
            return _END
        if kind == "discard":
            _read(tokens, closing)
        elif kind != "tag":
            return _ATOMS[kind](token)
    if closing:
        raise Mistake(f"This is no EDN: it ends before a {closing!r} that is still missing.")
    return _END


def _collection(tokens: Iterator[tuple[str, str, int]], opening: str) -> Any:
    items = []
    while (item := _read(tokens, _CLOSES[opening])) is not _END:
        items.append(item)
    if opening == "{":
        if len(items) % 2:
            raise Mistake(f"This is no EDN: in a map every key has a value, and {items[-1]!r} has none.")
        return dict(zip(items[::2], items[1::2], strict=True))
    return frozenset(items) if opening == "#{" else items


def _atom(token: str) -> Any:
    if token in _WORDS:
        return _WORDS[token]
    if token.startswith(":"):
        return Keyword(token[1:])
    if _NUMBER.fullmatch(token):
        digits = token.rstrip("NM")
        return int(digits) if digits.lstrip("+-").isdigit() and "M" not in token else float(digits)
    return token


def _string(token: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), token[1:-1])


def _character(token: str) -> str:
    name = token[1:]
    return chr(int(name[1:], 16)) if len(name) == 5 and name[0] == "u" else _CHARACTERS.get(name, name)


_ATOMS: dict[str, Callable[[str], Any]] = {"atom": _atom, "string": _string, "char": _character}


def _mistake(where: int, why: str, unit: str = "line") -> Mistake:
    return Mistake(f"This is no EDN: {why}, at {unit} {where}.")


def write(value: Any) -> str:
    """A value on one line. Raises `Mistake` for what EDN has no notation for here."""
    match value:
        case None:
            return "nil"
        case bool():
            return "true" if value else "false"
        case Keyword():
            return f":{value}"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
            return '"' + escaped.replace("\r", "\\r") + '"'
        case int() | float():
            return repr(value)
        case list() | tuple():
            return f"[{' '.join(map(write, value))}]"
        case frozenset() | set():
            return f"#{{{' '.join(sorted(map(write, value)))}}}"
        case Mapping():
            return f"{{{', '.join(f'{write(key)} {write(one)}' for key, one in value.items())}}}"
    raise Mistake(f"{value!r} can't be written as EDN: use numbers, texts, lists, sets and dicts.")
