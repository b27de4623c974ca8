"""Makes batches of processes, and the models of their workers."""

import itertools
import os
from functools import partial

import numpy as np

from rltools.batch_env import BatchEnv
from rltools.wrappers import ExternalProcess
from tests.process.batch_model.env import CountingEnv
from tests.process.batch_model.worker import WorkerModel

GROUPINGS = ["processes", "some here", "apart", "one worker", "two workers"]


class Apart(ExternalProcess):
    """With a step of its own, so that a batch calls each environment by itself."""

    def step(self, action, blocking=True):
        return super().step(action, blocking)


class NoWorkerModel(WorkerModel):
    """Environments of this process, which neither die nor hang."""

    is_here = True
    raised = ValueError


def make(folder, stack, *, count, grouping, autoreset, **options):
    """Make a batch.

    Args:
        folder: For the gates that its environments wait at.
        stack: Closes what is made.
        count: The number of environments.
        grouping: One of `GROUPINGS`: environments in processes of their own, or such
            that a batch calls one by one, or launched in workers; and with the last one
            in this process, if there are several.
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
        there = count - 1 or 1 if grouping == "some here" else count
        envs = [kind(make, **options) for make in makes[:there]]
        batch = BatchEnv(
            [*envs, *(make() for make in makes[there:])], autoreset=autoreset
        )
    stack.callback(batch.close)
    models = []
    for first, size, gate in zip(firsts, sizes, gates, strict=False):
        rows, restarts = range(first, first + size), options["restarts"]
        if isinstance(batch[first], CountingEnv):
            models.append(NoWorkerModel(rows, os.getpid(), 0, autoreset, gate))
        else:
            pid = batch[first].pid
            models.append(WorkerModel(rows, pid, restarts, autoreset, gate))
    return batch, models
