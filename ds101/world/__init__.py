"""What every world can do, so that one scenario, a plain function of a world, runs in any.

- verbs.py     `World`: the verbs, and the mistakes that they tell
- engine.py    what a world must provide for them
- client.py    clients and their pending calls
- workload.py  several clients at once
- naming.py    nodes and types by name
"""

from ds101.world.client import CALL_TIMEOUT, Client, Pending
from ds101.world.engine import Engine
from ds101.world.verbs import Holding, World

__all__ = ["CALL_TIMEOUT", "Client", "Engine", "Holding", "Pending", "World"]
