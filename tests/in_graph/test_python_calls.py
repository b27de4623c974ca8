import numpy as np
import pytest
import tensorflow as tf

from rltools.in_graph.python_calls import PythonCalls

SCALAR = tf.TensorSpec((), tf.float32)


def aligned_buffer(size):
    """A float32 array at an address that TensorFlow would use without copying."""
    memory = np.zeros(size + 64, np.float32)
    offset = -memory.ctypes.data % 64 // 4
    return memory[offset : offset + size]


def test_calls_keep_program_order_across_branches_and_iterations():
    calls = PythonCalls()
    log = []
    other = tf.Variable(0)

    def note(text):
        log.append(bytes(text.item()).decode())
        return []

    @tf.function
    def run(yes):
        def body(index):
            # Branches that use a variable are not ordered with what follows them.
            def branch():
                other.assign_add(1)
                calls.call(note, [tf.strings.format("{}a", index)])
                return tf.no_op()

            tf.cond(yes, branch, tf.no_op)
            calls.call(note, [tf.strings.format("{}b", index)])
            return (index + 1,)

        calls.call(note, [tf.constant("first")])
        tf.while_loop(lambda index: index < 3, body, (0,))
        calls.call(note, [tf.constant("last")])

    run(tf.constant(True))
    assert log == ["first", "0a", "0b", "1a", "1b", "2a", "2b", "last"]


@pytest.mark.parametrize("decorate", [tf.function, lambda function: function])
def test_results_do_not_share_memory_with_a_reused_buffer(decorate):
    calls = PythonCalls()
    buffer = aligned_buffer(16)

    def fill():
        buffer[:] += 1
        return [buffer]

    @decorate
    def run():
        spec = tf.TensorSpec((16,), tf.float32)
        return tf.stack([calls.call(fill, [], [spec])[0] for _ in range(10)])

    np.testing.assert_array_equal(run()[:, 0], np.arange(1, 11))


@pytest.mark.parametrize("decorate", [tf.function, lambda function: function])
def test_arguments_may_be_kept_and_changed(decorate):
    calls = PythonCalls()
    kept = []
    variable = tf.Variable(tf.zeros(16))

    def keep(array):
        kept.append(array)
        array += 100
        return []

    @decorate
    def run():
        for _ in range(3):
            calls.call(keep, [variable.read_value()])
            variable.assign_add(tf.ones(16))

    run()
    np.testing.assert_array_equal(variable, np.full(16, 3.0))
    np.testing.assert_array_equal([array[0] for array in kept], [100, 101, 102])


class TwoArgumentError(Exception):
    def __init__(self, message, extra):
        super().__init__(message)
        self.extra = extra


def test_run_raises_the_exception_of_the_function_itself():
    calls = PythonCalls()
    cause = KeyError("cause")
    original = TwoArgumentError("told", extra=3)

    def fail():
        raise original from cause

    @tf.function
    def run():
        return calls.call(fail, [], [SCALAR])

    with pytest.raises(TwoArgumentError, match=r"^told$") as caught:
        calls.run(run)
    assert caught.value is original
    assert caught.value.__cause__ is cause
    assert caught.value.__context__ is None
    with pytest.raises(tf.errors.UnknownError, match="TwoArgumentError: told"):
        run()


def test_run_passes_on_other_errors_also_after_an_exception():
    calls = PythonCalls()

    def fail():
        raise ValueError("old")

    @tf.function
    def fail_in_python():
        return calls.call(fail, [], [SCALAR])

    @tf.function
    def fail_in_graph(value):
        with tf.control_dependencies([tf.debugging.assert_equal(value, 0)]):
            return tf.identity(value)

    with pytest.raises(tf.errors.OpError, match="old"):
        fail_in_python()
    with pytest.raises(tf.errors.InvalidArgumentError):
        calls.run(fail_in_graph, tf.constant(1))


def test_results_have_static_shapes_and_dtypes():
    calls = PythonCalls()
    specs = [tf.TensorSpec((2, 3), tf.uint8), tf.TensorSpec((None,), tf.float16)]

    @tf.function
    def run():
        results = calls.call(
            lambda: [np.ones((2, 3), np.uint8), np.ones(5, np.float16)], [], specs
        )
        assert [result.shape.as_list() for result in results] == [[2, 3], [None]]
        return results

    first, second = run()
    assert (first.dtype, second.dtype) == (tf.uint8, tf.float16)
    assert second.shape == (5,)
