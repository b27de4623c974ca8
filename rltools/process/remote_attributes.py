"""The attributes of an environment that lives in a worker."""

from typing import Any, NoReturn

import gymnasium as gym

from rltools.errors import NotPicklableError, RemoteError, WorkerError
from rltools.process.client import WorkerClient
from rltools.process.promise import Promise
from rltools.process.promising_env import PromisingEnv
from rltools.process.protocol import Command
from rltools.process.public_names import check_public
from rltools.process.supervisor import Supervisor


class RemoteAttributes(PromisingEnv):
    """Reads, sets and calls the public attributes of an environment of a worker.

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
            self._supervisor.recover(client.channel, error)
