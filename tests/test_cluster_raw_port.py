"""A node's raw port: plain sockets and nc speak to it; hostile bytes get an error reply, and the node lives."""

import json
import shutil
import socket
import subprocess
from random import Random

import pytest
from cluster_nodes import Echo, Echoed, Open, Parrot

from ds101 import Cluster, NodeError
from ds101.cluster.frames import MOST_BYTES

pytestmark = pytest.mark.cluster

PATIENCE = 20.0  # seconds; after that a test has failed


@pytest.fixture(scope="module")
def world():
    with Cluster(Parrot, n=2) as world:
        yield world


@pytest.fixture
def link(world):
    with socket.create_connection(world.address("n1"), timeout=PATIENCE) as link:
        yield Line(link)


class Line:
    """A plain socket, read line by line."""

    def __init__(self, link):
        self.link, self.reader = link, link.makefile("rb")

    def say(self, content):
        self.link.sendall(content if isinstance(content, bytes) else json.dumps(content).encode() + b"\n")

    def hear(self):
        return json.loads(self.reader.readline())

    def ask(self, content):
        self.say(content)
        return self.hear()

    def is_closed_by_the_node(self):
        try:
            return self.reader.read(1) == b""
        except ConnectionResetError:
            return True


def message(kind, **body):
    return {"type": kind, "body": body}


# Conversations


def test_a_plain_socket_sends_a_line_and_reads_the_reply_as_a_line(link):
    reply = link.ask(message("Echo", text="hello"))
    assert (reply["type"], reply["body"]) == ("Echoed", {"text": "hello", "by": "n1"})
    assert reply["from"] == "n1"


