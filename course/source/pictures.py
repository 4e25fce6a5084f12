"""The pictures of the README and those that chapters open with, each drawn by the library from a real run.

`make pictures` draws them again, into `course/images`. The times in them are measured, so they differ a little from
run to run: look at them before you commit.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ds101 import Cluster, Message, Node, Timeout, Timer, Trace, Unreachable, on


class Move(Message):
    euros: int


class Moved(Message):
    total: int


class Bank(Node):
    def start(self):
        self.moved = 0

    @on(Move)
    def move(self, request, sender):
        self.moved += request.euros
        self.send(sender, Moved(self.moved))


def the_reply_that_never_came() -> Trace:
    """A lost reply, and a retry that executes the request a second time."""
    with Cluster({"bank": Bank}) as world:
        ada = world.client("ada")
        world.drop(Moved, "bank", "ada")
        ada.call("bank", Move(10), timeout=0.1, retries=1)
    return world.trace


class Greet(Message):
    name: str


class Greeting(Message):
    text: str


class Greeter(Node):
    @on(Greet)
    def greet(self, request, sender):
        self.send(sender, Greeting(f"hello {request.name}, this is {self.id}"))


def three_greeters() -> Trace:
    """What a reader of chapter 00 does: greet, kill, greet again."""
    with Cluster(Greeter, n=3) as world:
        world.call("n1", Greet("Ada"))
        world.crash("n1")
        with suppress(Unreachable):
            world.call("n1", Greet("Ada"))
        world.call("n2", Greet("Ada"))
    return world.trace


class Ask(Message):
    key: str
    client: str = ""


class Answer(Message):
    value: int


class Store(Node):
    """Five nodes that look like one: whoever is asked passes the question to the node that has the key."""

    @on(Ask)
    def ask(self, ask, sender):
        client = ask.client or sender
        owner = {"cherry": "n5", "fig": "n3", "date": "n1"}[ask.key]  # as in the chapter
        if owner == self.id:
            self.send(client, Answer(len(ask.key)))
        else:
            self.send(owner, Ask(ask.key, client))


def one_system() -> Trace:
    """What chapter 01 is about: ada asks n1 alone, and others answer."""
    with Cluster(Store, n=5) as world:
        ada = world.client("ada")
        for key in ("cherry", "fig", "date"):
            ada.call("n1", Ask(key))
    return world.trace


class Read(Message):
    """Which gate?"""


class Write(Message):
    gate: str


class Copy(Message):
    gate: str


class Gate(Message):
    gate: str


class Written(Message):
    """It is."""


class Board(Node):
    """A store that answers at once, and tells the other node afterwards."""

    def start(self):
        self.gate = "A1"

    @on(Write)
    def write(self, write, client):
        self.gate = write.gate
        self.broadcast(Copy(write.gate))
        self.send(client, Written())

    @on(Read)
    def read(self, read, client):
        self.send(client, Gate(self.gate))

    @on(Copy)
    def keep(self, copy, node):
        self.gate = copy.gate


def the_cap_theorem() -> Trace:
    """What chapter 07 proves: a write that is acknowledged on one side of a cut, and a read on the other."""
    with Cluster(Board, n=2) as world:
        world.partition(["n1"], ["n2"])
        world.client("ada").call("n1", Write("B2"))
        world.client("cem").call("n2", Read())
    return world.trace


class Divide(Message):
    helpers: int


class Ready(Message):
    """The book is bound."""


class Part(Message):
    seconds: float


class PartDone(Message):
    """My pages are printed."""


class InOrder(Timer):
    """The pages are in order."""


class Printed(Timer):
    """My pages are printed."""


class Helper(Node):
    @on(Part)
    def work(self, part, boss):
        self.boss = boss
        self.set_timer(Printed(), after=part.seconds)

    @on(Printed)
    def report(self, timer):
        self.send(self.boss, PartDone())


class Boss(Node):
    """Does 100 ms of a job alone, and divides 400 ms among helpers."""

    @on(Divide)
    def begin(self, divide, client):
        self.client, self.helpers, self.open = client, divide.helpers, divide.helpers
        self.set_timer(InOrder(), after=0.1)

    @on(InOrder)
    def hand_out(self, timer):
        for number in range(1, self.helpers + 1):
            self.send(f"h{number}", Part(0.4 / self.helpers))

    @on(PartDone)
    def collect(self, done, helper):
        self.open -= 1
        if self.open == 0:
            self.send(self.client, Ready())


def a_divided_job() -> Trace:
    """What chapter 02 begins with: four helpers at once, and a part that stays the boss's."""
    with Cluster({"boss": Boss} | {f"h{number}": Helper for number in range(1, 5)}) as world:
        world.client("ines").call("boss", Divide(4))
    return world.trace


class Letter(Message):
    number: int


class Reader(Node):
    @on(Letter)
    def read(self, letter, sender):
        self.last = letter.number


def five_letters() -> Trace:
    """What chapter 03 is about: a letter may arrive, be lost, arrive twice, or arrive after a later one."""
    with Cluster({"bob": Reader}) as world:
        ada = world.client("ada")
        ada.send("bob", Letter(1))
        with world.drop(Letter, "ada", "bob"):
            ada.send("bob", Letter(2))
        with world.link("ada", "bob", duplicate=1.0):
            ada.send("bob", Letter(3))
        with world.link("ada", "bob", delay=0.4, reorder=1.0):
            ada.send("bob", Letter(4))
        ada.send("bob", Letter(5))
        world.wait_until(lambda: len(world.trace.filter(kinds=["deliver"])) == 5)
    return world.trace.filter(kinds=["send", "deliver", "drop"])  # not how we made it happen


def four_silences() -> Trace:
    """What chapter 04 begins with: four calls that end in the same time-out. Two of the banks have moved the money."""
    with Cluster(Bank, n=4) as world:
        lena = world.client("lena")
        world.drop(Move, "lena", "n1")
        world.drop(Moved, "n2", "lena")
        world.crash("n3", before=Move)
        world.pause("n4")
        for bank in world.nodes:
            with suppress(Timeout):
                lena.call(bank, Move(10), timeout=0.1)
        world.resume("n4")
        world.wait_until(lambda: world.state("n4")["moved"] == 10)
    return world.trace


PICTURES: dict[str, Callable[[], Trace]] = {
    "the-reply-that-never-came": the_reply_that_never_came,
    "three-greeters": three_greeters,
    "one-system": one_system,
    "a-divided-job": a_divided_job,
    "five-letters": five_letters,
    "four-silences": four_silences,
    "the-cap-theorem": the_cap_theorem,
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, run in PICTURES.items():
        path = folder / f"{name}.svg"
        path.write_text(run().svg(), encoding="utf-8")
        print(f"drew {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "images")
