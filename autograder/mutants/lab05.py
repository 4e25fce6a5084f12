"""lab05: logical clocks. The mistakes that students make when nobody has the time."""

from __future__ import annotations

from autograder.mutants import Mutant

LAMPORT = {"a node's own events", "sent before received", "happened before, smaller time"}
VECTOR = {"happened before, smaller vector", "smaller vector, happened before"}


def mutant(name: str, mistake: str, edits: dict[str, str], *breaks: str) -> Mutant:
    return Mutant("lab05", name, mistake, edits, frozenset(breaks))


LAMPORT_SEND = '''\
        """A letter leaves; it will carry the time of this event. Returns that time."""
        ### BEGIN SOLUTION
        return self.tick()
'''
VECTOR_SEND = '''\
        """A letter leaves; it will carry the vector of this event. Returns that vector."""
        ### BEGIN SOLUTION
        return self.tick()
'''
LAMPORT_RECEIVE = """\
        self.time = max(self.time, time)
        return self.tick()
"""
VECTOR_RECEIVE = """\
            self.counts[node] = max(self.counts[node], count)
        return self.tick()
"""
WAITING = """\
        self.waiting.append(post)
        while ready := [post for post in self.waiting if self.is_next(post)]:
            self.show(ready[0].author, ready[0].text)
        self.waiting = [post for post in self.waiting if not self.is_old(post)]
"""

SAYING = """\
        self.broadcast(Post(self.id, text, dict(self.shown)))
        self.show(self.id, text)
"""

