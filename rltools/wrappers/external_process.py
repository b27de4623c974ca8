"""An environment in a process of its own."""

import time
from collections.abc import Callable
from typing import Any, NoReturn
from weakref import ref

import gymnasium as gym

from rltools.arguments import check_callable, check_positive
from rltools.errors import (
    NotPicklableError,
    PendingCallError,
    RemoteError,
)
from rltools.process.client import WorkerClient
from rltools.process.promise import Promise
from rltools.process.promising_env import PromisingEnv
from rltools.process.protocol import Command
from rltools.process.public_names import check_public

_SECONDS_TO_CLOSE = 2.0
_PENDING = "{} can't {}: call the promise of its last step or reset, or reset if late."


class ExternalProcess(PromisingEnv):
    """Steps an environment in another process.

    The worker starts at once and this constructor returns before the environment is
    made, so that many can start together; what goes wrong there is raised by the first
    use. The worker runs neither a fork of this process nor its `__main__` again, which
    therefore needs no guard. It ends with this process, however that ends.

    Its public attributes are the environment's, to be read, set and called.

    Args:
        constructor: Called in the worker to make the environment. Anything that
            cloudpickle takes, such as a lambda or a local class.
        timeout: Seconds that any request but the construction may take; None for as
            long as it takes.

    Attributes:
        index: What errors call the worker; a `BatchEnv` sets its place in the batch.

    Raises:
        InvalidArgumentError: No callable, or a timeout that is not positive.
        NotPicklableError: The constructor can't be pickled.

    Every use may raise `RemoteError` (the environment raised) and `NotPicklableError`
    (what is sent or returned can't be pickled), after both of which the worker lives
    on, `WorkerDiedError`, `RequestTimeoutError` and `ClosedError`.
    """

    def __init__(
        self, constructor: Callable[[], gym.Env], *, timeout: float | None = None
    ) -> None:
        check_callable("constructor", constructor)
        if timeout is not None:
            check_positive("timeout", timeout)
        self._client = WorkerClient(constructor, timeout=timeout)
        self._promised: ref[Promise] | None = None
        self._given_up: Promise | None = None

    @property
    def index(self) -> int:
        """See the class."""
        return self._client.index

    @index.setter
    def index(self, index: int) -> None:
        self._client.index = index

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._client.pid

    @property
    def observation_space(self) -> gym.Space:  # type: ignore[override]
        """The environment's observation space."""
        return self._client.constructed()["observation_space"]

    @property
    def action_space(self) -> gym.Space:  # type: ignore[override]
        """The environment's action space; its sampling is this process's own."""
        return self._client.constructed()["action_space"]

    @property
    def metadata(self) -> dict[str, Any]:  # type: ignore[override]
        """The environment's metadata."""
        return self._client.constructed()["metadata"]

    @property
    def render_mode(self) -> str | None:  # type: ignore[override]
        """The environment's render mode."""
        return self._client.constructed()["render_mode"]

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
        if (pending := self._unfetched()) is not None and not pending.given_up:
            raise PendingCallError(_PENDING.format(self, "reset"))
        return self._start_or_await(Command.RESET, "reset", blocking, seed, options)

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
        if self._unfetched() is not None:
            raise PendingCallError(_PENDING.format(self, "step"))
        return self._start_or_await(Command.STEP, "step", blocking, action)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Promise[Any]:
        """Call a public method of the environment.

        Returns:
            The promise of its result, or of an attribute that is no method.

        Raises:
            AttributeError: The name begins with an underscore.
        """
        check_public(name)
        return self._client.request(Command.CALL, name, args, kwargs, label=name)

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
            is_callable, value = self._client.request(Command.GET, name, label=name)()
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
        return self._client.request(Command.SET, name, value, force, label=name)()

    def start_close(self) -> None:
        """Ask the worker to end, without waiting for it."""
        self._client.start_close(time.monotonic() + _SECONDS_TO_CLOSE)

    def close(self) -> None:
        """Close the environment, and end the worker and what it started.

        A worker that takes more than two seconds is killed. Never raises, and can be
        called again; what the environment's own `close` raises is logged.
        """
        self.start_close()
        self._client.close()

    def __getattr__(self, name: str) -> Any:
        return self.get_wrapper_attr(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name == "index":
            super().__setattr__(name, value)
        else:
            self.set_wrapper_attr(name, value)

    def __reduce__(self) -> NoReturn:
        raise NotPicklableError(
            "An ExternalProcess can't be copied or pickled: it is tied to its worker. "
            "Pass the environment's constructor on instead."
        )

    def __repr__(self) -> str:
        state = " closed" if self._client.closed else ""
        return f"<ExternalProcess worker={self.index} pid={self.pid}{state}>"

    __str__ = __repr__

    def _start_or_await(
        self, command: Command, label: str, blocking: bool, *arguments: Any
    ) -> Any:
        promise = self._client.request(command, *arguments, label=label)
        self._promised = ref(promise)
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
