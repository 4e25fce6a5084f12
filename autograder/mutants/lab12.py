"""lab12: leader election. The mistakes that students make with terms, votes and timers."""

from __future__ import annotations

from autograder.mutants import Mutant

# A node that votes twice lets two win, on its own and in the whole protocol.
TWO_VOTES = {"a voter votes once", "one vote a term", "one leader a term"}
# Who leads with too few votes may not be the only one.
TOO_FEW = {"a candidate counts votes", "a majority first", "one leader a term"}
OLD_LOGS = {"a voter compares logs", "no vote for an older log"}
STAYS = "a leader that stays"


def mutant(name: str, mistake: str, edits: dict[str, str], *breaks: str) -> Mutant:
    return Mutant("lab12", name, mistake, edits, frozenset(breaks))


RECALL = 'self.term, self.voted_for = self.storage.get("vote", (self.FIRST_TERM, None))'
STORE = '        self.storage["vote"] = (term, voted_for)\n'
ENTER = """\
            self.keep(term, voted_for=None)
"""
STAND = """\
        self.keep(self.term + 1, voted_for=self.id)
        self.role, self.votes = "candidate", {self.id}
        self.broadcast(RequestVote(self.term, self.last_log_index, self.last_log_term))
        self.await_leader()
"""
FOLLOW = """\
            self.role = "follower"
            self.await_leader()
        self.send"""
HEAR = """\
        \"\"\"Step down if somebody is in a higher term.\"\"\"
        ### BEGIN SOLUTION
        self.see(reply.term)
"""
WAIT = "self.set_timer(ElectionTimeout(), after=self.ELECTION_TIMEOUT)"
NEXT = "self.set_timer(HeartbeatDue(), after=self.HEARTBEAT_INTERVAL)"

