"""Any function as a process: what it prints, how it fails, how it is stopped."""

import gc
import itertools
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest

from ds101.errors import LaunchError, Mistake, NodeError, Timeout
from ds101.processes import launcher, output, spawn

pytestmark = pytest.mark.cluster

PATIENCE = 20.0  # seconds; after that a test has failed


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.005)


def nap():
    threading.Event().wait()


def tick(address):
    """Says a byte again and again."""
    with socket.create_connection(address) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or the system sends bytes after we have stopped
        while True:
            link.sendall(b".")
            time.sleep(0.001)


@pytest.fixture
def sleeper():
    with spawn(nap, name="sleeper") as process:
        yield process


def test_it_is_a_process_of_its_own_that_shows_in_ps_by_its_name(sleeper):
    assert sleeper.pid != os.getpid()
    wait_until(lambda: psutil.Process(sleeper.pid).cmdline()[0] == "ds101 sleeper")
    assert sleeper.alive
    assert repr(sleeper) == f"<process sleeper, pid {sleeper.pid}, running>"


def test_what_it_prints_appears_on_standard_output_behind_its_name(capsys):
    def talk():
        print("one\ntwo")
        print("to standard error", file=sys.stderr)
        print("no end of line", end="")

    assert spawn(talk).wait(PATIENCE) == 0
    captured = capsys.readouterr()
    assert captured.out == "talk | one\ntalk | two\ntalk | to standard error\ntalk | no end of line\n"
    assert captured.err == ""


def test_what_a_long_runner_prints_appears_while_somebody_waits_for_it(capsys):
    def talk_and_stay():
        print("hello")
        nap()

    with spawn(talk_and_stay, name="stayer") as process:
        shown = ""
        while "stayer | hello\n" not in shown:
            with pytest.raises(Timeout):
                process.wait(timeout=0.01)
            shown += capsys.readouterr().out


def test_a_long_line_stays_one_line(capsys):
    def talk():
        print("x" * 100_000 + "é" * 10_000)

    assert spawn(talk).wait(PATIENCE) == 0
    assert capsys.readouterr().out == "talk | " + "x" * 100_000 + "é" * 10_000 + "\n"


def test_a_process_that_is_paused_while_it_prints_holds_up_no_other(capsys):
    def chatter():
        while True:
            print("x" * 10_000)

    with spawn(chatter, name="chatter") as process:
        for _ in range(20):
            with pytest.raises(Timeout):
                process.wait(timeout=0.02)  # it is in full flow
            process.pause()
            assert spawn(int).wait(PATIENCE) == 0
            process.resume()


def test_of_an_endless_printer_the_last_lines_are_shown_and_the_others_counted(capsys):
    def chatter():
        for number in itertools.count():
            print(number)

    with spawn(chatter) as process:
        wait_until(lambda: output._dropped)
        with pytest.raises(Timeout):
            process.wait(timeout=0)
    shown = capsys.readouterr().out
    assert "earlier lines are not shown)" in shown
    assert all(line.startswith(("chatter | ", "... (")) for line in shown.splitlines())


def test_an_exception_is_told_once_with_the_line_where_it_happened():
    def divide(x):
        return 1 / x

    process = spawn(divide, 0)
    with pytest.raises(NodeError) as caught:
        process.wait(PATIENCE)
    assert str(caught.value).startswith("divide died of ZeroDivisionError: division by zero. It happened in test_pro")
    assert str(caught.value).endswith("in divide:  return 1 / x")
    assert process.wait(PATIENCE) == 1


def test_an_exception_is_raised_at_the_end_of_a_with():
    with pytest.raises(NodeError, match="ValueError: wrong"):
        with spawn(fail) as process:
            wait_until(lambda: not process.alive)


def fail():
    raise ValueError("wrong")


def test_an_exception_in_the_body_of_a_with_is_not_hidden_by_the_one_of_the_process():
    def body():
        with spawn(fail) as process:
            wait_until(lambda: not process.alive)
            raise KeyError

    with pytest.raises(KeyError):
        body()


@pytest.mark.parametrize(("end", "code"), [(lambda: None, 0), (lambda: sys.exit(3), 3), (lambda: os._exit(4), 4)])
def test_its_exit_code_is_told(end, code):
    process = spawn(end, name="ender")
    assert process.wait(PATIENCE) == code
    assert repr(process) == f"<process ender, pid {process.pid}, ended with {code}>"


