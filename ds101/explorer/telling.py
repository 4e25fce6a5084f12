"""From the steps of a search to the events of a trace: the handlers run once more, and all that they do is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ds101.effects import Sending, TimerName
from ds101.explorer.actor import Run
from ds101.explorer.freezing import Tree
from ds101.explorer.mail import Letter
from ds101.explorer.scene import Effect, Logged, Printed, Saved
from ds101.explorer.schedule import Taken
from ds101.explorer.space import Fields, Space
from ds101.explorer.steps import Step
from ds101.explorer.timing import Asked
from ds101.state import shown
from ds101.trace import Event, Trace, base_name

NEVER = "–"  # what an attribute shows that isn't there
STEP = 0.001  # seconds of the trace for each step: a search has no clock


def trace_of(space: Space, run: Sequence[Taken]) -> Trace:
    """The run as every world tells it. Its times say what came after what, and no more."""
    teller = _Teller(space)
    for taken in run:
        teller.tell(*taken)
    return Trace(teller.events, space.names, timed=False)


class _Teller:
    def __init__(self, space: Space) -> None:
        self.space = space
        self.events: list[Event] = []
        self.at = 0.0
        self.clocks: dict[str, int] = defaultdict(int)
        self.under_way: dict[Letter, list[Event]] = defaultdict(list)  # sends that have not arrived yet
        self.arrived: dict[Letter, Event] = {}
        self.set_by: dict[tuple[int, TimerName], Event] = {}
        self.invoked: dict[int, Event] = {}  # by the position of the client
        self.seen: dict[int, dict[str, str]] = defaultdict(dict)  # the attributes of each node, as they are shown
        self.calls = 0

    def tell(self, before: int, step: Step, after: int) -> None:
        if step.kind != "start":
            self.at += STEP
        fields = self.space.unpack(before)
        tellers: dict[str, Callable[[Step, Fields, Fields], None]] = {
            "invoke": self._invoke,
            "answer": self._answer,
            "give up": self._give_up,
            "crash": self._crash,
            "lose": self._lose,
            "partition": self._part,
            "heal": self._part,
        }
        tell = tellers.get(step.kind) or self._handle
        tell(step, fields, self.space.unpack(after))

    def happened(self, kind: str, lane: str, cause: Event | None = None, **more: Any) -> Event:
        heard = cause.clock if cause is not None and kind == "deliver" else 0
        self.clocks[lane] = max(self.clocks[lane], heard) + 1
        name = f"e{len(self.events) + 1}"
        event = Event(name, kind, self.at, lane, self.clocks[lane], cause.id if cause else None, **more)
        self.events.append(event)
        return event

    # Nodes

    def _handle(self, step: Step, fields: Fields, _: Any) -> None:
        actor, name = self.space.actors[step.position], self.space.names[step.position]
        if isinstance(step.event, int):
            letter = self.space.mail.letters[step.event]
            if actor.handler(step.event) is None:
                self._drop(letter, "no handler")
                return
            head = self._deliver(letter, name)
        elif isinstance(step.event, TimerName):
            head = self.happened("fire", name, self.set_by.get((step.position, step.event)), **_timer(step.event))
        else:
            head = self.happened(step.kind, name)
        assert step.event is not None
        run = actor.run_once(fields[step.position], step.event, step.choices)
        self._do(step, head, run, fields)

    def _do(self, step: Step, head: Event, run: Run, fields: Fields) -> None:
        """What the handler did: the rest in its order, then the sends, up to where the node was killed."""
        done, name = 0, self.space.names[step.position]
        assert step.event is not None
        what = self.space.actors[step.position].words_for(step.event)
        rest = [one for one in run.scene.effects if not isinstance(one, Sending)]
        for effect in (*rest, *(run.scene.sends() if run.raised is None else ())):
            if step.point is not None and done == step.point:
                break
            done += self._effect(step.position, head, effect, fields)
        if run.raised is not None:
            kind = type(run.raised).__name__
            self.happened("error", name, head, detail=f"{kind}: {run.raised}")
            self._dies(step.position, f"an exception: {kind}", head)
        elif step.point is not None:
            self._dies(step.position, f"SIGKILL during {what}", head)
        else:
            self._tell_changes(step.position, head, run.attributes)

    def _tell_changes(self, position: int, head: Event, attributes: Tree) -> None:
        """Which attributes the handler has changed; a restart may have forgotten some."""
        values = self.space.freezer.thaw(attributes)
        told = {name: shown(value) for name, value in values.items() if not name.startswith("_")}
        before, after = self.seen[position], told
        self.seen[position] = after
        changed = {
            name: [before.get(name, NEVER), after.get(name, NEVER)]
            for name in sorted({**before, **after})
            if before.get(name) != after.get(name)
        }
        if changed:
            words = ", ".join(f"{name} {old} → {new}" for name, (old, new) in changed.items())
            self.happened("change", self.space.names[position], head, body=changed, detail=words)

    def _effect(self, position: int, head: Event, effect: Effect, fields: Fields) -> bool:
        """Tell one thing that a handler did; whether it counts as one that a crash can follow."""
        name = self.space.names[position]
        if isinstance(effect, Sending):
            return self._send(Letter(name, *effect), name, head, fields)
        if isinstance(effect, Logged | Printed):
            self.happened("log" if isinstance(effect, Logged) else "print", name, head, detail=effect.text)
        elif isinstance(effect, Asked) and effect.low is not None:
            self.set_by[position, effect.name] = self.happened("set", name, head, **_timer(effect.name))
        elif isinstance(effect, Asked) and self.set_by.pop((position, effect.name), None) is not None:
            self.happened("cancel", name, head, **_timer(effect.name))
        return isinstance(effect, Saved)

    def _send(self, letter: Letter, lane: str, cause: Event, fields: Fields) -> bool:
        event = self.happened("send", lane, cause, **_message(letter))
        self.under_way[letter].append(event)
        receiver = self.space.mail.positions.get(base_name(letter.dst))
        if receiver is None:
            self._drop(letter, "the call has ended")
            return False
        if receiver < len(self.space.nodes) and fields[receiver] in self.space.actors[receiver].down:
            self._drop(letter, f"{letter.dst} is down")
        elif self.space.is_cut(fields, receiver, self.space.mail.positions[lane]):
            self._drop(letter, "partition")
        return True

    def _deliver(self, letter: Letter, lane: str) -> Event:
        waiting = self.under_way[letter]
        sent = waiting.pop(0) if waiting else self.arrived.get(letter)
        if sent is not None:
            self.arrived[letter] = sent
        return self.happened("deliver", lane, sent, **_message(letter))

    def _drop(self, letter: Letter, why: str) -> None:
        waiting = self.under_way[letter]
        sent = waiting.pop() if waiting else self.arrived.get(letter)
        self.happened("drop", base_name(letter.src), sent, **_message(letter), detail=why)

    def _crash(self, step: Step, fields: Fields, _: Any) -> None:
        self._dies(step.position, "SIGKILL", None)

    def _dies(self, position: int, why: str, cause: Event | None) -> None:
        name = self.space.names[position]
        self.happened("crash", name, cause, detail=why)
        for letter in [one for one in self.under_way if one.dst == name]:
            while self.under_way[letter]:
                self._drop(letter, f"{name} crashed")
        for key in [one for one in self.set_by if one[0] == position]:
            del self.set_by[key]

    # Clients

    def _invoke(self, step: Step, fields: Fields, after: Fields) -> None:
        client, name = (
            self.space.client_sites[step.position - len(self.space.nodes)].client,
            self.space.names[step.position],
        )
        local = fields[step.position]
        letter = client.request(local)
        call = client.call(local)
        assert call is not None
        self.calls += 1
        invoked = self.happened("invoke", name, body={"op": self.calls}, type=letter.type, detail=repr(call.request))
        self.invoked[step.position] = invoked
        if client.locals[after[step.position]].waiting:
            self._send(letter, name, invoked, fields)
        else:
            self._ends("fail", step.position, "unreachable")

    def _answer(self, step: Step, fields: Fields, after: Fields) -> None:
        assert isinstance(step.event, int)
        letter = self.space.mail.letters[step.event]
        client = self.space.client_sites[step.position - len(self.space.nodes)].client
        if client.answered(fields[step.position], letter) is None:
            self._drop(letter, "the call has ended")
            return
        self._deliver(letter, client.name)
        self._ends("ok", step.position, repr(self.space.message(letter)))

    def _give_up(self, step: Step, *_: Any) -> None:
        self._ends("info", step.position, "no reply")

    def _ends(self, outcome: str, position: int, detail: str) -> None:
        invoked = self.invoked.pop(position)
        self.happened(
            outcome, self.space.names[position], invoked, body=dict(invoked.body), type=invoked.type, detail=detail
        )

    # The world

    def _lose(self, step: Step, fields: Fields, _: Any) -> None:
        assert isinstance(step.event, int)
        letter = self.space.mail.letters[step.event]
        cut = self.space.is_cut(fields, step.position, self.space.mail.sender(step.event))
        self._drop(letter, "partition" if cut else "lost")

    def _part(self, step: Step, *_: Any) -> None:
        number = int(step.event)  # type: ignore[arg-type]
        body: dict[str, Any] = {"fault": f"partition{number}"}
        if step.kind == "partition":
            body |= {"sides": [list(side) for side in self.space.sides(number)], "one_way": False}
        self.happened(step.kind, "", body=body)


def _message(letter: Letter) -> Mapping[str, Any]:
    return {"src": letter.src, "dst": letter.dst, "type": letter.type, "body": msgspec.json.decode(letter.body)}


def _timer(name: TimerName) -> Mapping[str, Any]:
    return {"type": name.type, "body": msgspec.json.decode(name.body)}
