"""Makes batches of processes, and the models of their workers."""

import itertools
import os
from functools import partial

import numpy as np

from rltools.batch_env import BatchEnv
from rltools.wrappers import ExternalProcess
from tests.process.batch_model.env import CountingEnv
from tests.process.batch_model.worker import WorkerModel

GROUPINGS = ["processes", "apart", "one worker", "two workers"]


class Apart(ExternalProcess):
    """With a step of its own, so that a batch calls each environment by itself."""

    def step(self, action, blocking=True):
        return super().step(action, blocking)


def make(folder, stack, *, count, grouping, autoreset, **options):
    """Make a batch.

    Args:
        folder: For the gates that its environments wait at.
        stack: Closes what is made.
        count: The number of environments.
        grouping: One of `GROUPINGS`: environments in processes of their own, or such
            that a batch calls one by one, or launched in workers.
        autoreset: As of a batch.
        **options: Of each worker.

    Returns:
        The tuple `(batch, workers)` with the models of its workers.
    """
    sizes = [1] * count
    if "worker" in grouping:
        workers = min(count, 1 if grouping == "one worker" else 2)
        ends = [count * i // workers for i in range(workers + 1)]
        sizes = [end - start for start, end in itertools.pairwise(ends)]
    firsts = np.cumsum([0, *sizes]).tolist()
    gates, makes = [], []
    for worker, size in enumerate(sizes):
        path = os.path.join(folder, f"gate-{worker}")
        os.mkfifo(path)
        gates.append(os.open(path, os.O_RDWR | os.O_NONBLOCK))
        stack.callback(os.close, gates[-1])
        rows = range(firsts[worker], firsts[worker] + size)
        makes += [partial(CountingEnv, row, path) for row in rows]
    if "worker" in grouping:
        batch = BatchEnv.launch(
            makes, workers=len(sizes), autoreset=autoreset, **options
        )
    else:
        kind = Apart if grouping == "apart" else ExternalProcess
        batch = BatchEnv([kind(make, **options) for make in makes], autoreset=autoreset)
    stack.callback(batch.close)
    models = []
    for first, size, gate in zip(firsts, sizes, gates, strict=False):
        rows, pid = range(first, first + size), batch[first].pid
        restarts = options["restarts"]
        models.append(WorkerModel(rows, pid, restarts, autoreset, gate))
    return batch, models
