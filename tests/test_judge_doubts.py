"""Whatever a sandbox says, the judge answers with an error of its own: never with a crash, a wait or a full memory."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from autograder.host import Host
from autograder.inside.protocol import (
    Asked,
    Attributes,
    Described,
    Done,
    Draw,
    EventType,
    Frames,
    Logged,
    Parts,
    Raised,
    Ready,
    Returned,
    Saved,
    Sent,
    State,
    pack,
)
from autograder.inside.trees import frozen
from autograder.jobs import Limits, Mark, Question
from autograder.judge.elsewhere import Sandbox
from autograder.judge.errors import Garbled, raised_there
from autograder.judge.line import Line
from autograder.judge.lines import hang_up, line_for_calls
from autograder.judge.solution import Solution, stand_ins
from autograder.judge.values import Opaque, plain
from autograder.judge.within import OutOfTime, within
from autograder.judge.words import know, known_place, printable
from ds101 import Simulation
from ds101.errors import Ds101Error
from ds101.explorer import explore
from ds101.labs.apart import Foreign
from ds101.labs.apart import Raised as RaisedThere
from ds101.labs.lab12 import RequestVote
from ds101.processes.shipping import dump

VOTER = Described("node", "Voter", {"RequestVote": "consider"}, {})


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Callable[..., dict[str, str]]]:
    """Doors behind which somebody answers every question with the same bytes, after the parts are described."""
    listeners = []

    def made(answer: bytes, described: Described = VOTER, every: float = 0.0) -> dict[str, str]:
        path = str(tmp_path / f"d{len(listeners)}")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        listeners.append(listener)

        def serve(connection: socket.socket) -> None:
            frames = Frames(connection)
            with connection, suppress(EOFError, OSError):
                frames.next()
                connection.sendall(pack(Ready()) * 2)
                while question := frames.next():
                    if b"Describe" in question:
                        connection.sendall(pack(Parts({described.name: described})))
                    elif every:
                        for at in range(len(answer)):
                            connection.sendall(answer[at : at + 1])
                            time.sleep(every)
                    else:
                        connection.sendall(answer)

        def accept() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return dict.fromkeys(("solo", "n1", "n2", "n3"), path)

    yield made
    hang_up()
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def done(*effects: Any, options: Any = (), attributes: Any = None, raised: Any = None, unforeseen: str = "") -> bytes:
    return pack(Done(list(effects), list(options), attributes, raised, unforeseen))


STEPS = {
    "sends to nobody": done(Sent("n9; rm", "Vote", b"{}")),
    "sends what is no message": done(Sent("n2", "ElectionTimeout", b"{}")),
    "sends what nobody knows": done(Sent("n2", "Vote\x1b[2J", b'{"term":1,"granted":true}')),
    "sends other fields": done(Sent("n2", "Vote", b'{"term":"1","granted":[]}')),
    "sends no JSON": done(Sent("n2", "Vote", b"{" * 100_000)),
    "sends deep JSON": done(Sent("n2", "Vote", b'{"term":' + b"[" * 100_000)),
    "sends a great number": done(Sent("n2", "Vote", b'{"term":1' + b"0" * 6_000 + b',"granted":true}')),
    "sets a timer that is a message": done(Asked("Vote", b'{"term":1,"granted":true}', 1.0, 2.0)),
    "sets a timer at no time": done(Asked("ElectionTimeout", b"{}", float("nan"), float("nan"))),
    "sets a timer in the past": done(Asked("ElectionTimeout", b"{}", -1.0, -1.0)),
    "sets a timer backwards": done(Asked("ElectionTimeout", b"{}", 2.0, 1.0)),
    "sets a timer at the end of time": done(Asked("ElectionTimeout", b"{}", 1.0, float("inf"))),
    "deletes what is not there": done(Saved("vote", None, "")),
    "stores too much": done(Saved("vote", bytes(5 << 20), "")),
    "stores too many": done(*(Saved(str(number), b"", "") for number in range(10_001))),
    "does too much": done(*[Logged("x")] * 10_001),
    "draws without end": pack(Draw([], 8)),
    "draws a number without end": pack(Draw([], 1 << 40)),
    "draws less than nothing": pack(Draw([], -1)),
    "raises an error of no class": done(raised=Raised((), "", "", None)),
    "raises an error of no name": done(raised=Raised(("", "\x00"), "\x1b]0;x\x07", "\x00", ("", -1, ""))),
    "answers something else": pack(Returned(b"", b"")),
    "answers nothing that is known": b"\x00\x00\x00\x05\xc1\xff\x00ab",
    "announces 4 GiB": b"\xff\xff\xff\xff",
}  # fmt: skip


@pytest.mark.parametrize("what", STEPS)
def test_a_node_that_says_what_no_node_says_dies_of_it(door: Any, what: str) -> None:
    voter = stand_ins("lab12", door(STEPS[what]), ("Voter",))["Voter"]
    begin = time.monotonic()
    with pytest.raises(Ds101Error) as told, Simulation(voter, n=2, seed=1) as world:
        world.wait(0.1)
    assert printable(str(told.value)) == str(told.value)
    assert time.monotonic() - begin < 10


SEARCHED = {
    **{what: answer for what, answer in STEPS.items() if not what.startswith("draws")},
    "has attributes that are none": done(attributes=Attributes(b"\xc1", {})),
    "chooses among none": done(options=[0]),
    "chooses among too many": done(options=[1 << 60]),
    "chooses among less than nothing": done(options=[-5]),
    "has attributes of ours": done(attributes=Attributes(frozen({"_doors": 5, "id": 1, "_part": 1, "_types": 7}), {})),
    "has attributes without names": done(attributes=Attributes(frozen([1, 2]), {})),
    "has a huge state": done(attributes=Attributes(frozen({"a": "x" * (5 << 20)}), {})),
    "is not to be foreseen": done(unforeseen="\x1b[2J<script>"),
}  # fmt: skip


@pytest.mark.parametrize("what", SEARCHED)
def test_a_search_of_such_nodes_ends(door: Any, what: str) -> None:
    voter = stand_ins("lab12", door(SEARCHED[what]), ("Voter",))["Voter"]
    with suppress(Ds101Error):
        assert explore(voter, 2, timers=1, states=100).states <= 100


LONG = "A" * 1_000_000
DESCRIBED = {
    "names of ours": Described("node", "Voter", {"RequestVote": "send", "Vote": "__init__", "Heartbeat": "_doors"}, {}),
    "names that are none": Described("node", "Voter", {"RequestVote": "a b\x00", "Vote": "", "Heartbeat": "class"}, {}),
    "events of ours": Described("node", "Voter", {"Vote": "x"}, {"Vote": EventType("timer", ("term",))}),
    "events that are none": Described(
        "node", "Voter", {"": "x", "class": "y", "__class__": "z"},
        {name: EventType("message", ("class", "self", "__init__", "a", "a", "")) for name in ("", "class", "A")},
    ),
    "long names": Described("node", "Voter", {LONG: LONG}, {LONG: EventType("timer", ())}),
    "many events": Described("node", "Voter", {}, {f"A{n}": EventType("message", ()) for n in range(1_000)}),
    "many fields": Described("node", "Voter", {}, {"A": EventType("message", tuple(f"a{n}" for n in range(1_000)))}),
    "something else": Described("other", "Voter", {}, {}),
    "a function": Described("function", "Voter", {}, {}),
    "a class": Described("class", "Voter", {}, {}),
}  # fmt: skip


@pytest.mark.parametrize("what", DESCRIBED)
def test_a_part_that_is_described_as_no_part_is_none(door: Any, what: str) -> None:
    with suppress(Ds101Error):
        voter = stand_ins("lab12", door(done(), DESCRIBED[what]), ("Voter",))["Voter"]
        with Simulation(voter, n=2, seed=1) as world:
            world.call("n1", RequestVote(1, 1, 1), timeout=0.1)


def test_an_answer_that_comes_drop_by_drop_comes_too_late(door: Any) -> None:
    places = door(done(), every=0.2)
    with pytest.raises(Ds101Error):
        Line(places["n1"], "calls").ask(State(), Done, 1.0)


def test_a_process_that_answers_half_does_not_keep_anybody_waiting(door: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.judge.elsewhere.PATIENCE", 0.2)
    process = Sandbox(door(b"\x00")["solo"], "encode").spawn(len, ((),), "server")
    begin = time.monotonic()
    assert process.wait(5.0) == -9
    assert time.monotonic() - begin < 3


def test_a_line_that_was_cut_in_the_middle_of_a_frame_is_laid_anew(door: Any) -> None:
    place = door(b"\x00\x00\x00\x01\xc1\x00")["solo"]  # no frame, and the beginning of another one
    lines = [line_for_calls(place) for _ in range(3) if _is_cut_by_asking(place)]
    assert len(set(map(id, lines))) == 3


def _is_cut_by_asking(place: str) -> bool:
    with suppress(Garbled):
        line_for_calls(place).ask(State(), Done, 1.0)
    return line_for_calls(place).socket.fileno() >= 0


def _encoded(tree: Any) -> bytes:
    return msgspec.msgpack.encode(tree)


def _laughs(levels: int) -> Any:
    tree: Any = ("l", *["x"] * 10)
    for number in range(levels):
        tree = ("l", tree, *[("=", levels - number)] * 9)
    return tree


def _deep(levels: int) -> Any:
    tree: Any = 1
    for _ in range(levels):
        tree = ("l", tree)
    return tree


VALUES = [
    ("l", ("=", 7)), ("=", 0), ("=", -1), ("=", "x"), ("z", ("l",)), ("d", 1), ("d", ("l",), 1), ("i", "x" * 5_000),
    ("i", "9" * 5_000), ("f", b"\x00"), ("f", "nan"), ("b",), (), ("o",), ("o", 1, 2, 3, 4, 5), _laughs(30), _deep(500),
    ("o", "copyreg:__newobj__", ("t", ("c", "ds101.labs.apart:Silent")), ("d", "after", "x"), None, None),
    ("o", "copyreg:__newobj__", ("t", ("c", "ds101.labs.apart:Died")), ("d", "exit_code", "x"), None, None),
    ("o", "copyreg:__newobj__", ("t", ("c", "ds101.labs.apart:Raised")), ("d", "kinds", 1), None, None),
    ("o", "copyreg:__newobj__", ("t", ("c", "ds101.labs.lab12:Vote")), ("d", "term", "x"), None, None),
]  # fmt: skip


@pytest.mark.parametrize("tree", VALUES, ids=range(len(VALUES)))
def test_a_value_that_is_none_is_refused_or_read_as_foreign(tree: Any) -> None:
    begin = time.monotonic()
    with suppress(Garbled):
        repr(plain(_encoded(tree), {"Vote": type(None)}))
    assert time.monotonic() - begin < 5


def test_what_contains_itself_is_not_followed() -> None:
    assert plain(_encoded(("l", 1, ("=", 0)))) == [1, Foreign("…")]


def test_what_stands_behind_a_strange_object_is_still_found() -> None:
    class Strange:
        def __init__(self) -> None:
            self.kept = [1]

    row = [2]
    _, first, second = plain(frozen([Strange(), row, row]))
    assert first is second == [2]


def test_only_lines_of_the_students_own_are_shown(tmp_path: Path) -> None:
    secret = tmp_path / "solution.py"
    secret.write_text("the_solution()\n")
    know({"/tmp/cell.py": ("cell [3]", "mine()\n")})
    assert known_place(("cell [3]", 1, "f\x1b")) == ("cell [3]", 1, "f�")
    for place in ((str(secret), 1, "f"), ("cell [3]", -1, "f"), ("cell [3]", 1 << 60, "f"), ("", 1, "f")):
        assert known_place(place) is None
        assert raised_there(Raised(("E",), "", "", place)).__ds101_places__ == []
        tree = ("o", "copyreg:__newobj__", ("t", ("c", "ds101.labs.apart:Raised")),
                ("d", "kinds", ("t", "E"), "words", "", "place", ("t", *place), "module", ""), None, None)  # fmt: skip
        found = plain(_encoded(tree))
        assert isinstance(found, RaisedThere)
        assert found.place is None


def test_opaque_values_show_no_control_characters() -> None:
    assert repr(Opaque(b"", printable("a\x1b[2J\u202eb"))) == "a�[2J�b"


def test_a_deadline_ends_whatever_is_done_and_also_who_takes_it_for_an_error_of_theirs() -> None:
    def deaf() -> None:
        try:
            time.sleep(5)
        except BaseException:
            time.sleep(5)

    with pytest.raises(OutOfTime), within(0.05):
        deaf()
    time.sleep(0.1)  # and then it is over


@pytest.mark.sandbox
@pytest.mark.grading
def test_a_part_that_takes_all_the_time_gets_nothing_and_keeps_nobody_waiting() -> None:
    def encode(message: str) -> bytes:
        import time

        time.sleep(1.5)
        return len(message.encode()).to_bytes(4, "big") + message.encode()

    encode.__module__ = "__main__"
    question = Question("check-encode", "lab01", ("encode",), 4.0, 7, 2)
    solution = Solution(dump({"encode": encode}), {})
    begin = time.monotonic()
    with Host() as host:
        mark: Mark = host.do(
            "autograder.judge.judging:judged",
            question,
            solution,
            Limits(judging=12.0),
            "bubblewrap",
            True,
            deadline=100,
        )
    assert (mark.points, time.monotonic() - begin < 60) == (0.0, True)
    assert "your code had taken" in mark.reason