MUTANTS = [
    mutant(
        "ignores the letter's time",
        "Counts its own events only: an arrival doesn't catch up with the letter.",
        {"self.time = max(self.time, time)\n": "pass\n"},
        "sent before received",
        "happened before, smaller time",
    ),
    mutant(
        "takes the greater time as it is",
        "Takes the maximum on arrival and forgets to add 1, so that the arrival has the time of the sending.",
        {LAMPORT_RECEIVE: "        self.time = max(self.time, time)\n        return self.time\n"},
        *LAMPORT,
    ),
    mutant(
        "believes the letter",
        "Sets its clock to the letter's time plus 1, also where it was ahead: time runs backwards.",
        {"self.time = max(self.time, time)\n": "self.time = time\n"},
        "a node's own events",
        "happened before, smaller time",
    ),
    mutant(
        "a sending is no event",
        "Puts the current time on the letter without counting the sending.",
        {LAMPORT_SEND: LAMPORT_SEND.replace("self.tick()", "self.time")},
        "a node's own events",
        "happened before, smaller time",
    ),
    mutant(
        "counts letters only",
        "Takes an event that concerns nobody else for none, and doesn't count it.",
        {
            "        self.time += 1\n        return self.time\n": "        return self.time\n",
            LAMPORT_SEND: LAMPORT_SEND.replace("return self.tick()", "self.time += 1\n        return self.time"),
            LAMPORT_RECEIVE: "        self.time = max(self.time, time) + 1\n        return self.time\n",
        },
        "a node's own events",
        "happened before, smaller time",
    ),
    mutant(
        "the vector does not learn",
        "On arrival counts its own event and forgets what the letter knows of others.",
        {"self.counts[node] = max(self.counts[node], count)": "pass"},
        "happened before, smaller vector",
    ),
    mutant(
        "adds the vectors up",
        "Adds the letter's numbers to its own instead of taking the greater ones.",
        {"self.counts[node] = max(self.counts[node], count)": "self.counts[node] += count"},
        "smaller vector, happened before",
    ),
    mutant(
        "an arrival is no event",
        "Merges the vectors on arrival and doesn't count the arrival itself.",
        {VECTOR_RECEIVE: VECTOR_RECEIVE.replace("self.tick()", "dict(self.counts)")},
        *VECTOR,
    ),
    mutant(
        "counts the sender's event",
        "On arrival adds 1 for everybody whose number was greater, as if their events were its own.",
        {"max(self.counts[node], count)": "max(self.counts[node], count) + (count > self.counts[node])"},
        "smaller vector, happened before",
    ),
    mutant(
        "learns of the sender only",
        "On arrival keeps only the greatest number of the letter, and so learns nothing of third nodes.",
        {"for node, count in vector.items():": "for node, count in [max(vector.items(), key=lambda item: item[1])]:"},
        "happened before, smaller vector",
    ),
    mutant(
        "compares sums",
        "Adds up the numbers of a vector and compares the sums: what is concurrent is called before or after.",
        {"all(a[node] <= b[node] for node in a)": "sum(a.values()) < sum(b.values())"},
        "told apart",
    ),
    mutant(
        "before where any is smaller",
        "Uses any in place of all: two vectors of which each is ahead somewhere are called before.",
        {"all(a[node] <= b[node] for node in a)": "any(a[node] < b[node] for node in a)"},
        "told apart",
    ),
    mutant(
        "compares as a tuple",
        "Compares the numbers from left to right, as tuples are compared: nothing is ever concurrent.",
        {"all(a[node] <= b[node] for node in a)": "tuple(a.values()) < tuple(b.values())"},
        "told apart",
    ),
    mutant(
        "strictly smaller everywhere",
        "Wants every number to be smaller, and finds nearly everything concurrent.",
        {
            "all(a[node] <= b[node] for node in a)": "all(a[node] < b[node] for node in a)",
            "all(b[node] <= a[node] for node in a)": "all(b[node] < a[node] for node in a)",
        },
        "told apart",
    ),
    mutant(
        "leaves ties as they came",
        "Sorts by time alone: events with the same time stay in the order in which the node learned of them.",
        {"(line.time, line.node)": "line.time"},
        "all sort alike",
    ),
    mutant(
        "node by node",
        "Sorts by node first, then by time.",
        {"(line.time, line.node)": "(line.node, line.time)"},
        "causes first",
    ),
    mutant(
        "trusts the wall",
        "Sorts by what the clocks on the wall showed.",
        {"(line.time, line.node)": "line.wall"},
        "causes first",
    ),
    mutant(
        "as it came",
        "Leaves the lines in the order in which the node learned of them.",
        {"sorted(log, key=lambda line: (line.time, line.node))": "log"},
        "all sort alike",
    ),
    mutant(
        "shows what comes",
        "Shows every post when it arrives, and arrivals twice.",
        {WAITING: "        self.show(post.author, post.text)\n"},
        "no post twice",
        "no answer before its question",
    ),
    mutant(
        "drops what is early",
        "Shows a post if it is next, and otherwise throws it away.",
        {WAITING: "        if self.is_next(post):\n            self.show(post.author, post.text)\n"},
        "every post everywhere",
    ),
    mutant(
        "in order of each author only",
        "Waits for earlier posts of the same author and for nobody else's: an answer may overtake its question.",
        {
            "all(self.shown[node] >= count for node, count in post.vector.items())": (
                "self.shown[post.author] >= post.vector[post.author]"
            )
        },
        "no answer before its question",
    ),
    mutant(
        "forgets what is a copy",
        "Doesn't look whether a post has been shown already.",
        {
            "return seen and not self.is_old(post)": "return seen",
            WAITING: """\
        self.waiting.append(post)
        while ready := [post for post in self.waiting if self.is_next(post)]:
            self.waiting.remove(ready[0])
            self.show(ready[0].author, ready[0].text)
""",
        },
        "no post twice",
        "no answer before its question",
        "every post everywhere",
    ),
    mutant(
        "knows a copy by its words",
        "Takes a post for a copy if its author has said the same before.",
        {
            "        self.waiting.append(post)\n": (
                "        if (post.author, post.text) in self.seen:\n            return\n"
                "        self.seen.add((post.author, post.text))\n        self.waiting.append(post)\n"
            ),
            "        self.waiting = []": "        self.seen = set()\n        self.waiting = []",
        },
        "every post everywhere",
    ),
    mutant(
        "looks once",
        "Shows one waiting post for each arrival, so that what it made possible waits until something else comes.",
        {"        while ready :=": "        if ready :="},
        "every post everywhere",
    ),
    mutant(
        "waits too eagerly",
        "Counts its own new post before it makes the vector: receivers wait for the post itself.",
        {SAYING: ("        self.show(self.id, text)\n        self.broadcast(Post(self.id, text, dict(self.shown)))\n")},
        "every post everywhere",
    ),
    mutant(
        "forgets its own screen",
        "Sends its posts to the others, and forgets that broadcast leaves out itself.",
        {"        self.show(self.id, text)\n": "        self.shown[self.id] += 1\n"},
        "your own at once",
        "every post everywhere",
    ),
    mutant(
        "does nothing",
        "Takes every text and every post, and does nothing.",
        {SAYING: "        pass\n"},
        "your own at once",
        "every post everywhere",
    ),
]
