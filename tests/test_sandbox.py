"""Every wall of the sandbox, tried from inside; every limit, tried by going beyond it. All attacks bound themselves."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.jobs import Limits
from autograder.sandbox import NoSandbox, Sandboxed, folders, seccomp, start, started, trying, why_not
from autograder.sandbox.folders import Folder
from autograder.sandbox.identity import STUDENT, Identity, identities

ROOT = Path(__file__).parents[1]
MEBI = 1 << 20
OVERSHOOT = 0.35  # of a limit: what a tree may have used when the watchdog ended it; it was at most 0.12 where measured
PATIENCE = 30.0


@dataclass
class Tried:
    """What came of some code inside."""

    said: str
    status: int
    ended_by: str
    peak: int  # bytes, of all its processes
    seconds: float


def inside(code: str, **given: Any) -> Tried:
    """Run Python inside, and wait for it."""
    began = time.monotonic()
    with start([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **given) as program:
        said = program.process.communicate(timeout=PATIENCE)[0].decode(errors="replace")
        watchdog = program.watchdog
    assert watchdog is not None
    return Tried(said, program.process.wait(), program.ended_by, watchdog.peak.memory, time.monotonic() - began)


@pytest.fixture(params=["its own user", "a user namespace"])
def each_way(request: pytest.FixtureRequest, bubblewrap: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which a sandbox may get its user."""
    if request.param == "a user namespace":
        user = Identity(STUDENT, own=False)
        if trying._said(user):
            pytest.skip("user namespaces are forbidden here")
        monkeypatch.setattr(started, "usable", lambda: user)
    elif not next(identities()).own:
        pytest.skip("only root gives a sandbox a user of its own")
    return str(request.param)


READ = """
import os, sys
for path in sys.stdin.read().splitlines():
    try:
        print(path, os.listdir(path) if os.path.isdir(path) else len(open(path, "rb").read()))
    except OSError as error:
        print(type(error).__name__)
"""


def read(paths: list[Path], **given: Any) -> list[str]:
    """What reading these inside comes to."""
    with start([sys.executable, "-c", READ], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **given) as program:
        said, _ = program.process.communicate("\n".join(map(str, paths)).encode(), PATIENCE)
    return said.decode().splitlines()


@pytest.mark.sandbox
def test_nothing_of_ours_can_be_read(each_way, tmp_path):
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_text("marks")
    secrets = [
        Path("/etc/shadow"), gradebook, ROOT / "solutions", ROOT / "tests", ROOT / "nbgrader_config.py",
        ROOT / "autograder", ROOT / "submitted", ROOT / "labs", ROOT / ".git", Path.home() / ".ssh", Path("/var"),
        Path("/etc/hostname"), Path("/etc/machine-id"), Path("/sys"), Path("/home"),
        Path(f"/proc/{os.getpid()}/environ"), Path("/dev/mem"), Path("/dev/kmsg"),
    ]  # fmt: skip
    answers = read(secrets, readable=[(ROOT / "ds101", "/course/ds101")])
    assert answers == ["FileNotFoundError"] * len(secrets)


@pytest.mark.sandbox
def test_of_the_course_only_the_environment_is_there(each_way):
    found = inside(f"import os; print(os.listdir({str(ROOT)!r}))")
    assert found.said.strip() == f"[{Path(sys.prefix).name!r}]"


@pytest.mark.sandbox
def test_what_is_given_can_be_read_and_not_changed(each_way):
    code = "import ds101; print(ds101.__file__, flush=True)\nopen(ds101.__file__, 'a')"
    tried = inside(code, readable=[(ROOT / "ds101", "/course/ds101")], environment={"PYTHONPATH": "/course"})
    assert tried.said.startswith("/course/ds101/__init__.py\n")
    assert "Read-only file system" in tried.said or "Permission denied" in tried.said


@pytest.mark.sandbox
def test_a_neighbour_is_not_there(each_way, tmp_path):
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for folder in (mine, theirs):
        folder.mkdir()
        (folder / "answer").write_text("42")
    with start([sys.executable, "-c", "import time; time.sleep(60)"], folder=theirs):
        assert read([theirs / "answer", mine / "answer"], folder=mine) == ["FileNotFoundError", f"{mine / 'answer'} 2"]


WRITE = """
import os
for place in ("/", "/tmp", "/dev", "/dev/shm", "/etc", "/usr", "/proc", "/course", "/tmp/home", os.getcwd()):
    try:
        open(os.path.join(place, "x"), "w").close()
        print(place)
    except OSError:
        pass
for switch in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"):
    if os.access(switch, os.W_OK):
        print(switch)
"""


