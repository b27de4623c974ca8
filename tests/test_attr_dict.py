"""AttrDict: access by attribute and by key, and what is missing or reserved."""

import copy

import pytest

from rltools import AttrDict, nested
from rltools.errors import InvalidAttributeError, MissingKeyError


class Config(AttrDict):
    """A user's subclass."""


def test_subclasses_stay_what_they_are():
    obj = Config(a=Config(b=1), c={})
    assert type(obj.a) is Config
    for other in (copy.copy(obj), obj | {"d": 1}, nested.map(str, obj)):
        assert type(other) is Config
    assert repr(Config(a=1)) == "Config({'a': 1})"
    assert Config.fromkeys("ab", 1) == {"a": 1, "b": 1}


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


def test_dir_lists_the_attributes():
    assert {"a", "b", "items", "unlocked"} <= set(dir(AttrDict({"a": 1, "b": 2, 3: 4})))


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
