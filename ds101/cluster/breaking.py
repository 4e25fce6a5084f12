"""The verbs that break things: crashes, pauses, partitions, bad links, skewed clocks, one chosen message."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ds101.cluster.members import Member
from ds101.cluster.runtime import Runtime
from ds101.errors import Mistake, Timeout, Unreachable
from ds101.faults import CrashPoint, Drop, Fault, Link, Partition
from ds101.messages import Message, Timer

Seconds = float


class Breaking:
    """What `Cluster` can do to its nodes and links. Faults begin before a verb returns."""

    _runtime: Runtime

    def crash(self, node: str, *, before: type | None = None, after: type | None = None) -> None:
        """Kill the node's process with SIGKILL: now, or at its next event of a type (see `CrashPoint`)."""
        member = self._member(node)
        if before is None and after is None:
            if member.dead:
                raise Mistake(f"{node} has crashed already. Use restart({node!r}) first.")
            self._kill(member)
        elif before is not None and after is not None:
            raise Mistake(f"crash({node!r}): give before= or after=, not both.")
        else:
            event = _event_name(before or after)
            self._hold(CrashPoint(node, event, "before" if before else "after"))

    def _kill(self, member: Member) -> None:
        runtime = self._runtime
        with suppress(Timeout, Unreachable):  # if it is paused, busy or dying, what it had not told is lost with it
            runtime.thread.run(runtime.members.ask(member, "flush", timeout=0.1))
        member.process.kill()
        runtime.thread.do(lambda: runtime.exited(member.id, member.life, -9))

    def restart(self, node: str) -> None:
        """Start a crashed node again, with the storage that it had. Returns when `start` has run."""
        member = self._member(node)
        if not member.dead:
            raise Mistake(f"{node} is {member.state}. Only a crashed node can be restarted: crash({node!r}) first.")
        member.process.kill()
        self._runtime.launch([node], member.life + 1)

    def pause(self, node: str) -> None:
        """Stop the node's process with SIGSTOP: it neither runs nor dies, and its connections stay open."""
        member = self._running(node, "pause")
        self._runtime.note("pause", node)
        member.process.pause()
        member.paused = True

    def resume(self, node: str) -> None:
        """Let a paused node go on, with SIGCONT."""
        member = self._member(node)
        if not member.paused:
            raise Mistake(f"{node} is {member.state}, so it can't be resumed. Use pause({node!r}) first.")
        self._runtime.note("resume", node)
        member.process.resume()
        member.paused = False
        self._runtime.thread.run(self._runtime.members.tell([member], "flush"))

    def partition(self, *sides: Iterable[str], one_way: bool = False) -> Holding:
        """Cut every link between the sides, until `heal()` or the end of the `with`. Names of nodes and clients.

        With `one_way`, the first side can't reach the second, but hears it.
        """
        return self._hold(Partition(tuple(self._names(side) for side in sides), one_way))

    def heal(self) -> None:
        """End all partitions (and nothing else)."""
        self._check()
        cuts = [name for name, fault in self._runtime.faults.items() if isinstance(fault, Partition)]
        self._runtime.thread.run(self._runtime.end_faults(cuts))

    def link(self, a: str, b: str, **effects: Any) -> Holding:
        """Let the link between two names delay, lose, duplicate, reorder: see `ds101.faults.Link`.

        The name `"*"` stands for everybody.
        """
        unknown = sorted(set(effects) - set(Link.__struct_fields__))
        if unknown:
            known = ", ".join(Link.__struct_fields__[2:])
            raise Mistake(f"link() knows no {unknown[0]!r}. It knows {known}.")
        self._names([name for name in (a, b) if name != "*"])
        return self._hold(Link(a, b, **effects))

    def drop(self, message: type, src: str, dst: str, times: int = 1) -> Holding:
        """Lose the next `times` messages of this type from src to dst."""
        self._names([name for name in (src, dst) if name != "*"])
        return self._hold(Drop(_event_name(message), src, dst, times))

    def skew(self, node: str, offset: Seconds = 0.0, rate: float = 1.0) -> None:
        """Set the node's clock `offset` seconds ahead of real time, running `rate` times as fast.

        The rate acts on the node's timers, the offset doesn't.
        """
        member = self._member(node)
        if not rate > 0:
            raise Mistake(f"rate={rate!r}: a clock runs forward. Give a number above 0.")
        self._runtime.skews[node] = (offset, rate)
        self._runtime.thread.run(self._runtime.members.tell([member], "skew", offset, rate))
        self._runtime.note("skew", node, {"offset": offset, "rate": rate}, f"offset {offset:g} s, rate {rate:g}")

    def _hold(self, fault: Fault) -> Holding:
        self._check()
        return Holding(self._runtime, self._runtime.thread.run(self._runtime.add_fault(fault)), fault)

    def _check(self) -> None:
        """Raises what stands against using this world now."""
        self._runtime.thread.refuse_own_thread()
        self._runtime.refuse_if_closed()
        error = self._runtime.next_error()
        if error is not None:
            raise error

    def _member(self, node: str) -> Member:
        self._check()
        member = self._runtime.members.by_id.get(node)
        if member is None:
            raise Mistake(f"There is no node {node!r}. There are {', '.join(self._runtime.nodes)}.")
        return member

    def _running(self, node: str, verb: str) -> Member:
        member = self._member(node)
        if member.state != "running":
            raise Mistake(f"{node} is {member.state}, so it can't {verb}.")
        return member

    def _names(self, names: Iterable[str]) -> tuple[str, ...]:
        if isinstance(names, str):
            raise Mistake(f"partition({names!r}, ...): a side is a list of names. Write [{names!r}].")
        for name in (names := tuple(names)):
            if (
                not isinstance(name, str)
                or ("." in name)
                or (name not in self._runtime.nodes and name[:1] == "n" and name[1:].isdigit())
            ):
                raise Mistake(
                    f"There is no node {name!r}. There are {', '.join(self._runtime.nodes)}, and clients by name."
                )
        return names


class Holding:
    """A fault that holds: it ends with the `with`, or with `end()`."""

    def __init__(self, runtime: Runtime, name: str, fault: Fault) -> None:
        self._runtime, self._name, self.fault = runtime, name, fault

    def end(self) -> None:
        """From now on this fault is gone; others stay. Does nothing if it has ended."""
        if not self._runtime.closed:
            self._runtime.thread.run(self._runtime.end_faults([self._name]))

    def __enter__(self) -> Holding:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __repr__(self) -> str:
        state = "holds" if self._name in self._runtime.faults else "has ended"
        return f"<{self.fault!r} {state}>"


def _event_name(event: Any) -> str:
    if not (isinstance(event, type) and issubclass(event, Message | Timer)):
        raise Mistake(f"{event!r} is no type of message or timer. Write the class, such as Greet.")
    return event.__name__
