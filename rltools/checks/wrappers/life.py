"""Check W6: what a wrapper is asked beside its episodes arrives inside."""

from collections.abc import Iterator

import gymnasium as gym

from rltools.checks.check import Hint, check, tell_exception
from rltools.checks.wrappers.trial import WrapperTrial


@check("W6", "close and render are forwarded")
def life_is_forwarded(trial: WrapperTrial) -> Iterator[str]:
    """Yield calls that do not arrive, raise, or lose what came back."""
    for moment, steps in (("before the first reset", None), ("after a step", 1)):
        with trial.fresh() as drive:
            if steps is not None:
                drive.rollout.play(steps=steps, episodes=0, at_most=steps)
            drive.log.calls.clear()
            for name in ("first", "second"):
                try:
                    drive.env.close()
                except Exception as error:
                    yield f"the {name} close {moment}: raised {tell_exception(error)}"
                    break
                if not drive.log.of("close"):
                    yield (
                        f"close {moment}: expected one of the environment inside, "
                        "got none"
                    )
                    break
    yield from _judge_render(trial)


CHECKS = (life_is_forwarded,)


def _judge_render(trial: WrapperTrial) -> Iterator[str]:
    with trial.fresh() as drive:
        drive.rollout.play(steps=1, episodes=0, at_most=1)
        try:
            frame = drive.env.render()
        except gym.error.DependencyNotInstalled as error:
            yield Hint(f"It was not rendered: {error}")
            return
        except Exception as error:
            yield f"render: raised {tell_exception(error)}"
            return
        # Some render at every step, and only show it when they are asked.
        rendered = drive.log.of("render")
        is_shown = frame is not None or drive.env.render_mode == "human"
        if not rendered:
            yield "render: expected one of the environment inside, got none"
        elif not is_shown and rendered[-1].result is not None:
            yield "render: expected what the environment inside returned, got None"