MUTANTS = [
    mutant(
        "remembers the term only",
        "Stores term and vote, but reads only the term after a crash: it votes again in the same term.",
        {
            RECALL: f"{RECALL}[0], None",
        },
        *TWO_VOTES,
    ),
    mutant(
        "remembers nothing",
        "Keeps term and vote in memory only: after a crash it begins in the first term.",
        {STORE: ""},
        *TWO_VOTES,
    ),
    mutant(
        "votes before storing",
        "Stores its vote when the winner's heartbeat comes: until then, a crash makes it vote again.",
        {
            STORE: "",
            FOLLOW: f'            self.storage["vote"] = (self.term, self.voted_for)\n{FOLLOW}',
        },
        *TWO_VOTES,
    ),
    mutant(
        "stores in two steps",
        "Stores vote and term one after the other: a crash in between leaves the old term without its vote.",
        {
            STORE: '        self.storage["voted_for"] = voted_for\n        self.storage["term"] = term\n',
            RECALL: (
                'self.term, self.voted_for = self.storage.get("term", self.FIRST_TERM), self.storage.get("voted_for")'
            ),
        },
        "a voter votes once",
    ),
    mutant(
        "gives its own vote away",
        "Counts its own vote, but does not note that it has given it: it votes for another in the same term.",
        {"self.keep(self.term + 1, voted_for=self.id)": "self.keep(self.term + 1, voted_for=None)"},
        "one vote a term",
        "one leader a term",
    ),
    mutant(
        "votes for everybody",
        "Gives its vote to each candidate of its term whose log will do.",
        {" and self.voted_for in (None, candidate)": ""},
        *TWO_VOTES,
    ),
    mutant(
        "never a new vote",
        "Keeps its vote when it enters a higher term: it votes for one candidate in its life.",
        {"self.keep(term, voted_for=None)": "self.keep(term, voted_for=self.voted_for)"},
        STAYS,
    ),
    mutant(
        "ignores logs",
        "Votes for a candidate whatever its log is.",
        {"up_to_date = theirs >= (self.last_log_term, self.last_log_index)": "up_to_date = True"},
        *OLD_LOGS,
    ),
    mutant(
        "compares lengths",
        "Takes the longer log for the more up to date one.",
        {
            "theirs = (request.last_log_term, request.last_log_index)": "theirs = request.last_log_index",
            "theirs >= (self.last_log_term, self.last_log_index)": "theirs >= self.last_log_index",
        },
        *OLD_LOGS,
    ),
    mutant(
        "compares terms only",
        "Compares the terms of the last entries, and forgets the lengths.",
        {
            "theirs = (request.last_log_term, request.last_log_index)": "theirs = request.last_log_term",
            "theirs >= (self.last_log_term, self.last_log_index)": "theirs >= self.last_log_term",
        },
        *OLD_LOGS,
    ),
    mutant(
        "half is enough",
        "Writes >= for more than half: of four nodes, two can win against two.",
        {"2 * len(self.votes) > len(self.peers) + 1": "2 * len(self.votes) >= len(self.peers) + 1"},
        *TOO_FEW,
    ),
    mutant(
        "a majority of the others",
        "Counts itself among the votes, but not among the nodes.",
        {"2 * len(self.votes) > len(self.peers) + 1": "2 * len(self.votes) > len(self.peers)"},
        *TOO_FEW,
    ),
    mutant(
        "a majority of those who answer",
        "Takes the nodes that answered for all: a minority that was cut off elects a leader of its own.",
        {
            'self.role, self.votes = "candidate", {self.id}': (
                'self.role, self.votes, self.heard = "candidate", {self.id}, {self.id}'
            ),
            "vote.term == self.term and vote.granted:\n            self.votes.add(voter)\n": (
                "vote.term == self.term:\n            self.heard.add(voter)\n"
                "            if vote.granted:\n                self.votes.add(voter)\n"
            ),
            "2 * len(self.votes) > len(self.peers) + 1": "2 * len(self.votes) > len(self.heard)",
        },
        *TOO_FEW,
    ),
    mutant(
        "counts a vote twice",
        "Keeps the votes in a list: one that arrives twice is counted twice.",
        {'"candidate", {self.id}': '"candidate", [self.id]', "self.votes.add(voter)": "self.votes.append(voter)"},
        *TOO_FEW,
    ),
    mutant(
        "counts old votes",
        "Does not look at the term of a vote: one that was given to it in an earlier election counts in this one.",
        {"vote.term == self.term and vote.granted": "vote.granted"},
        "a candidate counts votes",
        "a majority first",
    ),
    mutant(
        "counts refusals",
        "Counts every answer to its request as a vote.",
        {"vote.term == self.term and vote.granted": "vote.term == self.term"},
        *TOO_FEW,
    ),
    mutant(
        "stands in the same term",
        "Stands for election without entering a new term: it votes for itself where it has voted already.",
        {"self.keep(self.term + 1, voted_for=self.id)": "self.keep(self.term, voted_for=self.id)"},
        "one vote a term",
        "one leader a term",
        STAYS,
    ),
    mutant(
        "leads in the next term",
        "Enters a new term when it has won: it leads in a term that nobody has voted in.",
        {
            "self.cancel_timer(ElectionTimeout())\n                self.lead()": (
                "self.cancel_timer(ElectionTimeout())\n                self.keep(self.term + 1, voted_for=self.id)\n"
                "                self.lead()"
            )
        },
        "a candidate counts votes",
        "a majority first",
    ),
    mutant(
        "does not step down",
        "Takes over a higher term, but not the role: it goes on leading in a term in which nobody elected it.",
        {f"{ENTER}            self.step_down()\n": ENTER},
        "a majority first",
        "one leader a term",
    ),
    mutant(
        "heartbeats set nothing back",
        "Does not set its election time-out back when a heartbeat comes.",
        {FOLLOW: FOLLOW.replace("            self.await_leader()\n", "")},
        STAYS,
    ),
    mutant(
        "waits for itself",
        "Leaves its election time-out running when it has won: the leader stands against itself.",
        {"                self.cancel_timer(ElectionTimeout())\n": ""},
        STAYS,
    ),
    mutant(
        "the same time-out everywhere",
        "Waits for the same time on every node: all stand at once, and each votes for itself.",
        {WAIT: WAIT.replace("TIMEOUT)", "TIMEOUT[1])")},
        STAYS,
    ),
    mutant(
        "heartbeats too rarely",
        "Sends a heartbeat only as often as followers give up waiting for one.",
        {NEXT: NEXT.replace("HEARTBEAT_INTERVAL", "ELECTION_TIMEOUT")},
        STAYS,
    ),
    mutant(
        "one heartbeat",
        "Says once that it leads, and never again.",
        {f"        {NEXT}\n": ""},
        STAYS,
    ),
    mutant(
        "heartbeats too often",
        "Sends twice as many heartbeats as were agreed on.",
        {NEXT: NEXT.replace("INTERVAL)", "INTERVAL / 2)")},
        "little talk",
    ),
    mutant(
        "answers to everybody",
        "Broadcasts the answer to a heartbeat, so that each follower hears all the others.",
        {"self.send(leader, HeartbeatReply(self.term))": "self.broadcast(HeartbeatReply(self.term))"},
        "little talk",
    ),
    mutant(
        "answers flood",
        "Answers each answer with another heartbeat, for ever.",
        {HEAR: f'{HEAR}        if self.role == "leader":\n            self.send(follower, Heartbeat(self.term))\n'},
        "one vote a term",
        "no vote for an older log",
        "a majority first",
        "one leader a term",
        STAYS,
        "little talk",
    ),
    mutant(
        "never stands",
        "Does nothing when no leader is heard.",
        {STAND: "        pass\n"},
        STAYS,
    ),
]
