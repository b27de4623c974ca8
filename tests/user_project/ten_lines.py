import project, pytest
from rltools import checks
@pytest.mark.parametrize("env", project.ENVIRONMENTS)
def test_environment(env): checks.check_env(env).raise_on_failure()
@pytest.mark.parametrize("wrapper", project.WRAPPERS)
def test_wrapper(wrapper): checks.check_wrapper(wrapper, project.Walk).raise_on_failure()
def test_batch(): checks.check_batch_env(project.LosesTheLastReward, project.Walk).raise_on_failure()
def test_algorithm():
    checks.check_algorithm(project.TakesTimeLimitsForFailures, gamma=0.7).raise_on_failure()
def test_trainer(no_leaks): project.TRAINER.train()
