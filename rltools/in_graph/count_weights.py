"""How many numbers there are to train in a model."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from rltools.errors import InvalidArgumentError


def count_weights(
    source: Any, scope: str | None = None, exclude: str | None = None
) -> int:
    """Count the trainable weights of a model.

    A variable that can be reached in several ways counts once. Keras layers held by a
    `tf.Module` count too, although `tf.Module.trainable_variables` omits them.

    Args:
        source: A `tf.Module`, a Keras model or layer, a variable, or lists, tuples and
            dictionaries of these.
        scope: Count only variables whose name starts with these whole components:
            `"policy"` covers `policy/kernel` but not `policy_old/kernel`. The name of
            a Keras variable is its `path`, that of another its `name` without `:0`.
        exclude: Regular expression; leave out variables in whose name it is found.

    Returns:
        The number of elements of all those variables; 0 if there is none.

    Raises:
        InvalidArgumentError: There is something in `source` that holds no variables, a
            variable's shape is not known yet, or `exclude` is no regular expression.

    >>> kernel = tf.Variable(tf.zeros((3, 2)), name="policy/kernel")
    >>> bias = tf.Variable(tf.zeros(2), name="policy/bias")
    >>> count_weights([kernel, bias])
    8
    >>> count_weights([kernel, bias], scope="policy", exclude="bias$")
    6
    """
    try:
        pattern = re.compile(exclude) if exclude is not None else None
    except re.error as error:
        raise InvalidArgumentError(
            f"expected exclude to be a regular expression, got {exclude!r}: {error}."
        ) from error
    prefix = scope.rstrip("/") + "/" if scope else ""
    total = 0
    variables = {id(variable): variable for variable in _walk(source, "source", set())}
    for variable in variables.values():
        name = _name(variable)
        if not variable.trainable or not f"{name}/".startswith(prefix):
            continue
        if pattern and pattern.search(name):
            continue
        shape = tf.TensorShape(variable.shape)
        if not shape.is_fully_defined():
            raise InvalidArgumentError(
                f"expected variables of known shapes, got {name!r} of shape {shape}."
            )
        total += math.prod(shape)
    return total


def _walk(source: Any, path: str, seen: set[int]) -> Iterator[Any]:
    if isinstance(source, tf.Variable | tf.keras.Variable):
        yield source
    elif isinstance(source, tf.keras.layers.Layer):
        if not source.built:
            raise InvalidArgumentError(
                f"expected Keras layers to be built, got {source.name!r} at {path}."
            )
        yield from source.trainable_variables
    elif isinstance(source, tf.Module):
        yield from _walk_module(source, seen)
    elif isinstance(source, Mapping):
        for key, item in source.items():
            yield from _walk(item, f"{path}[{key!r}]", seen)
    elif isinstance(source, list | tuple):
        for index, item in enumerate(source):
            yield from _walk(item, f"{path}[{index}]", seen)
    else:
        raise InvalidArgumentError(
            f"expected {path} to be a module, a Keras layer or a variable, "
            f"got {source!r} ({type(source).__name__})."
        )


def _walk_module(module: tf.Module, seen: set[int]) -> Iterator[Any]:
    """Yield the variables among all that a module holds, whatever else it holds."""
    pending = [module]
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, tf.Variable | tf.keras.Variable | tf.keras.layers.Layer):
            yield from _walk(item, type(module).__name__, seen)
        elif isinstance(item, tf.Module):
            pending.extend(vars(item).values())
        elif isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)


def _name(variable: Any) -> str:
    if isinstance(variable, tf.keras.Variable):
        return variable.path
    return variable.name.split(":")[0]
