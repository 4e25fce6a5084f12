"""Choices, of which a reader takes one, by mouse or by keyboard.

Each choice is a radio button in a group of its own. In one group the arrow keys would pass from choice to choice, but
in JupyterLab these keys belong to the notebook: they leave for the next cell. So Tab goes from choice to choice, and
the space bar takes one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

LAYOUT = {"width": "max-content", "max_width": "100%", "margin": "0 2px"}


def radio_buttons(choices: Sequence[str], chosen: str | None, choose: Callable[[str], None]) -> Any:
    """The choices as a widget; `choose` is called with the one that was taken."""
    import ipywidgets

    buttons = [
        ipywidgets.RadioButtons(options=[choice], value=choice if choice == chosen else None, layout=LAYOUT)
        for choice in choices
    ]

    def taken(change: dict[str, Any]) -> None:
        if change["new"] is None:  # another one was taken
            return
        for button in buttons:
            if button is not change["owner"]:
                button.value = None
        choose(change["new"])

    for button in buttons:
        button.observe(taken, names="value")
    return ipywidgets.VBox(buttons)
