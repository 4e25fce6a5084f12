"""The proxy as a process: how it starts and ends, and what it says when something is wrong."""

import gc
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

import ds101.proxy.proxy as caller
from ds101.errors import ClosedError, LaunchError, Mistake, Timeout
from ds101.processes import spawn
from ds101.proxy import Proxy
from ds101.proxy.log import Flow

pytestmark = pytest.mark.cluster

PATIENCE = 20.0  # seconds; after that a test has failed


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        yield listener


@pytest.fixture
def nowhere():
    """An address where nothing listens: bound, so that nobody else takes it, but deaf."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.005)


def refuses(address):
    try:
        socket.create_connection(address, timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it went away while we knocked
        return False
    return False


def is_gone(pid):
    return not psutil.pid_exists(pid)


def test_it_shows_in_ps_by_its_name(listener):
    with Proxy(listener.getsockname()) as proxy:
        assert psutil.Process(proxy.process.pid).cmdline()[0] == "ds101 proxy"


def test_a_server_that_is_not_there_resets_the_client_and_the_log_says_why(nowhere):
    with Proxy(nowhere) as proxy:
        # The reset may be there before connect() has returned, or after.
        with pytest.raises(ConnectionResetError), socket.create_connection(proxy.address, timeout=PATIENCE) as client:
            client.recv(1)
        assert proxy.log[0].state == "refused"
        assert proxy.log[0].detail == f"connection refused at 127.0.0.1:{nowhere[1]}"


def test_a_server_that_is_killed_ends_its_connections_and_refuses_new_ones():
    def serve_one(meeting):
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(meeting) as link:
            link.sendall(str(listener.getsockname()[1]).encode())
            connection = listener.accept()[0]
            connection.sendall(b"hello")
            connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as meeting:
        server = spawn(serve_one, meeting.getsockname())
        with meeting.accept()[0] as link:
            address = ("127.0.0.1", int(link.recv(10)))
    with Proxy(address) as proxy, socket.create_connection(proxy.address, timeout=PATIENCE) as client:
        assert client.recv(10) == b"hello"
        server.kill()
        assert client.recv(1) == b""
        with pytest.raises(ConnectionResetError), socket.create_connection(proxy.address, timeout=PATIENCE) as late:
            late.recv(1)
        assert [passage.state for passage in proxy.log] == ["open", "refused"]


def test_a_port_in_use_is_told_in_one_sentence(listener):
    port = listener.getsockname()[1]
    with pytest.raises(LaunchError) as caught:
        Proxy(("127.0.0.1", 9), port=port)
    assert str(caught.value) == (
        f"The proxy can't listen on port {port}: Address already in use. Use port=0 for any free one."
    )


def test_a_chosen_port_is_used(listener):
    with Proxy(listener.getsockname()) as first:
        port = first.address[1]
    with Proxy(listener.getsockname(), port=port) as second:
        assert second.address == ("127.0.0.1", port)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("localhost:80", "The server's address is a pair (host, port), so it can't be 'localhost:80'."),
        (("127.0.0.1", 0), "A port is a whole number from 1 to 65535, so it can't be 0."),
        (("127.0.0.1", 70_000), "A port is a whole number from 1 to 65535, so it can't be 70000."),
        (("no such host", 80), "There is no IPv4 address of 'no such host'. Use a name or number that exists."),
    ],
)
def test_an_address_that_is_none_is_refused(address, sentence):
    with pytest.raises(Mistake) as caught:
        Proxy(address)
    assert str(caught.value) == sentence


def test_a_closed_proxy_says_so(listener):
    proxy = Proxy(listener.getsockname())
    fault = proxy.cut()
    proxy.close()
    proxy.close()
    for use in (proxy.heal, proxy.reset, proxy.cut, fault.end, lambda: proxy.log):
        with pytest.raises(ClosedError) as caught:
            use()
        assert str(caught.value) == "The proxy is closed. Make a new one with Proxy(server)."
    assert repr(proxy) == f"<proxy, closed, to 127.0.0.1:{listener.getsockname()[1]}>"


def test_a_proxy_that_was_killed_says_so(listener):
    with Proxy(listener.getsockname()) as proxy:
        proxy.process.kill()
        with pytest.raises(ClosedError, match=r"^The proxy's process was killed\. Make a new one"):
            proxy.heal()


def test_a_proxy_that_is_paused_is_not_waited_for_for_ever_and_answers_when_it_is_resumed(listener, monkeypatch):
    with Proxy(listener.getsockname()) as proxy:
        monkeypatch.setattr(caller, "PATIENCE", 0.05)
        proxy._line.link.settimeout(0.05)
        proxy.process.pause()
        with pytest.raises(Timeout, match=r"did not answer for 0\.05 s\. Is its process paused"):
            proxy.cut()
        proxy.process.resume()
        proxy._line.link.settimeout(PATIENCE)
        assert len(proxy.log) == 0
        proxy.heal()


def test_a_condition_that_never_comes_true_tells_what_the_log_says(listener):
    with Proxy(listener.getsockname()) as proxy, pytest.raises(Timeout) as caught:
        proxy.wait_until(lambda: False, timeout=0.01)
    assert str(caught.value) == (
        "The condition did not come true within 0.01 s. "
        "The proxy's log: <log of 0 connections; up nothing; down nothing>"
    )


def test_it_can_not_be_sent_to_another_process(listener):
    with Proxy(listener.getsockname()) as proxy, pytest.raises(Mistake, match="Send its address instead"):
        spawn(print, proxy)


def test_everything_shows_itself_in_one_line(listener):
    with Proxy(listener.getsockname()) as proxy, socket.create_connection(proxy.address) as client:
        port, fault = proxy.address[1], proxy.link(slice=1)
        with listener.accept()[0] as served:
            client.sendall(b"abc")
            while proxy.log.up.held or not proxy.log.up.bytes_in:
                served.recv(1)
        assert repr(proxy) == f"<proxy {port} -> 127.0.0.1:{listener.getsockname()[1]}>"
        assert repr(fault) == "<fault 1: ByteLink(slice=1)>"
        assert repr(proxy.log.up) == "<flow: 3 bytes in 1 piece -> 3 bytes in 3 pieces>"
        assert all("\n" not in repr(shown) for shown in (proxy.log, proxy.log[0]))


def test_the_log_forgets_the_oldest_connections_but_counts_them(listener):
    with Proxy(listener.getsockname()) as proxy:
        for _ in range(1_010):
            with socket.create_connection(proxy.address, timeout=PATIENCE) as client, listener.accept()[0] as served:
                client.sendall(b"x")
                assert served.recv(1) == b"x"
        proxy.wait_until(lambda: proxy.log[-1].state == "closed")
        with socket.create_connection(proxy.address, timeout=PATIENCE):
            log = proxy.log
        assert (len(log) + log.forgotten, log.up.bytes_out) == (1_011, 1_010)
        assert log.forgotten >= 9
        assert log.forgotten_up == Flow(*[log.forgotten] * 4)


def test_closing_leaves_no_process_and_no_listener(listener):
    proxy = Proxy(listener.getsockname())
    with socket.create_connection(proxy.address, timeout=PATIENCE), proxy:
        pass
    assert is_gone(proxy.process.pid)
    assert refuses(proxy.address)


def test_a_proxy_that_is_forgotten_ends(listener):
    proxy = Proxy(listener.getsockname())
    proxy.cut()
    pid = proxy.process.pid
    del proxy
    gc.collect()
    wait_until(lambda: is_gone(pid))


def test_fifty_proxies_in_a_row_leave_no_open_files(listener, count):
    Proxy(listener.getsockname()).close()
    before = psutil.Process().num_fds()
    for _ in range(count(5, 50)):
        with Proxy(listener.getsockname()) as proxy:
            proxy.cut()
    assert psutil.Process().num_fds() == before


def test_nothing_survives_the_sudden_death_of_the_kernel(listener):
    script = f"""
import sys, time
from ds101.proxy import Proxy
proxy = Proxy({listener.getsockname()!r})
proxy.link(delay=60)
print(proxy.process.pid, proxy.address[1], flush=True)
sys.stdin.read()
"""
    kernel = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with kernel:
        pid, port = map(int, kernel.stdout.readline().split())
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
            os.kill(kernel.pid, signal.SIGKILL)
            wait_until(lambda: is_gone(pid))
    wait_until(lambda: refuses(("127.0.0.1", port)))