@pytest.mark.sandbox
@pytest.mark.parametrize("writable_tmp", [True, False])
def test_what_can_be_written(each_way, tmp_path, writable_tmp):
    folder = tmp_path / "work"
    folder.mkdir()
    tried = inside(WRITE, folder=folder, writable_tmp=writable_tmp)
    assert tried.said.split() == [*(["/tmp", "/dev/shm", "/tmp/home"] if writable_tmp else []), str(folder)]
    assert os.listdir(folder) == ["x"]


@pytest.mark.sandbox
def test_the_environment_is_clean(each_way, monkeypatch):
    monkeypatch.setenv("DS101_SECRET", "seed")
    said = inside("import os; print(dict(os.environ))", environment={"GIVEN": "1"}).said
    assert "seed" not in said
    assert "'GIVEN': '1'" in said


@pytest.mark.sandbox
def test_it_has_no_rights(each_way):
    said = inside("print(open('/proc/self/status').read())").said
    fields = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert {fields[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {""}
    assert fields["NoNewPrivs"] == "1"
    assert "0" not in fields["Uid"].split()


@pytest.mark.sandbox
def test_no_way_leads_to_the_hosts_loopback(each_way):
    with socket.create_server(("127.0.0.1", 0)) as door, socket.socket(socket.AF_UNIX) as named:
        named.bind(name := f"\0ds101-{os.getpid()}")
        named.listen()
        code = f"""
import socket
for family, address in ((socket.AF_INET, {door.getsockname()!r}), (socket.AF_UNIX, {name!r})):
    with socket.socket(family) as caller:
        print(caller.connect_ex(address))
"""
        assert inside(code).said.split() == [str(errno.ECONNREFUSED)] * 2
        assert inside(code, share_network=True).said.split()[0] == "0"


@pytest.mark.sandbox
def test_it_has_a_loopback_of_its_own(each_way):
    code = """
import socket
with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()):
    print("connected")
"""
    assert inside(code).said == "connected\n"


@pytest.mark.sandbox
def test_signals_stay_inside(each_way):
    with subprocess.Popen(["sleep", "60"]) as outsider:
        code = f"""
import os
try:
    os.kill({outsider.pid}, 15)
    print("sent")
except ProcessLookupError:
    print("nobody there")
"""
        assert inside(code).said == "nobody there\n"
        assert outsider.poll() is None
        outsider.kill()


@pytest.mark.sandbox
def test_a_fork_bomb_stays_within_its_limit(each_way):
    code = """
import os, time
for number in range(500):
    try:
        if os.fork() == 0:
            time.sleep(3)
            os._exit(0)
    except OSError:
        break
print(number)
time.sleep(1)
"""
    tried = inside(code, limits=Limits(processes=30))
    if each_way == "its own user" or Identity(STUDENT, own=False).counted_apart:
        assert int(tried.said) < 30
    else:
        assert tried.ended_by == "started more than 30 processes and threads"
    assert tried.seconds < 10


@pytest.mark.sandbox
def test_ten_thousand_threads_stay_within_their_limit(each_way):
    code = """
import threading, time
for number in range(10_000):
    try:
        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
    except RuntimeError:
        break
print(number, flush=True)
time.sleep(0.5)
"""
    tried = inside(code, limits=Limits(processes=30))
    assert tried.ended_by == "started more than 30 processes and threads" or int(tried.said) < 30


@pytest.mark.sandbox
def test_memory_of_one_process_ends_in_an_error_that_it_can_handle(each_way):
    tried = inside("try:\n bytearray(4 << 30)\nexcept MemoryError:\n print('no')", limits=Limits(memory=512 * MEBI))
    assert tried.said == "no\n"


SEVERAL = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        kept = []
        while len(kept) < 400:  # 4 x 400 MiB at most
            kept.append(bytearray(1 << 20))
        time.sleep(20)
        os._exit(0)
time.sleep(20)
"""


@pytest.mark.sandbox
def test_memory_of_several_processes_is_summed(each_way):
    tried = inside(SEVERAL, limits=Limits(memory=600 * MEBI))
    assert tried.ended_by == "used more than 600 MiB of memory"
    assert tried.peak < (1 + OVERSHOOT) * 600 * MEBI
    assert tried.seconds < 15


@pytest.mark.sandbox
def test_shared_pages_count_once(each_way):
    code = """
import os, time
kept = bytearray(200 << 20)
for _ in range(5):
    if os.fork() == 0:
        time.sleep(1)
        os._exit(0)
time.sleep(1)
"""
    assert inside(code, limits=Limits(memory=600 * MEBI)).ended_by == ""


HIDDEN = {
    "a file of memory": "import os; os.memfd_create('x')",
    "a mapping of nothing": "import mmap; mmap.mmap(-1, 100)",
    "System V": "import ctypes; assert ctypes.CDLL(None).shmget(0, 100, 0o1600) >= 0",
    "a mapping of zeros": "import mmap; f = open('/dev/zero', 'r+b'); print(f.read(2)); mmap.mmap(f.fileno(), 100)",
}


@pytest.mark.sandbox
@pytest.mark.skipif(not seccomp.program(), reason="there is no filter for this machine")
@pytest.mark.parametrize("how", HIDDEN)
def test_no_memory_belongs_to_no_process(each_way, how):
    assert inside(HIDDEN[how]).status == 1


@pytest.mark.sandbox
def test_a_full_disk_is_its_own(each_way):
    code = """
import errno
written = 0
try:
    for number in range(40):
        with open(f"/tmp/{number}", "wb") as file:
            written += file.write(bytes(1 << 20))
except OSError as error:
    print(written >> 20, errno.errorcode[error.errno])
"""
    assert inside(code, limits=Limits(disk=20 * MEBI)).said in ("19 ENOSPC\n", "20 ENOSPC\n")


@pytest.mark.sandbox
def test_one_file_has_a_limit_and_so_have_all_in_a_folder(each_way, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    tried = inside("open('x', 'wb').write(bytes(30 << 20))", folder=folder, limits=Limits(file=20 * MEBI))
    assert "File too large" in tried.said
    many = "import time\nfor name in range(300): open(f'{name}', 'wb').write(bytes(1 << 20)); time.sleep(0.01)"
    assert inside(many, folder=folder, limits=Limits(disk=50 * MEBI)).ended_by == "wrote more than 50 MiB of files"


DEAF = """
import signal
for number in (1, 2, 3, 15):
    signal.signal(number, signal.SIG_IGN)
print(1, flush=True)
while True:
    pass
"""


@pytest.mark.sandbox
def test_kill_ends_an_endless_loop_that_ignores_all_signals(each_way):
    with start([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as program:
        program.process.stdout.read(1)
        began = time.monotonic()
        program.kill()
        assert time.monotonic() - began < 2
        program.kill()  # again does nothing


DETACHED = "import subprocess; subprocess.Popen(['sleep', '{0}'], start_new_session=True); print(1, flush=True){1}"


def sleepers(seconds: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", seconds]]


@pytest.mark.sandbox
@pytest.mark.parametrize("rest", ["", "; import time; time.sleep(60)"])
def test_a_detached_child_ends_with_its_sandbox(each_way, rest):
    code = DETACHED.format(seconds := f"77.{os.getpid()}", rest)
    with start([sys.executable, "-c", code], stdout=subprocess.PIPE) as program:
        program.process.stdout.read(1)
    assert not sleepers(seconds)


@pytest.mark.sandbox
@pytest.mark.parametrize("isolation", ["bubblewrap", "none"])
def test_a_sandbox_outlives_the_thread_that_started_it(bubblewrap, isolation):
    programs: list[Sandboxed] = []
    thread = threading.Thread(target=lambda: programs.append(start(["sleep", "60"], isolation=isolation)))
    thread.start()
    thread.join()
    time.sleep(0.2)
    with programs[0]:
        assert programs[0].process.poll() is None


@pytest.mark.sandbox
@pytest.mark.parametrize("delay", [0.0, 0.003, 0.006, 0.01, 0.02, 0.2])
def test_a_sandbox_dies_with_the_program_that_started_it_at_any_moment(bubblewrap, count, delay):
    mark = f"sleep=78.{os.getpid()}"
    code = f"""
from autograder.sandbox import start
print(1)
start(["sleep", "60"], environment={{"MARK": "{mark}"}})
input()
"""
    for _ in range(count(2, 20)):
        with subprocess.Popen(
            [sys.executable, "-uc", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as program:
            assert program.stdout.read(1) == b"1"
            time.sleep(delay)
            program.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 5
        while left(mark) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not left(mark)


def left(mark: str) -> list[psutil.Process]:
    """The processes that have this in their environment: bubblewrap's own too."""

    def has(process: psutil.Process) -> bool:
        try:
            return process.environ().get("MARK") == mark
        except (psutil.Error, OSError):
            return False

    return [process for process in psutil.process_iter() if has(process)]


@pytest.mark.sandbox
def test_descriptors_are_handed_in_and_no_others(each_way):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        number = theirs.fileno()
        code = f"""
import os, socket
caller = socket.socket(fileno={number})
caller.send(" ".join(os.listdir("/proc/self/fd")).encode())
"""
        with start([sys.executable, "-c", code], pass_fds=[number], writable_tmp=False) as program:
            assert program.process.wait(PATIENCE) == 0
        found = set(ours.recv(1000).decode().split())
    assert len(found - {"0", "1", "2", str(number)}) <= 2  # the listing itself, and where it waited to begin


@pytest.mark.sandbox
@pytest.mark.skipif(not seccomp.program(), reason="there is no filter for this machine")
def test_the_system_refuses_what_the_filter_forbids(each_way):
    column = seccomp.MACHINES[os.uname().machine][0]
    calls = {name: both[column] for name, both in seccomp.FORBIDDEN.items() if both[column] is not None}
    code = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.syscall({calls["keyctl"]}, 0, 0, 0, 0, 0) == -1 and ctypes.get_errno() == {errno.EPERM}
for name, call in {calls!r}.items():
    if libc.syscall(call, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != {errno.EPERM}:
        print(name, ctypes.get_errno())
print("all tried")
"""
    assert inside(code).said == "all tried\n"


# Where there is no sandbox.


@pytest.fixture
def afresh() -> Iterator[None]:
    trying._tried.cache_clear()
    yield
    trying._tried.cache_clear()


def test_without_bubblewrap_nothing_is_started(afresh, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert "bubblewrap" in why_not() or "Linux" in why_not()
    with pytest.raises(NoSandbox, match="name a weaker isolation"):
        start(["true"])


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")
def test_a_forbidden_namespace_is_told_with_what_to_do(afresh, monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(trying, "_setting", {"kernel/apparmor_restrict_unprivileged_userns": "1"}.get)
    said = why_not()
    assert "No permissions to create new namespace" in said
    assert "apparmor_parser" in said


# The weaker isolations keep what needs no walls.


@pytest.fixture(params=["none", "container"])
def weakly(request: pytest.FixtureRequest) -> Callable[..., Tried]:
    return lambda code, **given: inside(code, isolation=request.param, **given)


def test_weaker_has_limits_all_the_same(weakly):
    few = Limits(memory=600 * MEBI, processes=30, file=20 * MEBI)
    assert "MemoryError" in weakly("bytearray(4 << 30)", limits=few).said
    assert weakly(SEVERAL, limits=few).ended_by == "used more than 600 MiB of memory"
    assert "File too large" in weakly("open('x', 'wb').write(bytes(30 << 20))", limits=few).said
    sleeping = "import os, time\nfor _ in range(60):\n  if os.fork() == 0: time.sleep(9); os._exit(0)\ntime.sleep(9)"
    assert weakly(sleeping, limits=few).ended_by == "started more than 30 processes and threads"


def test_weaker_finds_what_is_given_and_leaves_nothing(weakly, monkeypatch):
    monkeypatch.setenv("DS101_SECRET", "seed")
    code = "import ds101, os; print(ds101.__file__, os.getcwd(), os.environ)"
    said = weakly(code, readable=[(ROOT / "ds101", "/course/ds101")], environment={"PYTHONPATH": "/course"}).said
    module, folder, _ = said.split(" ", 2)
    assert module.endswith("/course/ds101/__init__.py")
    assert "seed" not in said
    assert not Path(folder).exists()


@pytest.mark.parametrize("rest", ["", "; import time; time.sleep(60)"])
def test_weaker_ends_a_detached_child(rest):
    code = DETACHED.format(seconds := f"79.{os.getpid()}", rest)
    with start([sys.executable, "-c", code], isolation="none", stdout=subprocess.PIPE) as program:
        program.process.stdout.read(1)
    assert not sleepers(seconds)


def test_folders_left_over_by_a_killed_program_are_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "SHORT", str(tmp_path))
    monkeypatch.setattr(folders, "YOUNG", 0.0)
    (tmp_path / "ds101-box-left" / "run").mkdir(parents=True)
    used = Folder()
    (tmp_path / "ds101-box-again" / "run").mkdir(parents=True)
    folders._sweep.cache_clear()
    new = Folder()
    assert sorted(tmp_path.iterdir()) == sorted([used.path, new.path])
    used.remove()
    new.remove()
    new.remove()  # again does nothing
    assert not list(tmp_path.iterdir())
