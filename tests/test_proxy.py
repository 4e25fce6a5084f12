"""The proxy between real processes: what it does to the bytes of a client and a server."""

import contextlib
import random
import select
import socket
import sys
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ds101.processes import spawn
from ds101.proxy import Proxy
from ds101.proxy.receiver import Receiver

pytestmark = pytest.mark.cluster

LONG = 60.0  # seconds; a fault that lasts so long, and is over earlier all the same
PATIENCE = 20.0  # seconds; after that a test has failed


def echo(meeting):
    """A server that sends back what it gets, until the client has no more to say."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    with socket.create_connection(meeting) as link:
        link.sendall(str(listener.getsockname()[1]).encode())
    while True:
        threading.Thread(target=answer, args=listener.accept()[:1], daemon=True).start()


def answer(connection):
    with connection, contextlib.suppress(ConnectionError):
        while data := connection.recv(1 << 16):
            connection.sendall(data)


@pytest.fixture(scope="module")
def server():
    """The address of an echo server in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as meeting:
        with spawn(echo, meeting.getsockname(), name="echo"):
            link = meeting.accept()[0]
            with link:
                port = int(link.recv(100))
            yield ("127.0.0.1", port)


@pytest.fixture
def proxy(server):
    with Proxy(server, seed=1) as proxy:
        yield proxy


@pytest.fixture
def client(proxy):
    with connected(proxy) as client:
        yield client


def connected(proxy):
    return socket.create_connection(proxy.address, timeout=PATIENCE)


