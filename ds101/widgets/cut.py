"""A network to cut by hand: a button for each node moves it to the other side, in several worlds at once.

    board = cut(
        {"keeps consistency": one_world, "keeps availability": another},
        {"bob reads at n2": lambda world: world.client("bob").call("n2", Read())},
        clients={"bob": "n2"},
    )
    board                          # in a notebook: buttons
    board.move("n4", "n5")         # what they do; also without a notebook
    board.ask("bob reads at n2")

A client stands where its node stands. What was asked, and what each world answered, stays in a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from ds101.errors import Mistake, NodeError, Timeout, Unreachable
from ds101.widgets.live import shown
from ds101.world import Holding, World

Asks = Mapping[str, Callable[[World], object]]
Row = tuple[str, str, tuple[str, ...]]  # the sides, what was asked, the answer of each world
CELL = "text-align:left;padding:2px 16px 2px 0"
LAST = 8  # rows of the table that are shown


def cut(worlds: Mapping[str, World], asks: Asks, clients: Mapping[str, str] | None = None) -> Cut:
    """Worlds with the same nodes, to be cut together. Raises `Mistake` where their nodes differ, or there is no world.

    `asks` are the requests that can be made, each a function of a world; `clients` says at which node a client stands.
    """
    return Cut(worlds, asks, clients or {})


class Cut:
    """The worlds, the two sides, and what was answered."""

    def __init__(self, worlds: Mapping[str, World], asks: Asks, clients: Mapping[str, str]) -> None:
        nodes = {world.nodes for world in worlds.values()}
        if len(nodes) != 1:
            raise Mistake(
                "cut() takes one world or more, all with the same nodes: cut({'a': world, 'b': another}, ...)."
            )
        (self.nodes,) = nodes
        self.worlds, self.asks, self.clients = dict(worlds), dict(asks), dict(clients)
        self.right: frozenset[str] = frozenset()  # the nodes that were moved away; the others stayed
        self.rows: list[Row] = []
        self._partitions: list[Holding] = []
        self._watchers: list[Callable[[], None]] = []

    def move(self, *nodes: str) -> Cut:
        """Move nodes to the other side: every link between the sides is cut, in every world, and no other."""
        for node in nodes:
            if node not in self.nodes:
                raise Mistake(f"There is no node {node!r} to move. There are {', '.join(self.nodes)}.")
        self.right ^= frozenset(nodes)
        for partition in self._partitions:
            partition.end()
        both = [self._with_clients(side) for side in self.sides]
        self._partitions = [world.partition(*both) for world in self.worlds.values()] if len(both) == 2 else []
        self._tell()
        return self

    def ask(self, what: str) -> Cut:
        """Make one of the requests, in every world. Raises `Mistake` for one that isn't there."""
        if what not in self.asks:
            raise Mistake(f"{what!r} can't be asked here. There is: {'; '.join(self.asks)}.")
        answers = tuple(_answer(self.asks[what], world) for world in self.worlds.values())
        self.rows.append((str(self), what, answers))
        self._tell()
        return self

    @property
    def sides(self) -> tuple[tuple[str, ...], ...]:
        """The two sides; one where nothing is cut."""
        parts = ([node for node in self.nodes if (node in self.right) is moved] for moved in (False, True))
        return tuple(tuple(part) for part in parts if part)

    def _with_clients(self, side: tuple[str, ...]) -> list[str]:
        return [*side, *(client for client, node in self.clients.items() if node in side)]

    def __str__(self) -> str:
        return " | ".join(" ".join(side) for side in self.sides)

    def __repr__(self) -> str:
        rows = [("sides", "asked", *self.worlds), *((sides, what, *told) for sides, what, told in self.rows[-LAST:])]
        wide = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ["  ".join(f"{word:{size}}" for word, size in zip(row, wide, strict=True)).rstrip() for row in rows]
        return "\n".join([f"Now: {self}", *lines])

    def _repr_html_(self) -> str:
        """What stands in a saved notebook: the sides and the table."""
        now = "nothing is cut" if len(self.sides) == 1 else f"cut: {self}"
        head = _row("th", ("sides", "asked", *self.worlds))
        rows = "".join(_row("td", (sides, what, *told)) for sides, what, told in self.rows[-LAST:])
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        return f'<p role="status">Now: {escape(now)}</p>{table}'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return shown(repr(self), self._repr_html_(), self.form)

    def form(self) -> Any:
        """The buttons, as a widget: one for each node, one for each request."""
        import ipywidgets

        wide, table = {"width": "max-content"}, ipywidgets.HTML(self._repr_html_())
        moves = {node: ipywidgets.Button(description=node, layout={"width": "5em"}) for node in self.nodes}
        asks = {what: ipywidgets.Button(description=what, layout=wide) for what in self.asks}
        for node, button in moves.items():
            button.on_click(lambda _, node=node: self.move(node))
        for what, button in asks.items():
            button.on_click(lambda _, what=what: self.ask(what))

        def look() -> None:
            table.value = self._repr_html_()
            for node, button in moves.items():
                button.description = f"{node} ✂" if node in self.right else node
                button.button_style = "warning" if node in self.right else ""

        self._watchers.append(look)
        look()
        row = {"flex_flow": "row wrap"}
        return ipywidgets.VBox(
            [
                ipywidgets.HTML("<b>Move a node to the other side of the cut, or back:</b>"),
                ipywidgets.HBox(list(moves.values())),
                ipywidgets.HTML("<b>Ask:</b>"),
                ipywidgets.Box(list(asks.values()), layout=row),
                table,
            ]
        )

    def _tell(self) -> None:
        for look in self._watchers:
            look()


def _row(tag: str, words: Iterable[str]) -> str:
    cells = "".join(f'<{tag} style="{CELL}">{escape(word)}</{tag}>' for word in words)
    return f"<tr>{cells}</tr>"


def _answer(ask: Callable[[World], object], world: World) -> str:
    try:
        return str(ask(world))
    except Timeout:
        return "silence"
    except Unreachable:
        return "unreachable"
    except NodeError as error:
        return str(error)
