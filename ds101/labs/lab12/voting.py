"""Votes: one in a term, and none for an older log."""

from __future__ import annotations

from typing import Any

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.labs.lab12.given import LOGS
from ds101.labs.lab12.runs import SAFETY, VOTERS
from ds101.labs.lab12.votes import ballots, log_in_words
from ds101.labs.specification import property_of

NO_VOTE = "Nobody voted for anybody."
ONE_VOTE = (
    "When the second request came: in which term was the node, and what could have told it that it had voted in this "
    "one? Which of its attributes must outlive a crash, and which of them only together?"
)
OLDER_LOG = "Which number of two logs is compared first, and when does the other one matter?"


def votes_once(run: Any) -> Answer:
    given: dict[tuple[str, int], str] = {}
    for voter, candidate, term in ballots(run):
        other = given.setdefault((voter, term), candidate)
        if other != candidate:
            names = " and for ".join(f"itself ({name})" if name == voter else name for name in (other, candidate))
            return broken(f"{voter} voted for {names} in term {term}.")
    return holds() if given else inconclusive(NO_VOTE)


def compares_logs(run: Any) -> Answer:
    others = [ballot for ballot in ballots(run) if ballot.voter != ballot.candidate]
    for voter, candidate, term in others:
        if LOGS[candidate] < LOGS[voter]:
            return broken(
                f"{voter} voted for {candidate} in term {term}: {candidate}'s log ends with {log_in_words(candidate)}, "
                f"{voter}'s own with {log_in_words(voter)}."
            )
    return holds() if others else inconclusive(NO_VOTE)


@property_of("lab12", points=3, title="a voter votes once", hint=ONE_VOTE, needs=("Voter",), worlds=(VOTERS,))
def a_voter_votes_once(run: Any) -> Answer:
    """A voter votes for at most one candidate in a term, across crashes; repeating that vote is allowed."""
    return votes_once(run)


@property_of("lab12", points=3, title="a voter compares logs", hint=OLDER_LOG, needs=("Voter",), worlds=(VOTERS,))
def a_voter_compares_logs(run: Any) -> Answer:
    """A voter does not vote for a candidate whose log is less up to date than its own."""
    return compares_logs(run)


@property_of("lab12", points=3, title="one vote a term", hint=ONE_VOTE, needs=("Raft",), worlds=SAFETY)
def one_vote_a_term(run: Any) -> Answer:
    """A node votes for at most one candidate in a term, itself included, across crashes; repeating that vote is
    allowed."""
    return votes_once(run)


@property_of("lab12", points=3, title="no vote for an older log", hint=OLDER_LOG, needs=("Raft",), worlds=SAFETY)
def no_vote_for_an_older_log(run: Any) -> Answer:
    """No node votes for a candidate whose log is less up to date than its own."""
    return compares_logs(run)
