"""How many instances a check of an environment makes, and what if there can't be."""

import itertools

import pytest

from rltools.checks import check_env
from rltools.checks.environments.instances import Instances
from rltools.errors import InvalidArgumentError
from rltools.mocks import broken

pytestmark = pytest.mark.timeout(60)
QUICK = {"processes": False, "steps": 60}
NEED_ANOTHER = {"T6", "D2", "L2"}


def names(results):
    return {result.name for result in results}


class Licensed(broken.SoundEnvironment):
    """Only so many instances may be open at the same time."""

    licences = 1
    opened = 0
    most = 0
    made = 0

    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        if Licensed.opened == self.licences:
            raise RuntimeError("There is no licence left.")
        self.is_open = True
        Licensed.opened += 1
        Licensed.made += 1
        Licensed.most = max(Licensed.most, Licensed.opened)

    def close(self):
        Licensed.opened -= self.is_open
        self.is_open = False


@pytest.fixture(autouse=True)
def nobody_has_a_licence(monkeypatch):
    monkeypatch.setattr(Licensed, "opened", 0)
    monkeypatch.setattr(Licensed, "most", 0)
    monkeypatch.setattr(Licensed, "made", 0)
    yield
    assert Licensed.opened == 0


def test_a_check_makes_few_instances(monkeypatch):
    monkeypatch.setattr(Licensed, "licences", 100)
    report = check_env(Licensed, picklable=False, exclude=["L3", "L4", "L5"], **QUICK)
    assert not report.failed, str(report)
    assert Licensed.made == 10
    assert Licensed.most <= 4


def test_only_one_instance():
    report = check_env(Licensed, one_instance=True, **QUICK)
    assert not report.failed, str(report)
    assert names(report.skipped) == NEED_ANOTHER
    for result in report.skipped:
        expected = "it is declared that only one instance may exist at a time"
        assert result.reason == expected
    assert Licensed.most == 1


def test_one_that_is_slow_to_make_is_made_once():
    exclude = ["L1", "L3", "L4", "L5"]  # It is closed; modes are others.
    report = check_env(Licensed, one_instance=True, exclude=exclude, **QUICK)
    assert not report.failed
    assert Licensed.made == 1


def test_the_only_one_is_closed_before_others_are_rendered():
    report = check_env(Licensed, one_instance=True, exclude=["L1"], **QUICK)
    assert not report.failed, str(report)
    assert report["L3"].outcome == "passed"
    assert Licensed.most == 1


def test_after_the_last_one_another_is_made():
    instances = Instances(Licensed, one=True)
    first = instances.main()
    with instances.fresh() as one, instances.used() as other:
        assert one is other is first
    with instances.last() as env:
        assert env is first
    assert Licensed.opened == 0
    assert instances.main() is not first
    instances.close()


def test_only_one_instance_and_nobody_said_so():
    report = check_env(Licensed, **QUICK)
    assert names(report.failed) == {"D2"}
    told = report["D2"].reason
    assert told.startswith("make, while another instance exists: RuntimeError: There")
    assert told.endswith("if only one may exist at a time, say one_instance=True")
    assert names(report.skipped) == {"T6", "L2", "L4"}
    assert report["T6"].reason.startswith("no other instance can be made: RuntimeError")
    assert Licensed.made <= 4


def test_a_constructor_that_exits_ends_no_report():
    numbers = itertools.count()

    def make():
        if next(numbers):
            raise SystemExit("only one at a time")
        return broken.SoundEnvironment()

    report = check_env(make, exclude=["L1"], **QUICK)
    assert names(report.failed) == {"D2"}


@pytest.mark.parametrize(
    "env",
    [env for env in broken.ENVIRONMENTS if not env.trips & NEED_ANOTHER],
)
def test_mistakes_are_found_with_one_instance(env):
    report = check_env(env, one_instance=True, **QUICK)
    assert report.failed, str(report)


@pytest.mark.parametrize("name", ["UnseededNoise", "TiresForGood"])
def test_what_never_repeats_itself_is_told_by_d1(name):
    [env] = [env for env in broken.ENVIRONMENTS if env.__name__ == name]
    report = check_env(env, one_instance=True, **QUICK)
    assert names(report.failed) == {"D1"}, str(report)


@pytest.mark.parametrize("value", [1, None, "yes"])
def test_one_instance_is_a_flag(value):
    with pytest.raises(InvalidArgumentError, match="one_instance to be True or False"):
        check_env(broken.SoundEnvironment, one_instance=value)
