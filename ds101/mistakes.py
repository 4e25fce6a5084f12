"""The mistakes in a node's class that can be told when the class is defined, before anything runs."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Sequence
from types import CodeType, FunctionType
from typing import Any

from ds101.errors import Mistake
from ds101.lines import line_of
from ds101.messages import Timer
from ds101.state import MUTABLE

GIVEN = frozenset({"id", "peers", "random", "storage", "send", "broadcast", "set_timer", "cancel_timer", "now", "log"})


def check_signature(cls: type, name: str, events: Sequence[type]) -> None:
    """Raises `Mistake` for a handler that can't be called with its events."""
    handler = getattr(cls, name)
    if not isinstance(handler, FunctionType):
        raise Mistake(f"{cls.__name__}.{name} was a handler, and is now {handler!r}. Make it a method.")
    _refuse_waiting(cls, handler, "a handler")
    for event in events:
        needed = ("self", "timer") if issubclass(event, Timer) else ("self", "message", "sender")
        try:
            inspect.signature(handler).bind(*needed)
        except TypeError:
            raise Mistake(
                f"{cls.__name__}.{name} handles {event.__name__}, so write  def {name}({', '.join(needed)}):  "
                f"It begins in {line_of(handler.__code__)}"
            ) from None


def _refuse_waiting(cls: type, function: FunctionType, what: str) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise Mistake(
            f"{cls.__name__}.{function.__name__} waits (async or yield), and {what} runs to completion. "
            f"Send, set a timer, return. It begins in {line_of(function.__code__)}"
        )


def _check_start(cls: type, start: FunctionType) -> None:
    _refuse_waiting(cls, start, "start")
    try:
        inspect.signature(start).bind("self")
    except TypeError:
        raise Mistake(
            f"{cls.__name__}.start runs at every start, so write  def start(self):  "
            f"It begins in {line_of(start.__code__)}"
        ) from None


def check_member(cls: type, name: str, member: Any) -> None:
    """Raises `Mistake` for a method or class attribute that can't work in a node."""
    if name == "__init__":
        raise Mistake(
            f"{cls.__name__} has an __init__, and the world makes its nodes without arguments. "
            "Write  def start(self):  for the state, and class attributes for settings."
        )
    if name in GIVEN:
        raise Mistake(f"{cls.__name__}.{name} hides what every node has. Use another name.")
    if isinstance(member, MUTABLE) and name != "__annotations__":
        kind = type(member).__name__
        raise Mistake(
            f"{cls.__name__}.{name} is a {kind} that all nodes of a process would share. "
            f"Write  self.{name} = ...  in start(self), or make it a tuple if it is a setting."
        )
    if name == "start" and isinstance(member, FunctionType):
        _check_start(cls, member)
    if isinstance(member, FunctionType):
        _refuse_changed_globals(cls, member.__code__)


def _refuse_changed_globals(cls: type, code: CodeType) -> None:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            name = instruction.argval
            raise Mistake(
                f"{cls.__name__}.{code.co_name} changes the global {name!r}, and nodes share no memory. "
                f"Write self.{name} instead. It begins in {line_of(code)}"
            )
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _refuse_changed_globals(cls, constant)
