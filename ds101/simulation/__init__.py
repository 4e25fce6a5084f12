"""A world in virtual time, with every choice drawn from one seed.

- simulation.py   `Simulation`; its verbs are those of `ds101.world`
- engine.py       what the verbs ask for
- agenda.py       what is due, and when
- machine.py      one node
- post.py         messages under way
- record.py       what happened
- printing.py     what nodes print
"""

from ds101.simulation.simulation import Simulation

__all__ = ["Simulation"]
