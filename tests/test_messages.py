"""Messages: values that are checked when they are made, and come back equal from the wire."""

import dataclasses
import enum
import string
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NewType, Optional

import cloudpickle
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ds101 import Message, Mistake, Timer
from ds101.messages import Types, encode
from ds101.processes.shipping import dump
from ds101.wire import Refused


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True)
class Place:
    x: int
    y: float = 0.0


@dataclass
class Box:
    """A dataclass that holds another, and one that can be changed."""

    places: list[Place]
    lid: Optional["Box"] = None


Term = NewType("Term", int)


class Empty(Message):
    pass


class Greet(Message):
    name: str


class Loud(Greet):
    volume: int = 11


class Everything(Message):
    nothing: None
    flag: bool
    count: int
    share: float
    text: str
    data: bytes
    numbers: list[int]
    pair: tuple[int, str]
    row: tuple[float, ...]
    names: set[str]
    fixed: frozenset[int]
    table: dict[str, int]
    by_number: dict[int, tuple[int, ...]]
    colour: Colour
    rights: Rights
    place: Place
    greet: Greet
    either: int | str | None
    many_kinds: bytes | set[int] | list[str] | Greet | Colour
    choice: Literal["a", 1]
    term: Term
    native: Any
    sequence: Sequence[int]
    mapping: Mapping[str, bool]
    later: "Later | None"


class Later(Message):
    """It is defined after the message that names it."""

    box: Box


text = st.text(max_size=5)
number = st.integers(-(2**80), 2**80)
real = st.floats(allow_nan=False, allow_infinity=False)
place = st.builds(Place, st.integers(), real)
greet = st.builds(Greet, text) | st.builds(Loud, text, number)
box = st.recursive(
    st.builds(Box, st.lists(place, max_size=2)), lambda inner: st.builds(Box, st.just([]), inner), max_leaves=3
)
native = st.recursive(
    st.none() | st.booleans() | number | real | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
everything = st.builds(
    Everything,
    nothing=st.none(),
    flag=st.booleans(),
    count=number,
    share=real | number.filter(lambda value: abs(value) < 2**53),
    text=text,
    data=st.binary(max_size=9),
    numbers=st.lists(number, max_size=3),
    pair=st.tuples(number, text),
    row=st.lists(real, max_size=3).map(tuple),
    names=st.sets(text, max_size=4),
    fixed=st.frozensets(number, max_size=4),
    table=st.dictionaries(text, number, max_size=3),
    by_number=st.dictionaries(number, st.lists(number, max_size=2).map(tuple), max_size=3),
    colour=st.sampled_from(Colour),
    rights=st.sampled_from([Rights(0), Rights.READ, Rights.WRITE, Rights.READ | Rights.WRITE]),
    place=place,
    greet=greet,
    either=number | text | st.none(),
    many_kinds=st.binary(max_size=4)
    | st.sets(number, max_size=3)
    | st.lists(text, max_size=3)
    | greet
    | st.sampled_from(Colour),
    choice=st.sampled_from(["a", 1]),
    term=number.map(Term),
    native=native,
    sequence=st.lists(number, max_size=3),
    mapping=st.dictionaries(text, st.booleans(), max_size=3),
    later=st.none() | st.builds(Later, box),
)


def over_the_wire(message):
    wire = msgspec.json.encode(encode(message))
    return Types([type(message)]).decode(msgspec.json.decode(wire))


# As values


def test_a_message_takes_positional_and_keyword_arguments():
    assert Loud("Ada", 3) == Loud(name="Ada", volume=3) == Loud("Ada", volume=3)
    assert Loud("Ada").volume == 11


def test_messages_are_equal_by_value_and_type():
    assert Greet("Ada") == Greet("Ada")
    assert Greet("Ada") != Greet("Bob")
    assert Loud("Ada", 11) != Greet("Ada")
    assert len({Greet("Ada"), Greet("Ada"), Greet("Bob")}) == 2


def test_a_message_shows_as_the_line_that_makes_it():
    message = Loud("Ada", volume=3)
    assert repr(message) == "Loud(name='Ada', volume=3)"
    assert eval(repr(message)) == message


def test_a_message_can_not_be_changed():
    message = Greet("Ada")
    with pytest.raises(AttributeError, match="name"):
        message.name = "Bob"
    with pytest.raises(AttributeError, match="name"):
        del message.name
    assert message == Greet("Ada")


def test_a_message_may_compute_and_have_methods():
    class Point(Message):
        x: int
        y: int

        def norm(self):
            return self.x**2 + self.y**2

    assert over_the_wire(Point(3, 4)).norm() == 25


def test_a_timer_is_a_value_like_a_message_and_none():
    class Retry(Timer):
        attempt: int = 1

    assert Retry() == Retry(1) != Retry(2)
    assert repr(Retry()) == "Retry(attempt=1)"
    assert not isinstance(Retry(), Message)
    with pytest.raises(Mistake, match="attempt must be an int"):
        Retry("one")


def test_a_check_of_the_student_s_own_runs_also_on_what_arrives():
    class Positive(Message):
        amount: int

        def __post_init__(self):
            super().__post_init__()
            if self.amount <= 0:
                raise Mistake("amount must be above 0.")

    assert over_the_wire(Positive(3)) == Positive(3)
    with pytest.raises(Mistake, match="above 0"):
        Positive(0)
    with pytest.raises(Refused, match="above 0"):
        Types([Positive]).decode({"type": "Positive", "body": {"amount": 0}})


# On the wire


@given(everything)
def test_whatever_a_message_takes_comes_back_equal_and_of_its_types(message):
    back = over_the_wire(message)
    assert back == message
    for field in dataclasses.fields(message):
        sent, got = getattr(message, field.name), getattr(back, field.name)
        assert type(got) is type(sent), field.name


@given(st.sets(text, max_size=6), st.randoms())
def test_equal_sets_are_equal_bytes(names, random):
    class Members(Message):
        names: set[str]

    shuffled = list(names)
    random.shuffle(shuffled)
    one, other = (msgspec.json.encode(encode(Members(set(made)))) for made in (sorted(names), shuffled))
    assert one == other


def test_sets_are_the_same_bytes_whatever_the_hash_seed():
    script = (
        "import msgspec; from ds101 import Message; from ds101.messages import encode\n"
        "class Members(Message): names: set[tuple[str, int]]\n"
        f"names = {{(letter, 1) for letter in {string.ascii_letters!r}}}\n"
        "print(msgspec.json.encode(encode(Members(names))))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout != b""


def test_a_message_inside_a_message_keeps_its_own_type():
    class Forward(Message):
        inner: Greet

    back = over_the_wire(Forward(Loud("Ada", 3)))
    assert type(back.inner) is Loud
    assert encode(Forward(Loud("Ada", 3)))["body"]["inner"]["type"] == "Loud"


def test_a_missing_field_takes_its_default_and_others_must_be_there():
    types = Types([Loud])
    assert types.decode({"type": "Loud", "body": {"name": "Ada"}}) == Loud("Ada", 11)
    with pytest.raises(Refused, match="Loud lacks its field 'name'"):
        types.decode({"type": "Loud", "body": {"volume": 3}})


def test_a_message_without_fields_needs_no_body():
    assert Types([Empty]).decode({"type": "Empty"}) == Empty()


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        ([], 'a message is {"type": "...", "body": {...}}'),
        ({"type": 3}, 'a message is {"type": "...", "body": {...}}'),
        ({"type": "Bye", "body": {}}, "'Bye' is no message type that is known here"),
        ({"type": "Greet", "body": []}, "the body of Greet is an object, not []"),
        ({"type": "Greet", "body": {"name": 3}}, "Greet: 3 is no str"),
        ({"type": "Greet", "body": {"nam": "Ada"}}, "Greet has no field 'nam'"),
        ({"type": "Greet", "body": {}}, "Greet lacks its field 'name'"),
    ],
)
def test_what_is_no_message_is_refused_with_the_reason(wire, reason):
    with pytest.raises(Refused) as refused:
        Types([Greet]).decode(wire)
    assert str(refused.value) == reason


