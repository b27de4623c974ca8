"""The worker's side: builds an environment and does what it is asked to do."""

import os
import pickle
import socket
import sys
from collections.abc import Callable
from typing import Any

import cloudpickle
import gymnasium as gym

from rltools.process import lifeline
from rltools.process.failure import Failure
from rltools.process.frames import read_frame, write_frame
from rltools.process.protocol import Command, Message, Status, dumps
from rltools.process.registrations import unpack_registrations


def main(descriptor: int, read_end: int) -> None:
    """Serve requests until asked to close, or until nobody can ask any more.

    Args:
        descriptor: That of the socket that requests come from.
        read_end: Descriptor of the lifeline's read end.
    """
    lifeline.arm(read_end)
    with socket.socket(fileno=descriptor) as connection:
        # A process forked by the environment must not keep the connection open.
        os.register_at_fork(after_in_child=connection.close)
        serve(connection)


def serve(connection: socket.socket) -> None:
    """Answer every request with one reply that has its number, in their order."""
    host = Host()
    while not host.closed:
        try:
            request = Message.decode(read_frame(connection))
            status, body = _answer(host, request)
            write_frame(connection, Message(request.number, status, body).encode())
        except (EOFError, OSError):
            break


def _answer(host: "Host", request: Message) -> tuple[Status, bytes]:
    # Even SystemExit is the environment's failure, not an order to this loop.
    try:
        arguments = pickle.loads(request.body)
    except BaseException as error:
        return Status.NOT_READABLE, dumps(f"{type(error).__name__}: {error}")
    try:
        result = host.execute(Command(request.kind), arguments)
    except BaseException as error:
        return Status.RAISED, dumps(Failure.of(_without_frames_of_this_file(error)))
    try:
        return Status.RETURNED, dumps(result)
    except Exception as error:
        text = f"{type(result).__name__}: {type(error).__name__}: {error}"
        return Status.NOT_PICKLABLE, dumps(text)


def _without_frames_of_this_file(error: BaseException) -> BaseException:
    traceback = error.__traceback__
    while traceback and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return error.with_traceback(traceback)


class Host:
    """Holds the environment and executes commands on it."""

    def __init__(self) -> None:
        self._env: Any = None
        self.closed = False
        self._actions: dict[Command, Callable[..., Any]] = {
            Command.CONSTRUCT: self._construct,
            Command.RESET: lambda seed, options: self._env.reset(
                seed=seed, options=options
            ),
            Command.STEP: lambda action: self._env.step(action),
            Command.CALL: self._call,
            Command.GET: self._get,
            Command.SET: self._set,
            Command.CLOSE: self.close,
        }

    def execute(self, command: Command, arguments: tuple[Any, ...]) -> Any:
        """Do what is asked; returns what is to be sent back."""
        return self._actions[command](*arguments)

    def close(self) -> None:
        """Close the environment."""
        self.closed = True
        self._env.close()

    def _construct(
        self, constructor: bytes, registrations: bytes, argv: list[str]
    ) -> dict[str, Any]:
        self.closed = True  # A worker without its environment has nothing to serve.
        sys.argv = argv
        unpack_registrations(registrations)
        env = cloudpickle.loads(constructor)()
        if not isinstance(env, gym.Env):
            raise TypeError(
                f"constructor: expected it to return a gymnasium.Env, got {env!r}. "
                "Environments of the older gym package need wrappers.FromGym."
            )
        self._env = env
        self.closed = False
        return {
            "observation_space": self._env.observation_space,
            "action_space": self._env.action_space,
            "metadata": self._env.metadata,
            "render_mode": self._env.render_mode,
        }

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = self._env.get_wrapper_attr(name)
        return value(*args, **kwargs) if callable(value) else value

    def _get(self, name: str) -> tuple[bool, Any]:
        """The tuple `(is_callable, value)`; methods stay here, and are called here."""
        value = self._env.get_wrapper_attr(name)
        return (True, None) if callable(value) else (False, value)

    def _set(self, name: str, value: Any, force: bool) -> bool:
        return self._env.set_wrapper_attr(name, value, force=force)
