"""A trained policy as one function from raw observations to actions."""

import re
from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from examples.ppo.algorithm.flat_spaces import space_structure
from examples.ppo.exports.ready_actions import ready_actions
from examples.ppo.ppo import PPO
from rltools import nested


class ExportedPolicy(tf.Module):
    """Takes the most likely actions; has all that happens on the way inside of it.

    What is nested in the environment is flat here: every part has a name, such as
    `observation` or, for a part `arm` of a dictionary, `observation_arm`.

    Args:
        algo: The trained algorithm.
        observation_space: Observation space of the environment itself.
        action_space: Action space of the environment itself.
        normalize_ranges: Whether -1 and 1 stand for the bounds of continuous actions.

    Attributes:
        inputs: `tf.TensorSpec` of every input by its name, with a first dimension of
            any size: the parts of the observation, and `state` if it is recurrent.
        outputs: The same of every output: the parts of the action, and `next_state`.
        act: `tf.function` that takes the inputs by name and returns a dictionary of the
            outputs. An episode begins with a state of zeros, and each next step takes
            the `next_state` that the last one returned.
    """

    def __init__(
        self,
        algo: PPO,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        *,
        normalize_ranges: bool,
    ) -> None:
        super().__init__(name="policy")
        self._algo = algo
        self._structure = space_structure(observation_space)
        self._action_space = action_space
        self._normalize_ranges = normalize_ranges
        self._observations = _specs("observation", observation_space)
        self._actions = _specs("action", action_space)
        self.inputs, self.outputs = dict(self._observations), dict(self._actions)
        size = algo.network.policy.state_size
        if size:
            for specs, name in ((self.inputs, "state"), (self.outputs, "next_state")):
                specs[name] = tf.TensorSpec([None, size], tf.float32, name)
        self.act = tf.function(self._act, autograph=False)

    def save(self, path: str) -> None:
        """Write a SavedModel, which `tf.saved_model.load` reads without this code."""
        algo = self._algo
        saved = tf.Module(name="policy")
        # The value network and what is for training only stay behind.
        saved.variables_in_use = [
            *algo.network.policy.variables,
            *algo.observ_filter.variables,
            algo.network.log_std,
        ]
        saved.act = self.act
        signature = self.act.get_concrete_function(**self.inputs)
        tf.saved_model.save(saved, path, signatures={"serving_default": signature})

    def _act(self, **inputs: Any) -> dict[str, Any]:
        algo, policy = self._algo, self._algo.network.policy
        values = [inputs[name] for name in self._observations]
        observ = algo.observations(nested.unflatten(self._structure, values))
        observ = algo.observ_filter.transform(tf.cast(observ, tf.float32))
        empty = tf.zeros([tf.shape(observ)[0], 0])
        outputs, state = policy.step(observ, inputs.get("state", empty))
        mode = algo.network.distribution(outputs).mode()
        actions = ready_actions(
            self._action_space,
            algo.actions.unflatten(mode),
            normalize_ranges=self._normalize_ranges,
        )
        results = dict(zip(self._actions, nested.flatten(actions), strict=True))
        if policy.state_size:
            results["next_state"] = state
        return results


def _specs(name: str, space: gym.Space[Any]) -> dict[str, tf.TensorSpec]:
    """Specs of a space's parts by their names, in the order of `nested.flatten`."""
    specs: dict[str, tf.TensorSpec] = {}
    paths = nested.flatten(_paths(name, space))
    for path, part in zip(paths, nested.flatten(space_structure(space)), strict=True):
        # Names that differ as "a b" and "a_b" do would be the same.
        unique = re.sub(r"\W", "_", path)
        while unique in specs:
            unique += "_"
        shape = [None, *(part.shape or ())]
        specs[unique] = tf.TensorSpec(shape, tf.as_dtype(np.dtype(part.dtype)), unique)
    return specs


def _paths(path: str, space: gym.Space[Any]) -> Any:
    if isinstance(space, spaces.Dict):
        return {
            key: _paths(f"{path}_{key}", part) for key, part in space.spaces.items()
        }
    if isinstance(space, spaces.Tuple):
        return tuple(
            _paths(f"{path}_{key}", part) for key, part in enumerate(space.spaces)
        )
    return path
