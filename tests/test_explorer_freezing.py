"""Frozen state: equal values are equal trees, different ones are not, and thawing gives back what was frozen."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from datetime import date
from enum import Enum, IntFlag
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ds101 import Message, Mistake
from ds101.explorer.freezing import Freezer
from ds101.frozen import freeze as unchangeable


class Colour(Enum):
    RED = "red"


class Flags(IntFlag):
    A = 1
    B = 2


class Pair(NamedTuple):
    left: int
    right: str


@dataclass
class Entry:
    term: int
    commands: list[str]


@dataclass(frozen=True, slots=True)
class Small:
    value: int


class Note(Message):
    text: str
    tags: list[str]


VALUES: list[Any] = [
    None, True, 1, 1.0, 0.0, -0.0, float("inf"), "1", b"1", (), [], {}, set(), frozenset(), (1, [2, {3: {4}}]),
    Colour.RED, Flags.A | Flags.B, Pair(1, "a"), (1, "a"), Entry(1, ["x"]), Small(3), Note("hello", ["a"]),
    Counter("abca"), defaultdict(list, {"a": [1]}), OrderedDict(b=1, a=2), deque([1, 2], maxlen=3), Fraction(1, 3),
    date(2024, 2, 29), bytearray(b"x"), 1j, range(3), {frozenset({2, 1}): "a", None: "b", 3: "c"}, Entry, len,
    unchangeable({"a": [1, {2}]}, "no"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("otherwise", [False, True])
def test_what_is_thawed_is_what_was_frozen(value: Any, otherwise: bool):
    freezer = Freezer()
    tree = freezer.freeze(value)
    back = freezer.thaw(tree, otherwise)
    assert type(back) is type(value)
    assert back == value
    assert freezer.freeze(back) == tree
    assert isinstance(hash(tree), int)


def test_values_that_differ_differ():
    freezer = Freezer()
    trees = [freezer.freeze(value) for value in VALUES]
    assert len(set(trees)) == len(VALUES)


atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.binary()
hashables = st.recursive(atoms, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4)
values = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(hashables, inner, max_size=3)
        | st.sets(hashables, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


@given(values, st.booleans())
def test_freezing_and_thawing_are_inverse(value: Any, otherwise: bool):
    freezer = Freezer()
    tree = freezer.freeze(value)
    back = freezer.thaw(tree, otherwise)
    assert back == value
    assert freezer.freeze(back) == tree


@given(st.lists(hashables, unique=True, max_size=6), st.randoms(use_true_random=False))
def test_the_order_in_which_a_set_or_dict_was_filled_makes_no_difference(elements: list[Any], random: Any):
    freezer, shuffled = Freezer(), elements[:]
    random.shuffle(shuffled)
    assert freezer.freeze(set(elements)) == freezer.freeze(set(shuffled))
    assert freezer.freeze(dict.fromkeys(elements)) == freezer.freeze(dict.fromkeys(shuffled))


def test_a_dict_keeps_its_order_where_that_is_asked_for():
    freezer = Freezer(keeps_order=True)
    assert freezer.freeze({"b": 1, "a": 2}) != freezer.freeze({"a": 2, "b": 1})
    assert list(freezer.thaw(freezer.freeze({"b": 1, "a": 2}), otherwise=True)) == ["b", "a"]


def test_one_object_in_two_places_stays_one():
    freezer, shared = Freezer(), [1]
    value = {"a": shared, "b": [shared], "c": Entry(1, shared), "d": {"x": shared}}
    back = freezer.thaw(freezer.freeze(value))
    assert back["a"] is back["b"][0] is back["c"].commands is back["d"]["x"]
    assert freezer.freeze(value) != freezer.freeze({"a": [1], "b": [[1]], "c": Entry(1, [1]), "d": {"x": [1]}})


def test_an_unchangeable_list_stays_unchangeable():
    freezer = Freezer()
    back = freezer.thaw(freezer.freeze(unchangeable([1], "Make a copy.")))
    with pytest.raises(Mistake, match="Make a copy"):
        back.append(2)


UNFREEZABLE = {
    "function": lambda: 1,
    "function in a list": [lambda: 1],
    "bound method": VALUES.append,
    "class method": date.today,
    "generator": (x for x in ()),
}


@pytest.mark.parametrize("value", UNFREEZABLE.values(), ids=UNFREEZABLE)
def test_what_cannot_be_compared_is_refused(value: Any):
    with pytest.raises(Mistake, match="A node can't keep"):
        Freezer().freeze(value)


def test_trees_are_the_same_in_every_interpreter():
    script = (
        "from ds101.explorer.freezing import Freezer\n"
        "print(Freezer().freeze({'s': {'ape', 'bee', 'cat', 'dog', 'eel'}, 'd': {'y': {None, 'a', 1}, 'x': 0.5}}))"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True).stdout
        for seed in ("0", "5")
    }
    assert len(outputs) == 1
    assert outputs.pop().startswith(b"('d', 'd', ('d', 'x', ('f', 0.5), 'y', ('s', ")
