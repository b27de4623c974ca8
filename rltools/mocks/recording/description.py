"""What a recording says of its environment, apart from what that did."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

from rltools.errors import RecordingError
from rltools.mocks.recording.space_values import space_to_value, value_to_space

_SPEC = ("id", "reward_threshold", "nondeterministic", "max_episode_steps")


@dataclass(frozen=True)
class Description:
    """An environment's spaces, metadata and specification.

    Attributes:
        observation_space: The space of its observations.
        action_space: The space of its actions.
        metadata: Its metadata.
        spec: Specification with its `id`, `reward_threshold`, `nondeterministic` and
            `max_episode_steps`, or None if it had none. Nothing can be made from it.
    """

    observation_space: gym.Space[Any]
    action_space: gym.Space[Any]
    metadata: dict[str, Any]
    spec: EnvSpec | None

    @property
    def name(self) -> str:
        """What to call the environment."""
        return "an environment without a spec" if self.spec is None else self.spec.id

    def to_value(self) -> dict[str, Any]:
        """Describe it by plain values.

        Raises:
            RecordingError: A space can't be recorded.
        """
        spec = self.spec
        values = None if spec is None else {name: getattr(spec, name) for name in _SPEC}
        return {
            "observation_space": space_to_value(
                self.observation_space, "observation_space"
            ),
            "action_space": space_to_value(self.action_space, "action_space"),
            "metadata": self.metadata,
            "spec": values,
        }

    @classmethod
    def of(cls, env: gym.Env[Any, Any]) -> "Description":
        """Describe an environment, of which nothing but attributes is read."""
        return cls(
            observation_space=env.observation_space,
            action_space=env.action_space,
            metadata=dict(env.metadata or {}),
            spec=env.spec if isinstance(env.spec, EnvSpec) else None,
        )

    @classmethod
    def from_value(cls, value: Any) -> "Description":
        """Make one of what `to_value` has returned.

        Raises:
            RecordingError: It is something else.
        """
        try:
            spec, metadata = value["spec"], dict(value["metadata"])
            if spec is not None:
                spec = EnvSpec(**{name: spec[name] for name in _SPEC})
            spaces = value["observation_space"], value["action_space"]
        except (TypeError, ValueError, LookupError, gym.error.Error) as error:
            raise RecordingError(
                f"the environment is not described ({type(error).__name__}: {error})"
            ) from error
        observations, actions = [value_to_space(space) for space in spaces]
        return cls(observations, actions, metadata, spec)
