"""Write a trained policy for other programs: `python -m examples.ppo.export --help`.

What is written takes observations and returns actions as the environment has them, and
needs nothing of this program.
"""

import argparse
import importlib.util
import json
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

from examples.ppo.commands.output_folder import check_output_folder, output_folder
from examples.ppo.commands.programs import define_parser, run_program
from examples.ppo.commands.start_tensorflow import import_tensorflow
from examples.ppo.runs.trained_run import TrainedRun, find_trained_run

SAVED_MODEL, ONNX, DESCRIPTION = "saved_model", "policy.onnx", "policy.json"


def export(run: TrainedRun, outdir: pathlib.Path, *, onnx: bool = False) -> Any:
    """Write the most likely actions of a policy as a function.

    Args:
        run: The policy.
        outdir: A folder that is new, empty or of an earlier call, and then replaced. It
            gets the SavedModel `saved_model`, whose function `act` takes a batch of
            observations and returns actions; and `policy.json`, which describes both.
        onnx: Whether to write the same function as `policy.onnx`, too.

    Returns:
        What is in `policy.json`.

    Raises:
        CheckpointError: The checkpoint can't be loaded.
        ConfigError: The folder holds other files or can't be written to.
        MissingExtraError: ONNX is wanted but tf2onnx is not installed.
    """
    # Here, as they import TensorFlow, which takes longer than to check arguments.
    from examples.ppo.exports.exported_policy import ExportedPolicy
    from examples.ppo.exports.onnx_file import write_onnx
    from examples.ppo.ppo import PPO
    from examples.ppo.runs.environments import bare_env, make_env

    config = run.config
    env = make_env(config)
    env.close()
    bare = bare_env(env)
    with output_folder(outdir) as folder:
        algo = PPO(env.observation_space, env.action_space, config)
        restored = run.restore(algo)
        policy = ExportedPolicy(
            algo,
            bare.observation_space,
            bare.action_space,
            normalize_ranges=config.normalize_ranges,
        )
        policy.save(str(folder / SAVED_MODEL))
        if onnx:
            write_onnx(policy, folder / ONNX)
        description = {
            "env": config.env,
            "run": run.folder.name,
            "checkpoint": restored.step,
            "training_steps": int(algo.learner.num_updates) * config.update_every,
            "inputs": _describe(policy.inputs),
            "outputs": _describe(policy.outputs),
        }
        text = json.dumps(description, indent=2) + "\n"
        (folder / DESCRIPTION).write_text(text)
    return description


def _describe(specs: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"dtype": spec.dtype.name, "shape": list(spec.shape)}
        for name, spec in specs.items()
    }


def _main(known: argparse.Namespace) -> None:
    run = find_trained_run(known.logdir, known.timestamp, known.checkpoint)
    if check_output_folder(known.outdir):
        print(f"Replaces the earlier policy in {known.outdir}", flush=True)
    import_tensorflow()
    onnx = importlib.util.find_spec("tf2onnx") is not None
    description = export(run, known.outdir, onnx=onnx)
    inputs = ", ".join(f"{name}=..." for name in description["inputs"])
    names = ", ".join(description["outputs"])
    print(
        f"Wrote {known.outdir / SAVED_MODEL}:\n"
        f"  tf.saved_model.load({str(known.outdir / SAVED_MODEL)!r}).act({inputs})\n"
        f"returns a dictionary with {names}; {known.outdir / DESCRIPTION} tells more."
    )
    if onnx:
        print(f"Wrote {known.outdir / ONNX} with the same inputs and outputs.")
    else:
        print(f'No {ONNX}, which needs tf2onnx: pip install "rltools[onnx]".')


def run(arguments: Sequence[str] | None = None) -> int:
    """Export as told by the command line.

    Args:
        arguments: The arguments, or None for those of the process.

    Returns:
        The exit code: 0, 2 after an error, or 130 if interrupted.
    """
    parser = define_parser("export", "Write a trained policy for other programs.")
    parser.add_argument(
        "--outdir", type=pathlib.Path, required=True, help="folder for the policy"
    )
    return run_program(_main, parser, arguments)


if __name__ == "__main__":
    sys.exit(run())
