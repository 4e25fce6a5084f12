"""Storage: assignments that are saved when they return, reading that can't change what is saved, and the disk."""

import enum
import os
import threading
from collections import Counter, deque
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ds101 import Message, Mistake
from ds101.cluster.journal import Journal
from ds101.storage import Storage


class Vote(Message):
    term: int
    names: list[str]


class Role(enum.Enum):
    LEADER = 1


@dataclass
class Entry:
    term: int


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        | st.sets(st.integers() | st.text(max_size=2), max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture
def saved():
    return {}


@pytest.fixture
def storage(saved):
    return Storage(lambda key, data: saved.__setitem__(key, data))


@given(values)
def test_what_was_stored_is_read_equal_also_by_the_next_life(value):
    disk = {}
    storage = Storage(disk.__setitem__)
    storage["key"] = value
    assert storage["key"] == value
    assert Storage(disk.__setitem__, disk)["key"] == value


def test_an_assignment_is_saved_before_it_returns(storage, saved):
    storage["term"] = 3
    before = saved["term"]
    storage["term"] = 4
    assert saved["term"] != before


def test_what_was_stored_does_not_change_with_the_object_that_was_assigned(storage):
    names = ["n1"]
    storage["names"] = names
    names.append("n2")
    assert storage["names"] == ["n1"]


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1], lambda it: it.append(2)),
        ([1], lambda it: it.__setitem__(0, 2)),
        ([2, 1], lambda it: it.sort()),
        ([1], lambda it: it.clear()),
        ([1], lambda it: it.__iadd__([2])),
        ({"a": 1}, lambda it: it.update(b=2)),
        ({"a": 1}, lambda it: it.__setitem__("b", 2)),
        ({"a": 1}, lambda it: it.pop("a")),
        ({"a": 1}, lambda it: it.setdefault("b", 2)),
        ({1}, lambda it: it.add(2)),
        ({1}, lambda it: it.discard(1)),
        ({1}, lambda it: it.__ior__({2})),
        ([[1]], lambda it: it[0].append(2)),
        ({"log": [1]}, lambda it: it["log"].append(2)),
        (([1],), lambda it: it[0].append(2)),
        ([{"a": {1}}], lambda it: it[0]["a"].add(2)),
    ],
)
def test_what_is_read_can_not_be_changed_in_place(storage, value, change):
    storage["key"] = value
    with pytest.raises(Mistake) as mistake:
        change(storage["key"])
    assert str(mistake.value) == (
        "What is stored under 'key' can't be changed in place. Make a changed copy, and assign that."
    )
    assert storage["key"] == value


def test_what_is_read_behaves_as_what_was_stored_and_a_copy_can_be_changed(storage):
    storage["log"] = [1, 2]
    storage["votes"] = {"n1": {1}}
    assert isinstance(storage["log"], list)
    assert [*storage["log"], 3] == storage["log"] + [3] == [1, 2, 3]
    copy = list(storage["log"])
    copy.append(3)
    storage["log"] = copy
    assert storage["log"] == [1, 2, 3]
    assert dict(storage["votes"]) == {"n1": {1}}
    storage["log"] = storage["log"] + [4]
    assert storage["log"] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "value", [deque([1, 2]), bytearray(b"ab"), Counter("aab"), Entry(1), Vote(1, ["n1"]), Role.LEADER]
)
def test_objects_are_stored_too_and_changing_what_was_read_changes_nothing_that_is_stored(storage, value):
    storage["key"] = value
    first = storage["key"]
    assert first == value
    assert type(first) is type(value)
    for change in (
        lambda: first.append(3),
        lambda: first.update("b"),
        lambda: setattr(first, "term", 9),
        lambda: first.names.append("n2"),
    ):
        try:
            change()
        except (AttributeError, Mistake):
            continue
    assert storage["key"] == value


def test_a_default_can_not_be_changed_in_place_either(storage):
    assert storage.get("term") is None
    assert storage.get("term", 0) == 0
    with pytest.raises(Mistake, match="What is stored under 'log'"):
        storage.get("log", []).append(1)
    with pytest.raises(Mistake, match="What is stored under 'log'"):
        storage.setdefault("log", []).append(1)


