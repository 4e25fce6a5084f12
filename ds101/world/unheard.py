"""Mistakes in nodes that no caller was waiting for: the world's next verb tells them, once."""

from __future__ import annotations

from collections.abc import Iterable

from ds101.errors import Mistake, NodeError
from ds101.lines import Place, is_the_readers, place_in_words


def death_in_words(kind: str, words: str, places: Iterable[Place]) -> str:
    """What a node died of, with the reader's own line. A mistake that a node of ours tells has none."""
    frames = [tuple(place) for place in places if kind != Mistake.__name__ or is_the_readers(place[0])]
    where = f" It happened in {place_in_words(frames[-1])}" if frames else ""  # type: ignore[arg-type]
    return f"died of {kind}: {words.removesuffix('.')}.{where}"


class Unheard:
    """What went wrong since the last verb."""

    def __init__(self) -> None:
        self._errors: list[tuple[str, str]] = []  # (node, what), or ("", a whole sentence)

    def add(self, node: str, what: str) -> None:
        """Keep what happened to a node, or a sentence of its own under no node's name."""
        self._errors.append((node, what))

    def __bool__(self) -> bool:
        return bool(self._errors)

    def next(self) -> NodeError | None:
        """All of it as one error, or None; then it has been heard."""
        if not self._errors:
            return None
        errors, self._errors = self._errors, []
        node, what = errors[0]
        others = sorted({name for name, _ in errors[1:] if name not in ("", node)})
        more = f" ({', '.join(others)} too.)" if others else ""
        return NodeError(f"{node} {what}{more}".strip())
