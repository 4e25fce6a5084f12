"""A network is cut by hand: the same in every world, told in a table, with buttons where there is a notebook."""

import re

import pytest

from ds101 import Message, Node, Simulation, on
from ds101.errors import Mistake
from ds101.widgets import Cut, cut


class Ask(Message):
    """Ask n1, through another node."""


class Answer(Message):
    name: str

    def __str__(self) -> str:
        return self.name


class Relay(Node):
    @on(Ask)
    def pass_on(self, ask, sender):
        if self.id == "n1":
            self.send(sender, Answer("n1"))
        else:
            self.send("n1", ask)

    @on(Answer)
    def note(self, answer, peer):
        self.heard = answer.name


class Alone(Relay):
    @on(Ask)
    def pass_on(self, ask, sender):
        self.send(sender, Answer(self.id))


def reach(world):
    """Whether a question at n3 reaches n1."""
    world.send("n3", Ask())
    world.wait(0.1)
    return "heard" in world.state("n3")


@pytest.fixture
def board() -> Cut:
    worlds = {"relay": Simulation(Relay, n=3), "alone": Simulation(Alone, n=3)}
    asks = {
        "reach": reach,
        "ann at n3": lambda world: world.client("ann").call("n3", Ask(), timeout=0.1),
        "bo at n1": lambda world: world.client("bo").call("n1", Ask(), timeout=0.1),
    }
    return cut(worlds, asks, clients={"ann": "n3"})


def test_moving_a_node_cuts_its_links_in_every_world_and_moving_it_back_heals_them(board):
    relay = board.worlds["relay"]
    assert board.sides == (("n1", "n2", "n3"),)
    board.move("n3")
    assert board.sides == (("n1", "n2"), ("n3",))
    assert not reach(relay)
    assert "Partition" in repr(board._partitions[1].fault)
    board.move("n3")
    assert reach(relay)


def test_a_client_stands_where_its_node_stands(board):
    board.move("n1")
    board.ask("ann at n3").ask("bo at n1")
    assert [row[2] for row in board.rows] == [("silence", "n3"), ("n1", "n1")]
    assert board.sides == (("n2", "n3"), ("n1",))
    (sides, *_) = board._partitions[0].fault.sides
    assert "ann" in sides


def test_the_table_says_who_was_asked_what_and_with_which_sides(board):
    board.move("n3").ask("bo at n1")
    assert repr(board).splitlines() == [
        "Now: n1 n2 | n3",
        "sides       asked     relay  alone",
        "n1 n2 | n3  bo at n1  n1     n1",
    ]
    html = board._repr_html_()
    assert "cut: n1 n2 | n3" in html
    assert re.findall("<td[^>]*>(.*?)</td>", html) == ["n1 n2 | n3", "bo at n1", "n1", "n1"]


def test_all_on_the_other_side_is_no_cut(board):
    assert board.move("n1", "n2", "n3").sides == (("n1", "n2", "n3"),)
    assert board._partitions == []


def test_buttons_do_the_same_and_show_it(board):
    pytest.importorskip("ipywidgets")
    _, moves, _, asks, table = board.form().children
    moves.children[2].click()
    assert [button.description for button in moves.children] == ["n1", "n2", "n3 ✂"]
    asks.children[2].click()
    assert board.rows == [("n1 n2 | n3", "bo at n1", ("n1", "n1"))]
    assert ">bo at n1</td>" in table.value


def test_mistakes_are_told(board):
    with pytest.raises(Mistake, match="no node 'n9' to move"):
        board.move("n9")
    with pytest.raises(Mistake, match="'sing' can't be asked here"):
        board.ask("sing")
    with pytest.raises(Mistake, match="all with the same nodes"):
        cut({"two": Simulation(Relay, n=2), "three": Simulation(Relay, n=3)}, {})
    with pytest.raises(Mistake, match="one world or more"):
        cut({}, {})
