"""An environment in a process of its own."""

from collections.abc import Callable

import gymnasium as gym

from rltools.arguments import check_callable, check_worker_options
from rltools.process.supervisor import Supervisor
from rltools.process.worker_env import WorkerEnv


class ExternalProcess(WorkerEnv):
    """Steps an environment in another process.

    The worker starts at once and this constructor returns before the environment is
    made, so that many can start together; what goes wrong there is raised by the first
    use. The worker runs neither a fork of this process nor its `__main__` again, which
    therefore needs no guard. It ends with this process, however that ends.

    Its public attributes are the environment's, to be read, set and called.

    With `restarts`, a worker that died or timed out is brought back, and the episode
    that was lost is told by the step in which it is noticed: it returns the last
    observation, a reward of zero, `truncated`, and an info with `worker_restarted` and
    the text of the `worker_error`. So no transition spans a restart; the next `reset`
    begins an episode in the new worker. A `reset` that is lost is made again, and its
    info has `worker_restarted`, as has that of a reset before the loss was told by a
    step. A call is not made again: it raises `WorkerDiedError`.

    Args:
        constructor: Called in the worker to make the environment. Anything that
            cloudpickle takes, such as a lambda or a local class.
        timeout: Seconds that any request but the construction may take; None for as
            long as it takes.
        restarts: How often the worker may be brought back. After that every use raises
            the error that was the first cause.
        threads: Threads of the worker's numerical libraries (BLAS, OpenMP). None for
            one, unless environment variables such as `OMP_NUM_THREADS` say otherwise.

    Attributes:
        index: What errors call the worker; a `BatchEnv` sets its place in the batch.
        pid: Process id of the worker.

    Raises:
        InvalidArgumentError: No callable, or a timeout that is not positive.
        NotPicklableError: The constructor can't be pickled.

    Every use may raise `RemoteError` (the environment raised) and `NotPicklableError`
    (what is sent or returned can't be pickled), after both of which the worker lives
    on, `WorkerDiedError`, `RequestTimeoutError` and `ClosedError`.
    """

    def __init__(
        self,
        constructor: Callable[[], gym.Env],
        *,
        timeout: float | None = None,
        restarts: int = 0,
        threads: int | None = None,
    ) -> None:
        check_callable("constructor", constructor)
        options = check_worker_options(threads, timeout, restarts)
        supervisor = Supervisor([constructor], **options)
        super().__init__(supervisor, 0)
