"""Train with PPO: `python -m examples.ppo.train --logdir=logs --config=pendulum`."""

import contextlib
import functools
import os
import pathlib
import shlex
import shutil
import sys
import traceback
from collections.abc import Sequence

import gymnasium as gym

import rltools
from examples.ppo.command_line import open_run, parse_arguments
from examples.ppo.config import Config
from examples.ppo.learning_curve import draw_run
from examples.ppo.start_tensorflow import import_tensorflow
from rltools.errors import BatchError, RLToolsError
from rltools.extras import require

ERROR_FILE = "error.txt"


def train(
    config: Config, folder: pathlib.Path, *, env_processes: bool | None = None
) -> float:
    """Train until all steps of the config are made, from the newest checkpoint on.

    Args:
        config: The options of the run.
        folder: The run's folder, where checkpoints and TensorBoard events go.
        env_processes: Whether environments get processes, None to try what is faster.

    Returns:
        Mean score of the last evaluation.
    """
    # Here, as they import TensorFlow, which takes longer than to check arguments.
    from examples.ppo.environments import define_batch_env, make_env
    from examples.ppo.ppo import PPO
    from examples.ppo.progress import Progress
    from examples.ppo.simulation import Evaluation, Training

    constructor = functools.partial(make_env, config)
    with contextlib.ExitStack() as stack:
        batch = define_batch_env(constructor, config.num_agents, env_processes)
        stack.callback(batch.close)
        eval_batch = define_batch_env(constructor, config.eval_agents, env_processes)
        stack.callback(eval_batch.close)
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        evaluation = Evaluation(eval_batch, algo, config)
        loop = rltools.Loop(folder)
        # Every call of a phase is one rollout or evaluation, which is reported.
        loop.add_phase(
            "train",
            Training(batch, algo, config),
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
        epoch_steps = config.eval_every + config.eval_steps
        num_epochs = config.steps // config.eval_every
        reports = loop.run(algo.checkpoint, max_step=num_epochs * epoch_steps)
        start = loop.step // epoch_steps * config.eval_every
        final_score = None
        with Progress(config.steps, start) as progress:
            for score in reports:
                epochs, steps_in = divmod(loop.step, epoch_steps)
                step = epochs * config.eval_every + steps_in
                if steps_in:
                    progress.training(step, score)
                else:
                    progress.evaluation(step, score)
                    final_score = score
        return evaluation.mean_score() if final_score is None else final_score


def _beside(program: str) -> str:
    """The command for a program that is installed beside this Python.

    Its name will do if that is what the shell finds under it.
    """
    path = pathlib.Path(sys.executable).parent / program
    if not path.exists() or shutil.which(program) == str(path):
        return program
    return shlex.quote(os.path.relpath(path))


def run(arguments: Sequence[str] | None = None) -> int:
    """Train as told by the command line, and explain errors in plain words.

    Args:
        arguments: The arguments, or None for those of the process.

    Returns:
        The exit code: 0, 2 after an error, or 130 if interrupted.
    """
    folder = None
    try:
        known = parse_arguments(arguments)
        require("rich", extra="ppo")
        folder, config = open_run(known)
        print(f"Training {config.env} in {folder}", flush=True)
        import_tensorflow()
        score = train(config, folder, env_processes=known.env_processes)
        episodes = config.episodes_per_agent * config.eval_agents
        print(
            f"Final evaluation over {episodes} episodes: {score:.1f}\n"
            f"{draw_run(folder)}\n"
            f"Results are in {folder}\n"
            f"See them with: {_beside('tensorboard')} "
            f"--logdir={shlex.quote(str(known.logdir))}"
        )
        return 0
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        if folder:
            stamp = folder.name.partition("-")[0]
            saved = any((folder / "checkpoints").glob("checkpoint-*"))
            start = "Go on from the last checkpoint" if saved else "Begin again"
            print(
                f"{start} with: {_beside('python')} -m examples.ppo.train "
                f"--logdir={shlex.quote(str(folder.parent))} --timestamp={stamp}",
                file=sys.stderr,
            )
        return 130
    except BatchError as error:
        # Environments are alike, and so is what they have to say.
        index, first = next(iter(error.failures.items()))
        kind = "" if isinstance(first, RLToolsError) else f"{type(first).__name__}: "
        print(
            f"error: {len(error.failures)} environments failed, here is what number "
            f"{index} says.\n{kind}{first}",
            file=sys.stderr,
        )
        if folder and kind:
            _write_traceback(folder)
    except (RLToolsError, gym.error.Error) as error:
        print(f"error: {error}", file=sys.stderr)
    except Exception as error:
        # Of an environment in this process, or a mistake in the program.
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        if folder:
            _write_traceback(folder)
    return 2


def _write_traceback(folder: pathlib.Path) -> None:
    (folder / ERROR_FILE).write_text(traceback.format_exc())
    print(f"The traceback is in {folder / ERROR_FILE}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(run())
