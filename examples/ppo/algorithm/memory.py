"""Memory of a rollout: the same number of steps of every environment."""

from typing import Any, NamedTuple

import tensorflow as tf


class Transition(NamedTuple):
    """What is kept of a step, or the tensors of many steps.

    Attributes:
        observ: Observation acted on, as the environment gave it, flat.
        action: Action taken, flat.
        state: Recurrent state that the action was chosen from.
        logprob: Logarithm of the action's probability when it was taken.
        reward: Reward received.
        begins: Whether the episode began with this step.
        terminated: Whether the episode reached a terminal state.
        truncated: Whether the episode ended for another reason.
        next_observ: Observation that followed; at an episode's end its final one, not
            the first of the next.
    """

    observ: Any
    action: Any
    state: Any
    logprob: Any
    reward: Any
    begins: Any
    terminated: Any
    truncated: Any
    next_observ: Any


class RolloutMemory(tf.Module):
    """Fixed-length rollouts that go on across the ends of episodes.

    Args:
        specs: `tf.TensorSpec` of every field of one environment's step: scalars or
            vectors of uint8, float32 or bool.
        num_envs: Number of environments.
        length: Steps to hold of each environment.
    """

    def __init__(self, specs: Transition, *, num_envs: int, length: int) -> None:
        super().__init__(name="memory")
        self.specs = specs
        self._length = length
        # Writing costs the same for one number as for many: fields of the same dtype
        # share a buffer, flags being numbers in it.
        widths: dict[tf.DType, int] = {}
        self._places = []
        for spec in specs:
            dtype = _stored_dtype(spec)
            start = widths.get(dtype, 0)
            widths[dtype] = start + (spec.shape[0] if spec.shape.rank else 1)
            self._places.append((dtype, start, widths[dtype]))
        self._buffers = {
            dtype.name: tf.Variable(
                tf.zeros([length, num_envs, width], dtype),
                trainable=False,
                name=dtype.name,
            )
            for dtype, width in widths.items()
        }
        self._sizes = tf.Variable(
            tf.zeros([num_envs], tf.int32), trainable=False, name="sizes"
        )

    @property
    def full(self) -> Any:
        """Whether all environments have filled their part, bool scalar."""
        return tf.reduce_all(self._sizes >= self._length)

    def append(self, indices: Any, steps: Transition) -> None:
        """Add one step of some environments.

        Args:
            indices: Distinct environments, int32 [k].
            steps: Tensors [k, ...] in the order of `indices`.

        Raises:
            tf.errors.InvalidArgumentError: An environment's part is full already.
        """
        positions = tf.stack([tf.gather(self._sizes, indices), indices], 1)
        for name, values in self._join(steps, rank=2).items():
            self._buffers[name].scatter_nd_update(positions, values)
        self._sizes.scatter_add(tf.IndexedSlices(tf.ones_like(indices), indices))

    def fill(self, steps: Transition) -> None:
        """Take a whole rollout, in place of all that it holds; [length, num_envs, ...].

        Args:
            steps: Tensors or arrays of the dtypes given.
        """
        for name, values in self._join(steps, rank=3).items():
            self._buffers[name].assign(values)
        self._sizes.assign(tf.fill(self._sizes.shape, self._length))

    def data(self) -> Transition:
        """Return all steps as tensors [length, num_envs, ...]."""
        contents = {name: buffer.read_value() for name, buffer in self._buffers.items()}
        fields = []
        for spec, (dtype, start, stop) in zip(self.specs, self._places, strict=True):
            values = contents[dtype.name][..., start:stop]
            values = values if spec.shape.rank else values[..., 0]
            fields.append(values > 0 if spec.dtype == tf.bool else values)
        return Transition(*fields)

    def clear(self) -> None:
        """Start over with an empty memory."""
        self._sizes.assign(tf.zeros_like(self._sizes))

    def _join(self, steps: Transition, *, rank: int) -> dict[str, Any]:
        """What goes to each buffer; `rank` is that of a field that is a vector."""
        columns: dict[str, list[Any]] = {name: [] for name in self._buffers}
        for values, (dtype, *_) in zip(steps, self._places, strict=True):
            values = tf.cast(values, dtype)
            columns[dtype.name].append(
                values if values.shape.rank == rank else values[..., tf.newaxis]
            )
        return {name: tf.concat(parts, -1) for name, parts in columns.items()}


def _stored_dtype(spec: tf.TensorSpec) -> tf.DType:
    return tf.float32 if spec.dtype == tf.bool else spec.dtype
