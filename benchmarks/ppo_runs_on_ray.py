"""Runs the training command many times, spread over the machines of a cluster."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from benchmarks.ppo_results import Outcome
from benchmarks.ppo_runs import NUM_LAST_LINES, SECONDS_TO_END, Job, Stopper, run_job
from rltools.cluster.session import connect

_SECONDS_TO_NOTICE = 0.5


class _Lifeline:
    """An actor that does nothing but live as long as its runs are wanted.

    An interrupt, which is how Ray cancels a task, comes late where the thread waits,
    and none comes where the program that asked for the runs has been killed. That
    this actor is gone can't be missed.
    """

    def check(self) -> None:
        """Raises an error of Ray where the actor is gone."""


def _run_task(job: Job, lifeline: Any) -> Outcome:
    """Make a run, and end it where it is not wanted any more."""
    import ray

    ray.get(lifeline.check.remote())
    stopper = Stopper()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run_job, job, stopper.add)
        try:
            while not wait([future], timeout=_SECONDS_TO_NOTICE).done:
                ray.get(lifeline.check.remote())
            return future.result()
        finally:
            stopper.stop()


def run_on_ray(jobs: Sequence[Job], *, num_cpus: float = 1) -> Iterator[Outcome]:
    """Make runs as tasks of a Ray cluster and yield their outcomes as they come.

    The cluster is the one that this process is connected to, or that Ray finds; see
    `rltools.cluster.session.connect`. Every node needs this project in the same place,
    and the logdir should be one that all of them share. Whatever still runs when the
    iterator is closed, or interrupted, is ended.

    Args:
        jobs: The runs; as many at the same time as the cluster has room for.
        num_cpus: Cores that each of them keeps.

    Raises:
        ClusterError: There is no cluster.
        MissingExtraError: Ray is not installed.
    """
    ray = connect()
    lifeline = _start_lifeline(ray)
    task = ray.remote(_run_task).options(num_cpus=num_cpus, max_retries=1)
    waiting = {task.remote(job, lifeline): job for job in jobs}
    try:
        while waiting:
            [reference], _ = ray.wait(list(waiting))
            job = waiting[reference]
            try:
                outcome = ray.get(reference)
            except ray.exceptions.RayError as error:
                # Of this one task, whose node may be gone. The others go on.
                outcome = Outcome(
                    config=job.config,
                    seed=job.seed,
                    exit_code=1,
                    seconds=0.0,
                    first_output=0.0,
                    last_lines=tuple(str(error).splitlines()[-NUM_LAST_LINES:]),
                )
            del waiting[reference]
            yield outcome
    finally:
        ray.kill(lifeline)
        _wait_or_cancel(ray, list(waiting))


def _start_lifeline(ray: Any) -> Any:
    """A lifeline on the machine of this program, or elsewhere if that one is lost."""
    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
        ray.get_runtime_context().get_node_id(), soft=True
    )
    options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
    return ray.remote(_Lifeline).options(scheduling_strategy=here, **options).remote()


def _wait_or_cancel(ray: Any, references: list[Any]) -> None:
    """Wait for tasks without a lifeline; those that have not begun by then never do."""
    if references:
        _, left = ray.wait(
            references,
            num_returns=len(references),
            timeout=SECONDS_TO_END + 2 * _SECONDS_TO_NOTICE,
        )
        for reference in left:
            ray.cancel(reference)
