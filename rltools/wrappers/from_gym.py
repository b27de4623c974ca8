"""Use an environment of the unmaintained `gym` package."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import logger, spaces

from rltools.errors import InvalidArgumentError, InvalidResultError
from rltools.extras import require
from rltools.space_checks import describe
from rltools.wrappers.gym_description import convert_metadata, convert_spec
from rltools.wrappers.gym_layers import owner_of, takes, without_checker
from rltools.wrappers.gym_spaces import convert_space, convert_value, has_graph


class FromGym(gymnasium.Env[Any, Any]):
    """Make a Gymnasium environment of one written for `gym`.

    Understood are all interfaces from `gym` 0.21 to 0.26.2, each told by what the
    environment's methods take and return:

    - `step` returns `(observ, reward, terminated, truncated, info)`, or before 0.26
      `(observ, reward, done, info)`, which is a truncation if the info says
      `"TimeLimit.truncated"` and a termination otherwise.
    - `reset` takes `seed` and `options` and returns `(observ, info)`, or takes nothing
      and returns the observation, with the seed given to the method `seed`.
    - `render` takes no argument, or before 0.26 a `mode`.

    The environment is taken over: do not use it directly any more. The checker that
    `gym.make` adds is taken out, as it fails on NumPy 2. An environment that itself
    uses what NumPy 2 has removed, as gym's Acrobot does in `step`, still fails. `gym`
    is imported only if an id is given.

    Args:
        env: The environment object, or an id to pass to `gym.make`.
        render_mode: Mode for environments whose `render` takes one, or for `gym.make`
            if `env` is an id.
        **kwargs: Passed to `gym.make` if `env` is an id.

    Attributes:
        gym_env: The wrapped environment. Its public attributes can be read and set by
            `get_wrapper_attr` and `set_wrapper_attr`.

    Raises:
        InvalidArgumentError: `env` is not an environment of `gym`, or an option is
            given that the environment object has no use for.
        InvalidSpaceError: A space is not one of those that come with `gym`.
        MissingExtraError: `env` is an id and `gym` is not installed.
    """

    def __init__(
        self, env: Any, *, render_mode: str | None = None, **kwargs: Any
    ) -> None:
        if isinstance(env, str):
            if render_mode is not None:
                kwargs["render_mode"] = render_mode
            env = require("gym", extra="gym").make(env, **kwargs)
        else:
            _check_environment(env)
            if kwargs:
                raise InvalidArgumentError(
                    f"expected {sorted(kwargs)} only where env is the id of an "
                    f"environment, got env={env!r}."
                )
        self.gym_env = without_checker(env)
        self._renders_by_mode = takes(self.gym_env, "render", "mode", by_name=True)
        own_mode = getattr(env, "render_mode", None)
        if render_mode not in (None, own_mode) and not self._renders_by_mode:
            raise InvalidArgumentError(
                f"expected render_mode to be {own_mode!r}, as the environment was "
                f"made, got {render_mode!r}."
            )
        self.render_mode = own_mode if render_mode is None else render_mode
        self.metadata = convert_metadata(getattr(env, "metadata", {}))
        self.spec = convert_spec(self.gym_env)
        self.observation_space = convert_space(
            env.observation_space, "observation_space"
        )
        self.action_space = convert_space(env.action_space, "action_space")
        self._observ_has_graph = has_graph(self.observation_space)
        self._action_has_graph = has_graph(self.action_space)
        self._reset_takes = {
            "seed": takes(self.gym_env, "reset", "seed"),
            "options": takes(self.gym_env, "reset", "options"),
            "return_info": takes(self.gym_env, "reset", "return_info", by_name=True),
        }
        self._closed = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Seeds the environment; None continues its random stream. Where the
                environment can't be seeded a warning says so.
            options: Passed on to the environment.

        Returns:
            Tuple of the first observation and the info, which is empty where the
            environment returns none.

        Raises:
            InvalidArgumentError: There are options but the environment takes none.
        """
        super().reset(seed=seed)
        arguments: dict[str, Any] = {}
        if self._reset_takes["seed"]:
            arguments["seed"] = seed
        elif seed is not None:
            self._seed_by_method(seed)
        if self._reset_takes["options"]:
            arguments["options"] = options
        elif options:
            raise InvalidArgumentError(
                f"expected no options for {self.gym_env}, whose reset takes none, "
                f"got {options!r}."
            )
        if self._reset_takes["return_info"]:
            arguments["return_info"] = True
        observ, info = self._split_reset(self.gym_env.reset(**arguments))
        generator = getattr(self.gym_env, "np_random", None)
        if isinstance(generator, np.random.Generator):
            self._np_random = generator
            if self._np_random_seed is None:
                self._np_random_seed = -1  # Stands for "not known" in Gymnasium.
        self._render_for_human()
        return self._convert_observ(observ), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step.

        Args:
            action: An element of the action space.

        Returns:
            Tuple of observation, reward, terminated, truncated and info.

        Raises:
            InvalidResultError: The environment returned neither four nor five items.
        """
        if self._action_has_graph:
            action = convert_value(self.gym_env.action_space, action)
        result = self.gym_env.step(action)
        if not isinstance(result, tuple) or len(result) not in (4, 5):
            raise InvalidResultError(
                "step: expected a tuple of four or five items from "
                f"{self.gym_env}, got {describe(result)}."
            )
        self._render_for_human()
        if len(result) == 5:
            observ, reward, terminated, truncated, info = result
        else:
            observ, reward, done, info = result
            truncated = done and info.get("TimeLimit.truncated", False)
            terminated = done and not truncated
        observ = self._convert_observ(observ)
        return observ, reward, bool(terminated), bool(truncated), info

    def render(self) -> Any:
        """Render the environment in its `render_mode`.

        Returns:
            What the environment returns, or None if there is no render mode.
        """
        if not self._renders_by_mode:
            return self.gym_env.render()
        if self.render_mode is None:
            return None
        return self.gym_env.render(mode=self.render_mode)

    def close(self) -> None:
        """Close the environment; closing twice is allowed."""
        if not self._closed:
            self._closed = True
            self.gym_env.close()

    def has_wrapper_attr(self, name: str) -> bool:
        """Tell whether this or the wrapped environment has a public attribute."""
        return hasattr(self, name) or owner_of(self.gym_env, name) is not None

    def get_wrapper_attr(self, name: str) -> Any:
        """Get an attribute of this or a public one of the wrapped environment."""
        owner = None if hasattr(self, name) else owner_of(self.gym_env, name)
        return getattr(self if owner is None else owner, name)

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        """Set an attribute where it is: here or in the wrapped environment.

        Args:
            name: Name of the attribute.
            value: Its new value.
            force: Whether to create the attribute here if neither has it.

        Returns:
            Whether the attribute was set.
        """
        owner = None if hasattr(self, name) else owner_of(self.gym_env, name)
        if owner is not None:
            setattr(owner, name, value)
            return True
        return super().set_wrapper_attr(name, value, force=force)

    def _seed_by_method(self, seed: int) -> None:
        if hasattr(self.gym_env, "seed"):
            self.gym_env.seed(seed)
        else:
            logger.warn(f"{self.gym_env} can't be seeded: it has no method for that.")

    def _split_reset(self, result: Any) -> tuple[Any, dict[str, Any]]:
        is_pair = isinstance(result, tuple) and len(result) == 2
        if not is_pair or not isinstance(result[1], dict):
            return result, {}
        # A pair may also be an observation, of an environment that returns no info.
        if isinstance(self.observation_space, spaces.Tuple):
            observ = self._convert_observ(result)
            if self.observation_space.contains(observ):
                return result, {}
        return result

    def _convert_observ(self, observ: Any) -> Any:
        if self._observ_has_graph:
            return convert_value(self.observation_space, observ)
        return observ

    def _render_for_human(self) -> None:
        if self._renders_by_mode and self.render_mode == "human":
            self.gym_env.render(mode="human")


def _check_environment(env: Any) -> None:
    needed = ("action_space", "observation_space", "reset", "step", "render", "close")
    missing = [name for name in needed if not hasattr(env, name)]
    if isinstance(env, type):
        problem = "a class"
    elif isinstance(env, gymnasium.Env):
        problem = "one of Gymnasium, which needs no conversion"
    elif missing:
        problem = f"something without {missing}"
    else:
        return
    raise InvalidArgumentError(
        f"expected env to be an environment of gym, got {problem}: {describe(env)}."
    )
