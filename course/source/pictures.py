"""The pictures of the README, each drawn by the library from a real run.

`make pictures` draws them again, into `course/images`. The times in them are measured, so they differ a little from
run to run: look at them before you commit.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from ds101 import Cluster, Message, Node, Trace, on


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


PICTURES: dict[str, Callable[[], Trace]] = {
    "the-reply-that-never-came": the_reply_that_never_came,
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, run in PICTURES.items():
        path = folder / f"{name}.svg"
        path.write_text(run().svg(), encoding="utf-8")
        print(f"drew {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "images")
