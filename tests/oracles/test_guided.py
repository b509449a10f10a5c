"""Guided backpropagation, the deconvnet and guided Grad-CAM against numbers by hand and a backward pass in NumPy."""

from __future__ import annotations

import functools

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from numpy.testing import assert_allclose, assert_array_equal

RULES = ("gradients", "guided-backprop", "deconvnet")


def one_row(activation, kernel, between=()):
    """A network on (1, n, 3) whose score is the sum of kernel * activation(z), z = (red - 100) / 10; on (1, 5, 3) if
    there are layers between."""
    photo = keras.Input((1, 5 if between else len(kernel), 3))
    x = activation(layers.Conv2D(1, 1, use_bias=False, name="z")(photo))
    for layer in between:
        x = layer(x)
    model = keras.Model(photo, layers.Dense(1, use_bias=False, name="scores")(layers.Flatten()(x)))
    model.get_layer("z").set_weights([np.array([1, 0, 0], np.float32).reshape(1, 1, 3, 1)])
    model.get_layer("scores").set_weights([np.array(kernel, np.float32)[:, None]])
    return networks.explainer(model, ("thing",), lambda batch: (batch - 100) / 10, kind="multilabel")


def at(explainer, z, method):
    """What comes back to each z, and what the record says of it."""
    photo = networks.channels_photo(100 + 10 * np.array([z]))
    found = explainer.explain(photo, method)
    assert_array_equal(found.channels[..., 1:], 0)
    assert_array_equal(found.map, np.abs(found.channels[..., 0]))
    return found.channels[0, :, 0], found.record()["facts"]


@pytest.mark.parametrize(
    ("method", "expected"),
    [("gradients", [0.5, 0, -1, 1]), ("deconvnet", [0.5, 2, 0, 1]), ("guided-backprop", [0.5, 0, 0, 1])],
)
@pytest.mark.parametrize(
    "activation",
    [
        layers.ReLU(),
        layers.Activation("relu"),
        layers.Lambda(lambda z: tf.nn.relu(z)),
        keras.ops.relu,
        functools.partial(keras.activations.relu, threshold=0.0),
    ],
)
def test_at_a_relu(method, expected, activation):
    found, facts = at(one_row(activation, (0.5, 2, -1, 1)), (1, -1, 2, 3), method)
    assert_allclose(found, expected, atol=1e-6)
    assert facts == {}


POINTS = [  # the slopes are worked out by hand
    (layers.ReLU(6), (-1, 3, 7), (0, 1, 0), "relu6"),
    (keras.ops.relu6, (-1, 3, 7), (0, 1, 0), "relu6"),
    (layers.ReLU(4), (-1, 3, 5), (0, 1, 0), "relu with options"),
    (layers.ReLU(threshold=2), (-1, 1, 3), (0, 0, 1), "relu with options"),
    (layers.ReLU(max_value=8, negative_slope=0.25), (-1, 1, 9), (0.25, 1, 0), "relu with options"),
    (layers.LeakyReLU(0.25), (-1, 2), (0.25, 1), "leaky_relu"),
    (layers.PReLU(keras.initializers.Constant(0.25)), (-1, 2), (0.25, 1), "prelu"),
    (layers.PReLU(keras.initializers.Constant(-0.25)), (-1, 2), (-0.25, 1), "prelu"),
    (layers.ELU(), (-1, 2), (np.exp(-1), 1), "elu"),
    (layers.ELU(2.0), (-1, 2), (2 * np.exp(-1), 1), "elu"),
    (layers.Activation("selu"), (-1, 2), (1.75809934 * np.exp(-1), 1.05070099), "selu"),
    (layers.Activation("celu"), (-1, 2), (np.exp(-1), 1), "celu"),
    (layers.Activation("softplus"), (0,), (0.5,), "softplus"),
    (layers.Activation("squareplus"), (0,), (0.5,), "squareplus"),
    (layers.Activation("silu"), (1, -1, -2), (0.92767051, 0.07232949, -0.09078425), "silu"),  # s + z s (1 - s)
    (keras.ops.silu, (-2,), (-0.09078425,), "silu"),
    (layers.Lambda(tf.nn.silu), (-2,), (-0.09078425,), "silu"),
    # The normal distribution at z and z times its density: 0.84134475 + 0.24197072 at 1, 0.30853754 - 0.17603266.
    (layers.Activation("gelu"), (1, -1, -0.5), (1.08331547, -0.08331547, 0.13250488), "gelu"),
    (layers.Activation("hard_silu"), (1, -2), (5 / 6, -1 / 6), "hard_silu"),  # (2 z + 3) / 6
    (layers.Activation("mish"), (0,), (0.6,), "mish"),  # tanh(ln 2)
]


