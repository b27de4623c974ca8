"""Environments of a batch that are used by themselves, between the batch's own calls.

Observations are (number, steps in the episode, process id), see conftest.py.
"""

import numpy as np
import pytest

from rltools.batch_env import BatchEnv
from rltools.errors import PendingCallError
from rltools.wrappers import ExternalProcess

pytestmark = pytest.mark.timeout(60)
GO_ON = np.zeros(4, np.int64)


class WithStepOfItsOwn(ExternalProcess):
    """A batch calls each of these by itself."""

    def step(self, action, blocking=True):
        return super().step(action, blocking)


@pytest.fixture(params=["in two workers", "in processes", "apart"])
def batch(request, launch, faulty_env):
    if request.param == "in two workers":
        yield launch(count=4)
        return
    kind = WithStepOfItsOwn if request.param == "apart" else ExternalProcess
    makes = [lambda number=i: faulty_env(number) for i in range(4)]
    batch = BatchEnv([kind(make) for make in makes])
    yield batch
    batch.close()


def test_promise_of_one_keeps_the_batch_from_moving(batch):
    batch.reset()
    promise = batch[2].step(0, blocking=False)
    for use in (lambda: batch.step(GO_ON), batch.reset):
        with pytest.raises(PendingCallError, match="promise"):
            use()
    batch.reset(indices=[0, 1])
    # That it is its own observation, and not that of a step of the batch after it.
    assert promise()[0][1] == 1
    assert batch.step(GO_ON)[0][:, 1].tolist() == [1, 1, 2, 1]


def test_dropped_promise_of_one_does_not(batch):
    batch.reset()
    batch[2].step(0, blocking=False)
    assert batch.step(GO_ON)[0][:, 1].tolist() == [1, 1, 2, 1]
