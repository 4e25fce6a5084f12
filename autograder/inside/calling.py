"""Parts that are no nodes: functions, and objects of the student's classes, each call from a given state."""

from __future__ import annotations

import importlib
import io
import os
import pickle
from contextlib import redirect_stdout
from typing import Any

from autograder.inside.protocol import Call, Raised, Returned, Run
from autograder.inside.solution import Solution
from autograder.inside.trees import frozen, thawed
from ds101.labs.apart import portable

NOTHING = b""


def called(solution: Solution, call: Call) -> Returned | Raised:
    """What a function or a method returned, and the state of the object afterwards."""
    part, arguments = solution.parts[call.part], pickle.loads(call.arguments)
    try:
        with redirect_stdout(io.StringIO()):
            if not call.method:
                return Returned(frozen(part(*arguments)), NOTHING)
            if call.method == "__init__":
                return Returned(frozen(None), frozen(vars(part(*arguments))))
            one = object.__new__(part)
            vars(one).update(thawed(call.state, call.otherwise))
            value = getattr(one, call.method)(*arguments)
            return Returned(frozen(value), frozen(dict(vars(one))))
    except (SystemExit, KeyboardInterrupt):
        os._exit(1)
    except BaseException as error:
        return solution.raised(error)


def ran(solution: Solution, run: Run) -> Returned | Raised:
    """What a function of the course's own returned that was given parts of the student's."""
    module, _, name = run.function.partition(":")
    function: Any = getattr(importlib.import_module(module), name)
    parts = [solution.parts[part] for part in run.parts]
    arguments = pickle.loads(run.arguments)
    try:
        with redirect_stdout(io.StringIO()):
            return Returned(frozen(portable(function(*parts, *arguments))), NOTHING)
    except Exception as error:
        return solution.raised(error)


def itself(part: Any, *arguments: Any) -> Any:
    """A part that is called as it is."""
    return part(*arguments)
