"""One node of a search: its local states by number, and what each event does in each of them, worked out once.

A handler is run once for each local state and event, and for each thing it might choose; from there on the search works
with numbers. So handlers must be pure: the same state and event must always do the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import cloudpickle
import msgspec

from ds101.effects import TimerName, no_handler
from ds101.errors import EndedFromOutside
from ds101.explorer.freezing import Freezer, Tree
from ds101.explorer.mail import Mail
from ds101.explorer.purity import Purity
from ds101.explorer.scene import Choices, Paper, Saved, Scene, Unforeseeable
from ds101.explorer.timing import Timers, after_handler, without
from ds101.lines import places_of
from ds101.messages import Types, decode_body
from ds101.node import Node, attributes_of, handler_for
from ds101.turn import stage
from ds101.wire import Refused
from ds101.world.unheard import death_in_words

if TYPE_CHECKING:
    from ds101.explorer.symmetry import Symmetry

START: Literal["start"] = "start"
Event = int | TimerName | Literal["start"]  # the number of a letter, a timer, or the (re)start
Condition = Literal["new", "up", "down"]


class Local(NamedTuple):
    """All that a node is: whether it lives, its attributes, what it has stored, and its timers."""

    condition: Condition
    attributes: Tree
    storage: tuple[tuple[str, Tree], ...]
    timers: Timers


class Outcome(NamedTuple):
    """One thing that an event can lead to.

    `after` is the number of the local state; `sends` are the letters that leave, by number. With `point`, the
    node is killed when so many of its storage assignments and sends have happened. With `error`, it died of that, or
    could not handle it.
    """

    after: int
    sends: tuple[int, ...]
    choices: tuple[int, ...]
    point: int | None = None
    error: str = ""


class Run(NamedTuple):
    """A handler's run: what it asked for, the attributes afterwards, and what it raised, if it did."""

    scene: Scene
    attributes: Tree
    raised: BaseException | None

    @property
    def error(self) -> str:
        """How the node died of it, in words; nothing if it didn't."""
        one = self.raised
        return "" if one is None else death_in_words(type(one).__name__, str(one), places_of(one))


NEW = Local("new", ("d",), (), ())


