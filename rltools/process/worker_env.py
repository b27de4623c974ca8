"""One environment of a worker."""

import time
from collections.abc import Sequence
from typing import Any, NoReturn
from weakref import ref

import gymnasium as gym

from rltools.errors import (
    NotPicklableError,
    PendingCallError,
    RemoteError,
    WorkerError,
)
from rltools.process.client import WorkerClient
from rltools.process.move import Move
from rltools.process.promise import Promise
from rltools.process.promising_env import PromisingEnv
from rltools.process.protocol import Command
from rltools.process.public_names import check_public
from rltools.process.supervisor import Supervisor

_SECONDS_TO_CLOSE = 2.0
_PENDING = "{} can't {}: call the promise of its last step or reset, or reset if late."


class WorkerEnv(PromisingEnv):
    """An environment that lives in a worker, maybe beside others.

    Its public attributes are the environment's, to be read, set and called.

    Args:
        supervisor: Of the worker.
        slot: Which of the worker's environments it is.

    Attributes:
        index: Place in its batch. An environment that has a worker of its own gives it
            its index, too, which is what errors call the worker.
    """

    def __init__(self, supervisor: Supervisor, slot: int) -> None:
        self._supervisor = supervisor
        self._slot = slot
        self._index: int | None = None  # That of the worker.
        self._promised: ref[Promise] | None = None
        self._given_up: Promise | None = None

    @property
    def index(self) -> int:
        """See the class."""
        return self._supervisor.index if self._index is None else self._index

    @index.setter
    def index(self, index: int) -> None:
        if self._supervisor.count == 1:
            self._supervisor.index = index
        else:
            self._index = index

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._supervisor.client.channel.pid

    @property
    def observation_space(self) -> gym.Space:  # type: ignore[override]
        """The environment's observation space."""
        return self._about["observation_space"]

    @property
    def action_space(self) -> gym.Space:  # type: ignore[override]
        """The environment's action space; its sampling is this process's own."""
        return self._about["action_space"]

    @property
    def metadata(self) -> dict[str, Any]:  # type: ignore[override]
        """The environment's metadata."""
        return self._about["metadata"]

    @property
    def render_mode(self) -> str | None:  # type: ignore[override]
        """The environment's render mode."""
        return self._about["render_mode"]

    @property
    def spec(self) -> Any:  # type: ignore[override]
        """The environment's spec, if `gymnasium.make` made it."""
        return self.get_wrapper_attr("spec")

    @property  # type: ignore[misc]
    def np_random(self) -> Any:
        """Not at hand: generators stay in the worker."""
        return self.get_wrapper_attr("np_random")

    @property
    def np_random_seed(self) -> Any:
        """As `np_random`."""
        return self.get_wrapper_attr("np_random_seed")

    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
        blocking: bool = True,
    ) -> Any:
        """Start a new episode.

        Args:
            seed: Passed on to the environment.
            options: Passed on to the environment.
            blocking: Whether to wait; if not, a promise of the result is returned.

        Returns:
            The tuple `(observation, info)`, or the promise of it.

        Raises:
            PendingCallError: An earlier promise was neither called nor given up.
        """
        self.check_free(to_reset=True)
        pending = self._supervisor.open.rows_call
        if pending is not None and not pending.given_up and not self._is_closed:
            raise PendingCallError(_PENDING.format(self, "reset"))
        # What is late there does not matter now.
        self._supervisor.open.rows_call = None
        return self._move(Command.RESET, blocking, seed, options)

    def step(self, action: Any, blocking: bool = True) -> Any:
        """Take an action.

        Args:
            action: Passed on to the environment, which judges it.
            blocking: Whether to wait; if not, a promise of the result is returned.

        Returns:
            Gymnasium's five values, or the promise of them.

        Raises:
            PendingCallError: An earlier promise of a step or reset was not called; or
                timed out, or was interrupted, which only a reset gets over.
        """
        self.check_free(to_reset=False)
        if self._supervisor.open.rows_call is not None and not self._is_closed:
            raise PendingCallError(_PENDING.format(self, "step"))
        return self._move(Command.STEP, blocking, action)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Promise[Any]:
        """Call a public method of the environment.

        Returns:
            The promise of its result, or of an attribute that is no method.

        Raises:
            AttributeError: The name begins with an underscore.
        """
        check_public(name)
        return self._ask(Command.CALL, name, args, kwargs, label=name)

    def render(self) -> Any:
        """See `gymnasium.Env`."""
        return self.call("render")()

    def has_wrapper_attr(self, name: str) -> bool:
        """Whether the environment has a public attribute of this name."""
        return hasattr(self, name)

    def get_wrapper_attr(self, name: str) -> Any:
        """The attribute of the environment; a method is called there when called.

        Raises:
            AttributeError: There is none, or it is not public.
        """
        check_public(name)
        try:
            is_callable, value = self._ask(Command.GET, name, label=name)()
        except RemoteError as error:
            if error.original_type == "AttributeError" and error.command == name:
                raise AttributeError(str(error.__cause__ or error)) from error
            raise
        if is_callable:
            return lambda *args, **kwargs: self.call(name, *args, **kwargs)()
        return value

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        """Set an attribute of the environment; see `gymnasium.Env`."""
        check_public(name)
        return self._ask(Command.SET, name, value, force, label=name)()

    def check_free(self, *, to_reset: bool) -> None:
        """See `PromisingEnv`."""
        pending = self._unfetched()
        if self._is_closed:
            return  # Which is what will be told.
        if to_reset:
            is_free = pending is None or pending.given_up
        else:
            is_free = pending is None and self._slot not in self._supervisor.open.late
        if not is_free:
            verb = "reset" if to_reset else "step"
            raise PendingCallError(_PENDING.format(self, verb))

    def start_close(self) -> None:
        """Ask the worker to end, without waiting for it."""
        self._supervisor.start_close(time.monotonic() + _SECONDS_TO_CLOSE)

    def close(self) -> None:
        """Close the environment, and end the worker and what it started.

        A worker that takes more than two seconds is killed. Never raises, and can be
        called again; what the environment's own `close` raises is logged.
        """
        self.start_close()
        self._supervisor.close()

    def __getattr__(self, name: str) -> Any:
        return self.get_wrapper_attr(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name == "index":
            super().__setattr__(name, value)
        else:
            self.set_wrapper_attr(name, value)

    def __reduce__(self) -> NoReturn:
        raise NotPicklableError(
            "An environment of a worker can't be copied or pickled: it is tied to it. "
            "Pass the environment's constructor on instead."
        )

    def __repr__(self) -> str:
        state = " closed" if self._is_closed else ""
        name = type(self).__name__
        return f"<{name} worker={self.index} pid={self.pid}{state}>"

    __str__ = __repr__

    @property
    def _is_closed(self) -> bool:
        return self._supervisor.client.channel.closed

    @property
    def _about(self) -> dict[str, Any]:
        return self._supervisor.client.about()

    def _ask(self, command: Command, *arguments: Any, label: str) -> Promise:
        client = self._supervisor.client
        try:
            request = client.request(command, *arguments, label=label, slot=self._slot)
        except WorkerError as error:
            self._recover_from(error, client)
            raise

        def wait(timeout: float | None) -> Any:
            try:
                return client.channel.wait(request, timeout)
            except WorkerError as error:
                self._recover_from(error, client, timeout)
                raise

        return Promise(wait, lambda: client.channel.ready(request))

    def _recover_from(
        self, error: WorkerError, client: WorkerClient, timeout: float | None = None
    ) -> None:
        """Restart the worker if that helps; what was asked for is not asked again."""
        if self._supervisor.is_fatal(error, timeout):
            self._supervisor.recover(client, error)

    def _move(self, command: Command, blocking: bool, *arguments: Any) -> Any:
        move = Move(self._supervisor, self._slot, command, arguments)
        promise: Promise = Promise(move.wait, move.ready)
        self._promised = ref(promise)
        self._supervisor.open.promised.add(self._slot)
        self._given_up = None
        if not blocking:
            return promise
        try:
            return promise()
        except BaseException:
            if not promise.fetched:
                promise.give_up()
                self._given_up = promise  # It may still be carried out.
            raise

    def _unfetched(self) -> Promise | None:
        """The promise of a step or reset that its holder has not called yet."""
        promise = None if self._promised is None else self._promised()
        return None if promise is None or promise.fetched else promise


def worker_of(envs: Sequence[gym.Env]) -> Supervisor | None:
    """The supervisor of a worker if all its environments come first here, in order.

    None if not, or if a subclass has steps or resets of its own.
    """
    first = envs[0]
    if not isinstance(first, WorkerEnv):
        return None
    supervisor = first._supervisor
    for slot in range(supervisor.count):
        env = envs[slot] if slot < len(envs) else None
        if not isinstance(env, WorkerEnv) or env._supervisor is not supervisor:
            return None
        is_plain = type(env).step is WorkerEnv.step
        if env._slot != slot or not is_plain or type(env).reset is not WorkerEnv.reset:
            return None
    return supervisor
