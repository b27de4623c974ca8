"""An environment on a machine of a Ray cluster."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym

from rltools.arguments import check_callable, check_worker_options
from rltools.cluster.actor_env import ActorEnv
from rltools.cluster.session import check_ray_options
from rltools.cluster.supervisor import ActorSupervisor


class RayActor(ActorEnv):
    """Steps an environment in an actor, somewhere in a Ray cluster.

    It is used like `ExternalProcess`, alone or in a batch, beside others of any kind.
    The actor is asked for at once and this constructor returns before the environment
    is made; what goes wrong there is raised by the first use. A cluster that has no
    room for it is waited for, with a warning now and then.

    The cluster is the one that this process is connected to, or else one that Ray finds
    by the variable `RAY_ADDRESS` or on this machine. None is started: that is what
    `ray.init()` does, before. All nodes need this package and what the environment
    imports.

    With `restarts`, an actor that died, maybe with its node, or that timed out is made
    anew, and the lost episode is told as `ExternalProcess` does it.

    Args:
        make: Called in the actor to make the environment. Anything that cloudpickle
            takes, such as a lambda or a local class.
        timeout: Seconds that any request but the construction may take; None for as
            long as it takes.
        restarts: How often the actor may be made anew. After that every use raises the
            error that was the first cause.
        **ray_options: Options of a Ray actor, such as `num_cpus` (1 if left out),
            `num_gpus`, `resources`, `runtime_env` or `scheduling_strategy`.

    Attributes:
        index: What errors call the worker; a `BatchEnv` sets its place in the batch.
        pid: Process id of the actor, on its node.

    Raises:
        InvalidArgumentError: No callable, a timeout that is not positive, or options
            that Ray does not take.
        NotPicklableError: The constructor can't be pickled.
        ClusterError: There is no cluster.
        MissingExtraError: Ray is not installed.

    Every use may raise what those of `ExternalProcess` may.
    """

    def __init__(
        self,
        make: Callable[[], gym.Env],
        *,
        timeout: float | None = None,
        restarts: int = 0,
        **ray_options: Any,
    ) -> None:
        check_callable("make", make)
        check_worker_options(None, timeout, restarts)
        options = check_ray_options(ray_options)
        supervisor = ActorSupervisor(
            [make], timeout=timeout, restarts=restarts, options=options
        )
        super().__init__(supervisor, 0)
