"""The order of one node's timers: what their durations force, and nothing more."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ds101.effects import TimerName
from ds101.explorer.timing import Asked, Timers, after_handler, due, without

A, B, C = (TimerName(name, b"{}") for name in "ABC")


def names(timers: Timers) -> str:
    return "".join(sorted(name.type for name in due(timers)))


def test_the_one_that_must_end_first_fires_first_in_whatever_order_they_were_set():
    assert names(after_handler((), [Asked(A, 1, 2), Asked(B, 2, 3)])) == "A"
    assert names(after_handler((), [Asked(B, 3, 4), Asked(A, 1, 2)])) == "A"


def test_durations_that_overlap_leave_it_open():
    assert names(after_handler((), [Asked(A, 1, 3), Asked(B, 2, 4)])) == "AB"


def test_of_equal_durations_the_one_that_was_set_first_fires_first():
    assert names(after_handler((), [Asked(A, 1, 1), Asked(B, 1, 1)])) == "A"
    later = after_handler(after_handler((), [Asked(A, 1, 1)]), [Asked(B, 1, 1)])
    assert names(later) == "A"


def test_a_timer_set_later_may_fire_first_only_if_it_can_be_shorter():
    before = after_handler((), [Asked(A, 5, 10)])
    assert names(after_handler(before, [Asked(B, 1, 2)])) == "AB"  # nobody knows how long A has been waiting
    assert names(after_handler(before, [Asked(B, 10, 20)])) == "A"


def test_replacing_a_timer_makes_it_later_and_cancelling_lets_others_go():
    both = after_handler((), [Asked(A, 1, 2), Asked(B, 2, 3)])
    assert names(after_handler(both, [Asked(A, 3, 4)])) == "B"
    assert names(after_handler(both, [Asked(A, None, 0)])) == "B"
    assert names(without(both, A)) == "B"
    assert after_handler(both, [Asked(C, 1, 1), Asked(C, None, 0)]) == both


def test_no_order_that_a_clock_can_bring_about_is_excluded():
    """Random programs on a real clock: what fires next is always among what may fire next."""
    for seed in range(300):
        for allowed, fired in run_on_a_clock(random.Random(seed)):
            assert fired in allowed


def run_on_a_clock(draw: random.Random) -> Iterator[tuple[list[TimerName], TimerName]]:
    """A node that sets timers when one fires, and now and then in between, on a clock that is exact."""
    now, waiting, timers = 0.0, {}, ()
    for _ in range(25):
        asked = []
        for name in draw.sample([A, B, C], draw.randint(0, 2)):
            low = draw.choice([1.0, 2.0, 3.0])
            high = low + draw.choice([0.0, 0.5, 2.0])
            asked.append(Asked(name, low, high))
            waiting.pop(name, None)
            waiting[name] = now + draw.uniform(low, high)
        timers = after_handler(timers, asked)
        if not waiting:
            continue
        first = min(waiting, key=waiting.__getitem__)
        if draw.random() < 0.5:  # a message comes first
            now = draw.uniform(now, waiting[first])
            continue
        yield due(timers), first
        now = waiting.pop(first)
        timers = without(timers, first)
