"""AttrDict is locked outside of an unlocked block, as are its parts and its copies."""

import copy
import pickle
from collections import OrderedDict

import pytest

from rltools import AttrDict, nested
from rltools.errors import LockedError, RLToolsError

MUTATIONS = {
    "set item": lambda obj: obj.__setitem__("a", 1),
    "set attribute": lambda obj: setattr(obj, "a", 1),
    "set new attribute": lambda obj: setattr(obj, "new", 1),
    "delete item": lambda obj: obj.__delitem__("a"),
    "delete attribute": lambda obj: delattr(obj, "a"),
    "update": lambda obj: obj.update(a=1),
    "update with nothing": lambda obj: obj.update(),
    "pop": lambda obj: obj.pop("a"),
    "pop with default": lambda obj: obj.pop("new", None),
    "popitem": lambda obj: obj.popitem(),
    "setdefault": lambda obj: obj.setdefault("new", 1),
    "setdefault of an existing": lambda obj: obj.setdefault("a", 1),
    "clear": lambda obj: obj.clear(),
    "merge": lambda obj: obj.__ior__({"a": 1}),
}


def locks(obj):
    """Whether each of all nested AttrDicts is locked, found by trying."""
    try:
        obj.update()
        found = [False]
    except LockedError:
        found = [True]
    for value in obj.values():
        if isinstance(value, AttrDict):
            found += locks(value)
    return found


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("nested_part", [False, True])
def test_every_mutation_of_a_locked_object_is_an_error_and_changes_nothing(
    name, nested_part
):
    obj = AttrDict(a=0, child={"a": 0})
    target = obj.child if nested_part else obj
    with pytest.raises(LockedError, match="unlocked") as caught:
        MUTATIONS[name](target)
    assert isinstance(caught.value, RLToolsError)
    assert isinstance(caught.value, RuntimeError)
    assert obj == {"a": 0, "child": {"a": 0}}
    with obj.unlocked:
        MUTATIONS[name](target)


def test_an_exception_in_the_block_passes_through_and_locks_again():
    obj = AttrDict(child={"a": 1})

    def fail_inside(obj):
        with obj.unlocked:
            obj.child.a = 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside(obj)
    assert obj.child.a == 2
    assert all(locks(obj))


def test_inner_blocks_do_not_lock_what_an_outer_block_has_opened():
    obj = AttrDict(child={"a": 1})
    with obj.unlocked:
        with obj.unlocked, obj.child.unlocked:
            obj.child.a = 2
        obj.child.a = 3
        obj.b = 4
    assert obj == {"child": {"a": 3}, "b": 4}
    assert all(locks(obj))


def test_one_context_manager_can_be_used_again_and_inside_itself():
    obj = AttrDict(a=1)
    block = obj.unlocked
    with block:
        with block as inside:
            assert inside is obj
        obj.a = 2
    assert all(locks(obj))
    with block:
        obj.a = 3
    assert all(locks(obj))


def test_unlocking_a_part_leaves_the_whole_locked():
    obj = AttrDict(child={"a": 1}, other={"a": 1})
    with obj.child.unlocked:
        obj.child.a = 2
        with pytest.raises(LockedError):
            obj.b = 1
        with pytest.raises(LockedError):
            obj.other.a = 1
    assert all(locks(obj))


def test_what_is_put_in_is_unlocked_with_its_parent_and_locked_after():
    obj = AttrDict()
    with obj.unlocked:
        obj.child = {"deep": {}}
        obj.child.deep.a = 1
    assert obj.child.deep.a == 1
    assert all(locks(obj))


@pytest.mark.parametrize("remove", ["pop", "replace", "delete", "clear", "popitem"])
def test_what_is_taken_out_is_locked_at_the_end_of_the_block(remove):
    obj = AttrDict(child={"deep": {"a": 1}})
    child = obj.child
    with obj.unlocked:
        if remove == "pop":
            assert obj.pop("child") is child
        elif remove == "replace":
            obj.child = 1
        elif remove == "delete":
            del obj.child
        elif remove == "clear":
            obj.clear()
        else:
            assert obj.popitem() == ("child", child)
        child.deep.a = 2
    assert all(locks(child))


def test_stored_dictionaries_are_copies_so_that_nothing_leaks_into_them():
    source = {"a": 1}
    other = AttrDict(a=1)
    obj = AttrDict(plain=source, locked=other, ordered=OrderedDict(a=1))
    source["a"] = 2
    with other.unlocked:
        other.a = 2
    assert obj == {"plain": {"a": 1}, "locked": {"a": 1}, "ordered": {"a": 1}}
    assert all(type(value) is AttrDict for value in obj.values())


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        AttrDict.copy,
        AttrDict,
        lambda obj: pickle.loads(pickle.dumps(obj)),
        lambda obj: pickle.loads(pickle.dumps(obj, protocol=0)),
        lambda obj: nested.map(lambda leaf: leaf, obj),
        lambda obj: eval(repr(obj)),
    ],
)
def test_copies_are_equal_independent_and_locked(duplicate):
    obj = AttrDict({"a": 1, "child": {"b": (2,)}, 3: "x"})
    with obj.unlocked:
        other = duplicate(obj)
    assert type(other) is AttrDict
    assert other == obj
    assert list(other) == list(obj)
    assert locks(other) == [True, True]
    with other.unlocked:
        other.child.b = 0
    assert obj.child.b == (2,)


def test_deep_copies_copy_values_and_shallow_ones_share_them():
    obj = AttrDict(values=[1])
    assert copy.copy(obj)["values"] is obj["values"]
    assert copy.deepcopy(obj)["values"] is not obj["values"]


def test_fromkeys_makes_a_locked_object_from_any_keys():
    obj = AttrDict.fromkeys(["a", "b"], {"c": 1})
    assert obj == {"a": {"c": 1}, "b": {"c": 1}}
    assert locks(obj) == [True, True, True]
