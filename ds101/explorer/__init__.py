"""Every order of events, to a bound: proof within it that nothing breaks a protocol, or the shortest run that does.

- exploring.py                         `explore` and `replay`: what you call
- result.py, view.py                   what they answer; what an invariant sees
- search.py, walks.py, limits.py       breadth first, after a few walks at random; when to stop
- space.py, setspace.py, queuespace.py states as ints, the moves between them, for each kind of network
- sites.py, actor.py, scene.py         what can happen in one node's states: each handler is run once for each event
- freezing.py, purity.py               equal states are equal values; handlers do the same each time
- timing.py, budgets.py, clients.py    which timers can fire, how much may go wrong, who asks for what
- schedule.py, telling.py              a run in one line, and as a trace
"""

from ds101.explorer.exploring import explore, replay
from ds101.explorer.result import Exploration, Reached, Violation
from ds101.explorer.view import Sent, View

__all__ = ["Exploration", "Reached", "Sent", "View", "Violation", "explore", "replay"]
