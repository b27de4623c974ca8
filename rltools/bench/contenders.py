"""The contenders that need no other package."""

from rltools.bench.contender import Contender
from rltools.bench.limit import Limit
from rltools.bench.machine import count_cores
from rltools.bench.plain_loop import PlainLoop
from rltools.bench.vector_envs import GymnasiumAsync, GymnasiumSync, Launched


def list_contenders(num_envs: int) -> list[Contender]:
    """This library's settings, Gymnasium's vector environments, a loop and the limit.

    Args:
        num_envs: How many environments they will step.
    """
    ours: dict[str, int | str] = {
        "rltools-auto": "auto",
        "rltools-in-process": 0,
        "rltools-per-core": min(count_cores(), num_envs),
        "rltools-per-env": num_envs,
    }
    return [
        *(Launched(name, "rltools.batch_env", n) for name, n in ours.items()),
        GymnasiumSync("gymnasium-sync", "gymnasium.vector"),
        GymnasiumAsync("gymnasium-async", "gymnasium.vector"),
        PlainLoop("plain-loop", "gymnasium"),
        Limit("limit", "gymnasium"),
    ]
