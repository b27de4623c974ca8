"""Which names of an environment can be used from another process."""

# A copy of a generator would draw the same numbers again, unnoticed.
_NOT_SHARED = {"np_random", "np_random_seed"}


def check_public(name: str) -> None:
    """Check that an attribute can be used from another process.

    Raises:
        AttributeError: It is private, or a random generator.
    """
    if name.startswith("_"):
        raise AttributeError(f"{name!r} is not public: it does not cross processes.")
    if name in _NOT_SHARED:
        raise AttributeError(
            f"{name!r} stays in the worker, where reset(seed=...) seeds it."
        )
