"""Nodes for the tests of real clusters: each does one plain thing, and counts it."""

from __future__ import annotations

from ds101 import Message, Node, Timer, on


class Echo(Message):
    text: str = ""


class Echoed(Message):
    text: str
    by: str


class Tell(Message):
    """Send so many notes to another node."""

    to: str
    count: int = 1
    size: int = 0


class Told(Message):
    pass


class Note(Message):
    number: int
    padding: str = ""


class TellAll(Message):
    number: int


class Knock(Message):
    """Asks to be answered later."""


class Open(Message):
    """Answers all who knocked."""


class Opened(Message):
    pass


class Pass(Message):
    """Goes along these nodes; the last answers the client."""

    route: tuple[str, ...]
    client: str = ""


class Keep(Message):
    key: str
    value: int


class Kept(Message):
    key: str
    value: int


class Loop(Message):
    """Never comes back."""


class Raise(Message):
    """Asks for sends, stores, and then raises."""

    to: str = ""


class SetAlarm(Message):
    name: str
    after: float


class Silence(Message):
    name: str


class Alarm(Timer):
    name: str


class Parrot(Node):
    """Answers, counts, passes on, remembers, and fails when it is told to."""

    def start(self) -> None:
        self.echoes = 0
        self.notes: list[int] = []
        self.senders: list[str] = []
        self.knocking: list[str] = []
        self.rung: list[str] = []
        self.kept = dict(self.storage)

    @on(Echo)
    def echo(self, request: Echo, client: str) -> None:
        self.echoes += 1
        self.send(client, Echoed(request.text, self.id))

    @on(Tell)
    def tell(self, request: Tell, client: str) -> None:
        for number in range(request.count):
            self.send(request.to, Note(number, "x" * request.size))
        self.send(client, Told())

    @on(TellAll)
    def tell_all(self, request: TellAll, client: str) -> None:
        self.broadcast(Note(request.number))
        self.send(client, Told())

    @on(Note)
    def note(self, note: Note, sender: str) -> None:
        self.notes.append(note.number)
        self.senders.append(sender)

    @on(Knock)
    def knock(self, _: Knock, client: str) -> None:
        self.knocking.append(client)

    @on(Open)
    def open(self, _: Open, client: str) -> None:
        for one in [*self.knocking, client]:
            self.send(one, Opened())
        self.knocking.clear()

    @on(Pass)
    def pass_on(self, request: Pass, sender: str) -> None:
        client = request.client or sender
        if request.route:
            self.send(request.route[0], Pass(request.route[1:], client))
        else:
            self.send(client, Echoed("passed", self.id))

    @on(Keep)
    def keep(self, request: Keep, client: str) -> None:
        self.storage[request.key] = request.value
        self.send(client, Kept(request.key, request.value))

    @on(Loop)
    def loop(self, _: Loop, __: str) -> None:
        while True:
            pass

    @on(Raise)
    def fail(self, request: Raise, client: str) -> None:
        self.storage["before"] = 1
        self.send(client, Told())
        if request.to:
            self.send(request.to, Note(1))
        raise ValueError("I was told to.")

    @on(SetAlarm)
    def set_alarm(self, request: SetAlarm, client: str) -> None:
        self.set_timer(Alarm(request.name), after=request.after)
        self.send(client, Told())

    @on(Silence)
    def silence(self, request: Silence, client: str) -> None:
        self.cancel_timer(Alarm(request.name))
        self.send(client, Told())

    @on(Alarm)
    def ring(self, alarm: Alarm) -> None:
        self.rung.append(alarm.name)
