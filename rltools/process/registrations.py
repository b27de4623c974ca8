"""Takes environments that a program registered with Gymnasium along to its workers.

A worker starts with a fresh registry and does not run the program's `__main__` again,
so `gymnasium.make("My-v0")` would not know what the program registered there.
"""

import pickle
import sys
from copy import copy
from typing import Any

from rltools.errors import NotPicklableError
from rltools.process.protocol import dumps_by_value


def pack_registrations() -> bytes:
    """Pickle what is registered with Gymnasium in this process.

    A spec that can't be pickled travels as one that says so when it is made.
    """
    gymnasium = sys.modules.get("gymnasium")
    specs = [] if gymnasium is None else list(gymnasium.registry.values())
    # Gymnasium's own are sent too, for they may have been changed; but as one pickle.
    own = [spec for spec in specs if _is_gymnasiums_own(spec)]
    try:
        packed_own = pickle.dumps(own)
    except Exception:
        own, packed_own = [], pickle.dumps([])
    kept = {spec.id for spec in own}
    others = {spec.id: _pack(spec) for spec in specs if spec.id not in kept}
    return pickle.dumps((packed_own, others))


def unpack_registrations(data: bytes) -> None:
    """Register in this process what was registered in the other."""
    packed_own, others = pickle.loads(data)
    if not others and packed_own == pickle.dumps([]):
        return
    import gymnasium

    gymnasium.registry.update({spec.id: spec for spec in pickle.loads(packed_own)})
    for env_id, packed in others.items():
        try:
            gymnasium.registry[env_id] = pickle.loads(packed)
        except Exception as error:
            gymnasium.registry[env_id] = _refusing_spec(env_id, error)


def _is_gymnasiums_own(spec: Any) -> bool:
    return str(spec.entry_point).startswith("gymnasium.")


def _pack(spec: Any) -> bytes:
    try:
        return dumps_by_value(_with_main_resolved(spec))
    except Exception as error:
        return dumps_by_value(_refusing_spec(spec.id, error))


def _refusing_spec(env_id: str, error: Exception) -> Any:
    from gymnasium.envs.registration import EnvSpec

    return EnvSpec(env_id, _Refusal(env_id, f"{type(error).__name__}: {error}"))


def _with_main_resolved(spec: Any) -> Any:
    """The same spec with a class of `__main__` in the place of its name."""
    entry_point = spec.entry_point
    if not (isinstance(entry_point, str) and entry_point.startswith("__main__:")):
        return spec
    resolved: Any = sys.modules["__main__"]
    for name in entry_point.removeprefix("__main__:").split("."):
        resolved = getattr(resolved, name)
    spec = copy(spec)
    spec.entry_point = resolved
    return spec


class _Refusal:
    """The entry point of an environment whose registration could not travel."""

    def __init__(self, env_id: str, reason: str) -> None:
        self._env_id = env_id
        self._reason = reason

    def __call__(self, **kwargs: Any) -> Any:
        raise NotPicklableError(
            f"The registration of {self._env_id!r} can't be sent to a worker: "
            f"{self._reason}. Give it an entry point that can be pickled and imported."
        )