@given(st.sampled_from([field.name for field in dataclasses.fields(Everything)]), native)
def test_no_json_in_any_field_does_anything_but_arrive_or_be_refused(name, junk):
    wire = encode(EXAMPLE)
    wire["body"] |= {name: junk}
    try:
        back = Types([Everything]).decode(wire)
    except Refused:
        return
    assert over_the_wire(back) == back


EXAMPLE = Everything(
    nothing=None, flag=True, count=1, share=0.5, text="", data=b"", numbers=[], pair=(1, ""), row=(), names=set(),
    fixed=frozenset(), table={}, by_number={}, colour=Colour.RED, rights=Rights.READ, place=Place(1),
    greet=Greet("Ada"), either=None, many_kinds=b"", choice="a", term=Term(1), native=None, sequence=[], mapping={},
    later=None,
)  # fmt: skip


# What is refused when the message is made

REFUSED = [
    (int, "3", "x must be an int, and '3' is a str"),
    (int, True, "x must be an int, and True is a bool"),
    (int, 3.0, "x must be an int, and 3.0 is a float"),
    (bool, 1, "x must be a bool, and 1 is an int"),
    (str, None, "x must be a str, and None is a NoneType"),
    (str, "\ud800", "x must be a str, and '\\ud800' would not arrive as it is"),
    (float, float("inf"), "x must be a float, and inf would not arrive as it is"),
    (float, float("nan"), "x must be a float, and nan would not arrive as it is"),
    (float, 10**400, "x must be a float, and "),
    (bytes, bytearray(b"a"), "x must be a bytes, and bytearray(b'a') is a bytearray"),
    (list[int], (1,), "x must be a list[int], and (1,) is a tuple"),
    (list[int], [1, "a"], "x must be a list[int], and [1, 'a'] is none"),
    (list[list[float]], [[float("inf")]], "x must be a list[list[float]], and [[inf]] is none"),
    (tuple[int, str], (1,), "x must be a tuple[int, str], and (1,) is none"),
    (dict[str, int], {1: 1}, "x must be a dict[str, int], and {1: 1} is none"),
    (set[int], {1, True + 1, "a"}, "x must be a set[int]"),
    (set[float], {1, 2.5}, "a set's elements must be of one type"),
    (set, {1, "a"}, "a set's elements must be of one type"),
    (Colour, "RED", "x must be a Colour, and 'RED' is a str"),
    (Place, (1, 2), "x must be a Place, and (1, 2) is a tuple"),
    (Place, Place("1"), "x must be a Place, and Place(x='1', y=0.0) is none"),
    (Greet, Empty(), "x must be a Greet, and Empty() is an Empty"),
    (int | None, "a", "x must be an int | None, and 'a' is a str"),
    (Literal["a", "b"], "c", "x must be a Literal['a', 'b'], and 'c' is a str"),
    (object, (1, 2), "x must be an object, and (1, 2) would not arrive as it is"),
    (object, {1: 2}, "x must be an object, and {1: 2} would not arrive as it is"),
    (object, Place(1), "x must be an object, and Place(x=1, y=0.0) would not arrive as it is"),
    (Any, Greet("Ada"), "x must be an object, and Greet(name='Ada') would not arrive as it is"),
]


