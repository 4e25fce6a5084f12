"""lab10: CAP. The mistakes that students make with majorities, and with dots and contexts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograder.mutants import Mutant

ONE_INSTANT, BY_THE_DEADLINE, A_MAJORITY = "linearizable", "an answer by the deadline", "a majority serves"
A_RESULT, SAME = "always a result", "the same siblings"
NO_LOSS, GONE = "no write is lost", "what was replaced is gone"


@dataclass(frozen=True, repr=False)
class InOnePart(Mutant):
    """A mistake in one of the two stores; the other need not be judged."""

    part: str = ""

    def parts(self) -> tuple[Any, ...]:
        """The store with this mistake."""
        return tuple(part for part in super().parts() if part.__name__ == self.part)


def mutant(name: str, mistake: str, edits: dict[str, str], *breaks: str) -> Mutant:
    part = "ConsistentStore" if {*breaks} <= {ONE_INSTANT, BY_THE_DEADLINE, A_MAJORITY} else "AvailableStore"
    return InOnePart("lab10", name, mistake, edits, frozenset(breaks), part)


RESULTS = "        self.results[op] = Done() if isinstance(request, Write) else Value(value)\n"
MAJORITY = "2 * len(nodes) > len(self.peers) + 1"
NEW_TAG = "(tag[0] + 1, op)"
UNREAD = "if not covers(request.context, one)}"
KEPT = "if dot in have.siblings or not covers(have.seen, dot)}"
BEGIN = "        self.requests[client] = request\n"
NUMBER = "max(seen.get(self.id, 0), request.context.get(self.id, 0)) + 1"
TELL = "            self.broadcast(Have(key, dict(siblings), dict(seen)))\n"

CONSISTENT = [
    mutant(
        "reads and runs",
        "A read tells the newest value without making sure that a majority has it.",
        {
            RESULTS: RESULTS
            + "        if isinstance(request, Read):\n            self.end(op, Value(value))\n            return\n"
        },
        ONE_INSTANT,
    ),
    mutant(
        "reads at home",
        "A read is served from what this node has, since a majority must have heard of every write.",
        {
            BEGIN: "        if isinstance(request, Read):\n"
            "            self.send(client, Value(self.newest(request.key)[1]))\n"
            "            return\n" + BEGIN
        },
        ONE_INSTANT,
    ),
    mutant(
        "half is enough",
        "Takes two of five for a majority: it forgets to count the others' sum with itself in it.",
        {MAJORITY: "len(nodes) >= len(self.peers) // 2"},
        ONE_INSTANT,
    ),
    mutant(
        "waits for all",
        "Waits until every node has answered, to be on the safe side.",
        {MAJORITY: "len(nodes) == len(self.peers) + 1"},
        A_MAJORITY,
    ),
    mutant(
        "waits for ever",
        "Sets no timer: a request that finds no majority is never answered.",
        {"        self.set_timer(Deadline(client), after=DEADLINE)\n": ""},
        BY_THE_DEADLINE,
    ),
    mutant(
        "the clock starts late",
        "Sets its timer in the second phase, so that the first may last for ever.",
        {
            "        self.set_timer(Deadline(client), after=DEADLINE)\n": "",
            RESULTS: RESULTS + "        self.set_timer(Deadline(op), after=DEADLINE)\n",
        },
        BY_THE_DEADLINE,
    ),
    mutant(
        "serves anyway",
        "When the time is up it tells what it has instead of refusing.",
        {
            "        self.end(deadline.op, Refused())": "        request = self.requests[deadline.op]\n"
            "        mine = Value(self.newest(request.key)[1])\n"
            "        self.end(deadline.op, Done() if isinstance(request, Write) else mine)"
        },
        ONE_INSTANT,
    ),
    mutant(
        "one at a time",
        "Refuses a request while another is under way.",
        {
            BEGIN: "        if self.requests:\n            self.send(client, Refused())\n            return\n" + BEGIN,
        },
        A_MAJORITY,
    ),
    mutant(
        "keeps it in mind",
        "Keeps values in memory: a node that crashes forgets what it has promised to keep.",
        {
            "        self.requests = {}  #": "        self.memory = {}\n        self.requests = {}  #",
            'self.storage.get(key, ((0, ""), None))': 'self.memory.get(key, ((0, ""), None))',
            "            self.storage[key] = (tag, value)": "            self.memory[key] = (tag, value)",
        },
        ONE_INSTANT,
    ),
    mutant(
        "the last to come wins",
        "Keeps whatever arrives last, without comparing tags.",
        {"        if tag > self.newest(key)[0]:": "        if tag != self.newest(key)[0]:"},
        ONE_INSTANT,
    ),
    mutant(
        "no tie-break",
        "Two writers that have found the same number give their writes the same tag.",
        {NEW_TAG: '(tag[0] + 1, "")'},
        ONE_INSTANT,
    ),
    mutant(
        "a node is not a writer",
        "Breaks ties by the node's name: two clients of one node give their writes the same tag.",
        {NEW_TAG: "(tag[0] + 1, self.id)"},
        ONE_INSTANT,
    ),
    mutant(
        "counts for itself",
        "Numbers a write after the newest that this node has, and not after what a majority has told.",
        {NEW_TAG: "(self.newest(request.key)[0][0] + 1, op)"},
        ONE_INSTANT,
    ),
    mutant(
        "done when sent",
        "Tells the client that its write is done when it has been sent to all.",
        {
            "        self.broadcast(Keep(op, request.key, tag, value))\n": (
                "        self.broadcast(Keep(op, request.key, tag, value))\n"
                "        if isinstance(request, Write):\n            self.end(op, Done())\n"
            )
        },
        ONE_INSTANT,
    ),
    mutant(
        "counts answers, not nodes",
        "Counts an answer that the network has duplicated as one of another node.",
        {
            "{self.id: self.newest(request.key)}": "[self.newest(request.key)]",
            "            self.found[found.op][node] = (found.tag, found.value)": (
                "            self.found[found.op].append((found.tag, found.value))"
            ),
            "max(self.found.pop(op).values())": "max(self.found.pop(op))",
            "        self.kept[op] = {self.id}": "        self.kept[op] = [self.id]",
            "            self.kept[kept.op].add(node)": "            self.kept[kept.op].append(node)",
        },
        ONE_INSTANT,
    ),
]

AVAILABLE = [
    mutant(
        "a version vector for each server",
        "Takes a newer write of the same node for a replacement of the older one: of two blind writes one is lost.",
        {UNREAD: "if not covers({**request.context, self.id: dot[1]}, one)}"},
        NO_LOSS,
    ),
    mutant(
        "the last write wins",
        "Replaces all that it has, whatever the client had read.",
        {UNREAD: "if False}"},
        NO_LOSS,
    ),
    mutant(
        "nothing is ever replaced",
        "Keeps every value, whatever the client had read.",
        {UNREAD: "if True}"},
        GONE,
    ),
    mutant(
        "the same dot twice",
        "Numbers a write after the client's context alone.",
        {NUMBER: "request.context.get(self.id, 0) + 1"},
        SAME,
        NO_LOSS,
    ),
    mutant(
        "counts from one again",
        "Counts its writes in memory: after a crash it gives old dots to new writes.",
        {
            "        self.set_timer(AntiEntropy(), after=PERIOD)\n        ### END SOLUTION\n\n    @on(Get)": (
                "        self.number = 0\n        self.set_timer(AntiEntropy(), after=PERIOD)\n\n    @on(Get)"
            ),
            f"        dot = (self.id, {NUMBER})\n": "        self.number += 1\n        dot = (self.id, self.number)\n",
        },
        SAME,
        NO_LOSS,
        GONE,
    ),
    mutant(
        "remembers nothing",
        "Keeps values in memory: a write that was acknowledged dies with its node.",
        {
            "        self.set_timer(AntiEntropy(), after=PERIOD)\n        ### END SOLUTION\n\n    @on(Get)": (
                "        self.memory = {}\n        self.set_timer(AntiEntropy(), after=PERIOD)\n\n    @on(Get)"
            ),
            "        for key in self.storage:": "        for key in sorted(self.memory):",
            "self.storage.get(key, ({}, {}))": "self.memory.get(key, ({}, {}))",
            "self.storage[key] = (siblings, seen)": "self.memory[key] = (siblings, seen)",
        },
        SAME,
        NO_LOSS,
        GONE,
    ),
    mutant(
        "asks for permission",
        "Refuses a write while it has not heard from a majority.",
        {
            "        self.set_timer(AntiEntropy(), after=PERIOD)\n        ### END SOLUTION\n\n    @on(Get)": (
                "        self.heard = set()\n        self.set_timer(AntiEntropy(), after=PERIOD)\n\n    @on(Get)"
            ),
            "        dot = (self.id, max": (
                "        if 2 * len(self.heard) < len(self.peers):\n"
                "            self.send(client, Refused())\n            return\n        dot = (self.id, max"
            ),
            "        mine, seen = self.known(have.key)": (
                "        self.heard.add(node)\n        mine, seen = self.known(have.key)"
            ),
            "        for key in self.storage:": "        self.heard.clear()\n        for key in self.storage:",
        },
        A_RESULT,
    ),
    mutant(
        "says it once",
        "Tells the others of each write once: a message that is lost is lost for ever.",
        {
            "            self.broadcast(Have(key, dict(siblings), dict(seen)))\n        self.set_timer(": (
                "            self.broadcast(Have(key, dict(siblings), dict(seen)))\n        self.cancel_timer("
            ),
            "AntiEntropy(), after=PERIOD)\n        ### END SOLUTION\n\n    @on(Have)": (
                "AntiEntropy())\n        ### END SOLUTION\n\n    @on(Have)"
            ),
            "        self.send(client, Stored())": (
                "        self.set_timer(AntiEntropy(), after=0)\n        self.send(client, Stored())"
            ),
        },
        SAME,
        NO_LOSS,
        GONE,
    ),
    mutant(
        "has one friend",
        "Tells only the first of its peers.",
        {TELL: TELL.replace("self.broadcast(", "self.send(self.peers[0], ")},
        SAME,
        NO_LOSS,
        GONE,
    ),
    mutant(
        "nothing is forgotten",
        "Takes in all that it is told: what was replaced comes back from nodes that have not heard of it.",
        {
            KEPT: "}",
            "in have.siblings.items() if not covers(seen, dot)}": "in have.siblings.items()}",
        },
        GONE,
    ),
    mutant(
        "only what both have",
        "Drops what the other node doesn't have, whether that has seen it or not.",
        {KEPT: "if dot in have.siblings}"},
        NO_LOSS,
    ),
    mutant(
        "seen is replaced",
        "Drops what the other has seen, though the other still has it.",
        {KEPT: "if not covers(have.seen, dot)}"},
        NO_LOSS,
    ),
    mutant(
        "forgets what the writer had read",
        "Uses a write's context for the values that it has, and forgets it: the others' old values come in later.",
        {"joined(seen, request.context, dict([dot]))": "joined(seen, dict([dot]))"},
        GONE,
    ),
    mutant(
        "knows only itself",
        "Gives clients a context of its own writes only.",
        {
            "Siblings([siblings[dot] for dot in sorted(siblings)], dict(seen))": (
                "Siblings([siblings[dot] for dot in sorted(siblings)], {self.id: seen.get(self.id, 0)})"
            )
        },
        GONE,
    ),
    mutant(
        "takes values without their past",
        "Takes values in, and does not note that it has seen them.",
        {"joined(seen, have.seen)": "seen"},
        SAME,
        GONE,
    ),
]

MUTANTS = [*CONSISTENT, *AVAILABLE]