class Actor:
    """A node by its local states. `outcomes` is what the search asks for."""

    def __init__(
        self,
        name: str,
        classes: dict[str, type[Node]],
        types: Types,
        mail: Mail,
        freezer: Freezer,
        purity: Purity,
        crashing: bool,
    ) -> None:
        self.name, self.node_class, self.nodes = name, classes[name], tuple(classes)
        self.types, self.mail, self.freezer, self.purity = types, mail, freezer, purity
        self.locals: list[Local] = []
        self.crashing = crashing  # whether crash points are of interest
        self.position = mail.positions[name]
        self.symmetry: Symmetry | None = None
        self.unforeseen: list[str] = []  # what could not be explored
        self.down: set[int] = set()  # the numbers of the local states in which it is down
        self._ids: dict[Local, int] = {}
        self._known: dict[tuple[int, Event], tuple[Outcome, ...]] = {}
        self._choices = Choices(0)
        self._pickled: dict[Tree, bytes] = {}
        self._unpickled: dict[bytes, Tree] = {}

    def id_of(self, local: Local) -> int:
        """The number of a local state."""
        number = self._ids.get(local)
        if number is None:
            number = self._ids[local] = len(self.locals)
            self.locals.append(local)
            if local.condition == "down":
                self.down.add(number)
        return number

    def outcomes(self, local: int, event: Event) -> tuple[Outcome, ...]:
        """All that this event can lead to in this local state."""
        outcomes = self.outcomes_of(local, event)
        if self.symmetry is not None:
            self.symmetry.check(self, local, event, outcomes)
        return outcomes

    def outcomes_of(self, local: int, event: Event) -> tuple[Outcome, ...]:
        """The same, without a look at whether it would be so for another node."""
        known = self._known.get((local, event))
        if known is None:
            known = self._known[local, event] = tuple(self._outcomes(local, event))
        return known

    def crashed(self, local: int) -> int:
        """The local state after a crash: memory and timers are gone."""
        return self.id_of(Local("down", ("d",), self.locals[local].storage, ()))

    def words_for(self, event: Event) -> str:
        """The name of an event's type."""
        if isinstance(event, int):
            return self.mail.letters[event].type
        return event.type if isinstance(event, TimerName) else event

    def _outcomes(self, local: int, event: Event) -> Iterator[Outcome]:
        if self.handler(event) is None:
            letter = self.mail.letters[int(event)]  # type: ignore[arg-type]  # timers are checked when set
            words = f"got a {letter.type} from {letter.src}. {no_handler(self.node_class, letter.type)}"
            yield Outcome(local, (), (), None, words)
            return
        scripts: list[tuple[int, ...]] = [()]
        while scripts:
            script = scripts.pop()
            try:
                run = self.run(local, event, script)
            except Unforeseeable as reason:
                self.unforeseen.append(str(reason))
                continue
            played = (*script, *(0 for _ in run.scene.options[len(script) :]))
            for place in reversed(range(len(script), len(played))):
                scripts += [(*played[:place], other) for other in reversed(range(1, run.scene.options[place]))]
            yield from self._told(local, event, run, played)

    def run(self, local: int, event: Event, script: Sequence[int]) -> Run:
        """Run the handler, and now and then once more, to see that it is pure. Raises `Mistake` if it isn't."""
        run = self.run_once(local, event, script)
        if not isinstance(run.raised, EndedFromOutside) and self.purity.wants_a_second_look():
            again = self.run_once(local, event, script, otherwise=True)
            self.purity.compare(self, event, run, again, lambda: self.run_once(local, event, script))
        return run

    def run_once(self, local: int, event: Event, script: Sequence[int], otherwise: bool = False) -> Run:
        """Run the handler; `otherwise` with the sets and dicts of its state in another order."""
        state = self.locals[local]
        stage.node, stage.otherwise = self.name, otherwise
        keeps_order = self.freezer.keeps_order
        scene = Scene(
            self.name, self.nodes, self.node_class, self._disk(state), self._choices, script, otherwise, keeps_order
        )
        node = self.node_class(scene)
        vars(node).update(self.freezer.thaw(state.attributes, otherwise))
        died = None
        try:
            with redirect_stdout(Paper(scene)):
                getattr(node, str(self.handler(event)))(*self._arguments(event))
        except (KeyboardInterrupt, Unforeseeable):
            raise
        except BaseException as raised:
            died = raised
        stage.otherwise = False
        return Run(scene, self.freezer.freeze(attributes_of(node)), died)

    def handler(self, event: Event) -> str | None:
        if event == START:
            return START
        kind = self.types.get(self.words_for(event))
        return None if kind is None else handler_for(self.node_class, kind)

    def _arguments(self, event: Event) -> tuple[Any, ...]:
        if isinstance(event, int):
            letter = self.mail.letters[event]
            return decode_body(self.types[letter.type], msgspec.json.decode(letter.body)), letter.src
        if isinstance(event, TimerName):
            return (decode_body(self.types[event.type], msgspec.json.decode(event.body)),)
        return ()

    def _told(self, local: int, event: Event, run: Run, choices: tuple[int, ...]) -> Iterator[Outcome]:
        """The outcome of a run, and those of being killed in the middle of it."""
        scene, before = run.scene, self.locals[local]
        if run.raised is not None:
            yield Outcome(local, (), choices, None, run.error)
            return
        saves, sends = scene.saves(), self._letters(scene)
        timers = without(before.timers, event) if isinstance(event, TimerName) else before.timers
        storage = self.stored(before, saves)
        after = Local("up", run.attributes, storage, after_handler(timers, scene.asked()))
        yield Outcome(self.id_of(after), sends, choices)
        for point in range(1, len(saves) + len(sends)) if self.crashing else ():
            left = self.id_of(Local("down", ("d",), self.stored(before, saves[:point]), ()))
            yield Outcome(left, sends[: max(0, point - len(saves))], choices, point)

    def _letters(self, scene: Scene) -> tuple[int, ...]:
        posted = (self.mail.post(self.name, one) for one in scene.sends())
        return tuple(one for one in posted if one is not None)

    # Storage

    def stored(self, before: Local, saves: Sequence[Saved]) -> tuple[tuple[str, Tree], ...]:
        """What is stored after these assignments."""
        if not saves:
            return before.storage
        content = dict(before.storage)
        for key, data in saves:
            if data is None:
                content.pop(key, None)
            else:
                content[key] = self.tree_of(data)
        return tuple(sorted(content.items(), key=lambda item: item[0]))

    def _disk(self, local: Local) -> dict[str, bytes]:
        return {key: self._bytes(tree) for key, tree in local.storage}

    def _bytes(self, tree: Tree) -> bytes:
        data = self._pickled.get(tree)
        if data is None:
            data = self._pickled[tree] = cloudpickle.dumps(self.freezer.thaw(tree))
        return data

    def tree_of(self, data: bytes) -> Tree:
        tree = self._unpickled.get(data)
        if tree is None:
            tree = self._unpickled[data] = self.freezer.freeze(cloudpickle.loads(data))
        return tree


__all__ = ["NEW", "START", "Actor", "Event", "Local", "Outcome", "Refused", "Run"]
