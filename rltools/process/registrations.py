"""Takes environments that a program registered with Gymnasium along to its workers.

A worker starts with a fresh registry and does not run the program's `__main__` again,
so `gymnasium.make("My-v0")` would not know what the program registered there.
"""

import sys
from copy import copy
from typing import Any

import cloudpickle

from rltools.errors import NotPicklableError
from rltools.process.protocol import dumps_by_value


def pack_registrations() -> bytes:
    """Pickle the specs that importing Gymnasium alone does not register.

    A spec that can't be pickled travels as one that says so when it is made.
    """
    gymnasium = sys.modules.get("gymnasium")
    if gymnasium is None:
        return cloudpickle.dumps([])
    specs = [spec for spec in gymnasium.registry.values() if not _is_built_in(spec)]
    return cloudpickle.dumps([_pack(spec) for spec in specs])


def unpack_registrations(data: bytes) -> None:
    """Register the specs of the parent that are not registered here."""
    packed: list[bytes] = cloudpickle.loads(data)
    if not packed:
        return
    import gymnasium

    for item in packed:
        spec = cloudpickle.loads(item)
        gymnasium.registry.setdefault(spec.id, spec)


def _is_built_in(spec: Any) -> bool:
    return str(spec.entry_point).startswith("gymnasium.")


def _pack(spec: Any) -> bytes:
    from gymnasium.envs.registration import EnvSpec

    try:
        return dumps_by_value(_with_main_resolved(spec))
    except Exception as error:
        return cloudpickle.dumps(EnvSpec(spec.id, _Refusal(spec.id, repr(error))))


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
            f"{self._reason}. Give it an entry point that can be pickled."
        )
