"""AttrDict against a plain dict as a model, and its locks."""

import copy
import pickle
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from rltools import AttrDict, nested
from rltools.errors import (
    InvalidAttributeError,
    LockedError,
    MissingKeyError,
    RLToolsError,
)

KEYS = st.sampled_from(["a", "b", "c", "items", "unlocked", "_x", 0, None])
NAMES = st.sampled_from(["a", "b", "c", "_x"])
VALUES = st.recursive(
    st.integers() | st.tuples(st.integers()),
    lambda children: st.dictionaries(KEYS, children, max_size=2),
    max_leaves=4,
)
CONTENTS = st.dictionaries(KEYS, VALUES, max_size=3)

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


class AttrDictMachine(RuleBasedStateMachine):
    """Does the same to an AttrDict and to a plain dict, now locked and now unlocked.

    Bundle `paths` has tuples of keys that may lead to nested dictionaries.
    """

    paths = Bundle("paths")

    @initialize(target=paths, content=CONTENTS)
    def create(self, content):
        self.model = copy.deepcopy(content)
        self.obj = AttrDict(content)
        self.open_blocks = []
        return ()

    @rule(target=paths, path=paths, key=KEYS)
    def go_deeper(self, path, key):
        return (*path, key)

    @rule()
    def unlock(self):
        block = self.obj.unlocked
        block.__enter__()
        self.open_blocks.append(block)

    @precondition(lambda self: self.open_blocks)
    @rule()
    def leave_block(self):
        self.open_blocks.pop().__exit__(None, None, None)

    @rule(path=paths, key=KEYS, value=VALUES)
    def set_item(self, path, key, value):
        self.do(path, lambda target: target.__setitem__(key, copy.deepcopy(value)))

    @rule(path=paths, name=NAMES, value=VALUES)
    def set_attribute(self, path, name, value):
        obj, model = self.find(path)
        if not self.open_blocks:
            with pytest.raises(LockedError):
                setattr(obj, name, value)
        else:
            setattr(obj, name, value)
            model[name] = copy.deepcopy(value)

    @rule(path=paths, key=KEYS)
    def delete_item(self, path, key):
        self.do(path, lambda target: target.__delitem__(key))

    @rule(path=paths, key=KEYS)
    def pop(self, path, key):
        self.do(path, lambda target: target.pop(key))

    @rule(path=paths, key=KEYS, default=st.integers())
    def pop_with_default(self, path, key, default):
        self.do(path, lambda target: target.pop(key, default))

    @rule(path=paths)
    def popitem(self, path):
        self.do(path, lambda target: target.popitem())

    @rule(path=paths, key=KEYS, value=VALUES)
    def setdefault(self, path, key, value):
        self.do(path, lambda target: target.setdefault(key, copy.deepcopy(value)))

    @rule(path=paths, content=CONTENTS)
    def update(self, path, content):
        self.do(path, lambda target: target.update(copy.deepcopy(content), b=1))

    @rule(path=paths, content=CONTENTS)
    def merge_in_place(self, path, content):
        def merge(target):
            target |= copy.deepcopy(content)

        self.do(path, merge)

    @rule(path=paths)
    def clear(self, path):
        self.do(path, lambda target: target.clear())

    @rule(path=paths, content=CONTENTS)
    def merge(self, path, content):
        obj, model = self.find(path)
        for merged in (obj | content, AttrDict(model) | AttrDict(content)):
            assert merged == model | content
            assert type(merged) is AttrDict
            assert all(locks(merged))
        assert content | obj == content | model

    @invariant()
    def content_equals_that_of_the_model(self):
        assert self.obj == self.model
        assert self.model == self.obj
        assert list(self.obj) == list(self.model)

    @invariant()
    def all_nested_dictionaries_are_locked_together(self):
        is_locked = not self.open_blocks
        assert all(lock is is_locked for lock in locks(self.obj))

    def find(self, path):
        """The nested dictionaries at the part of a path that exists."""
        obj, model = self.obj, self.model
        for key in path:
            if isinstance(model.get(key), dict):
                obj, model = obj[key], model[key]
                assert isinstance(obj, AttrDict)
        return obj, model

    def do(self, path, action):
        """Do the same to both, and expect the same value or error."""
        obj, model = self.find(path)
        if not self.open_blocks:
            with pytest.raises(LockedError):
                action(obj)
            return
        try:
            expected = action(model)
        except KeyError:
            with pytest.raises(KeyError):
                action(obj)
        else:
            assert action(obj) == expected


