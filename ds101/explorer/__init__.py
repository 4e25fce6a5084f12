"""Every order of events, to a bound: proof within it that nothing breaks a protocol, or the shortest run that does.

>>> from ds101 import Message, Node, Timer, on
>>> class Claim(Message): pass
>>> class Impatience(Timer): pass
>>> class Hasty(Node):
...     "Leads as soon as it feels like it, unless somebody else has said that they do."
...     def start(self):
...         self.leads = False
...         self.set_timer(Impatience(), after=(0.1, 0.2))
...     @on(Impatience)
...     def lead(self, _):
...         self.leads = True
...         self.broadcast(Claim())
...     @on(Claim)
...     def follow(self, claim, sender):
...         self.cancel_timer(Impatience())
>>> def one_leader(view):
...     "At most one node leads."
...     return sum(view.state(node)["leads"] for node in view.nodes) <= 1
>>> explore(Hasty, 2, invariants=one_leader)
Exploration(broken: one leader does not hold, after 2 steps; 6 states)
>>> _.violation.schedule
'n1!Impatience n2!Impatience'

- exploring.py, setup.py                `explore` and `replay`: what you call
- result.py, view.py, past.py           what they answer; what an invariant sees, the clients' history included
- questions.py                          invariants, goals and prunes, each asked once for all that looks the same to it
- search.py                             breadth first
- walks.py, shortening.py               a few walks at random, and what is left of them when all needless is left out
- limits.py, progress.py                when to stop; the line that a long search shows
- space.py, setspace.py, queuespace.py  states as ints, and the moves between them, for each kind of network
- sites.py, steps.py, worlds.py         what can happen to one node or client, and what is left of the budgets
- mail.py, networks.py, clients.py      messages by number, what is under way, who asks for what
- actor.py, scene.py, timing.py         each handler is run once for each local state and event; which timers can fire
- freezing.py, thawing.py, purity.py    equal states are equal values; handlers do the same each time
- symmetry.py, renaming.py              nodes that are interchangeable
- schedule.py, telling.py               a run in one line, and as a trace
"""

from ds101.explorer.exploring import explore, replay
from ds101.explorer.result import Exploration, Reached, Violation
from ds101.explorer.view import Sent, View

__all__ = ["Exploration", "Reached", "Sent", "View", "Violation", "explore", "replay"]
