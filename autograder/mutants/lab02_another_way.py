"""A right solution of lab02 that shares nothing with ours: no judgement may depend on how a solution is built.

The server has no attributes: it reads its storage each time. The client has one timer of its own, which counts its
tries. The server without storage draws nothing from ours but the protocol, and numbers its incarnations by tens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ds101 import Node, Timer, on
from ds101.labs.lab02 import (
    SERVER,
    Cancel,
    Cancelled,
    Charge,
    Charges,
    Done,
    Failed,
    Read,
    Refused,
    Reply,
    Request,
    Unknown,
)

TRIES = 8
ASKING = 6  # the first so many tries ask for the operation, the others for its end


class Server(Node):
    @on(Request, Cancel)
    def consider(self, request: Request | Cancel, client: str) -> None:
        cards, seen = self.storage.get("ledger", ((), ()))
        latest = dict(seen).get(request.client, (0, None))
        if request.number > latest[0]:
            times = dict(cards)
            if isinstance(request, Request):
                times[request.card] = times.get(request.card, 0) + 1
                latest = (request.number, (request.card, times[request.card]))
            else:
                latest = (request.number, None)
            seen = {**dict(seen), request.client: latest}
            self.storage["ledger"] = (tuple(sorted(times.items())), tuple(sorted(seen.items())))
        if request.number == latest[0]:
            told = latest[1]
            self.send(client, Reply(request.number, *told) if told else Cancelled(request.number))

    @on(Read)
    def read(self, request: Read, reader: str) -> None:
        cards, _ = self.storage.get("ledger", ((), ()))
        self.send(reader, Charges(request.card, dict(cards).get(request.card, 0)))


class Try(Timer):
    number: int
    count: int
    pause: float


@dataclass(frozen=True)
class Ride:
    number: int
    passenger: str
    card: str
    incarnation: int


class Client(Node):
    def start(self) -> None:
        self.ride: Ride | None = None
        self.last = 0
        self.server_is = 0

    @on(Charge)
    def begin(self, charge: Charge, passenger: str) -> None:
        self.last += 1
        self.ride = Ride(self.last, passenger, charge.card, self.server_is)
        self.try_it(Try(self.last, 0, charge.within / TRIES))

    @on(Try)
    def try_it(self, this: Try) -> None:
        if self.ride is None or self.ride.number != this.number:
            return
        if this.count == TRIES:
            self.end(Unknown())
            return
        self.say(this.count < ASKING)
        self.set_timer(Try(this.number, this.count + 1, this.pause), after=this.pause)

    def say(self, wants: bool) -> None:
        ride = self.ride
        assert ride is not None
        if wants:
            self.send(SERVER, Request(self.id, ride.number, ride.card, ride.incarnation))
        else:
            self.send(SERVER, Cancel(self.id, ride.number, ride.incarnation))

    def end(self, outcome: Any) -> None:
        assert self.ride is not None
        self.send(self.ride.passenger, outcome)
        self.ride = None

    @on(Reply, Cancelled)
    def hear(self, answer: Reply | Cancelled, _: str) -> None:
        if self.ride is not None and self.ride.number == answer.number:
            self.end(Done(answer.card, answer.charges) if isinstance(answer, Reply) else Failed())

    @on(Refused)
    def meet(self, refused: Refused, _: str) -> None:
        if refused.incarnation > self.server_is:
            self.server_is = refused.incarnation
        ride = self.ride
        if ride is None or ride.number != refused.number:
            return
        if ride.incarnation == 0:
            self.ride = replace(ride, incarnation=self.server_is)
            self.say(wants=True)


class VolatileServer(Node):
    def start(self) -> None:
        self.mine = self.storage.setdefault("mine", 0) + 10
        self.storage["mine"] = self.mine
        self.times: dict[str, int] = {}
        self.latest: dict[str, Reply | Cancelled] = {}

    @on(Request, Cancel)
    def consider(self, request: Request | Cancel, client: str) -> None:
        if request.incarnation != self.mine:
            self.send(client, Refused(request.number, self.mine))
            return
        latest = self.latest.get(request.client)
        if latest is None or latest.number < request.number:
            if isinstance(request, Request):
                self.times[request.card] = self.times.get(request.card, 0) + 1
                latest = Reply(request.number, request.card, self.times[request.card])
            else:
                latest = Cancelled(request.number)
            self.latest[request.client] = latest
        if latest.number == request.number:
            self.send(client, latest)

    @on(Read)
    def read(self, request: Read, reader: str) -> None:
        self.send(reader, Charges(request.card, self.times.get(request.card, 0)))
