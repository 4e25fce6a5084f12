"""Small runs, written by hand, that the drawings are tried on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from ds101.trace import Event, Trace, base_name


class Run:
    """Writes down what happens; `now` moves on by hand. Every verb returns the event, to be a later one's cause."""

    def __init__(self, *nodes: str) -> None:
        self.nodes = nodes
        self.now = 0.031
        self.events: list[Event] = []
        self._numbers: dict[str, int] = {}

    def event(self, kind: str, node: str, cause: Event | None = None, **more: Any) -> Event:
        number = self._numbers[node] = self._numbers.get(node, 0) + 1
        at = more.pop("at", self.now)
        self.now = max(self.now, at)
        event = Event(f"{node}.{number}", kind, at, node, number, cause.id if cause else None, **more)
        self.events.append(event)
        return event

    def send(self, src: str, dst: str, type_: str, cause: Event | None = None, **body: Any) -> Event:
        return self.event("send", base_name(src), cause, src=src, dst=dst, type=type_, body=body)

    def deliver(self, sent: Event, after: float = 0.0002) -> Event:
        self.now += after
        node = base_name(sent.dst)
        return self.event("deliver", node, sent, src=sent.src, dst=sent.dst, type=sent.type, body=sent.body)

    def drop(self, sent: Event, why: str) -> Event:
        return self.event("drop", base_name(sent.src), sent, src=sent.src, dst=sent.dst, type=sent.type, detail=why)

    def message(self, src: str, dst: str, type_: str, cause: Event | None = None, **body: Any) -> Event:
        return self.deliver(self.send(src, dst, type_, cause, **body))

    def invoke(self, address: str, type_: str, op: int = 1) -> Event:
        return self.event("invoke", base_name(address), src=address, type=type_, body={"op": op})

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def trace(self, cut: int = 0) -> Trace:
        return Trace(self.events, self.nodes, cut)


def call_and_reply() -> Trace:
    """Three nodes; ada greets n1, which asks n2 and n3, and answers."""
    run = Run("n1", "n2", "n3", "ada")
    for node in ("n1", "n2", "n3"):
        run.event("start", node)
    run.wait(0.004)
    asked = run.invoke("ada.1", "Greet")
    got = run.message("ada.1", "n1", "Greet", asked, name="Ada")
    two, three = (run.send("n1", node, "Remember", got, name="Ada") for node in ("n2", "n3"))
    at_two, at_three = run.deliver(two), run.deliver(three, 0.00005)
    back_two, back_three = run.send("n2", "n1", "Done", at_two), run.send("n3", "n1", "Done", at_three)
    run.deliver(back_two)
    end = run.deliver(back_three)
    run.event("log", "n1", end, detail="both remember Ada")
    reply = run.send("n1", "ada.1", "Greeting", end, text="hello Ada, this is n1")
    run.deliver(reply)
    run.event("ok", "ada", asked, detail="Greeting(text='hello Ada, this is n1')")
    return run.trace()


def lost_reply() -> Trace:
    """The bank moves the money, the reply is lost, and ada tries again."""
    run = Run("n1", "ada")
    asked = run.invoke("ada.1", "Move")
    got = run.message("ada.1", "n1", "Move", asked, amount=10)
    run.drop(run.send("n1", "ada.1", "Moved", got, amount=10, balance=90), "chosen")
    run.wait(0.1)
    run.event("info", "ada", asked, type="Move", detail="Timeout after 0.1 s")
    run.wait(0.0001)
    again = run.invoke("ada.2", "Move")
    got = run.message("ada.2", "n1", "Move", again, amount=10)
    run.deliver(run.send("n1", "ada.2", "Moved", got, amount=10, balance=80))
    run.event("ok", "ada", again, detail="Moved(amount=10, balance=80)")
    return run.trace()


def partition_and_heal() -> Trace:
    """n1 is cut off from n2 and n3, which go on without it; then the partition heals."""
    run = Run("n1", "n2", "n3")
    run.message("n1", "n2", "Ping", number=1)
    run.wait(0.01)
    run.event("partition", "", body={"sides": [["n1"], ["n2", "n3"]], "one_way": False, "fault": "p1"})
    run.wait(0.01)
    for node in ("n2", "n3"):
        run.drop(run.send("n1", node, "Ping", number=2), "partition")
    run.wait(0.0011)
    run.drop(run.send("n3", "n1", "Ping", number=7), "partition")
    got = run.message("n2", "n3", "Ping", number=3)
    run.message("n3", "n2", "Pong", got, number=3)
    run.event("log", "n2", detail="n1 has not answered for 50 ms: going on without it")
    run.wait(0.5)
    run.event("heal", "", body={"fault": "p1"})
    got = run.message("n1", "n3", "Ping", number=4)
    run.message("n3", "n1", "Pong", got, number=4)
    return run.trace()


