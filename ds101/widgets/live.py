"""What a notebook is given to show: plain text, HTML that reads without JavaScript, and the widget where there is one.

A saved notebook keeps the first two (`ds101.notebooks.saved` takes the third out).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def shown(text: str, html: str, form: Callable[[], Any]) -> dict[str, Any]:
    """The MIME bundle of all three; without the widget where ipywidgets is not installed."""
    return {"text/plain": text, "text/html": html} | _live(form)


def _live(form: Callable[[], Any]) -> dict[str, Any]:
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return {}
    bundle = form()._repr_mimebundle_()
    return {kind: content for kind, content in bundle.items() if kind.endswith("widget-view+json")}
