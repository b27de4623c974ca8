"""A dictionary with attribute access that is locked unless it is explicitly opened."""

import difflib
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from rltools.errors import InvalidAttributeError, LockedError, MissingKeyError


class AttrDict(dict[Any, Any]):
    """Dictionary whose items are attributes too, and that is locked by default.

    It changes only inside `with obj.unlocked:`, so that a configuration can be passed
    around without being altered by accident. Nested dictionaries become an `AttrDict`
    of their own when they are stored (a copy, whatever the type of dictionary), and are
    locked and unlocked along with the one that holds them. Values of other types are
    stored as they are: a list stays changeable, so prefer tuples.

    Keys that are not identifiers, or that are names of methods of `dict`, can only be
    reached as items: `obj["items"]`. Copies of any kind are locked; `|` and `copy`
    share values with the original, but not nested dictionaries.

    Args:
        *args: A mapping or an iterable of key-value pairs, as for `dict`.
        **kwargs: Further items.

    Raises:
        LockedError: Changed outside of an `unlocked` block.
        InvalidAttributeError: Reading an attribute that does not exist, or setting one
            whose name belongs to the class.
        MissingKeyError: Reading or removing an item that does not exist.

    >>> config = AttrDict(lr=1e-4, network={"layers": (64, 64)})
    >>> config.network.layers
    (64, 64)
    >>> config.network.layrs
    Traceback (most recent call last):
    ...
    rltools.errors.InvalidAttributeError: No attribute 'layrs'. Did you mean 'layers'?
    >>> config.lr = 3e-4
    Traceback (most recent call last):
    ...
    rltools.errors.LockedError: Can't set 'lr': this AttrDict is locked. Change it \
inside `with obj.unlocked:`.
    >>> with config.unlocked:
    ...     config.lr = 3e-4
    ...     config.network.update(layers=(32,))
    >>> config
    AttrDict({'lr': 0.0003, 'network': AttrDict({'layers': (32,)})})
    """

    __slots__ = ("_open_scopes",)
    _open_scopes: "list[_Scope]"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "_open_scopes", [])
        content = dict(*args, **kwargs)
        super().__init__({key: _own(value) for key, value in content.items()})

    @classmethod
    def fromkeys(cls, iterable: Iterable[Any], value: Any = None, /) -> Self:
        """Make one that maps every key to the same value."""
        return cls(dict.fromkeys(iterable, value))

    @property
    def unlocked(self) -> "_Unlocked":
        """Context manager inside which this object and all nested ones can change.

        They are locked again at the end of the block, also after an exception. Blocks
        can be nested; the outermost one locks. What is taken out of the object in the
        meantime is locked too, and what is put in is unlocked until then.
        """
        return _Unlocked(self)

    def copy(self) -> Self:
        """Return a locked copy that shares values but not nested dictionaries."""
        return type(self)(self)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several items, as `dict.update`."""
        self._require_unlocked("update")
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: Any, default: Any = None, /) -> Any:
        """Return an item, after setting it if it did not exist."""
        self._require_unlocked("set", key)
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: Any, /, *default: Any) -> Any:
        """Remove an item and return its value, or the default if there is one."""
        self._require_unlocked("remove", key)
        if key not in self and not default:
            raise MissingKeyError(_unknown("key", key, self))
        return super().pop(key, *default)

    def popitem(self) -> tuple[Any, Any]:
        """Remove the item that was added last and return its key and value."""
        self._require_unlocked("remove an item")
        return super().popitem()

    def clear(self) -> None:
        """Remove all items."""
        self._require_unlocked("clear")
        super().clear()

    def __setitem__(self, key: Any, value: Any) -> None:
        self._require_unlocked("set", key)
        value = _own(value)
        for scope in self._open_scopes:
            scope.open(value)
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        self._require_unlocked("remove", key)
        if key not in self:
            raise MissingKeyError(_unknown("key", key, self))
        super().__delitem__(key)

    def __missing__(self, key: Any) -> Any:
        raise MissingKeyError(_unknown("key", key, self))

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise InvalidAttributeError(_unknown("attribute", name, self))

    def __setattr__(self, name: str, value: Any) -> None:
        self._require_free_name("set", name)
        self[name] = value

    def __delattr__(self, name: str) -> None:
        self._require_free_name("remove", name)
        if name not in self:
            raise InvalidAttributeError(_unknown("attribute", name, self))
        del self[name]

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *(key for key in self if isinstance(key, str))]

    def __or__(self, other: Any) -> Any:
        return self._merged(self, other)

    def __ror__(self, other: Any) -> Any:
        return self._merged(other, self)

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({super().__repr__()})"

    def _require_unlocked(self, verb: str, *key: Any) -> None:
        if not self._open_scopes:
            target = "".join(f" {each!r}" for each in key)
            raise LockedError(
                f"Can't {verb}{target}: this {type(self).__name__} is locked. Change "
                "it inside `with obj.unlocked:`."
            )

    def _require_free_name(self, verb: str, name: str) -> None:
        if hasattr(type(self), name) or name.startswith("__"):
            raise InvalidAttributeError(
                f"Can't {verb} the attribute {name!r}, a name that belongs to the "
                f"class. Use obj[{name!r}]."
            )

    def _merged(self, first: Any, second: Any) -> Any:
        if isinstance(first, dict) and isinstance(second, dict):
            return type(self)({**first, **second})
        return NotImplemented


class _Scope:
    """The objects that one `unlocked` block has opened."""

    def __init__(self) -> None:
        self._opened: list[AttrDict] = []

    def open(self, value: Any) -> None:
        if isinstance(value, AttrDict):
            value._open_scopes.append(self)
            self._opened.append(value)
            for child in value.values():
                self.open(child)

    def close(self) -> None:
        for opened in self._opened:
            opened._open_scopes.remove(self)


class _Unlocked:
    """Opens a scope on an `AttrDict` for each `with` block."""

    def __init__(self, target: AttrDict) -> None:
        self._target = target
        self._scopes: list[_Scope] = []

    def __enter__(self) -> AttrDict:
        scope = _Scope()
        scope.open(self._target)
        self._scopes.append(scope)
        return self._target

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._scopes.pop().close()


def _own(value: Any) -> Any:
    """Turn a dictionary into an `AttrDict` that nobody else holds."""
    if isinstance(value, AttrDict):
        return type(value)(value)
    return AttrDict(value) if isinstance(value, dict) else value


def _unknown(what: str, name: Any, known: Mapping[Any, Any]) -> str:
    names = [key for key in known if isinstance(key, str)]
    close = difflib.get_close_matches(name, names) if isinstance(name, str) else []
    if close:
        hint = f"Did you mean {' or '.join(map(repr, close))}?"
    else:
        hint = f"There are: {', '.join(map(repr, known)) or 'none'}."
    return f"No {what} {name!r}. {hint}"
