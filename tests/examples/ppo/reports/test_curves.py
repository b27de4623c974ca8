import json

import numpy as np
import pytest

import rltools
from examples.ppo.commands.options import save_config
from examples.ppo.reports.curves import Curve, read_run, read_runs, spread
from rltools.errors import ConfigError
from rltools.summaries import SummaryWriter


def write(folder, phase, values, tag="mean_score"):
    writer = SummaryWriter(folder / phase)
    for step, value in values:
        writer.write(step, {tag: value})
    writer.close()


@pytest.fixture
def folder(tmp_path, make_config):
    """A run of 24 steps: updates every 6, evaluations every 12 that take 20."""
    path = tmp_path / "20250101T000000-pendulum-wide"
    path.mkdir()
    save_config(make_config(), path / "config.json")
    return path


class TestSteps:
    @pytest.mark.parametrize(
        "changes",
        [
            {},  # Evaluations are the longer phase,
            {"max_length": 1},  # or the shorter one,
            {"max_length": 3},  # or both are equal.
            {"eval_every": 6},
            {"eval_every": 24},
        ],
        ids=str,
    )
    def test_are_training_steps(self, folder, make_config, changes):
        """What is logged here is how many steps training has made."""
        config = make_config(**changes)
        save_config(config, folder / "config.json")
        made = 0

        def train(log, report, reset):
            nonlocal made
            made += config.update_every
            return done(config.update_every)

        def done(count):
            ones = np.ones(count)
            return ones > 0, ones, {"mean_score": made}

        loop = rltools.Loop(folder)
        size = config.update_every
        loop.add_phase(
            "train", train, steps=config.eval_every, log_every=size, batch_size=size
        )
        loop.add_phase(
            "eval",
            lambda log, report, reset: done(config.eval_steps),
            steps=config.eval_steps,
            log_every=config.eval_steps,
            batch_size=config.eval_steps,
        )
        epochs = config.steps // config.eval_every
        list(loop.run(max_step=epochs * (config.eval_every + config.eval_steps)))
        run = read_run(folder)
        assert run.train_score.steps.tolist() == [6, 12, 18, 24]
        assert run.train_score.values.tolist() == [6, 12, 18, 24]
        assert run.eval_score.steps.tolist() == run.eval_score.values.tolist()
        assert len(run.eval_score.steps) == epochs
        assert run.is_finished
        assert run.steps == 24

    def test_of_a_run_that_was_resumed_the_last_value_counts(self, folder):
        write(folder, "train", [(0, 1.0), (6, 2.0), (20, 3.0)])
        write(folder, "train", [(6, 4.0)])
        run = read_run(folder)
        assert run.train_score.steps.tolist() == [6, 12, 18]
        assert run.train_score.values.tolist() == [1, 4, 3]

    def test_increase_whatever_the_order_of_writing(self, folder):
        write(folder, "train", [(20, 3.0), (6, 2.0)])
        write(folder, "train", [(0, 1.0)])
        run = read_run(folder)
        assert run.train_score.steps.tolist() == [6, 12, 18]
        assert run.train_score.values.tolist() == [1, 2, 3]


class TestRun:
    def test_tells_its_results(self, folder):
        write(folder, "eval", [(0, -3.0), (20, 5.0)])
        write(folder, "eval", [(0, 1.0), (20, 2.0)], tag="std_score")
        write(folder, "train", [(0, 0.5)], tag="kl")
        run = read_run(folder)
        assert run.config_name == "pendulum-wide"
        assert run.timestamp == "20250101T000000"
        assert run.config.num_agents == 2
        assert run.final_score == 5
        assert run.final_std == 2
        assert run.is_finished
        assert run.train["kl"].values.tolist() == [0.5]
        assert not len(run.train_score.steps)
        assert run.eval_score.steps.dtype == np.int64
        assert run.eval_score.values.dtype == np.float64

    def test_may_be_unfinished(self, folder):
        write(folder, "eval", [(0, -3.0)])
        write(folder, "train", [(0, 1.0), (6, 1.0), (20, 1.0)])
        run = read_run(folder)
        assert not run.is_finished
        assert run.steps == 18
        assert run.final_score == -3

    def test_may_have_no_curves_yet(self, folder):
        run = read_run(folder)
        assert run.final_score is None
        assert run.final_std is None
        assert run.steps == 0
        assert not run.is_finished

    def test_without_a_config_is_an_error(self, tmp_path):
        with pytest.raises(ConfigError, match=r"Can't read the config .*config\.json"):
            read_run(tmp_path)


class TestRuns:
    def test_are_read_in_order_and_other_folders_left_out(self, folder, make_config):
        first = folder.parent / "20240101T000000-cheetah"
        first.mkdir()
        save_config(make_config(seed=7), first / "config.json")
        (folder.parent / "notes").mkdir()
        (folder.parent / "some-thing").mkdir()
        names = [run.config_name for run in read_runs(folder.parent)]
        assert names == ["cheetah", "pendulum-wide"]

    def test_with_unknown_options_are_left_out_and_warned_about(self, folder, caplog):
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"sead": 1}))
        assert read_runs(folder.parent) == []
        assert folder.name in caplog.text
        assert "did you mean 'seed'?" in caplog.text

    def test_need_a_logdir(self, tmp_path):
        with pytest.raises(ConfigError, match=r"There is no logdir '.*nowhere'"):
            read_runs(tmp_path / "nowhere")


class TestSpread:
    def test_is_over_the_steps_that_all_curves_span(self):
        one = Curve(np.array([1, 3, 5]), np.array([0.0, 2.0, 2.0]))
        two = Curve(np.array([2, 3, 9]), np.array([1.0, 4.0, 10.0]))
        result = spread([one, two])
        assert result.steps.tolist() == [2, 3, 5]
        assert result.mean.tolist() == [1, 3, 4]
        assert result.low.tolist() == [1, 2, 2]
        assert result.high.tolist() == [1, 4, 6]

    def test_of_one_curve_is_that_curve(self):
        curve = Curve(np.array([1, 4]), np.array([3.0, -2.0]))
        result = spread([curve])
        for part in result[1:]:
            np.testing.assert_array_equal(part, curve.values)
        np.testing.assert_array_equal(result.steps, curve.steps)

    def test_of_nothing_is_empty(self):
        empty = Curve(np.zeros(0, np.int64), np.zeros(0))
        assert not len(spread([]).steps)
        assert [len(part) for part in spread([empty])] == [0, 0, 0, 0]
        full = Curve(np.array([1]), np.array([3.0]))
        assert spread([empty, full]).mean.tolist() == [3]

    def test_of_curves_that_do_not_meet_is_empty(self):
        one = Curve(np.array([1]), np.array([0.0]))
        two = Curve(np.array([2]), np.array([1.0]))
        assert not len(spread([one, two]).steps)
