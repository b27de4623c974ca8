from rltools.wrappers import AutoReset


def test_timeline(counting):
    # Step:       reset  1  2  3  4  5  6
    # Time:       0      1  2  0  1  2  0
    # Terminated:           x        x
    inner = counting(2, rewards=[1.0, 2.0])
    env = AutoReset(inner)
    observ, info = env.reset(seed=3)
    assert (float(observ[0]), info) == (0.0, {"time": 0})
    results = [env.step(action) for action in range(6)]
    assert [float(observ[0]) for observ, *_ in results] == [1, 2, 0, 1, 2, 0]
    assert [reward for _, reward, *_ in results] == [1.0, 2.0, 0.0, 1.0, 2.0, 0.0]
    assert [terminated for _, _, terminated, *_ in results] == [
        *(False, True, False),
        *(False, True, False),
    ]
    assert [info["time"] for *_, info in results] == [1, 2, 0, 1, 2, 0]


def test_action_of_a_resetting_step_is_ignored(counting):
    inner = counting(2)
    env = AutoReset(inner)
    env.reset()
    for action in range(5):
        env.step(action)
    assert inner.actions == [0, 1, 3, 4]


def test_truncation_resets_too_and_without_a_seed(counting):
    inner = counting(1, flags=(False, True))
    env = AutoReset(inner)
    env.reset(seed=3, options={"level": 1})
    assert env.step(0)[2:4] == (False, True)
    assert env.step(0)[2:4] == (False, False)
    assert inner.resets == [(3, {"level": 1}), (None, None)]


def test_reset_by_hand_after_the_end_is_enough(counting):
    inner = counting(1)
    env = AutoReset(inner)
    env.reset()
    env.step(0)
    env.reset()
    observ, *_ = env.step(0)
    assert float(observ[0]) == 1.0
    assert len(inner.resets) == 2
