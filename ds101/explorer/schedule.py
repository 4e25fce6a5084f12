"""A run in one line: its steps by names, so that it can be kept, sent to somebody, and replayed exactly.

    n1!ElectionTimeout n1>n3.RequestVote n3>n1.Vote n3.crash n3.restart n2!ElectionTimeout

- `n1>n3.RequestVote`: that message arrives. `:2` tells which, where several could: by their content, in order
- `n1!ElectionTimeout`: a timer fires
- `n3.crash`, `n3.restart`; `@2` after a step: the node is killed when two of its storage assignments and sends are done
- `=1,0` after a step: what `self.random.choice` chose, by place, in that step
- `c1.invoke`, `c1.timeout`: a client makes its next call, or gives one up
- `lose:n1>n3.Vote`, `twice:n1>n3.Vote`: a message is lost; it arrives, and is still under way
- `cut:n1|n2,n3`, `heal`: a partition begins or ends

How a node started stands there only where that could have gone in several ways: `n1.start=1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ds101.effects import TimerName
from ds101.errors import Mistake
from ds101.explorer.actor import Local
from ds101.explorer.mail import Letter
from ds101.explorer.space import Space, State
from ds101.explorer.steps import Step
from ds101.trace import base_name

Taken = tuple[State, Step, State]  # from where, what, to where


def written(space: Space, run: Sequence[Taken]) -> str:
    """The run as a schedule."""
    return " ".join(filter(None, (token(space, before, step) for before, step, _ in run)))


def replayed(space: Space, schedule: str) -> list[Taken]:
    """The run that a schedule tells, in a space without budgets. Raises `Mistake` where a step is not possible."""
    waiting = schedule.split()
    run = list(_started(space, waiting))
    state = run[-1][2] if run else space.blank()
    while waiting:
        wanted = waiting.pop(0)
        found = next(
            (one for one in space.moves(state, space.unpack(state)) if token(space, state, one[0]) == wanted), None
        )
        if found is None:
            raise Mistake(_impossible(space, state, wanted, schedule, len(waiting)))
        run.append((state, *found))
        state = found[1]
    return run


def _started(space: Space, waiting: list[str]) -> Iterator[Taken]:
    state = space.blank()
    for position in range(len(space.nodes)):
        ways = [one for one in space.moves(state, space.unpack(state)) if one[0][:2] == ("start", position)]
        named = [way for way in ways if waiting and token(space, state, way[0]) == waiting[0]]
        step, after = (named or ways)[0]
        if step.error:
            continue  # it stays as it was, and the schedule ends with its failing
        if named:
            waiting.pop(0)
        yield state, step, after
        state = after


def is_usual(step: Step) -> bool:
    """Whether a start went the first way that it could."""
    return not any(step.choices) and step.point is None and not step.error


def _impossible(space: Space, state: State, wanted: str, schedule: str, left: int) -> str:
    place = len(schedule.split()) - left
    possible = sorted({token(space, state, step) for step, _ in space.moves(state, space.unpack(state))})
    return (
        f"Step {place} of the schedule, {wanted}, is not possible there. Possible are: {'  '.join(possible[:8])}"
        f"{' ...' if len(possible) > 8 else ''}. The nodes may have changed since the schedule was written."
    )


def token(space: Space, state: State, step: Step) -> str:
    """One step in a word; nothing for a usual start."""
    name = space.names[step.position] if step.position >= 0 else ""
    words = {
        "start": "" if is_usual(step) else f"{name}.start",
        "restart": f"{name}.restart",
        "crash": f"{name}.crash",
        "invoke": f"{name}.invoke",
        "give up": f"{name}.timeout",
        "heal": "heal",
    }.get(step.kind)
    if step.kind == "partition":
        words = "cut:" + _sides(space, step)
    elif words is None and isinstance(step.event, TimerName):
        words = f"{name}!{_timer(space, state, step)}"
    elif words is None:
        prefix = {"lose": "lose:", "duplicate": "twice:"}.get(step.kind, "")
        words = prefix + _letter(space, state, step)
    choices = "=" + ",".join(map(str, step.choices)) if step.choices and words else ""
    return words + choices + (f"@{step.point}" if step.point is not None else "")


def _letter(space: Space, state: State, step: Step) -> str:
    letters = space.mail.letters
    assert isinstance(step.event, int)
    letter = letters[step.event]
    alike = sorted(
        other for other in map(letters.__getitem__, space.under_way(state, step.position)) if _reads_as(other, letter)
    )
    number = f":{alike.index(letter) + 1}" if len(alike) > 1 else ""
    return f"{base_name(letter.src)}>{base_name(letter.dst)}.{letter.type}{number}"


def _reads_as(one: Letter, other: Letter) -> bool:
    return one.type == other.type and base_name(one.src) == base_name(other.src)


def _timer(space: Space, state: State, step: Step) -> str:
    local: Local = space.actors[step.position].locals[space.unpack(state)[step.position]]
    name = step.event
    assert isinstance(name, TimerName)
    alike = sorted(one.name for one in local.timers if one.name.type == name.type)
    return name.type + (f":{alike.index(name) + 1}" if len(alike) > 1 else "")


def _sides(space: Space, step: Step) -> str:
    return "|".join(",".join(side) for side in space.sides(int(step.event)))  # type: ignore[arg-type]
