"""The connection of this process to a Ray cluster."""

import math
from functools import cache
from types import ModuleType
from typing import Any

from rltools.cluster.actor import HostActor
from rltools.errors import ClusterError, InvalidArgumentError
from rltools.extras import require

# What an actor needs in order to be placed, if nothing is said: an environment that
# works keeps a core busy. Ray's own default would put all actors on one node.
_DEFAULTS = {"num_cpus": 1}
# A lost actor has lost its environments: who brings it back has to tell. Requests are
# answered in their order. And an actor must not outlive who can ask it.
_OURS = (
    "concurrency_groups",
    "lifetime",
    "max_concurrency",
    "max_restarts",
    "max_task_retries",
)


def connect() -> ModuleType:
    """The module of Ray, connected to a cluster.

    A cluster that this process is connected to is used, or else one that Ray finds by
    the variable `RAY_ADDRESS` or on this machine. None is ever started.

    Raises:
        MissingExtraError: Ray is not installed.
        ClusterError: There is no cluster.
    """
    ray = require("ray", extra="ray")
    if not ray.is_initialized():
        try:
            ray.init(address="auto")
        except ConnectionError as error:
            raise ClusterError(
                "No Ray cluster can be reached. Start one with `ray start --head` or "
                "say where it is by the variable RAY_ADDRESS or ray.init(address=...); "
                f"ray.init() starts one for this program alone. Ray says: {error}"
            ) from error
    return ray


def check_ray_options(options: dict[str, Any]) -> dict[str, Any]:
    """Check options of actors; returns all that they are made with.

    Raises:
        InvalidArgumentError: Ray does not know one of them, or it is not to be chosen.
        ClusterError, MissingExtraError: See `connect`.
    """
    for name in _OURS:
        if name in options:
            raise InvalidArgumentError(
                f"expected no Ray option {name!r}, which is not to be chosen here, got "
                f"{options[name]!r}."
            )
    connect()
    options = _DEFAULTS | options
    try:
        _remote_class().options(**options)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"expected options of a Ray actor, got {options!r}: {error}"
        ) from error
    return options


def make_actor(options: dict[str, Any]) -> Any:
    """Start an actor; returns its handle at once."""
    return _remote_class().options(**options).remote()


def needs_of(options: dict[str, Any]) -> dict[str, float]:
    """The resources that an actor keeps while it lives, by Ray's names for them."""
    needs = {"CPU": options.get("num_cpus"), "GPU": options.get("num_gpus")}
    needs.update(options.get("resources") or {})
    return {name: need for name, need in needs.items() if need}


def count_places(options: dict[str, Any]) -> int:
    """How many actors with these options the whole cluster has room for."""
    resources = connect().cluster_resources()
    needs = needs_of(options) or {"CPU": 1}
    return min(
        math.floor(resources.get(name, 0) / need) for name, need in needs.items()
    )


@cache
def _remote_class() -> Any:
    return require("ray", extra="ray").remote(HostActor)
