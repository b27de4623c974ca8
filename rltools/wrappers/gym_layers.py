"""The stack of wrappers around an environment of the old `gym` package."""

import inspect
from typing import Any

# What `gym.make` puts around an environment by itself.
_FROM_MAKE = {
    "AutoResetWrapper",
    "EnvCompatibility",
    "HumanRendering",
    "OrderEnforcing",
    "RenderCollection",
    "TimeLimit",
}


def layers_of(env: Any) -> list[Any]:
    """List an environment and everything that it is wrapped around.

    Args:
        env: An environment of any version of `gym`.

    Returns:
        The outermost wrapper first, the bare environment last.
    """
    layers = [env]
    while _is_wrapper(layers[-1]):
        layers.append(layers[-1].env)
    return layers


def without_checker(env: Any) -> Any:
    """Take gym's passive checker out of the stack of wrappers.

    Its checks use names that NumPy 2 no longer has, so that the first step of what
    `gym.make` returns would raise. The wrapper around it is changed in place.

    Args:
        env: An environment of any version of `gym`.

    Returns:
        The outermost layer that is left.
    """
    if _is_checker(env):
        return without_checker(env.env)
    if _is_wrapper(env):
        env.env = without_checker(env.env)
    return env


def has_only_standard_wrappers(env: Any) -> bool:
    """Tell whether `gym.make` alone gives this stack of wrappers again.

    Args:
        env: An environment of any version of `gym`.

    Returns:
        Whether there is no wrapper that `gym.make` does not add by itself.
    """
    return all(
        type(layer).__name__ in _FROM_MAKE and _is_of_gym(layer)
        for layer in layers_of(env)[:-1]
    )


def takes(env: Any, method: str, argument: str, *, by_name: bool = False) -> bool:
    """Tell whether a method takes an argument.

    The outermost layer decides that does not just pass on whatever it is given.

    Args:
        env: An environment of any version of `gym`.
        method: Name of the method.
        argument: Name of a keyword argument of it.
        by_name: Whether a bare environment has to name the argument; otherwise one that
            takes any argument counts too.

    Returns:
        Whether the method can be called with this argument.
    """
    for layer in layers_of(env):
        parameters = inspect.signature(getattr(layer, method)).parameters
        if argument in parameters:
            return True
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return False
    return not by_name


def owner_of(env: Any, name: str) -> Any:
    """Find the layer that has a public attribute itself.

    The wrappers of `gym` pass every access on to what they wrap, but not assignments.

    Args:
        env: An environment of any version of `gym`.
        name: Name of the attribute.

    Returns:
        The outermost layer that has it, or None if none has, or the name is private.
    """
    if name.startswith("_"):
        return None
    *wrappers, bare = layers_of(env)
    for layer in wrappers:
        if name in vars(layer) or hasattr(type(layer), name):
            return layer
    return bare if hasattr(bare, name) else None


def _is_wrapper(env: Any) -> bool:
    names = {
        base.__name__
        for base in type(env).__mro__
        if base.__module__.split(".")[0] == "gym"
    }
    return not names.isdisjoint({"Wrapper", "EnvCompatibility"})


def _is_checker(env: Any) -> bool:
    return type(env).__name__ == "PassiveEnvChecker" and _is_of_gym(env)


def _is_of_gym(env: Any) -> bool:
    return type(env).__module__.split(".")[0] == "gym"
