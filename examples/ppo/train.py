"""Train with PPO: `python -m examples.ppo.train --logdir=logs --config=pendulum`."""

import contextlib
import functools
import pathlib
import shlex
import sys
from collections.abc import Sequence

import rltools
from examples.ppo.commands.command_line import open_run, parse_arguments
from examples.ppo.commands.messages import (
    beside,
    print_error,
    print_stop,
    print_warnings,
)
from examples.ppo.commands.start_tensorflow import import_tensorflow
from examples.ppo.commands.stopping import (
    Stop,
    StoppableBatch,
    Stopped,
    stop_on_signals,
)
from examples.ppo.config import Config
from examples.ppo.reports.learning_curve import draw_run
from examples.ppo.runs.run_folder import lock_run_folder
from rltools.errors import BatchError, CheckpointError, SummaryError, WorkerError
from rltools.extras import require

_SECONDS_BETWEEN_SIGNALS = 0.5
# What a run was started with, and so is to go on with.
_PROCESS_OPTIONS = {None: "", True: " --env_processes", False: " --noenv_processes"}


def train(
    config: Config,
    folder: pathlib.Path,
    *,
    env_processes: bool | None = None,
    stop: Stop | None = None,
) -> float:
    """Train until all steps of the config are made, from the newest checkpoint on.

    Args:
        config: The options of the run.
        folder: The run's folder, where checkpoints and TensorBoard events go.
        env_processes: Whether environments get processes, None to try what is faster.
        stop: Tells when to stop; None is never.

    Returns:
        Mean score of the last evaluation.

    Raises:
        Stopped: The time to stop has come, or Ctrl-C was pressed.
    """
    # Here, as they import TensorFlow, which takes longer than to check arguments.
    from examples.ppo.commands.progress import Progress
    from examples.ppo.ppo import PPO
    from examples.ppo.runs.environments import define_batch_env, make_env
    from examples.ppo.runs.simulation import Evaluation, Training

    stop = stop or Stop()
    constructor = functools.partial(make_env, config)
    with contextlib.ExitStack() as stack:
        batch = define_batch_env(constructor, config.num_agents, env_processes)
        stack.callback(batch.close)
        eval_batch = define_batch_env(constructor, config.eval_agents, env_processes)
        stack.callback(eval_batch.close)
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        training = Training(StoppableBatch(batch, stop), algo, config)
        evaluation = Evaluation(StoppableBatch(eval_batch, stop), algo, config)
        loop = rltools.Loop(folder)
        # Every call of a phase is one rollout or evaluation, which is reported.
        loop.add_phase(
            "train",
            training,
            steps=config.eval_every,
            report_every=config.update_every,
            log_every=config.update_every,
            batch_size=config.update_every,
        )
        # Checkpoints are taken between epochs, when no rollout is under way: a run that
        # goes on from one does the same as one that was never interrupted.
        loop.add_phase(
            "eval",
            evaluation,
            steps=config.eval_steps,
            report_every=config.eval_steps,
            log_every=config.eval_steps,
            checkpoint_every=config.eval_steps,
            batch_size=config.eval_steps,
        )
        num_epochs = config.steps // config.eval_every
        end = num_epochs * (config.eval_every + config.eval_steps)
        final_score = None
        try:
            reports = loop.run(algo.checkpoint, max_step=end)
            start, _ = _training_steps(config, loop.step)
            if loop.saved_step is not None:
                print(f"Going on from step {start:,}", flush=True)
            with Progress(config.steps, start) as progress:
                for score in reports:
                    step, is_evaluation = _training_steps(config, loop.step)
                    if is_evaluation:
                        progress.evaluation(step, score)
                        final_score = score
                    else:
                        progress.training(step, score)
                    stop.check()
            return evaluation.mean_score() if final_score is None else final_score
        except (KeyboardInterrupt, Exception) as error:
            if not _is_stop(error, stop):
                raise
            made, _ = _training_steps(config, loop.step)
            saved, _ = _training_steps(config, loop.saved_step or 0)
            raise Stopped(made, saved) from None


def _is_stop(error: BaseException, stop: Stop) -> bool:
    """Whether an error is what has become of a signal."""
    if isinstance(error, KeyboardInterrupt):
        return True
    if isinstance(error, CheckpointError | SummaryError):
        return False  # Whoever stops a run must know that it could not be saved.
    # What a signal interrupts may turn into any error on its way through the graph, and
    # whoever stops a group of processes may reach workers first.
    is_of_worker = isinstance(error, WorkerError | BatchError)
    return stop.comes(_SECONDS_BETWEEN_SIGNALS if is_of_worker else 0.0)


def _training_steps(config: Config, step: int) -> tuple[int, bool]:
    """Training steps made by a step of the loop, and whether an epoch ends there."""
    epochs, steps_in = divmod(step, config.eval_every + config.eval_steps)
    return epochs * config.eval_every + min(steps_in, config.eval_every), not steps_in


def run(arguments: Sequence[str] | None = None) -> int:
    """Train as told by the command line, and explain errors in plain words.

    SIGINT and SIGTERM stop the run, a second one of them at once.

    Args:
        arguments: The arguments, or None for those of the process.

    Returns:
        The exit code: 0, also if the run was stopped by a signal, or 2 after an error.
    """
    folder, options = None, ""
    with print_warnings(), stop_on_signals() as stop:
        try:
            known = parse_arguments(arguments)
            options = _PROCESS_OPTIONS[known.env_processes]
            require("rich", extra="ppo")
            folder, config = open_run(known)
            with lock_run_folder(folder):
                print(f"Training {config.env} in {folder}", flush=True)
                import_tensorflow()
                score = train(
                    config, folder, env_processes=known.env_processes, stop=stop
                )
            episodes = config.episodes_per_agent * config.eval_agents
            print(
                f"Final evaluation over {episodes} episodes: {score:.1f}\n"
                f"{draw_run(folder)}\n"
                f"Results are in {folder}\n"
                f"See them with: {beside('tensorboard')} "
                f"--logdir={shlex.quote(str(known.logdir))}"
            )
            return 0
        except KeyboardInterrupt as interrupt:
            print_stop(interrupt, stop.name, folder, options)
            return 0
        except Exception as error:
            print_error(error, folder, options)
            return 2


if __name__ == "__main__":
    sys.exit(run())