def test_it_is_a_dict_of_text_keys(storage, saved):
    storage["b"], storage["a"] = 2, 1
    assert list(storage) == ["a", "b"]
    assert len(storage) == 2
    assert "a" in storage
    assert dict(storage) == {"a": 1, "b": 2}
    assert repr(storage) == "Storage({'a': 1, 'b': 2})"
    assert storage.pop("a") == 1
    assert "a" not in storage
    assert saved["a"] is None
    with pytest.raises(KeyError):
        storage["a"]
    with pytest.raises(KeyError):
        del storage["a"]


def test_a_key_that_is_no_text_is_told_with_what_to_write(storage):
    with pytest.raises(Mistake) as mistake:
        storage[3] = "x"
    assert str(mistake.value) == "self.storage[3]: a key is a str. Write self.storage['3']."
    assert list(storage) == []


def test_a_value_that_can_not_be_kept_is_told_and_the_old_one_stays(storage, saved):
    storage["key"] = 1
    before = dict(saved)
    for value in (threading.Lock(), [lambda: None], {"a": (number for number in ())}):
        with pytest.raises(Mistake, match=r"^self.storage\['key'\] holds an? \w+, which a node can't keep"):
            storage["key"] = value
    assert storage["key"] == 1
    assert saved == before


def test_a_failed_write_leaves_the_old_value(saved):
    def save(key, data):
        if data is None or key in saved:
            raise OSError("No space left on device")
        saved[key] = data

    storage = Storage(save)
    storage["key"] = 1
    for change in (lambda: storage.__setitem__("key", 2), lambda: storage.__delitem__("key")):
        with pytest.raises(OSError, match="No space"):
            change()
        assert storage["key"] == 1


# The disk


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    path.touch()
    return path


def test_a_disk_gives_back_the_last_value_of_each_key(disk):
    journal = Journal(str(disk))
    journal.save("a", b"1")
    journal.save("b", b"2")
    journal.save("a", b"3")
    journal.save("b", None)
    journal.save("c", b"")
    assert Journal(str(disk)).read() == {"a": b"3", "c": b""}


def test_a_disk_works_through_an_open_descriptor_too(disk):
    descriptor = os.open(disk, os.O_RDWR)
    try:
        Journal(descriptor).save("a", b"1")
        assert Journal(descriptor).read() == {"a": b"1"}
    finally:
        os.close(descriptor)


def test_a_record_cut_short_by_a_kill_is_ignored_wherever_the_cut_falls(disk):
    journal = Journal(str(disk))
    journal.save("a", b"1")
    whole = disk.stat().st_size
    journal.save("a", b"2" * 20)
    content = disk.read_bytes()
    for length in range(whole, len(content)):
        disk.write_bytes(content[:length])
        assert Journal(str(disk)).read() == {"a": b"1"}
    disk.write_bytes(content)
    assert Journal(str(disk)).read() == {"a": b"2" * 20}


def test_the_next_life_writes_over_a_record_that_was_cut_short(disk):
    journal = Journal(str(disk))
    journal.save("a", b"1")
    journal.save("a", bytes(20))
    disk.write_bytes(disk.read_bytes()[:-7])
    second = Journal(str(disk))
    second.read()
    second.save("b", b"3")
    assert Journal(str(disk)).read() == {"a": b"1", "b": b"3"}


def test_a_write_that_fails_half_way_leaves_the_disk_as_it_was(disk, monkeypatch):
    journal = Journal(str(disk))
    journal.save("a", b"1")
    write = os.write

    def fill_up(descriptor, data):
        if len(data) < 10:
            raise OSError("No space left on device")
        return write(descriptor, data[:-5])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", fill_up)
        with pytest.raises(OSError, match="No space"):
            journal.save("a", bytes(20))
    journal.save("b", b"2")
    assert Journal(str(disk)).read() == {"a": b"1", "b": b"2"}
