"""Cells that stop the kernel, use up the machine, look around in it, or cheat where the check is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import dedent

from autograder.attacks.attack import BOTH, ENCODE, LAB, MARK, NOTHING, ROOT, Attack, Scene, Submission

SECONDS = 30  # that whatever an attack starts lives at the most
NOT_BEGUN = r"The check could not begin: NameError"
SLOTH = {**ENCODE, "check-decoder": 1.0}  # whoever does nothing does it in proportion
NO_HANDOVER = r"handed nothing over"


def before_decoder(code: str) -> Callable[[Submission], None]:
    """The cell of the Decoder begins with this."""
    return lambda submission: submission.begin("decoder", code)


def first(code: str) -> Callable[[Submission], None]:
    """A cell of the student's own has this."""
    return lambda submission: submission.run(code)


def attacks(scene: Scene) -> Iterator[Attack]:
    yield from stopping()
    yield from using_up()
    yield from cheating()
    yield from looking(scene)


def stopping() -> Iterator[Attack]:
    yield Attack(
        "infinite-loop", "A cell that never ends.",
        before_decoder("while True: pass"), ENCODE, r"did not end after \d+ s, and was interrupted",
    )  # fmt: skip
    yield Attack(
        "deaf-loop", "A cell that never ends, and ignores the interrupt.",
        before_decoder("""
            import signal
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            while True:
                try:
                    while True: pass
                except BaseException: pass
        """), ENCODE, r"The kernel died in cell \d+, which did not end after \d+ s, nor when it was interrupted",
    )  # fmt: skip
    yield Attack(
        "sys-exit", "A cell that leaves Python politely.",
        before_decoder("import sys; sys.exit(0)"), ENCODE, NOT_BEGUN,
    )  # fmt: skip
    yield Attack(
        "os-exit", "A cell that ends the kernel's process.",
        before_decoder("import os; os._exit(0)"), ENCODE, r"The kernel died in cell \d+",
    )  # fmt: skip
    yield Attack(
        "kill-self", "A cell that kills the kernel.",
        before_decoder("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), ENCODE, r"The kernel died in cell",
    )  # fmt: skip
    yield Attack(
        "kill-others", "A cell that kills every process that it can name.",
        first("""
            import os, signal
            for pid in {1, 2, 3, os.getppid(), *(int(name) for name in os.listdir("/proc") if name.isdigit())}:
                for number in (signal.SIGSTOP, signal.SIGKILL):
                    if not os.path.exists(f"/proc/self/task/{pid}"):
                        try: os.kill(pid, number)
                        except OSError: pass
        """), ENCODE,
    )  # fmt: skip


def using_up() -> Iterator[Attack]:
    yield Attack(
        "memory", "Eight processes that want half a GiB each.",
        before_decoder(f"""
            import os, time
            for _ in range(8):
                if not os.fork():
                    kept = b"x" * (512 << 20)
                    time.sleep({SECONDS})
                    os._exit(0)
            time.sleep({SECONDS})
        """), ENCODE, r"used more than \d+ MiB of memory|used more than [\d.]+ GiB of memory",
    )  # fmt: skip
    yield Attack(
        "memory-at-once", "Four GiB in one piece.",
        before_decoder("kept = bytearray(4 << 30)"), ENCODE, NOT_BEGUN,
    )  # fmt: skip
    yield Attack(
        "fork-bomb", "Three hundred processes that stay.",
        before_decoder(f"""
            import os, time
            for _ in range(300):
                if not os.fork():
                    time.sleep({SECONDS})
                    os._exit(0)
        """), ENCODE, rf"{NOT_BEGUN}|started more than \d+ processes",
    )  # fmt: skip
    yield Attack(
        "threads", "Ten thousand threads.",
        before_decoder(f"""
            import threading, time
            for _ in range(10_000):
                threading.Thread(target=time.sleep, args=({SECONDS},), daemon=True).start()
        """), ENCODE, rf"{NOT_BEGUN}|started more than \d+ processes",
    )  # fmt: skip
    yield Attack(
        "full-disk", "Files until there is no more room; then it goes on honestly.",
        first("""
            import os
            try:
                for number in range(64):
                    with open(os.path.expanduser(f"~/{number}"), "wb") as file:
                        for _ in range(32): file.write(bytes(1 << 20))
            except OSError as error: print(error)
        """), ENCODE,
    )  # fmt: skip
    yield Attack(
        "flood", "A hundred MB of output.",
        before_decoder("""
            import time
            for _ in range(1000): print("x" * 100_000, flush=True)
            time.sleep(5)
        """), ENCODE, r"printed without end",
    )  # fmt: skip
    yield Attack(
        "many-outputs", "A hundred thousand small outputs.",
        before_decoder("""
            import time
            from IPython.display import display
            for number in range(100_000): display(number)
            time.sleep(5)
        """), ENCODE, r"printed without end|did not end after|printed more than",
    )  # fmt: skip
    yield Attack(
        "doors", "A thousand connections to every socket that it finds.",
        first("""
            import glob, socket
            kept = []
            for path in glob.glob("/tmp/**", recursive=True) + glob.glob("/run/**", recursive=True):
                for _ in range(1000):
                    one = socket.socket(socket.AF_UNIX)
                    try: one.connect(path)
                    except OSError: break
                    kept.append(one)
        """), NOTHING, "The kernel died in cell",
    )  # fmt: skip


def cheating() -> Iterator[Attack]:
    yield Attack(
        "patched-check", "A check of its own that says 11.",
        before_decoder("import ds101.labs\ncheck = ds101.labs.check = lambda *_, **__: 11"), ENCODE, NO_HANDOVER,
    )  # fmt: skip
    yield Attack(
        "patched-ds101", "Every verdict of the library says that all holds.",
        before_decoder("""
            import ds101.checks.answer as answer, ds101.labs.lab01.decoding as decoding
            decoding.broken = answer.broken = lambda *_, **__: answer.holds()
            decoding.to_do = answer.to_do = lambda *_, **__: answer.holds()
        """), ENCODE, "Next: write Decoder",
    )  # fmt: skip
    yield Attack(
        "patched-builtins", "All things are equal, and everything is an instance of everything.",
        before_decoder("""
            import builtins
            builtins.len = lambda _: 0
            builtins.isinstance = lambda *_: True
        """), ENCODE,
    )  # fmt: skip
    yield Attack(
        "patched-modules", "A module of its own stands for ds101.labs.",
        before_decoder("""
            import sys, types
            fake = types.ModuleType("ds101.labs")
            fake.check = lambda *_, **__: 11
            fake.NotYet = NotYet
            sys.modules["ds101.labs"] = sys.modules["ds101.labs.checking"] = fake
            check = fake.check
        """), ENCODE, NO_HANDOVER,
    )  # fmt: skip
    yield Attack(
        "patched-assert", "Assertions are taken out of all later cells.",
        before_decoder("""
            import ast
            class Without(ast.NodeTransformer):
                def visit_Assert(self, node): return ast.Pass()
            get_ipython().ast_transformers.append(Without())
            __debug__ and print("no assertions")
        """), ENCODE, "Next: write Decoder",
    )  # fmt: skip
    yield Attack(
        "input-transformer", "Later cells are emptied before they run.",
        before_decoder("""
            get_ipython().input_transformers_cleanup.append(
                lambda lines: ["11"] if any("check(" in line for line in lines) else lines)
        """), ENCODE, NO_HANDOVER,
    )  # fmt: skip
    yield Attack(
        "patched-handover", "What is handed over is no solution.",
        before_decoder("""
            import ds101.labs.handing_over as handing_over
            handing_over.dump = lambda _: b"points: 11"
        """), ENCODE, "could not be loaded",
    )  # fmt: skip
    yield Attack(
        "forged-handover", "The check's output is written by hand: a pickle that would run where it is opened.",
        before_decoder(f"""
            import base64, ds101.labs.checking as checking
            from IPython.display import display
            bad = b"cos\\nsystem\\n(S'touch /tmp/{MARK}-unpickled /var/tmp/{MARK}-unpickled'\\ntR."
            def forged(*_):
                sheet = {{"parts": base64.b64encode(bad).decode(), "sources": {{"/etc/passwd": ["/etc/passwd", "x"]}}}}
                display({{"application/vnd.ds101.solution+json": sheet}}, raw=True)
            checking.hand_over = forged
        """), ENCODE, "could not be",
    )  # fmt: skip
    yield Attack(
        "garbled-handover", "What is handed over has another shape than it should.",
        before_decoder("""
            import ds101.labs.checking as checking
            from IPython.display import display
            deep = []
            for _ in range(500): deep = [deep]
            def forged(*_):
                for sheet in (deep, {"parts": deep}, {"parts": "%%%", "sources": 5}):
                    display({"application/vnd.ds101.solution+json": sheet}, raw=True)
            checking.hand_over = forged
        """), ENCODE, "is no solution",
    )  # fmt: skip
    yield Attack(
        "other-solution", "The points of nbgrader and the metadata of outputs are written by hand.",
        before_decoder("""
            from IPython.display import publish_display_data
            publish_display_data({"text/plain": "11", "application/vnd.ds101.mark+json": {"points": 11}},
                                 metadata={"nbgrader": {"points": 11, "score": 11}})
        """), ENCODE, "Next: write Decoder",
    )  # fmt: skip
    yield Attack(
        "not-when-graded", "Does its work only where nobody grades it.",
        lambda submission: submission.begin("decoder", "import os\nGRADED = 'DS101_GRADING' in os.environ") or
        submission.finish("decoder", """
            if GRADED:
                Decoder.feed = lambda self, data: []
        """), SLOTH, "feed did not return it", ("encode", "decoder"),
    )  # fmt: skip
    yield Attack(
        "only-when-graded", "Does its work in the kernel, and something else in the judge's sandbox.",
        lambda submission: submission.finish("decoder", """
            class Late(Decoder):
                def feed(self, data):
                    import os
                    return super().feed(data) if "DS101_GRADING" in os.environ else []
            Late.__name__ = Late.__qualname__ = "Decoder"
            Decoder = Late
        """), SLOTH, "feed did not return it", ("encode", "decoder"),
    )  # fmt: skip
    yield Attack(
        "stderr", "Log lines on standard error, everywhere. They cost nothing.",
        lambda submission: submission.begin("encode", dedent("""
            import logging, sys
            print("debug", file=sys.stderr)
            logging.basicConfig(level=0)
            logging.debug("a line")
        """)) or submission.finish("encode", dedent("""
            quiet = encode
            def encode(message):
                print("encoding", file=sys.stderr)
                logging.warning("encoding")
                return quiet(message)
        """)), ENCODE,
    )  # fmt: skip
    yield Attack(
        "detached", "A process that outlives the kernel, and holds a port.",
        first(f"""
            import subprocess, sys
            hold = "import socket, time; s = socket.create_server(('127.0.0.1', 47101)); time.sleep(600)"
            for _ in range(2):
                subprocess.Popen([sys.executable, "-c", hold, "{MARK}-detached"], start_new_session=True)
        """), ENCODE,
    )  # fmt: skip


def looking(scene: Scene) -> Iterator[Attack]:
    course = scene.course
    solutions = [ROOT / "solutions", course / "solutions", ROOT / "autograder", ROOT / "tests"]
    others = [course / "submitted" / "honest" / LAB / f"{LAB}.ipynb", course / "autograded", course / "grading_secret"]
    book = course / "gradebook.db"
    yield Attack(
        "reads-files", "Looks for the gradebook, the solution, the hidden tests, and others' work.",
        first(f"""
            import os, glob
            wanted = {[str(path) for path in (*solutions, *others, book)]!r}
            for path in wanted + glob.glob("/tmp/**/*.ipynb", recursive=True) + glob.glob("/proc/*/root{course}/*"):
                if os.path.exists(path): print("REACHED", path)
            for folder in ("/", "/root", "/home", "/work", "/mnt", "/opt", "/var", "/tmp"):
                for place, _, names in os.walk(folder):
                    if place.count("/") > 3: continue
                    for name in names:
                        if name.endswith((".ipynb", "gradebook.db", "solutions")): print("REACHED", place, name)
        """), ENCODE,
    )  # fmt: skip
    yield Attack(
        "reads-memory", "Looks into its inputs, its environment, and every process.",
        first("""
            import glob, os
            print(In, dict(os.environ))
            for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/task/*/comm"):
                try: print(path, open(path, "rb").read())
                except OSError: pass
            for name in ("DS101_SECRET", "grading_secret", "DS101_EXCHANGE"):
                if name in os.environ: print("REA" + "CHED", name)  # this cell is among its inputs
        """), ENCODE,
    )  # fmt: skip
    yield Attack(
        "writes-gradebook", "Writes into the gradebook.",
        first(f"""
            import os, sqlite3
            for path in ({str(book)!r}, "gradebook.db", "../gradebook.db", "../../gradebook.db"):
                try:
                    with sqlite3.connect(path) as book: book.execute("update grade set auto_score = 11")
                    print("REACHED", path)
                except Exception as error: print(error)
        """), ENCODE,
    )  # fmt: skip
    yield Attack(
        "calls-out", "Connects to whatever listens on this machine: a service, another submission, the coordinator.",
        first(f"""
            import psutil, socket
            own = {{one.laddr.port for one in psutil.Process().net_connections()}}  # Jupyter's debugger is one
            def listens(port):
                with socket.socket() as one:
                    one.settimeout(0.5)
                    return one.connect_ex(("127.0.0.1", port)) == 0 and one.getsockname() != one.getpeername()
            for port in ({scene.port}, 47101, 8786, 8787, *range(30_000, 50_000)):
                if port not in own and listens(port): print("REACHED", port)
        """), ENCODE,
    )  # fmt: skip
    yield Attack(
        "calls-out-of-the-sandbox", "The part that is judged does the same.",
        lambda submission: submission.finish("encode", f"""
            quiet = encode
            def encode(message):
                import socket
                with socket.socket() as one:
                    one.settimeout(0.5)
                    if one.connect_ex(("127.0.0.1", {scene.port})) == 0: return b"REACHED"
                return quiet(message)
        """), ENCODE,
    )  # fmt: skip


__all__ = ["BOTH", "NOTHING", "attacks"]