def crash_and_restart() -> Trace:
    """n2 crashes with a message under way to it, is refused meanwhile, and comes back; n3 is paused for a while."""
    run = Run("n1", "n2", "n3")
    run.message("n1", "n2", "Put", key="x", value=1)
    run.event("crash", "n2", detail="killed")
    run.wait(0.003)
    run.drop(run.send("n1", "n2", "Put", key="x", value=2), "n2 is down")
    run.event("pause", "n3")
    asked = run.send("n1", "n3", "Put", key="x", value=2)
    run.wait(0.25)
    back = run.event("restart", "n2")
    run.event("log", "n2", back, detail="recovered x = 1")
    run.wait(0.05)
    run.event("resume", "n3")
    got = run.deliver(asked)
    run.event("print", "n3", got, detail="storing x = 2")
    run.message("n3", "n1", "Stored", got, key="x")
    run.message("n1", "n2", "Put", key="x", value=2)
    run.event("error", "n2", run.events[-1], detail="KeyError: 'y'   cell [3], line 5, in put")
    run.event("crash", "n2", run.events[-1], detail="its handler raised KeyError")
    return run.trace()


def heartbeats(rounds: int = 25, terms: int = 1, nodes: int = 5, seed: int = 1) -> Trace:
    """A Raft leader's heartbeats: 2 (nodes - 1) messages in each round, the replies in any order."""
    random_ = random.Random(seed)
    names = [f"n{number}" for number in range(1, nodes + 1)]
    run = Run(*names)
    _election(run, names)
    for number in range(rounds):
        run.wait(0.05)
        due = run.event("fire", "n1", type="HeartbeatDue")
        term = 1 + number * terms // rounds if terms > 1 else 1
        sends = [run.send("n1", name, "AppendEntries", due, term=term, entries=[]) for name in names[1:]]
        replies = []
        for sent in random_.sample(sends, len(sends)):
            got = run.deliver(sent, random_.uniform(0.00002, 0.0002))
            replies.append(run.send(got.node, "n1", "Appended", got, term=term, success=True))
        for reply in random_.sample(replies, len(replies)):
            run.deliver(reply, random_.uniform(0.00002, 0.0002))
    return run.trace()


def _election(run: Run, names: Sequence[str]) -> None:
    due = run.event("fire", names[0], type="ElectionTimeout")
    asks = [run.send(names[0], name, "RequestVote", due, term=1) for name in names[1:]]
    votes = []
    for ask in asks:
        got = run.deliver(ask, 0.00006)
        votes.append(run.send(got.node, names[0], "Vote", got, term=1, granted=True))
    for number, vote in enumerate(votes):
        got = run.deliver(vote, 0.00006)
        if number == len(names) // 2 - 1:
            run.event("log", names[0], got, detail="elected leader of term 1")


def bank_with_duplicates() -> Trace:
    """Two tellers move money at once; the network duplicates one message and delays another beyond a later one."""
    run = Run("bank", "audit", "ada", "bob")
    a, b = run.invoke("ada.1", "Move"), run.invoke("bob.1", "Move")
    from_ada = run.send(
        "ada.1", "bank", "Move", a, source="alice", target="carol", amount=1000, memo="rent for the month of May"
    )
    from_bob = run.send("bob.1", "bank", "Move", b, source="bob", target="alice", amount=25)
    got = run.deliver(from_ada)
    entry = run.send("bank", "audit", "Entry", got, number=1, amount=1000)
    run.deliver(run.send("bank", "ada.1", "Moved", got, balance=0))
    run.event("ok", "ada", a, detail="Moved(balance=0)")
    got = run.deliver(from_bob)
    second = run.send("bank", "audit", "Entry", got, number=2, amount=25)
    run.deliver(second)
    run.deliver(entry, 0.0004)
    got = run.deliver(from_ada, 0.002)
    run.drop(run.send("bank", "ada.1", "Moved", got, balance=-1000), "its caller is gone")
    run.send("bank", "audit", "Entry", got, number=3, amount=1000)
    ghost = Event(
        "bank.77",
        "send",
        run.now,
        "bank",
        77,
        src="bank",
        dst="bob.1",
        type="Moved",
        body={"balance": 25},
        detail="reconstructed",
    )
    run.events.append(ghost)
    run.deliver(ghost)
    run.event("ok", "bob", b, detail="Moved(balance=25)")
    own = run.send("bank", "bank", "Reminder", day="Monday")
    run.deliver(own)
    return run.trace()


def chatter(messages: int = 200, nodes: int = 5, seed: int = 7) -> Trace:
    """Messages without any pattern, some lost, some slow."""
    random_ = random.Random(seed)
    names = [f"n{number}" for number in range(1, nodes + 1)]
    run = Run(*names)
    under_way: list[Event] = []
    for number in range(messages):
        src, dst = random_.sample(names, 2)
        sent = run.send(src, dst, random_.choice(["Gossip", "Update", "Digest"]), version=number, origin=src)
        if random_.random() < 0.05:
            run.drop(sent, "lost")
        else:
            under_way.append(sent)
        while len(under_way) > 3 or (under_way and random_.random() < 0.6):
            run.deliver(under_way.pop(random_.randrange(len(under_way))), random_.uniform(0.0001, 0.003))
    for sent in under_way:
        run.deliver(sent)
    return run.trace()


SAMPLES = {
    "call": call_and_reply,
    "lost": lost_reply,
    "partition": partition_and_heal,
    "crash": crash_and_restart,
    "heartbeats": heartbeats,
    "bank": bank_with_duplicates,
    "chatter": chatter,
}
