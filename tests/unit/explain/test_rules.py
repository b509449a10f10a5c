from __future__ import annotations

import threading

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import explain
from explain import rules

SIZE = (6, 6)
PHOTO = networks.noise(*SIZE)


def model_of(step, name="model"):
    photo = keras.Input((*SIZE, 3))
    x = step(layers.Conv2D(4, 3, name="first")(photo))
    return networks.randomise(keras.Model(photo, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)), name=name))


def activations():
    """One of each way in which an activation function is found."""
    keras.utils.set_random_seed(1)  # of other weights no negative gradient may reach a rule
    return keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, activation="relu"),
            layers.Dense(4, activation="silu"),
            layers.Activation("gelu"),
            layers.PReLU(),
            layers.Dense(2, activation="hard_sigmoid"),
        ]
    )


def attributes(model):
    return [(layer, key, value) for layer in (model, *model.layers) for key, value in vars(layer).items()]


def assert_untouched(model, before):
    after = attributes(model)
    assert [(layer, key) for layer, key, _ in after] == [(layer, key) for layer, key, _ in before]
    assert all(new is old for (_, _, new), (_, _, old) in zip(after, before, strict=True))


def plain(model, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=False)
    return tape.gradient(y, x).numpy()


@pytest.mark.parametrize("rule", [None, "guided", "deconvnet"])
def test_afterwards_the_model_is_as_it_was(rule):
    model = activations()
    before = attributes(model)
    with tf.Graph().as_default(), rules.overriding(model, rule):
        assert (rule is None) == all(new is old for (*_, new), (*_, old) in zip(attributes(model), before, strict=True))
    assert_untouched(model, before)


def test_after_an_error_too():
    model = activations()
    before = attributes(model)
    with pytest.raises(KeyError), tf.Graph().as_default(), rules.overriding(model, "guided"):
        raise KeyError
    assert_untouched(model, before)


def test_elsewhere_the_model_computes_as_always_meanwhile():
    model, x = activations(), tf.constant(np.random.default_rng(2).normal(size=(5, 3)), tf.float32)
    before, meanwhile = plain(model, x), []
    thread = threading.Thread(target=lambda: meanwhile.append(plain(model, x)))

    def trace(z):
        with rules.overriding(model, "guided"):
            thread.start()
            thread.join()
            scores = model(z, training=False)
        return tf.gradients(scores, z)[0]

    ruled = tf.compat.v1.wrap_function(trace, [tf.TensorSpec((None, 3))])(x).numpy()
    assert np.abs(ruled - before).max() > 0.01 * np.abs(before).max()
    assert len(meanwhile) == 1
    for found in (*meanwhile, plain(model, x)):
        np.testing.assert_array_equal(found, before)


def test_who_asks_at_once_gets_what_was_asked():
    model = networks.pooled()
    photo = networks.noise(8, 8)
    methods = ("guided-backprop", "gradients", "deconvnet", "gradients")
    alone = [networks.explainer(model).explain(photo, method).channels for method in methods]
    assert np.abs(alone[0] - alone[1]).max() > 1e-3 * np.abs(alone[1]).max()
    asked, found, start = networks.explainer(model), {}, threading.Barrier(len(methods))

    def ask(number):
        start.wait()
        found[number] = asked.explain(photo, methods[number]).channels

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(methods))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, expected in enumerate(alone):
        np.testing.assert_allclose(found[number], expected, rtol=1e-5, atol=1e-9)


def test_there_is_no_other_rule():
    with pytest.raises(explain.ExplainError, match=r"no rule 'guide'.*'guided'"), rules.overriding(None, "guide"):
        pass


def test_names_other_than_relu_are_recorded_once_and_sorted():
    def step(x):
        return layers.Activation("silu")(layers.ReLU(6)(layers.Activation("silu")(layers.ReLU()(layers.ELU()(x)))))

    for method in ("guided-backprop", "deconvnet", "guided-grad-cam"):
        found = networks.explainer(model_of(step)).explain(PHOTO, method)
        assert found.record()["facts"]["generalised"] == ["elu", "relu6", "silu"]


class Aside(keras.Model):
    """Has a ReLU that its scores do not depend on."""

    def __init__(self):
        super().__init__()
        self.first, self.aside, self.pool = layers.Conv2D(3, 3), layers.ReLU(), layers.GlobalAveragePooling2D()

    def call(self, photo):
        x = self.first(photo)
        self.aside(x)
        return self.pool(x)


def test_in_a_linear_model_a_rule_would_change_nothing():
    models = {
        "linear": model_of(lambda x: x),
        "gates": model_of(layers.Activation("sigmoid")),
        "outputs": model_of(lambda x: layers.Softmax()(layers.Activation("tanh")(x))),
        "gate made of a ReLU6": model_of(layers.Activation("hard_sigmoid")),
        "output made of a softplus": model_of(layers.Activation("log_sigmoid")),
        "off the way": Aside(),
    }
    for name, model in models.items():
        found = networks.explainer(model, size=SIZE)
        assert found.explain(PHOTO, "gradients").map.max() > 0
        for method in ("guided-backprop", "guided-grad-cam", "deconvnet"):
            with pytest.raises(explain.ExplainError, match=r"no ReLU-like activation.*ask for the method 'gradients'"):
                pytest.fail(f"{name}: {found.explain(PHOTO, method)}")


def compiled(function):
    return layers.Lambda(lambda x: tf.function(function, autograph=False)(x))


def branching(x):
    return tf.cond(tf.reduce_sum(x) > 0, lambda: tf.nn.relu(x), lambda: x)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (compiled(tf.nn.relu), "compiled on its own"),
        (compiled(lambda x: tf.function(tf.nn.relu)(x)), "compiled on its own"),
        (layers.Lambda(branching), "compiled on its own"),
        (layers.Lambda(lambda x: tf.nn.silu(x)), "written out"),
        (layers.Lambda(lambda x: tf.nn.gelu(x)), "written out"),
        (layers.Lambda(lambda x: tf.nn.gelu(x, approximate=True)), "written out"),
        (layers.Lambda(lambda x: x * tf.tanh(tf.nn.softplus(x))), "written out"),
        (layers.Lambda(lambda x: x * tf.nn.relu6(x + 3) / 6), "written out"),
    ],
)
def test_what_is_out_of_reach_is_refused(step, why):
    found = networks.explainer(model_of(lambda x: step(layers.ReLU()(x))))
    with pytest.raises(explain.ExplainError, match=why):
        found.explain(PHOTO, "guided-backprop")


def squeeze_and_excite(x):
    share = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return layers.Multiply()([x, share])


@pytest.mark.parametrize("step", [compiled(lambda x: 2 * x), squeeze_and_excite, layers.Lambda(lambda x: x * x)])
def test_what_hides_no_activation_is_not(step):
    found = networks.explainer(model_of(lambda x: step(layers.ReLU()(x)))).explain(PHOTO, "guided-backprop")
    assert found.map.max() > 0
    assert found.record()["facts"] == {}