@pytest.mark.parametrize(("activation", "z", "slopes", "name"), POINTS)
def test_at_other_activation_functions(activation, z, slopes, name):
    back = np.repeat([2, -1], len(z))
    z, slopes = np.tile(z, 2), np.tile(slopes, 2)
    expected = {
        "gradients": slopes * back,
        "guided-backprop": np.maximum(slopes, 0) * np.maximum(back, 0),
        "deconvnet": np.maximum(back, 0),
    }
    explainer = one_row(activation, back)
    for method in RULES:
        found, facts = at(explainer, z, method)
        assert_allclose(found, expected[method], atol=1e-6)
        assert facts == ({} if method == "gradients" else {"generalised": [name]})


@pytest.mark.parametrize("method", ["guided-backprop", "deconvnet"])
@pytest.mark.parametrize(("kernel", "expected"), [((1, 2), 3), ((3, -2), 1), ((1, -2), 0)])
def test_where_pooling_windows_share_a_maximum_what_comes_back_adds_up(method, kernel, expected):
    pool = layers.MaxPooling2D((1, 3), strides=(1, 2))
    found, _ = at(one_row(layers.ReLU(), kernel, [pool]), (1, 2, 5, 3, 1), method)
    assert_allclose(found, [0, 0, expected, 0, 0], atol=1e-6)


# A network of 3 x 3 convolutions with an activation function each, and a dense layer, forward and backward in NumPy.

SIZE, RNG = (5, 6), np.random.default_rng(17)
FIRST, SECOND = RNG.normal(0, 0.4, (3, 3, 3, 4)), RNG.normal(0, 0.4, (3, 3, 4, 4))
BIASES, KERNEL = RNG.normal(0, 0.2, (2, 4)), RNG.normal(0, 0.3, (5 * 6 * 4, 3))
WEIGHTS = [FIRST, BIASES[0], SECOND, BIASES[1], KERNEL, np.zeros(3)]
PHOTO = networks.noise(*SIZE, seed=8)
LAYERS = [(FIRST, BIASES[0]), (SECOND, BIASES[1])]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


FUNCTIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
}


def convolve(x, kernel, bias):
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((1, 1), (1, 1), (0, 0))), (3, 3), axis=(0, 1))
    return np.einsum("rcdij,ijdk->rck", windows, kernel) + bias


def convolve_back(back, kernel):
    rows, columns, _ = back.shape
    found = np.zeros((rows + 2, columns + 2, kernel.shape[2]))
    for row in range(rows):
        for column in range(columns):
            found[row : row + 3, column : column + 3] += kernel @ back[row, column]
    return found[1:-1, 1:-1]


def by_numpy(method, index, function="relu", steps=LAYERS):
    """What comes back to the input and to the first activation of it: (rows, columns, 3), (rows, columns, 4), and the
    first activation."""
    phi, slope = FUNCTIONS[function]
    before, x = [], PHOTO / 255
    for kernel, bias in steps:
        before.append(convolve(x, kernel, bias))
        x = phi(before[-1])
    back = KERNEL[:, index].reshape(x.shape)
    for z, (kernel, _) in zip(reversed(before), reversed(steps), strict=True):
        above = back
        if method == "gradients":
            back = back * slope(z)
        elif method == "guided-backprop":
            back = np.maximum(np.maximum(back, 0) * slope(z), 0)
        else:
            back = np.maximum(back, 0)
        back = convolve_back(back, kernel)
    return back, above, phi(before[0])


def convolution(activation="relu"):
    return layers.Conv2D(4, 3, padding="same", activation=activation)


def body(x, activation="relu"):
    return convolution(activation)(convolution(activation)(x))


def functional(make, deep=0):
    photo = keras.Input((*SIZE, 3))
    if deep:
        return keras.Model(photo, functional(make, deep - 1)(photo))
    return keras.Model(photo, layers.Dense(3)(layers.Flatten()(make(photo))))


def with_steps(step):
    return lambda x: step(convolution(None)(step(convolution(None)(x))))


class Rectified(layers.Layer):
    def call(self, x):
        return tf.nn.relu(x)


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = convolution(None), convolution()
        self.flat, self.scores = layers.Flatten(), layers.Dense(3)

    def call(self, photo):
        return self.scores(self.flat(self.second(tf.nn.relu(self.first(photo)))))


class OwnCompiled(Own):
    @tf.function
    def call(self, photo):
        return super().call(photo)


