"""A right solution of lab05 that shares nothing with ours: no judgement may depend on how a solution is built.

The Lamport clock knows its next time and counts in tens; the vector clock is a list; relation looks at who is ahead
where; ties are broken backwards; and nobody ever waits for a post, since every message carries all that its author had
on the screen ("no-waiting" causal broadcast: Cachin, Guerraoui and Rodrigues 2011, section 3.9).
"""

from __future__ import annotations

from ds101 import Message, on
from ds101.labs.lab05 import Room, Stamped


class LamportClock:
    def __init__(self) -> None:
        self.next = 10

    def tick(self) -> int:
        now, self.next = self.next, self.next + 10
        return now

    send = tick

    def receive(self, time: int) -> int:
        if time >= self.next:
            self.next = time + 1
        return self.tick()


class VectorClock:
    def __init__(self, me: str, nodes: tuple[str, ...]) -> None:
        self.names = list(nodes)
        self.mine = self.names.index(me)
        self.numbers = [0] * len(nodes)

    def tick(self) -> dict[str, int]:
        return self.receive({})

    def send(self) -> dict[str, int]:
        return self.receive({})

    def receive(self, vector: dict[str, int]) -> dict[str, int]:
        self.numbers[self.mine] += 1
        theirs = [vector.get(name, 0) for name in self.names]
        self.numbers = [max(pair) for pair in zip(self.numbers, theirs, strict=True)]
        return dict(zip(self.names, self.numbers, strict=True))


def relation(a: dict[str, int], b: dict[str, int]) -> str:
    first_is_ahead = any(a[node] > b[node] for node in a)
    second_is_ahead = any(b[node] > a[node] for node in a)
    words = {(False, False): "same", (False, True): "before", (True, False): "after", (True, True): "concurrent"}
    return words[first_is_ahead, second_is_ahead]


def total_order(log: list[Stamped]) -> list[Stamped]:
    ordered: list[Stamped] = []
    for line in log:
        later = [place for place, other in enumerate(ordered) if (other.time, line.node) > (line.time, other.node)]
        ordered.insert(later[0] if later else len(ordered), line)
    return ordered


class Entry(Message):
    author: str
    number: int
    text: str


class Story(Message):
    entries: tuple[Entry, ...]


class CausalBroadcast(Room):
    def start(self) -> None:
        self.story: list[Entry] = []

    def say(self, text: str) -> None:
        number = sum(entry.author == self.id for entry in self.story)
        self.tell(Entry(self.id, number, text))
        self.broadcast(Story(tuple(self.story)))

    @on(Story)
    def read(self, story: Story, sender: str) -> None:
        for entry in story.entries:
            if entry not in self.story:
                self.tell(entry)

    def tell(self, entry: Entry) -> None:
        self.story.append(entry)
        self.deliver(entry.author, entry.text)