@contextlib.contextmanager
def through_a_proxy():
    """A proxy and both ends of a connection through it: (proxy, client, served)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        with Proxy(listener.getsockname()) as proxy, connected(proxy) as client:
            served = listener.accept()[0]
            served.settimeout(PATIENCE)
            with served:
                yield proxy, client, served


def receive(connection, size):
    """Exactly so many bytes, or what came before the end."""
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data


def seconds_for(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


def exchange(client, data):
    client.sendall(data)
    assert receive(client, len(data)) == data


def test_bytes_go_through_unchanged_and_are_counted_each_way(proxy, client):
    exchange(client, b"hello")
    assert (proxy.log.up.bytes_in, proxy.log.up.bytes_out, proxy.log.up.held) == (5, 5, 0)
    assert (proxy.log.down.bytes_in, proxy.log.down.bytes_out) == (5, 5)
    assert proxy.log[0].state == "open"
    assert proxy.log[0].client == client.getsockname()


def test_the_end_of_one_direction_passes_and_leaves_the_other_open():
    with through_a_proxy() as (proxy, client, served):
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert receive(served, 100) == b"question"
        served.sendall(b"answer")
        assert receive(client, 6) == b"answer"
        served.close()
        assert client.recv(1) == b""
        proxy.wait_until(lambda: proxy.log[0].state == "closed")


def test_the_end_waits_behind_the_bytes_of_a_slow_link(proxy, client):
    proxy.link(slice=3, delay=0.01)
    client.sendall(b"0123456789")
    client.shutdown(socket.SHUT_WR)
    assert receive(client, 100) == b"0123456789"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody can tell what a receiver has read")
def test_slices_arrive_as_separate_reads():
    with through_a_proxy() as (proxy, client, served):
        if Receiver(client).has_read(0) is None:
            pytest.skip("this system does not tell what a receiver has read")
        proxy.link(slice=3)
        client.sendall(b"x" * 299)
        client.shutdown(socket.SHUT_WR)
        sizes = [len(data) for data in iter(lambda: served.recv(1 << 16), b"")]
        assert sizes == [3] * 99 + [2]
        assert proxy.log.up.pieces_out == 100


def test_slices_of_drawn_sizes_follow_the_seed(server):
    def sizes(seed):
        with Proxy(server, seed=seed) as proxy, connected(proxy) as client:
            with proxy.cut():
                client.sendall(bytes(300))
                proxy.wait_until(lambda: proxy.log.up.held == 300)
                proxy.link(slice=(1, 50), direction="up")
            receive(client, 300)
            return proxy.log.up.pieces_out

    assert sizes(1) == sizes(1)
    assert len({sizes(seed) for seed in range(5)}) > 1


def test_a_receiver_that_does_not_read_holds_nothing_up_for_ever():
    with through_a_proxy() as (proxy, client, served):
        proxy.link(slice=1)
        client.sendall(b"ab")
        proxy.wait_until(lambda: proxy.log.up.held == 0)
        assert served.recv(100) == b"ab"


def test_several_writes_are_joined_into_one_piece():
    with through_a_proxy() as (proxy, client, served):
        proxy.link(join=LONG)
        for word in (b"one", b"two", b"three"):
            client.sendall(word)
        proxy.wait_until(lambda: proxy.log.up.bytes_in == 11)
        proxy.heal()
        assert served.recv(100) == b"onetwothree"
        assert proxy.log.up.pieces_out == 1


def test_joining_ends_by_itself():
    with through_a_proxy() as (proxy, client, served):
        proxy.link(join=0.05)
        client.sendall(b"one")
        proxy.wait_until(lambda: proxy.log.up.bytes_in == 3)
        client.sendall(b"two")
        assert receive(served, 6) == b"onetwo"


def test_a_delay_takes_at_least_its_time_each_way(proxy, client):
    proxy.link(delay=0.05)
    assert seconds_for(lambda: exchange(client, b"ping")) >= 0.1


def test_a_longer_delay_takes_longer(proxy, client):
    with proxy.link(delay=0.01):
        short = seconds_for(lambda: exchange(client, b"ping"))
    with proxy.link(delay=0.4):
        long = seconds_for(lambda: exchange(client, b"ping"))
    assert long > 2 * short


def test_a_delay_that_ends_lets_go_of_what_is_under_way(proxy, client):
    with proxy.link(delay=LONG):
        client.sendall(b"ping")
        proxy.wait_until(lambda: proxy.log.up.held == 4)
    assert receive(client, 4) == b"ping"


def test_less_bandwidth_takes_longer(proxy, client):
    with proxy.link(bandwidth=160_000, direction="down"):
        fast = seconds_for(lambda: exchange(client, bytes(8_000)))
    with proxy.link(bandwidth=10_000, direction="down"):
        slow = seconds_for(lambda: exchange(client, bytes(8_000)))
    assert slow > 2 * fast
    assert slow >= 0.79


def test_a_lost_segment_stalls_the_stream_and_is_counted(proxy, client):
    plain = seconds_for(lambda: [exchange(client, b"ping") for _ in range(20)])
    proxy.link(loss=0.3, retransmission=0.05)
    stalled = seconds_for(lambda: [exchange(client, b"ping") for _ in range(20)])
    lost = proxy.log.up.lost + proxy.log.down.lost
    assert lost > 0
    assert stalled >= lost * 0.05
    assert stalled > plain


def test_a_reset_by_chance_breaks_both_ends():
    with through_a_proxy() as (proxy, client, served):
        proxy.link(reset=1, direction="up")
        client.sendall(b"x")
        for end in (client, served):
            with pytest.raises(ConnectionResetError):
                end.recv(1)
        assert (proxy.log[0].state, proxy.log[0].detail) == ("reset", "broken by a fault")


def test_a_reset_now_breaks_every_live_connection_and_no_later_one(proxy):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(proxy)) for _ in range(5)]
        proxy.reset()
        for client in clients:
            with pytest.raises(ConnectionResetError):
                client.recv(1)
    with connected(proxy) as client:
        exchange(client, b"again")


def test_a_reset_by_one_side_reaches_the_other_behind_its_bytes():
    with through_a_proxy() as (proxy, client, served):
        with proxy.cut():
            served.sendall(b"last words")
            proxy.wait_until(lambda: proxy.log.down.held == 10)
            served.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0]))
            served.close()
        assert receive(client, 10) == b"last words"
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert proxy.log[0].detail == "reset by the server"


def test_a_cut_holds_the_bytes_of_a_live_connection_and_lets_them_go(proxy, client):
    exchange(client, b"before")
    with proxy.cut():
        client.sendall(b"during")
        proxy.wait_until(lambda: proxy.log.up.held == 6)
        assert not select.select([client], [], [], 0.05)[0]
        assert proxy.log[0].state == "open"
    assert receive(client, 6) == b"during"


@pytest.mark.parametrize(("direction", "held_up", "held_down"), [("up", 4, 0), ("down", 0, 4)])
def test_a_one_way_cut_holds_one_way_only(proxy, client, direction, held_up, held_down):
    exchange(client, b"ping")
    with proxy.cut(direction):
        client.sendall(b"ping")
        proxy.wait_until(lambda: (proxy.log.up.held, proxy.log.down.held) == (held_up, held_down))
    assert receive(client, 4) == b"ping"


def test_a_connection_made_during_a_cut_reaches_the_server_afterwards(proxy):
    with proxy.cut(), connected(proxy) as client:
        client.sendall(b"early")
        proxy.wait_until(lambda: proxy.log.up.held == 5)
        assert proxy.log[0].state == "connecting"
        proxy.heal()
        assert receive(client, 5) == b"early"


def test_a_connection_made_before_a_cut_has_reached_its_server():
    with socket.create_server(("127.0.0.1", 0)) as listener, Proxy(listener.getsockname()) as proxy:
        listener.settimeout(PATIENCE)
        with connected(proxy), proxy.cut():
            listener.accept()[0].close()
            assert proxy.log[0].state == "open"


def test_a_sender_has_to_wait_while_a_cut_lasts(proxy, client):
    """Buffers are bounded: what nobody takes stays with the sender (a write takes nothing for half a second)."""
    with proxy.cut():
        client.setblocking(False)
        sent, most = 0, 64 << 20
        while sent < most and select.select([], [client], [], 0.5)[1]:
            sent += client.send(bytes(1 << 16))
        assert 0 < proxy.log.up.held < 4 << 20
        assert sent < most / 2
    client.settimeout(PATIENCE)
    assert len(receive(client, sent)) == sent


def test_a_server_that_is_gone_is_silent_and_when_back_resets():
    with through_a_proxy() as (proxy, client, served):
        with proxy.half_open("server"):
            proxy.wait_until(lambda: proxy.log[0].state == "half-open")
            client.sendall(b"anyone?")
            assert not select.select([client], [], [], 0.05)[0]
            with pytest.raises(ConnectionResetError):
                served.recv(1)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_client_that_is_gone_leaves_its_server_with_silence_until_the_server_speaks():
    with through_a_proxy() as (proxy, _, served):
        with proxy.half_open("client"):
            pass
        assert not select.select([served], [], [], 0.05)[0]
        served.sendall(b"still there?")
        with pytest.raises(ConnectionResetError):
            served.recv(1)
        assert proxy.log[0].detail == "the client is back, and knows nothing of this connection"


def test_faults_add_up_and_end_one_by_one(proxy, client):
    first, second = proxy.cut("up"), proxy.cut("up")
    client.sendall(b"ping")
    first.end()
    first.end()
    proxy.wait_until(lambda: proxy.log.up.held == 4)
    second.end()
    assert receive(client, 4) == b"ping"


LINKS = st.fixed_dictionaries(
    {},
    optional={
        "slice": st.one_of(st.integers(1, 20), st.tuples(st.integers(1, 5), st.integers(5, 50))),
        "join": st.floats(0, 0.003),
        "delay": st.floats(0, 0.003),
        "jitter": st.floats(0, 0.003),
        "loss": st.floats(0, 0.2),
        "bandwidth": st.integers(50_000, 1_000_000),
        "direction": st.sampled_from(["up", "down", "both"]),
    },
)


def test_whatever_a_link_does_the_bytes_come_out_unchanged_and_in_order(server, count):
    with Proxy(server) as proxy:

        @settings(max_examples=count(100, 1000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(links=st.lists(LINKS, max_size=3), sizes=st.lists(st.integers(1, 300), max_size=5), seed=st.integers())
        def goes_through(links, sizes, seed):
            source = random.Random(seed)
            writes = [source.randbytes(size) for size in sizes]
            with connected(proxy) as client, contextlib.ExitStack() as faults:
                for link in links:
                    faults.enter_context(proxy.link(retransmission=0.002, **link))
                for data in writes:
                    client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                assert receive(client, 10_000) == b"".join(writes)

        goes_through()


def test_many_connections_at_once_do_not_mix_their_bytes(proxy):
    proxy.link(slice=(1, 7), jitter=0.002)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(proxy)) for _ in range(20)]
        for number, client in enumerate(clients):
            client.sendall(bytes([number]) * 50)
        for number, client in enumerate(clients):
            assert receive(client, 50) == bytes([number]) * 50
