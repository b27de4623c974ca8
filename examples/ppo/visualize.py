"""Show a trained policy: `python -m examples.ppo.visualize --logdir=logs --outdir=out`.

Writes a video of each episode and an `index.html` that shows them beside what the
policy observed, did, got and expected.
"""

import argparse
import contextlib
import functools
import pathlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from examples.ppo.commands.output_folder import check_output_folder, output_folder
from examples.ppo.commands.programs import (
    add_environments,
    define_parser,
    positive,
    run_program,
)
from examples.ppo.commands.start_tensorflow import import_tensorflow
from examples.ppo.runs.trained_run import TrainedRun, find_trained_run
from rltools.extras import require


def visualize(
    run: TrainedRun,
    outdir: pathlib.Path,
    *,
    num_episodes: int = 5,
    num_agents: int = 1,
    env_processes: bool | None = None,
    seed: int | None = None,
    report: Callable[[dict[str, Any]], object] | None = None,
) -> pathlib.Path:
    """Record episodes and write the page that shows them.

    Args:
        run: The policy, of which the most likely actions are taken.
        outdir: A folder that is new, empty or of an earlier call, and then replaced.
        num_episodes: Number of episodes.
        num_agents: Environments to play in side by side.
        env_processes: Whether environments get processes; None where that is faster.
        seed: Seed of the first environment, by default that of the run.
        report: Called with what is known of an episode when it ends, see `Recorder`.

    Returns:
        Path of the page.

    Raises:
        CheckpointError: The checkpoint can't be loaded.
        ConfigError: The folder holds other files or can't be written to.
        RenderingError: The environment can't be rendered.
        VideoError: A video can't be written.
    """
    # Here, as they import TensorFlow, which takes longer than to check arguments.
    from examples.ppo.ppo import PPO
    from examples.ppo.runs.environments import define_batch_env, make_env
    from examples.ppo.runs.episodes import play, spread
    from examples.ppo.runs.simulation import DeterministicPolicy
    from examples.ppo.videos.recorder import Recorder
    from examples.ppo.videos.rendering import (
        MODE,
        check_mode,
        check_renders,
        prepare_graphics,
    )
    from examples.ppo.videos.visualize_html import write_page

    config = run.config
    seed = config.seed if seed is None else seed
    num_envs = min(num_agents, num_episodes)
    prepare_graphics()
    speed = check_renders(functools.partial(make_env, config), config.env)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(output_folder(outdir))
        constructor = functools.partial(make_env, config, render_mode=MODE)
        batch = define_batch_env(constructor, num_envs, env_processes)
        stack.callback(batch.close)
        check_mode(batch, config.env)
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        restored = run.restore(algo)
        policy = DeterministicPolicy(algo, num_envs, with_values=True)
        recorder = stack.enter_context(
            Recorder(
                batch,
                policy,
                folder,
                frames_per_second=speed,
                discount=config.discount,
                report=report,
            )
        )
        counts = spread(num_episodes, num_envs)
        play(batch, policy, counts, seed=seed, spectator=recorder)
        write_page(
            folder / "index.html",
            env=config.env,
            run=run.folder.name,
            checkpoint=restored.step,
            training_steps=int(algo.learner.num_updates) * config.update_every,
            seed=seed,
            frames_per_second=speed,
            discount=config.discount,
            episodes=[
                recorder.episodes[number] for number in sorted(recorder.episodes)
            ],
        )
    return outdir / "index.html"


def _main(known: argparse.Namespace) -> None:
    run = find_trained_run(known.logdir, known.timestamp, known.checkpoint)
    require("imageio_ffmpeg", extra="ppo")
    if check_output_folder(known.outdir):
        print(f"Replaces the earlier page in {known.outdir}", flush=True)
    import_tensorflow()
    page = visualize(
        run,
        known.outdir,
        num_episodes=known.num_episodes,
        num_agents=known.num_agents or 1,
        env_processes=known.env_processes,
        seed=known.seed,
        report=_report,
    )
    print(f"Open in a browser: {page}")


def _report(episode: dict[str, Any]) -> None:
    score, length = episode["score"], episode["length"]
    print(f"{episode['video']}: return {score:.1f} in {length} steps", flush=True)


def run(arguments: Sequence[str] | None = None) -> int:
    """Show a policy as told by the command line.

    Args:
        arguments: The arguments, or None for those of the process.

    Returns:
        The exit code: 0, 2 after an error, or 130 if interrupted.
    """
    parser = define_parser("visualize", "Show a trained policy in videos and traces.")
    parser.add_argument(
        "--outdir", type=pathlib.Path, required=True, help="folder for the page"
    )
    parser.add_argument(
        "--num_episodes", type=positive, default=5, help="episodes (default: 5)"
    )
    add_environments(parser)
    return run_program(_main, parser, arguments)


if __name__ == "__main__":
    sys.exit(run())