def test_killing_returns_when_it_is_gone_and_does_nothing_the_second_time(sleeper):
    sleeper.kill()
    assert not psutil.pid_exists(sleeper.pid)
    assert sleeper.exit_code == -signal.SIGKILL
    sleeper.kill()


def test_a_process_that_closed_its_output_can_still_be_killed():
    def close_everything():
        os.closerange(3, 100)
        nap()

    with spawn(close_everything) as process:
        pass
    assert not psutil.pid_exists(process.pid)


def test_a_process_whose_own_child_holds_its_output_can_still_be_killed():
    def have_a_child():
        if os.fork() == 0:
            print("the child's pid is", os.getpid())
        nap()

    with spawn(have_a_child) as process:
        children = []
        wait_until(lambda: children or children.extend(psutil.Process(process.pid).children()))
    assert not process.alive
    children[0].kill()


def test_a_paused_process_does_nothing_until_it_is_resumed():
    with socket.create_server(("127.0.0.1", 0)) as server, spawn(tick, server.getsockname()) as process:
        link = server.accept()[0]
        with link:
            assert link.recv(1) == b"."
            process.pause()
            assert process.alive
            assert repr(process).endswith("paused>")
            wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
            while select.select([link], [], [], 0)[0]:
                link.recv(1 << 16)
            assert not select.select([link], [], [], 0.05)[0]
            process.resume()
            assert select.select([link], [], [], PATIENCE)[0]


def test_a_paused_process_can_be_killed(sleeper):
    sleeper.pause()
    sleeper.kill()
    assert not sleeper.paused
    assert not psutil.pid_exists(sleeper.pid)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_what_has_ended_can_not_be_paused(sleeper, verb):
    sleeper.kill()
    with pytest.raises(LaunchError, match=r"^sleeper has ended, so it can't (pause|resume)\. Start it again"):
        getattr(sleeper, verb)()


def test_waiting_for_a_process_that_goes_on_says_so(sleeper):
    with pytest.raises(Timeout) as caught:
        sleeper.wait(timeout=0.01)
    assert str(caught.value) == "sleeper still runs after 0.01 s. Wait longer, or kill() it."


def test_a_process_that_is_forgotten_is_killed():
    pid = spawn(nap).pid
    gc.collect()
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_process_that_is_forgotten_before_it_has_started_is_killed_too(monkeypatch):
    """As when the reader interrupts the cell while it starts."""
    lives = launcher.Launcher.current().lives
    before = set(lives)
    monkeypatch.setattr(launcher, "STARTUP_TIMEOUT", 0)
    with suppress(TimeoutError):
        spawn(nap)
    gc.collect()
    wait_until(lambda: set(lives) <= before)


def test_something_that_can_not_travel_is_named_and_nothing_is_started():
    lock = threading.Lock()

    def use_it():
        with lock:
            pass

    before = psutil.Process(launcher.Launcher.current().supervisor.pid).children()
    with pytest.raises(Mistake, match="can't be sent to another process"):
        spawn(use_it)
    assert psutil.Process(launcher.Launcher.current().supervisor.pid).children() == before


def test_too_many_processes_are_told_and_those_that_run_go_on(sleeper, monkeypatch):
    monkeypatch.setattr(launcher, "MOST_PROCESSES", len(launcher.Launcher.current().lives))
    with pytest.raises(LaunchError, match=r"^\d+ processes are running already, which is the most\. Close a world"):
        spawn(nap)
    assert sleeper.alive


def test_it_can_not_be_sent_to_another_process(sleeper):
    with pytest.raises(Mistake, match="The process sleeper can't be sent"):
        spawn(print, sleeper)


def test_several_threads_may_start_processes_at_once(capsys):
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(spawn(int).wait(PATIENCE))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert codes == [0] * 5


def test_a_process_may_start_processes_of_its_own(capsys):
    def outer():
        def inner():
            print("deep down")

        spawn(inner).wait()

    assert spawn(outer).wait(PATIENCE) == 0
    assert capsys.readouterr().out == "outer | inner | deep down\n"


def test_many_processes_in_a_row_leave_no_open_files_and_no_threads(count):
    spawn(int).wait(PATIENCE)
    supervisor = psutil.Process(launcher.Launcher.current().supervisor.pid)
    before = (psutil.Process().num_fds(), threading.active_count(), supervisor.num_fds())
    for _ in range(count(50, 500)):
        spawn(int).wait(PATIENCE)
    assert (psutil.Process().num_fds(), threading.active_count(), supervisor.num_fds()) == before
