"""ds101: distributed systems, by running them.

- node.py, messages.py   what you write: a `Node`, its `Message`s and `Timer`s
- world/                 the verbs that all worlds share
- cluster/               runs it as real processes: `Cluster`
- simulation/            runs it in virtual time, with every choice drawn from a seed: `Simulation`
- explorer/              goes through every order of events, to a bound: `explore`
- faults.py, network.py  what links and nodes can do wrong
- trace.py, history.py   what happened, and what clients were told
- draw/                  the space-time diagram of a trace
- checks/                verdicts on histories, states and traces: `linearizable` and others
- widgets/               what a reader touches: predictions
- processes/, proxy/     any function as a process; a fault-injecting TCP proxy
- report.py              what is read when something fails: steps, picture, replay line, hint
- labs/                  the specifications of the labs
- notebooks/, cli.py     how the notebooks are built; the `ds101` command
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ds101.cluster.cluster import Cluster
    from ds101.errors import Ds101Error, Mistake, NodeError, Timeout, Unreachable
    from ds101.explorer import explore
    from ds101.history import Call, History
    from ds101.messages import Message, Timer
    from ds101.node import Node, on
    from ds101.processes import spawn
    from ds101.proxy import Proxy
    from ds101.simulation import Simulation
    from ds101.trace import Trace
    from ds101.verdict import Verdict

__version__ = "0.1.0"
__all__ = [
    "Call",
    "Cluster",
    "Ds101Error",
    "History",
    "Message",
    "Mistake",
    "Node",
    "NodeError",
    "Proxy",
    "Simulation",
    "Timeout",
    "Timer",
    "Trace",
    "Unreachable",
    "Verdict",
    "explore",
    "on",
    "spawn",
]

# A name's room is opened when the name is first asked for: a process that needs one doesn't wait for the others.
_ROOMS = {
    "Call": "ds101.history",
    "Cluster": "ds101.cluster.cluster",
    "Ds101Error": "ds101.errors",
    "History": "ds101.history",
    "Message": "ds101.messages",
    "Mistake": "ds101.errors",
    "Node": "ds101.node",
    "NodeError": "ds101.errors",
    "Proxy": "ds101.proxy",
    "Simulation": "ds101.simulation",
    "Timeout": "ds101.errors",
    "Timer": "ds101.messages",
    "Trace": "ds101.trace",
    "Unreachable": "ds101.errors",
    "Verdict": "ds101.verdict",
    "explore": "ds101.explorer",
    "on": "ds101.node",
    "spawn": "ds101.processes",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'ds101' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_ROOMS[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