MODELS = {
    "activation of the layer": lambda: functional(body),
    "nested": lambda: functional(body, deep=1),
    "twice nested": lambda: functional(body, deep=2),
    "sequential": lambda: keras.Sequential([convolution(), convolution(), layers.Flatten(), layers.Dense(3)]),
    "layers": lambda: functional(with_steps(layers.ReLU())),
    "operations": lambda: functional(with_steps(keras.ops.relu)),
    "lambda": lambda: functional(with_steps(layers.Lambda(lambda z: tf.nn.relu(z)))),
    "layers of its own": lambda: functional(with_steps(Rectified())),
    "subclass": Own,
    "compiled subclass": OwnCompiled,
    "silu: activation of the layer": lambda: functional(lambda x: body(x, "silu")),
    "silu: nested": lambda: functional(lambda x: body(x, "silu"), deep=2),
    "silu: layers": lambda: functional(with_steps(layers.Activation("swish"))),
    "silu: operations": lambda: functional(with_steps(keras.ops.silu)),
}


def explainer(model, weights=WEIGHTS):
    model(np.zeros((1, *SIZE, 3)))
    model.set_weights(weights)
    return networks.explainer(model, size=SIZE)


@pytest.mark.parametrize("name", MODELS)
def test_a_network_however_it_is_written(name):
    found, function = explainer(MODELS[name]()), "silu" if name.startswith("silu") else "relu"
    for method in RULES:
        for index in range(3):
            expected, _, _ = by_numpy(method, index, function)
            assert_allclose(found.explain(PHOTO, method, target=index).channels, expected, atol=1e-5)


def test_a_layer_that_runs_twice():
    photo, again = keras.Input((*SIZE, 3)), convolution()
    model = keras.Model(photo, layers.Dense(3)(layers.Flatten()(again(again(convolution()(photo))))))
    for method in RULES:
        expected, _, _ = by_numpy(method, 0, steps=[*LAYERS, LAYERS[1]])
        assert_allclose(explainer(model).explain(PHOTO, method, target=0).channels, expected, atol=1e-5)


def test_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        found = explainer(functional(body))
    finally:
        keras.config.set_dtype_policy(before)
    for method in RULES:
        expected, _, _ = by_numpy(method, 0)
        atol = 3 * 2**-10 * np.abs(expected).max()  # three layers, each rounded to the 11 binary digits of float16
        assert_allclose(found.explain(PHOTO, method, target=0).channels, expected, atol=atol)


def test_with_positive_weights_and_a_positive_input_all_rules_are_one():
    model = explainer(functional(body), [np.abs(weight) for weight in WEIGHTS])
    plain, *others = (model.explain(PHOTO, method, target="dog").channels for method in RULES)
    for other in others:
        assert_allclose(other, plain, rtol=1e-5)


def test_guided_grad_cam_by_hand():
    # Channels 1.5 - x and x - 1.5 of x = (1, 2): A = ((0.5, 0), (0, 0.5)). The head's mean weights are 1 and -1, so
    # Grad-CAM is (0.5, 0); 2 and 7 come back through open ReLUs, -9 through none, to x with the channels' signs.
    photo = keras.Input((1, 2, 3))
    channels = layers.Conv2D(2, 1, activation="relu", name="channels")(photo)
    model = keras.Model(photo, layers.Dense(1, use_bias=False)(layers.Flatten()(channels)))
    head = np.array([[[2, -9], [0, 7]]])  # (rows, columns, channels)
    model.set_weights([np.array([[[[-1, 1], [0, 0], [0, 0]]]]), np.array([1.5, -1.5]), head.reshape(4, 1)])
    found = networks.explainer(model, ("thing",), networks.as_it_is, kind="multilabel")
    photo = networks.channels_photo([[1, 2]])
    assert_allclose(found.explain(photo, "grad-cam").map, [[0.5, 0]], atol=1e-6)
    assert_allclose(found.explain(photo, "guided-backprop").channels[..., 0], [[-2, 7]], atol=1e-6)
    combined = found.explain(photo, "guided-grad-cam")
    assert_allclose(combined.channels[..., 0], [[-1, 0]], atol=1e-6)
    assert_allclose(combined.map, [[1, 0]], atol=1e-6)
    assert combined.layer == "channels"


def grad_cam(gradients, activation):
    return np.maximum((gradients.mean((0, 1)) * activation).sum(-1), 0)


def test_the_grad_cam_in_guided_grad_cam_is_that_of_the_plain_model():
    model = functional(body)
    model.layers[1].name = "first"
    asked = explainer(model)
    for index in (0, 1):
        guided, guided_above, _ = by_numpy("guided-backprop", index)
        _, above, activation = by_numpy("gradients", index)
        cam = grad_cam(above, activation)
        found = asked.explain(PHOTO, "guided-grad-cam", "first", target=index).channels
        assert_allclose(found, cam[..., None] * guided, atol=1e-6)
        assert (cam == 0).any()
        assert_array_equal(found[cam == 0], 0)
        assert np.abs(cam - grad_cam(guided_above, activation)).max() > 0.01  # a guided Grad-CAM would show