TestAttrDictMachine = AttrDictMachine.TestCase


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

    def fail():
        obj.child.a = 2
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        unlocked(obj, fail)
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


class Config(AttrDict):
    """A user's subclass."""


def test_subclasses_stay_what_they_are():
    obj = Config(a=Config(b=1), c={})
    assert type(obj.a) is Config
    for other in (copy.copy(obj), obj | {"d": 1}, nested.map(str, obj)):
        assert type(other) is Config
    assert repr(Config(a=1)) == "Config({'a': 1})"
    assert Config.fromkeys("ab", 1) == {"a": 1, "b": 1}


def test_fromkeys_makes_a_locked_object_from_any_keys():
    obj = AttrDict.fromkeys(["a", "b"], {"c": 1})
    assert obj == {"a": {"c": 1}, "b": {"c": 1}}
    assert locks(obj) == [True, True, True]


@pytest.mark.parametrize(
    "access",
    [
        lambda obj: obj.learning_rat,
        lambda obj: obj["learning_rat"],
        lambda obj: unlocked(obj, lambda: obj.pop("learning_rat")),
        lambda obj: unlocked(obj, lambda: obj.__delitem__("learning_rat")),
        lambda obj: unlocked(obj, lambda: delattr(obj, "learning_rat")),
    ],
)
def test_what_is_missing_is_an_error_that_names_close_matches(access):
    obj = AttrDict(learning_rate=1e-4, layers=(1,))
    with pytest.raises((InvalidAttributeError, MissingKeyError)) as caught:
        access(obj)
    assert "'learning_rat'. Did you mean 'learning_rate'?" in str(caught.value)
    assert "layers" not in str(caught.value)


def unlocked(obj, action):
    with obj.unlocked:
        return action()


def test_the_type_of_the_error_is_that_of_the_way_of_access():
    obj = AttrDict(a=1)
    with pytest.raises(AttributeError, match=r"No attribute 'other'. There are: 'a'"):
        _ = obj.other
    with pytest.raises(KeyError, match=r"^No key 'other'. There are: 'a'"):
        obj["other"]
    with pytest.raises(KeyError, match=r"No key 3. There are: none"):
        AttrDict()[3]
    assert not hasattr(obj, "other")
    assert getattr(obj, "other", 5) == 5
    assert obj.get("other") is None
    assert "other" not in obj


@pytest.mark.parametrize("name", ["items", "unlocked", "pop", "__doc__", "__magic__"])
def test_names_of_the_class_are_reachable_as_items_only(name):
    obj = AttrDict({name: 1})
    assert obj[name] == 1
    with obj.unlocked:
        with pytest.raises(InvalidAttributeError, match=rf"obj\['{name}'\]"):
            setattr(obj, name, 2)
        with pytest.raises(InvalidAttributeError, match=rf"obj\['{name}'\]"):
            delattr(obj, name)
        obj[name] = 3
    assert obj[name] == 3
    assert callable(obj.items)


@given(CONTENTS)
def test_dir_lists_the_attributes(content):
    names = dir(AttrDict(content))
    assert set(names) >= {key for key in content if isinstance(key, str)}


def test_it_can_hold_itself_in_a_list():
    values = []
    obj = AttrDict(values=values)
    values.append(obj)
    assert "..." in repr(obj)


@pytest.mark.parametrize("other", [3, [("a", 1)], None])
def test_merging_with_something_else_is_a_type_error(other):
    with pytest.raises(TypeError):
        AttrDict() | other
    with pytest.raises(TypeError):
        other | AttrDict()