def test_nc_can_talk_to_a_node(world):
    nc = shutil.which("nc") or shutil.which("ncat")
    if nc is None:
        pytest.skip("no nc on this machine")
    host, port = world.address("n1")
    with subprocess.Popen([nc, host, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write('{"type": "Echo", "body": {"text": "from nc"}}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["body"]["text"] == "from nc"
        process.kill()


def test_requests_may_come_in_any_pieces_and_several_at_once(link):
    line = json.dumps(message("Echo", text="é" * 3), ensure_ascii=False).encode() + b"\n"
    for index in range(len(line)):
        link.say(line[index : index + 1])
    assert link.hear()["body"]["text"] == "ééé"
    link.say(line * 3)
    assert [link.hear()["body"]["text"] for _ in range(3)] == ["ééé"] * 3


def test_the_end_of_what_a_socket_says_ends_its_last_line(world):
    with socket.create_connection(world.address("n1"), timeout=PATIENCE) as link:
        line = Line(link)
        line.say(b'{"type": "Echo", "body": {"text": "a"}}')
        link.shutdown(socket.SHUT_WR)
        assert line.hear()["body"]["text"] == "a"
        assert line.is_closed_by_the_node()


def test_another_node_may_answer_a_plain_socket_and_later_too(world, link):
    assert link.ask(message("Pass", route=["n2"]))["from"] == "n2"
    link.say(message("Knock"))
    world.wait_until(lambda: world.state("n1")["knocking"])
    world.call("n1", Open())
    assert link.hear()["type"] == "Opened"


def test_each_plain_socket_hears_its_own_replies(world):
    with (
        socket.create_connection(world.address("n1"), timeout=PATIENCE) as one,
        socket.create_connection(world.address("n1"), timeout=PATIENCE) as other,
    ):
        assert Line(one).ask(message("Echo", text="one"))["body"]["text"] == "one"
        assert Line(other).ask(message("Echo", text="other"))["body"]["text"] == "other"


def test_a_plain_sockets_messages_stand_in_the_trace(world, link):
    link.ask(message("Echo", text="traced"))
    events = [e for e in world.trace if e.body.get("text") == "traced"]
    assert [(event.kind, event.type) for event in events] == [
        ("send", "Echo"), ("deliver", "Echo"), ("send", "Echoed"),
    ]  # fmt: skip
    assert events[0].src.startswith("raw-n1.")
    assert events[1].cause == events[0].id


def test_a_reply_to_a_plain_socket_that_has_hung_up_is_a_drop(world):
    with socket.create_connection(world.address("n1"), timeout=PATIENCE) as gone:
        Line(gone).say(message("Knock"))
        world.wait_until(lambda: world.state("n1")["knocking"])
    sends = len(world.trace.filter(kinds=["send"]))
    assert sends
    world.wait_until(lambda: hung_up(world))
    drops = [event for event in world.trace if event.kind == "drop" and event.type == "Opened"]
    assert drops[-1].detail.endswith("is gone")
    assert world.call("n1", Echo()) == Echoed("", "n1")


def hung_up(world):
    world.call("n1", Open())
    return [event for event in world.trace if event.kind == "drop" and event.type == "Opened"]


# Hostile bytes

HINT = 'A message is a line such as {"type": "Greet", "body": {"name": "Ada"}}.'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"hello\n", f"JSON is malformed: invalid character (byte 0). {HINT}"),
        (b"\n", f"Input data was truncated. {HINT}"),
        (b"[1, 2]\n", f"Expected `object`, got `array`. {HINT}"),
        (b'{"body": {}}\n', f"Object missing required field `type`. {HINT}"),
        (b'{"type": 3}\n', f"Expected `str`, got `int` - at `$.type`. {HINT}"),
        (b'{"type": "Echo"\n', f"Input data was truncated. {HINT}"),
        (b'{"type": "Echo", "body": {"text": 3}}\n', "Echo: 3 is no str."),
        (b'{"type": "Echo", "body": {"txt": ""}}\n', "Echo has no field 'txt'."),
        (b'{"type": "Echo", "body": [1]}\n', "the body of Echo is an object, not [1]."),
        (b'{"type": "Note"}\n', "Note lacks its field 'number'."),
        (b'{"type": "Echoed", "body": {"text": "", "by": ""}}\n', "Parrot has no handler for Echoed"),
        (b'{"type": "Nothing", "body": {}}\n', "Parrot has no handler for Nothing"),
        (b'{"type": "Alarm", "body": {"name": "a"}}\n', "Parrot has no handler for Alarm"),
        (b'{"type": "Echo", "body": {"text": "\xff"}}\n', "'utf-8' codec can't decode byte 0xff"),
        (b'{"type": "Echo", "body": {"text": "\\ud800"}}\n', ""),
        (b'{"type": "Note", "body": {"number": 1e400}}\n', ""),
        (b'{"type": "Note", "body": {"number": ' + b"9" * 5000 + b"}}\n", ""),
        (b'{"type": "Echo", "body": ' + b"[" * 100_000 + b"\n", ""),
        (b'{"type": "Echo", "body": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}\n", ""),
        (b"GET / HTTP/1.1\r\nHost: n1\r\n\r\n", f"JSON is malformed: invalid character (byte 0). {HINT}"),
    ],
)
def test_malformed_bytes_get_an_error_reply_and_the_node_lives(world, link, content, sentence, capsys):
    link.say(content)
    error = link.hear()["error"]
    assert sentence in error
    assert error.endswith(".")
    assert "Traceback" not in capsys.readouterr().out
    assert world.call("n1", Echo()) == Echoed("", "n1")


def test_the_connection_goes_on_after_an_error_reply(link):
    assert "error" in link.ask(b"nonsense\n")
    assert link.ask(message("Echo", text="still here"))["body"]["text"] == "still here"


def test_a_line_without_an_end_gets_an_error_reply_and_the_end_of_the_connection(world, link):
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        link.say(b"x" * 3 * MOST_BYTES)
    assert link.hear() == {"error": "This line is longer than a node takes. End each message with a newline."}
    assert link.is_closed_by_the_node()
    assert world.call("n1", Echo()) == Echoed("", "n1")


def test_bytes_without_any_newline_that_stop_cost_nothing(world, link):
    link.say(b"x" * 100_000)
    assert world.call("n1", Echo()) == Echoed("", "n1")


def test_random_bytes_never_bring_a_node_down(world, count):
    random = Random(1)
    for _ in range(count(30, 1_000)):
        with socket.create_connection(world.address("n1"), timeout=PATIENCE) as link:
            link.sendall(noise(random) + b"\n")
            assert "error" in Line(link).hear()
    assert world.call("n1", Echo()) == Echoed("", "n1")


def noise(random):
    """Bytes that are no message, most of them nearly one."""
    line = bytearray(json.dumps(message("Echo", text="hello", junk=random.random())).encode())
    for _ in range(random.randrange(6)):
        line[random.randrange(len(line))] = random.choice(b'{}[]",:\\ 09eE\x00\xff')
    return bytes(line).replace(b"\n", b"")


def test_a_node_that_floods_a_silent_socket_lives_and_forgets_what_nobody_reads(world):
    with socket.create_connection(world.address("n1"), timeout=PATIENCE) as silent:
        for _ in range(50):
            silent.sendall(json.dumps(message("Echo", text="x" * 100_000)).encode() + b"\n")
        assert world.call("n1", Echo()) == Echoed("", "n1")


def test_a_request_on_a_raw_port_that_kills_the_node_is_told_by_the_next_verb():
    with Cluster(Parrot) as world:
        with socket.create_connection(world.address("n1"), timeout=PATIENCE) as link:
            Line(link).say(message("Raise"))
            assert Line(link).is_closed_by_the_node()
        with pytest.raises(NodeError, match="n1 died of ValueError: I was told to"):
            world.wait_until(lambda: False)


def test_messages_of_a_plain_socket_may_have_defaults_and_no_body(link):
    assert link.ask({"type": "Echo"})["body"] == {"text": "", "by": "n1"}


@pytest.mark.parametrize(
    "pretence",
    [
        {"from": "n2", "to": "n9", "id": "n2.0.1"},
        {"clock": 10**40, "id": "x"},
        {"sent": -(10**40), "to": "n1"},
        {"clock": 2**62, "sent": "now", "id": 3, "from": ["ada"]},
    ],
)
def test_where_a_plain_sockets_message_comes_from_and_goes_to_is_not_for_it_to_say(world, link, pretence):
    assert link.ask(message("Echo", text="hello") | pretence)["body"]["text"] == "hello"
    assert max(event.clock for event in world.trace) < 2**40