@pytest.mark.parametrize(("annotation", "value", "why"), REFUSED)
def test_a_value_that_does_not_fit_its_field_is_refused_when_the_message_is_made(annotation, value, why):
    made = type("Made", (Message,), {"__annotations__": {"x": annotation}})
    with pytest.raises(Mistake) as mistake:
        made(value)
    assert why in str(mistake.value)
    assert str(mistake.value).endswith(".")


def test_a_field_without_a_type_is_told_when_the_class_is_defined():
    with pytest.raises(Mistake) as mistake:

        class Move(Message):
            amount = 10

    assert str(mistake.value) == "Move.amount has no type. Write  amount: int = 10"


def test_a_default_that_can_be_changed_is_told_when_the_class_is_defined():
    with pytest.raises(Mistake) as mistake:

        class Move(Message):
            path: list[int] = []  # noqa: RUF012

    assert str(mistake.value) == (
        "The default of Move.path is a list, which all messages would share. Write  path: tuple = ()  or leave it out."
    )


def test_a_type_that_no_message_can_carry_is_told_with_what_can_be():
    import threading

    class Locked(Message):
        lock: threading.Event

    with pytest.raises(Mistake, match=r"^In Locked: A message can't carry a Event\. Use None, bool, int"):
        Locked(threading.Event())


def test_an_annotation_that_names_nothing_is_told():
    class Lost(Message):
        what: "Nowhere"  # noqa: F821

    with pytest.raises(Mistake, match="Lost is annotated with 'Nowhere', which is not defined"):
        Lost(3)


# Classes on their way


def test_two_classes_with_one_name_are_told_as_a_cell_that_ran_twice():
    types = Types([Greet])
    again = type("Greet", (Message,), {"__annotations__": {"name": str}})
    types.add(Greet)
    with pytest.raises(Mistake, match="There are two different classes called Greet"):
        types.add(again)


def test_a_class_can_be_shipped_again_after_it_was_used_also_by_msgspec():
    class Local(Message):
        name: str
        colour: Colour

    message = Local("Ada", Colour.RED)
    assert over_the_wire(message) == message
    assert msgspec.json.decode(msgspec.json.encode(message), type=Local) == message
    assert cloudpickle.loads(dump(message)) == message
    assert msgspec.json.decode(msgspec.json.encode(message), type=Local) == message, "msgspec still can"
    assert cloudpickle.loads(dump(Local)) is Local


def test_a_class_arrives_in_another_process_as_it_was():
    class Local(Message):
        name: str
        inner: "Later | None" = None

    data = dump((Local, Local("Ada", Later(Box([Place(1)])))))
    script = (
        "import dataclasses, sys, cloudpickle; cls, message = cloudpickle.loads(sys.stdin.buffer.read())\n"
        "from ds101 import Mistake\n"
        "assert [field.default for field in dataclasses.fields(cls)] == [dataclasses.MISSING, None]\n"
        "assert isinstance(message, cls) and message == cls('Ada', message.inner), message\n"
        "try: cls(3)\n"
        "except Mistake as mistake: print(mistake)"
    )
    done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=False)
    assert done.stderr == b""
    assert done.stdout == b"Local(name=3, inner=None): name must be a str, and 3 is an int.\n"
