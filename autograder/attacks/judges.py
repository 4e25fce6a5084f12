"""Parts that lie to the judge, or harm it, from inside the sandbox in which they are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import dedent, indent

from autograder.attacks.attack import ENCODE, NOTHING, ROOT, Attack, Scene, Submission

SECONDS = 20  # that whatever an attack starts lives at the most

# Finds the socket on which the judge is told, and says it in the judge's own language.
TELL = """
def tell(*frames):
    import os, socket, stat
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as judge:
                    for frame in frames: judge.sendall(frame)
        except OSError: pass
"""


def encode(body: str, helpers: str = "") -> Callable[[Submission], None]:
    """`encode` does this."""
    source = f"{dedent(helpers)}\ndef encode(message):\n{indent(dedent(body).strip(), '    ')}"
    return lambda submission: submission.write("encode", source)


def told(*frames: str) -> Callable[[Submission], None]:
    """`encode` sends these frames in place of its answer."""
    words = "from autograder.inside.protocol import Done, Draw, Raised, Returned, pack\n"
    words += "from autograder.inside.trees import _encode, frozen\n"
    return encode(f"{words}tell({', '.join(frames)})\nreturn b''", TELL)


def loading(code: str, task: str = "encode") -> Callable[[Submission], None]:
    """Whoever loads the solution runs this first."""
    part = {
        "encode": "def encode(message, evil=EVIL): return b''",
        "serve": "def serve(listener, timeout, evil=EVIL): pass",
    }
    source = f"class Evil:\n    def __reduce__(self): return exec, ({dedent(code).strip()!r},)\nEVIL = Evil()\n"
    return lambda submission: submission.write(task, source + part[task])


def attacks(scene: Scene) -> Iterator[Attack]:
    yield from lying()
    yield from harming()
    yield from forging()
    yield from serving()


def lying() -> Iterator[Attack]:
    yield Attack(
        "always-equal", "Returns an object that equals everything.",
        encode("return Same()", """
            class Same(bytes):
                def __eq__(self, other): return True
                def __hash__(self): return 0
                def __len__(self): return 4
        """), NOTHING, "object of type Same",
    )  # fmt: skip
    yield Attack(
        "metaclass", "A class that lies about what it is, and whose messages equal everything.",
        lambda submission: submission.write("decoder", """
            class Lies(type):
                def __instancecheck__(cls, one): return True
                def __subclasscheck__(cls, one): return True
                def __eq__(cls, other): return True
                def __hash__(cls): return 0
                __mro__ = property(lambda cls: (list, object))
            class Same(list, metaclass=Lies):
                def __eq__(self, other): return True
                def __iter__(self): return iter([Same()])
                __class__ = list
            class Decoder(metaclass=Lies):
                def feed(self, data): return Same()
                def finish(self): return None
        """), ENCODE, "could not be loaded|feed",
    )  # fmt: skip
    yield Attack(
        "hooks", "What loads the solution is told that every answer is right.",
        loading("""
            import ds101.labs.lab01.decoding as decoding, ds101.labs.apart as apart
            decoding.feed_all = lambda *_: [apart.Returned([])]
            apart.portable = lambda value: value
        """), NOTHING, "encode",
    )  # fmt: skip
    yield Attack(
        "no-answers", "The work beside the Decoder is patched, so that it answers to nothing.",
        lambda submission: submission.write("decoder", """
            class Evil:
                def __reduce__(self): return exec, (
                    "import ds101.labs.lab01.decoding as d\\nd.feed_all = lambda *_: []\\n"
                    "import ds101.labs.lab01.hostility as h\\nh.work_of = lambda *_: 'none'",)
            class Decoder:
                evil = Evil()
        """), ENCODE, "no list of answers",
    )  # fmt: skip
    yield Attack(
        "few-answers", "The same, and it answers for the first piece alone.",
        lambda submission: submission.write("decoder", """
            class Evil:
                def __reduce__(self): return exec, (
                    "import ds101.labs.lab01.decoding as d\\nfull = d.feed_all\\n"
                    "d.feed_all = lambda *_: [__import__('ds101.labs.apart').labs.apart.Returned([])]",)
            class Decoder:
                evil = Evil()
                def feed(self, data): return []
        """), {**ENCODE, "check-decoder": 1.0}, "feed",
    )  # fmt: skip


def harming() -> Iterator[Attack]:
    yield Attack("exit-inside", "Ends its process.", encode("import os; os._exit(0)"), NOTHING, "ended its process")
    yield Attack("loop-inside", "Never returns.", encode("while True: pass"), NOTHING, "had not ended")
    yield Attack("recursion", "Calls itself for ever.", encode("return encode(message)"), NOTHING, "RecursionError")
    yield Attack(
        "endless-words", "Raises an error whose text is never done.",
        encode("raise Endless()", """
            class Endless(Exception):
                def __str__(self):
                    while True: pass
        """), NOTHING, "had not ended",
    )  # fmt: skip
    yield Attack(
        "exit-at-load", "Ends the process that loads it.", loading("import os; os._exit(0)"), NOTHING, "ended",
    )  # fmt: skip
    yield Attack(
        "loop-at-load", "Never lets itself be loaded.", loading("while True: pass"), NOTHING, "had not ended",
    )  # fmt: skip
    yield Attack(
        "raise-at-load", "Can't be loaded.",
        loading("raise ValueError('<b>no</b>')"), NOTHING, "could not be loaded: ValueError",
    )  # fmt: skip
    yield Attack(
        "memory-inside", "Eight processes that want half a GiB each.",
        encode(f"""
            import os, time
            for _ in range(8):
                if not os.fork():
                    kept = b"x" * (512 << 20)
                    time.sleep({SECONDS})
                    os._exit(0)
            time.sleep({SECONDS})
        """), NOTHING, "had not ended|ended its process",
    )  # fmt: skip
    yield Attack(
        "fork-bomb-inside", "Three hundred processes that stay.",
        encode(f"""
            import os, time
            for _ in range(300):
                if not os.fork():
                    time.sleep({SECONDS})
                    os._exit(0)
            return b""
        """), NOTHING, "raised|ended its process|had not ended",
    )  # fmt: skip
    yield Attack(
        "disk-inside", "Writes wherever it can, and does its work.",
        lambda submission: submission.finish("encode", """
            quiet = encode
            def encode(message):
                import os
                for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/proc/self/cwd", "/course", "/"):
                    try:
                        with open(folder + "/ds101-attack", "wb") as file:
                            for _ in range(64): file.write(bytes(1 << 20))
                        return b"REACHED"
                    except OSError: pass
                return quiet(message)
        """), ENCODE,
    )  # fmt: skip
    yield Attack(
        "at-the-door", "Stops, kills and rewrites the process that lets the judge in, and does its work.",
        lambda submission: submission.finish("encode", """
            quiet = encode
            def encode(message):
                import os, signal
                door = os.getppid()
                for pid in (door, 1, 2, 3, 0, -1, -door, -2):
                    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
                        try:
                            if pid not in (0, os.getpid()): os.kill(pid, number)
                        except OSError: pass
                for pid in (door, 1, 2):
                    try:
                        os.sched_setaffinity(pid, {0}); os.setpriority(os.PRIO_PROCESS, pid, 19)
                        with open(f"/proc/{pid}/mem", "r+b"): return b"REACHED"
                    except OSError: pass
                return quiet(message)
        """), ENCODE,
    )  # fmt: skip
    yield Attack(
        "huge-solution", "Takes 20 MB of data along.",
        lambda submission: submission.begin("encode", "import os\nDATA = os.urandom(20 << 20)")
        or submission.finish("encode", "quiet = encode\ndef encode(message): return quiet(message) + DATA[:0]"),
        NOTHING, "printed without end|printed more than",
    )  # fmt: skip
    yield Attack(
        "long-name", "Its name has ten million letters.",
        lambda submission: submission.finish("encode", "encode.__name__ = encode.__qualname__ = 'encode' * 2_000_000"),
        NOTHING, "printed without end|could not begin",
    )  # fmt: skip


def forging() -> Iterator[Attack]:
    value = "pack(Returned(value=_encode({}), state=b''))"
    deep = "b'\\xdd\\x00\\x00\\x00\\x01' * 200_000"
    yield Attack(
        "forged-frame", "Answers with frames of its own making.",
        told(value.format("b'mine'"), "pack(Done([], [], None, None))", "pack(Draw([], 1 << 40))"), NOTHING, "encode",
    )  # fmt: skip
    yield Attack(
        "garbage", "Answers with noise.", told("b'\\x00\\x00\\x00\\x05\\xc1\\xff\\x00ab'"), NOTHING, "no answer"
    )
    yield Attack(
        "huge-frame", "Announces 4 GiB.", told("b'\\xff\\xff\\xff\\xff' * 100"), NOTHING, "frame of 4,294,967,299"
    )
    yield Attack(
        "endless-frames", "Sends half a GB of answers.",
        told("*[pack(Returned(bytes(8 << 20), b''))] * 64"), NOTHING, "encode",
    )  # fmt: skip
    yield Attack(
        "slow-frame", "Sends an answer a byte at a time, each soon enough.",
        encode("""
            import time
            for _ in range(150):
                tell(b"\\x00")
                time.sleep(0.2)
        """, TELL), NOTHING, "had not ended|no answer",
    )  # fmt: skip
    yield Attack(
        "deep-frame", "Nests its answer two hundred thousand times.",
        told(f"(lambda b: len(b).to_bytes(4, 'big') + b)({deep})"), NOTHING, "no answer",
    )  # fmt: skip
    yield Attack(
        "deep-value", "Nests its value instead.",
        encode("""
            made = []
            for _ in range(100_000): made = [made]
            return made
        """), NOTHING, "encode",
    )  # fmt: skip
    yield Attack(
        "laughs", "A value that contains itself ten times, ten times over.",
        encode("""
            from autograder.inside.protocol import Returned, pack
            from autograder.inside.trees import _encode
            tree = ("l", *["x"] * 10)
            for number in range(30): tree = ("l", tree, *[("=", 29 - number + 1)] * 9)
            tell(pack(Returned(_encode(tree), b"")))
            return b""
        """, TELL), NOTHING, "encode",
    )  # fmt: skip
    yield Attack(
        "odd-values", "Values that many a program stumbles over.",
        encode("""
            return [float("nan"), float("inf"), 10 ** 5000, "\\ud800", "\\x1b[2J\\u202e", {1: {2: {3}}}, encode, type]
        """), NOTHING, "encode",
    )  # fmt: skip
    secret = ROOT / "solutions" / "lab01_framing.py"
    line = 1 + secret.read_text().splitlines().index("        del self.waiting[: 4 + length]")
    yield Attack(
        "forged-place", "Raises an error at a line of the instructor's solution, to be shown it.",
        told(f"pack(Raised(('Exception',), 'x', 'builtins', ({str(secret)!r}, {line}, 'serve')))"), NOTHING, "raised",
    )  # fmt: skip
    yield Attack(
        "forged-kinds", "Raises an error of no class.",
        told("pack(Raised(kinds=(), words='x', module='', place=('', -(1 << 60), '')))"), NOTHING, "raised",
    )  # fmt: skip


def serving() -> Iterator[Attack]:
    yield Attack(
        "silent-port", "A server whose host never says where it listens.",
        loading("""
            import socket, ds101.labs.lab01.given as given
            def quiet(serve, timeout, buffer, door):
                with socket.create_connection(door): pass
            given._listen_and_serve = quiet
        """, "serve"), NOTHING, "did not say where it listens", aims=("check-serve",),
    )  # fmt: skip
    yield Attack(
        "endless-server", "A server that talks without end.",
        lambda submission: submission.write("serve", """
            def serve(listener, timeout):
                import time
                end = time.monotonic() + 20
                while time.monotonic() < end:
                    connection, _ = listener.accept()
                    try:
                        while time.monotonic() < end: connection.sendall(bytes(1 << 16))
                    except OSError: pass
        """), NOTHING, "Client 1 sent", aims=("check-serve",),
    )  # fmt: skip
    yield Attack(
        "endless-client", "A client that talks without end.",
        lambda submission: submission.write("exchange", """
            def exchange(connection, message, timeout):
                import time
                end = time.monotonic() + 20
                while time.monotonic() < end: connection.sendall(bytes(1 << 16))
        """), NOTHING, "exchange", aims=("check-exchange",),
    )  # fmt: skip
