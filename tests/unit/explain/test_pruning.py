from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from explain import pruning
from explain.methods import Maps


@pytest.fixture
def traced():
    """y = tanh(a x + b) in one graph with its variables and tensors; the product goes through a function of its own."""
    a, b, tensors = tf.Variable([2.0, 3.0]), tf.Variable([0.5, 0.25]), {}
    multiply = tf.function(lambda one, other: one * other)

    def compute(x):
        tensors.update(x=x, product=multiply(x, a))
        check = tf.debugging.assert_less(tensors["product"], 100.0, "too large")
        with tf.control_dependencies([check, tensors["product"]]):
            tensors["sum"] = tensors["product"] + b
        return tf.tanh(tensors["sum"])

    function = tf.compat.v1.wrap_function(compute, [tf.TensorSpec((None, 2), tf.float32)])
    return function, tensors, a, b


def test_a_part_is_handed_the_variables_that_it_reads_and_no_others(traced):
    function, tensors, a, b = traced
    whole = pruning.part(function, [tensors["x"]], [function.outputs[0]])
    late = pruning.part(function, [tensors["product"]], [function.outputs[0]])
    early = pruning.part(function, [tensors["x"]], [tensors["product"]])
    x = tf.constant([[1.0, -1.0]])
    for run, given, handed in ((whole, x, [a, b]), (late, x * a, [b]), (early, x, [a])):
        assert {id(one) for one in run.captured_inputs} == {id(one.handle) for one in handed}
        wanted = x * a if run is early else tf.tanh(x * a + b)
        assert np.array_equal(run(given)[0], wanted)


def test_a_part_reads_variables_as_they_are_when_it_runs(traced):
    function, tensors, _, b = traced
    late = pruning.part(function, [tensors["product"]], [tensors["sum"]])
    b.assign([10.0, 20.0])
    assert late(tf.constant([[1.0, 2.0]]))[0].numpy().tolist() == [[11, 22]]


def test_what_an_operation_waits_for_goes_with_it(traced):
    function, tensors, *_ = traced
    late = pruning.part(function, [tensors["product"]], [tensors["sum"]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        late(tf.constant([[1.0, 100.0]]))


def test_a_part_keeps_the_nesting_and_takes_what_it_does_not_read(traced):
    function, tensors, *_ = traced
    with function.graph.as_default():
        unread = tf.compat.v1.placeholder(tf.float32, (2,))
        fetches = [[tensors["sum"]], [Maps(tensors["sum"] * 2, tensors["product"], {"sum": tensors["sum"]})]]
        run = pruning.part(function, [tensors["product"], unread], fetches)
    (total,), (maps,) = run(tf.constant([[1.0, 2.0]]), tf.zeros(2))
    assert total.numpy().tolist() == [[1.5, 2.25]]
    assert isinstance(maps, Maps)
    assert maps.values.numpy().tolist() == [[3, 4.5]]
    assert maps.largest.numpy().tolist() == [[1, 2]]
    assert maps.facts["sum"].numpy().tolist() == [[1.5, 2.25]]
