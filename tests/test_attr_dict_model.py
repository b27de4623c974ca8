"""AttrDict does what a plain dict does when unlocked, and nothing when locked."""

import copy

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from rltools import AttrDict
from rltools.errors import LockedError

KEYS = st.sampled_from(["a", "b", "c", "items", "unlocked", "_x", 0, None])
NAMES = st.sampled_from(["a", "b", "c", "_x"])
VALUES = st.recursive(
    st.integers() | st.tuples(st.integers()),
    lambda children: st.dictionaries(KEYS, children, max_size=2),
    max_leaves=4,
)
CONTENTS = st.dictionaries(KEYS, VALUES, max_size=3)


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
