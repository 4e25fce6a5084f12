"""A knob to turn over what a run has recorded: one setting at a time, and what each would have given.

>>> gaps = (12, 15, 40, 13)
>>> turned = knob("time-out, ms", (10, 20, 50), lambda ms: {"false alarms": sum(gap > ms for gap in gaps)})
>>> turned.turn(20)
  time-out, ms  false alarms
  10            4
▶ 20            1
  50            0

In a notebook it is a slider above that table. A saved notebook keeps the table, with every setting in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from ds101.errors import Mistake
from ds101.widgets.live import shown

Setting = float | str
CELL = "text-align:left;padding:2px 16px 2px 0"
HERE, ELSEWHERE = "▶ ", "  "


def knob(label: str, settings: Sequence[Setting], measure: Callable[[Any], Mapping[str, object]]) -> Knob:
    """What `measure` gives for each setting, by the names of the columns. It is called once for each, now.

    It stands at the first setting. Raises `Mistake` where there is no setting, or where the columns differ.
    """
    rows = {setting: {column: str(value) for column, value in measure(setting).items()} for setting in settings}
    columns = {tuple(row) for row in rows.values()}
    if len(columns) != 1:
        raise Mistake("knob() takes one setting or more, and measure() gives the same columns for each of them.")
    return Knob(label, columns.pop(), rows)


class Knob:
    """The settings with their rows, and the one at which it stands: `chosen`."""

    def __init__(self, label: str, columns: tuple[str, ...], rows: Mapping[Setting, Mapping[str, str]]) -> None:
        self.label, self.columns, self.rows = label, columns, rows
        self.chosen = next(iter(rows))
        self._watchers: list[Callable[[], None]] = []

    def turn(self, setting: Setting) -> Knob:
        """Turn it to a setting. Raises `Mistake` for one that isn't there."""
        if setting not in self.rows:
            raise Mistake(f"The knob can't stand at {setting!r}. It has {', '.join(map(str, self.rows))}.")
        self.chosen = setting
        for look in self._watchers:
            look()
        return self

    def _table(self) -> list[tuple[str, ...]]:
        rows = [(str(setting), *row.values()) for setting, row in self.rows.items()]
        return [(self.label, *self.columns), *rows]

    def __repr__(self) -> str:
        table = self._table()
        wide = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        lines = ["  ".join(f"{word:{size}}" for word, size in zip(row, wide, strict=True)).rstrip() for row in table]
        marks = [ELSEWHERE, *(HERE if setting == self.chosen else ELSEWHERE for setting in self.rows)]
        return "\n".join(mark + line for mark, line in zip(marks, lines, strict=True))

    def _repr_html_(self) -> str:
        """What stands in a saved notebook: all settings; the chosen one is marked, and bold."""
        head, *rows = self._table()
        chosen = list(self.rows).index(self.chosen)
        lines = [_row("td", (HERE if at == chosen else "", *row), bold=at == chosen) for at, row in enumerate(rows)]
        return f"<table><thead>{_row('th', ('', *head))}</thead><tbody>{''.join(lines)}</tbody></table>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return shown(repr(self), self._repr_html_(), self.form)

    def form(self) -> Any:
        """The slider and the table, as a widget."""
        import ipywidgets

        slider = ipywidgets.SelectionSlider(
            options=[(str(setting), setting) for setting in self.rows],
            value=self.chosen,
            description=self.label,
            style={"description_width": "initial"},
            layout={"width": "32em", "max_width": "100%"},
        )
        table = ipywidgets.HTML()

        def look() -> None:
            slider.value, table.value = self.chosen, self._repr_html_()

        slider.observe(lambda change: self.turn(change["new"]), names="value")
        self._watchers.append(look)
        look()
        return ipywidgets.VBox([slider, table])


def _row(tag: str, words: Sequence[str], bold: bool = False) -> str:
    style = f"{CELL};font-weight:bold" if bold else CELL
    cells = "".join(f'<{tag} style="{style}">{escape(word)}</{tag}>' for word in words)
    return f"<tr>{cells}</tr>"
