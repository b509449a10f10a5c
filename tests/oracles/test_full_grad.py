"""FullGrad (Srinivas & Fleuret 2019) against numbers on paper, NumPy, and the score that its terms add up to."""

from __future__ import annotations

from math import erf, sqrt

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from numpy.testing import assert_allclose, assert_array_equal

import explain
from explain.asked import Asked
from explain.methods.full_grad import enlarged, rescaled
from explain.preprocessing import enlarge

PHOTO = networks.noise(12, 12)


def explainer(model, preprocessing=networks.as_it_is):
    """Of a model whose outputs are labels of their own, so that each score is one logit."""
    classes = [f"class {number}" for number in range(model.output_shape[-1])]
    return networks.explainer(model, classes, preprocessing, kind="multilabel")


def terms(explainer, photo, weights=(1.0,)):
    """What S = sum_c w_c logit_c is the sum of: x dS/dx and the contributions of the biases, without those that are 0,
    which are there for the probabilities."""
    classifier = explainer.classifier
    vector = np.zeros((2, len(classifier.classes)), np.float32)
    vector[0, : len(weights)] = weights
    asked = Asked(
        classifier.network, classifier.scale, classifier.fitted(explain.photo.open_photo(photo)), vector, None
    )
    first, *others = asked.decomposed(_every)
    return [first, *(term for term in others if term.any())]


def _every(score, terms):  # noqa: ARG001
    return terms


def gap(explainer, photo=PHOTO, target=None):
    return explainer.explain(photo, "full-grad", target=target).record()["facts"]["completeness_gap"]


def one_layer(layer, size=(1, 5)):
    """A network whose first layer hands on the photo's red, for the second; what that makes counts once, twice, ..."""
    photo = keras.Input((*size, 3))
    channels = layers.Conv2D(1, 1, use_bias=False, name="red")
    model = keras.Model(photo, layers.Dense(1, use_bias=False, name="scores")(layers.Flatten()(layer(channels(photo)))))
    channels.set_weights([np.array([1, 0, 0], np.float32).reshape(1, 1, 3, 1)])
    model.get_layer("scores").set_weights([np.arange(1, size[0] * size[1] + 1, dtype=np.float32)[:, None]])
    return model


def test_the_terms_of_a_hidden_layer_worked_out_by_hand():
    model = keras.Sequential(
        [
            keras.Input((1, 2, 3)),
            layers.Conv2D(1, 1, use_bias=False),
            layers.Flatten(),
            layers.Dense(2, activation="relu"),
            layers.Dense(1),
        ]
    )
    red = np.array([1, 0, 0]).reshape(1, 1, 3, 1)
    model.set_weights([red, np.array([[1, 2], [-1, 1]]), np.array([0.5, -1]), np.array([[3], [2]]), np.array([0.25])])
    photo = networks.channels_photo([[1, 2]])
    found = explainer(model)
    assert found.predict(photo).logits == pytest.approx([6.25])  # z = (-0.5, 3)
    inputs, hidden, output = terms(found, photo)
    assert_allclose(inputs[0, 0], [[4, 0, 0], [4, 0, 0]], atol=1e-6)  # dS/dx = (4, 2)
    assert_allclose(hidden, [[0, -2]], atol=1e-6)
    assert_allclose(output, [[0.25]], atol=1e-6)
    assert gap(found, photo) < 1e-7


class Fused(layers.Layer):
    """The normalisation as one operation."""

    def __init__(self, mean, variance, scale, offset):
        super().__init__()
        self.values = [tf.constant([value]) for value in (scale, offset, mean, variance)]

    def call(self, x):
        return tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=self.values[0],
            offset=self.values[1],
            mean=self.values[2],
            variance=self.values[3],
            epsilon=0.0,
            is_training=False,
        ).y


@pytest.mark.parametrize("fused", [False, True])
def test_the_implicit_bias_of_batch_normalisation_worked_out_by_hand(fused):
    layer = Fused(1.0, 4.0, 2.0, 0.5) if fused else layers.BatchNormalization(epsilon=0)
    model = one_layer(layer)
    if not fused:
        layer.set_weights([np.array([value]) for value in (2.0, 0.5, 1.0, 4.0)])  # g, beta, mean, variance
    inputs, biases = terms(explainer(model), networks.channels_photo([[3, 1, 4, 1, 5]]))
    assert_allclose(inputs[0, 0, :, 0], [3, 2, 12, 4, 25], rtol=1e-6)  # slope g/sqrt(variance) = 1
    assert_allclose(biases[0, 0, :, 0], [-0.5, -1, -1.5, -2, -2.5], rtol=1e-6)  # beta - g mean/sqrt(variance) = -0.5


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


FUNCTIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
    "relu6": lambda z: np.clip(z, 0, 6),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "silu": lambda z: z * sigmoid(z),
    "gelu": lambda z: 0.5 * z * (1 + np.vectorize(erf)(z / sqrt(2))),
    "hard_sigmoid": lambda z: np.clip(z + 3, 0, 6) / 6,
    "hard_silu": lambda z: z * np.clip(z + 3, 0, 6) / 6,
    "mish": lambda z: z * np.tanh(np.log1p(np.exp(z))),
    "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
    "celu": lambda z: np.where(z > 0, z, np.expm1(z)),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(z)),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "exponential": np.exp,
    "log_sigmoid": lambda z: np.log(sigmoid(z)),
    "squareplus": lambda z: (z + np.sqrt(z * z + 4)) / 2,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_activation_has_the_implicit_bias_of_its_tangent(name):
    # However many operations it is written in: phi(z) - phi'(z) z, the slope by differences in float64.
    z, step = np.array([-2.3, -0.4, 0.7, 2.1, 6.5]), 1e-6
    function = FUNCTIONS[name]
    slope = (function(z + step) - function(z - step)) / (2 * step)
    expected = (function(z) - slope * z) * np.arange(1, 6)
    model = one_layer(layers.Activation(name))
    found = terms(explainer(model, lambda batch: batch / 10 - 5), networks.channels_photo([[27, 46, 57, 71, 115]]))
    # Where a function is almost 1, float32 knows its slope to an eps only; a slope counts with z, in mish with z twice.
    noise = 2 * np.finfo(np.float32).eps * 6.5**2 * 5
    assert_allclose(found[0][0, 0, :, 0], slope * z * np.arange(1, 6), rtol=2e-5, atol=noise)
    if np.abs(expected).max() < 1e-6:
        assert len(found) == 1
    else:
        assert len(found) == 2
        assert_allclose(found[1][0, 0, :, 0], expected, rtol=2e-5, atol=noise)


def test_a_product_of_two_branches_has_its_negative_as_bias():
    class Times(layers.Layer):
        def call(self, x):
            return x * tf.reverse(x, [2])

    found = terms(explainer(one_layer(Times())), networks.channels_photo([[1, 2, 3, 4, 5]]))
    assert_allclose(found[0][0, 0, :, 0], [30, 48, 54, 48, 30], rtol=1e-6)  # x_i x_j (w_i + w_j), j = 4 - i
    assert_allclose(found[1][0, 0, :, 0], [-5, -16, -27, -32, -25], rtol=1e-6)


def test_what_no_gradient_passes_is_a_constant():
    class Gated(layers.Layer):
        def call(self, x):
            return x * tf.stop_gradient(tf.sigmoid(x)) + tf.round(x / 2)

    # Round(x / 2) is added as a bias would be: 0, 1, 2, 2, 2 (halves go to the even number).
    found = terms(explainer(one_layer(Gated())), networks.channels_photo([[1, 2, 3, 4, 5]]))
    x = np.arange(1, 6)
    assert_allclose(found[0][0, 0, :, 0], x * sigmoid(x) * x, rtol=1e-6)
    assert_allclose(found[1][0, 0, :, 0], [0, 2, 6, 8, 10], rtol=1e-6)
    assert len(found) == 2


def _normalised(x):
    return layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(x))


def _pooling(x):
    return layers.ReLU()(_normalised(layers.MaxPooling2D()(layers.ReLU()(_normalised(x)))))


def _squeezed(x):
    x = layers.Activation("silu")(_normalised(x))
    gate = layers.Conv2D(2, 1, activation="silu")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return layers.Multiply()([x, layers.Conv2D(4, 1, activation="sigmoid")(gate)])


def _next(x):
    branch = layers.DepthwiseConv2D(3, padding="same")(x)
    branch = layers.Dense(3)(layers.Activation("gelu")(layers.Dense(6)(layers.LayerNormalization()(branch))))
    return x + branch


def _attention(x):
    tokens = layers.Reshape((36, 4))(layers.Conv2D(4, 2, strides=2)(x))
    tokens = layers.MultiHeadAttention(2, 3)(tokens, tokens)
    return layers.Reshape((6, 6, 4))(layers.LayerNormalization()(tokens))


def _mixed_branches(x):
    a = layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="leaky_relu")(x)
    b = layers.UpSampling2D(interpolation="bilinear")(
        layers.AveragePooling2D(2)(layers.SeparableConv2D(4, 3, padding="same")(x))
    )
    c = layers.PReLU(alpha_initializer="ones")(
        layers.Conv2DTranspose(4, 2, strides=2)(layers.Conv2D(2, 2, strides=2)(x))
    )
    return layers.Subtract()([layers.Concatenate()([a, b]), layers.Concatenate()([layers.Maximum()([b, c]), c])])


BODIES = {
    "convolutions, batch normalisation, maximum": _pooling,
    "squeeze and excite, swish": _squeezed,
    "layer normalisation, GELU": _next,
    "group normalisation": lambda x: layers.GroupNormalization(2)(layers.Conv2D(4, 3)(x)),
    "root mean square": lambda x: layers.RMSNormalization()(layers.Conv2D(4, 3)(x)),
    "scaled inside": lambda x: _pooling(layers.Rescaling(2.0, -1.0)(x)),
    "normalised inside": lambda x: _pooling(layers.Normalization(mean=[0.5, 0.4, 0.3], variance=[0.1, 0.2, 0.3])(x)),
    "padded with ones": lambda x: layers.Conv2D(4, 3)(
        keras.ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=1)
    ),
    "attention": _attention,
    "many kinds of layers": _mixed_branches,
}


def _pooled_head(x, activation=None):
    return layers.Dense(3, activation=activation)(layers.GlobalAveragePooling2D()(x))


def _dense_head(x):
    x = layers.Dense(6, activation="tanh")(layers.Flatten()(x))
    return layers.Dense(3)(layers.Dropout(0.5)(x))


def build(body, head=_pooled_head):
    photo = keras.Input((12, 12, 3))
    return networks.randomise(keras.Model(photo, head(body(photo))), 3)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("head", [_pooled_head, _dense_head])
def test_the_terms_add_up_to_the_score(name, head):
    model = build(BODIES[name], head)
    found = explainer(model, lambda batch: batch / 255)
    wanted = float(model(PHOTO[None].astype(np.float32) / 255, training=False)[0, 1])
    each = terms(found, PHOTO, (0, 1))
    total = sum(term.sum(dtype=np.float64) for term in each)
    largest = max(abs(wanted), sum(np.abs(term).sum(dtype=np.float64) for term in each))
    assert len(each) > 1
    assert abs(total - wanted) < 1e-5 * largest
    assert gap(found, target="class 1") < 1e-5


@pytest.mark.parametrize("space", ["logit", "probability"])
@pytest.mark.parametrize("kind", networks.KINDS)
def test_the_terms_add_up_in_every_kind_of_network(kind, space):
    found = explain.Explainer(networks.kind(kind))
    target = explain.Target({found.classifier.classes[0]: 2.0, found.classifier.classes[1]: -1.0}, space)
    # Half precision has 11 bits, and the sum has many terms.
    assert gap(found, networks.noise(30, 40), target) < (1e-3 if kind == "mixed precision" else 1e-5)


def test_the_logits_of_a_softmax_are_explained():
    body, target = BODIES["convolutions, batch normalisation, maximum"], explain.Target({"cat": 1.0})
    plain, ended = (
        networks.explainer(build(body, head)) for head in (_pooled_head, lambda x: _pooled_head(x, "softmax"))
    )
    assert_array_equal(
        plain.explain(PHOTO, "full-grad", target=target).map, ended.explain(PHOTO, "full-grad", target=target).map
    )


def test_without_biases_the_input_is_all_there_is():
    model = build(lambda x: layers.MaxPooling2D()(layers.Conv2D(4, 3, activation="relu")(x)))
    for weight in model.weights:
        if "bias" in weight.path:
            weight.assign(np.zeros(weight.shape))
    found = explainer(model, lambda batch: batch / 255)
    x_times_gradient = found.explain(PHOTO, "gradient-x-input", target="class 0")
    score = float(found.predict(PHOTO).logits[0])
    assert x_times_gradient.map.sum() == pytest.approx(score, rel=1e-5)
    assert len(terms(found, PHOTO)) == 1
    assert gap(found, target="class 0") < 1e-6
    alone = np.abs(x_times_gradient.channels)
    alone = ((alone - alone.min()) / (alone.max() - alone.min())).sum(-1)
    assert_allclose(found.explain(PHOTO, "full-grad", target="class 0").map, alone, atol=1e-5)


def test_the_map_derived_in_numpy():
    photo = keras.Input((6, 4, 3))
    x = layers.Conv2D(2, 1, activation="relu", name="a")(photo)
    x = layers.Conv2D(3, 2, strides=2, activation="relu", name="b")(x)
    # With this seed both layers have places where they are on and places where they are off.
    model = networks.randomise(keras.Model(photo, layers.Dense(1)(layers.Flatten()(x))), 1)
    kernel_a, bias_a, kernel_b, bias_b, kernel, bias = (
        np.asarray(weight, np.float64) for weight in model.get_weights()
    )
    pixels = networks.noise(6, 4, 1)

    def score(x, more_a, more_b):
        a = np.maximum(np.einsum("ijc,ck->ijk", x, kernel_a[0, 0]) + bias_a + more_a, 0)
        patches = a.reshape(3, 2, 2, 2, 2)  # rows, row in the patch, columns, column in the patch, channels
        b = np.maximum(np.einsum("iajbc,abck->ijk", patches, kernel_b) + bias_b + more_b, 0)
        return float(b.reshape(-1) @ kernel[:, 0] + bias[0])

    at = [pixels / 255.0, np.zeros((6, 4, 2)), np.zeros((3, 2, 3))]

    def slopes(which, step=1e-6):
        found = np.zeros(at[which].shape)
        for place in np.ndindex(found.shape):
            up, down = ([value.copy() for value in at] for _ in range(2))
            up[which][place] += step
            down[which][place] -= step
            found[place] = (score(*up) - score(*down)) / (2 * step)
        return found

    def psi(term):
        term = np.abs(term)
        term = (term - term.min()) / (term.max() - term.min())
        centres = [
            (np.arange(side) + 0.5) * cells / side - 0.5 for side, cells in zip((6, 4), term.shape, strict=False)
        ]
        for axis in (0, 1):
            cells = np.arange(term.shape[axis])
            term = np.apply_along_axis(lambda line: np.interp(centres[axis], cells, line), axis, term)  # noqa: B023
        return term.sum(-1)

    expected = psi(at[0] * slopes(0)) + psi(bias_a * slopes(1)) + psi(bias_b * slopes(2))
    found = explainer(model, lambda batch: batch / 255)
    assert found.predict(pixels).logits == pytest.approx([score(*at)], rel=1e-5)
    assert_allclose(found.explain(pixels, "full-grad").map, expected, rtol=1e-4, atol=1e-4)


def test_terms_are_rescaled_as_a_whole_and_constant_ones_vanish():
    assert_allclose(rescaled(tf.constant([[1.0, 2.0], [3.0, 5.0]])), [[0, 0.25], [0.5, 1]])
    assert_array_equal(rescaled(tf.fill((1, 2, 2, 3), 7.0)), np.zeros((1, 2, 2, 3)))
    assert_array_equal(rescaled(tf.zeros((1, 2, 2, 3))), np.zeros((1, 2, 2, 3)))
    assert_array_equal(rescaled(tf.constant([7.0, np.nextafter(np.float32(7), np.float32(8))])), [0, 0])  # noise


@pytest.mark.parametrize("size", [(7, 9), (3, 2), (20, 5), (1, 1)])
def test_terms_are_enlarged_as_maps_are(size):
    term = np.random.default_rng(2).normal(size=(1, 4, 6, 3)).astype(np.float32)
    assert_allclose(enlarged(tf.constant(term), size), enlarge(term[0].sum(-1), size), atol=1e-5)


def test_windows_of_a_photo_are_no_map_of_it():
    assert_array_equal(enlarged(tf.ones((4, 3, 3, 2)), (6, 6)), np.zeros((6, 6)))


@pytest.mark.parametrize(("size", "flat"), [(0, True), (1e-9, True), (1e-3, False)])
def test_a_score_that_does_not_depend_on_the_photo_is_flat(size, flat):
    # Every term is stretched to 0..1, so a map of noise looks like any other: its share of the score tells.
    model = networks.pooled(1)
    model.get_layer("scores").set_weights([np.full((5, 1), size), np.array([2.0])])
    found = explainer(model, lambda batch: batch / 255).explain(PHOTO[:8, :8], "full-grad")
    assert found.flat is flat
    assert bool(found.heat().any()) is not flat
    assert bool(found.map.any()) is (size != 0)


def test_an_unknown_operation_is_named():
    class Odd(layers.Layer):
        def call(self, x):
            return tf.math.lgamma(x)

    model = one_layer(Odd(name="odd"))
    with pytest.raises(explain.ExplainError, match=r"FullGrad does not know the operation Lgamma, .* layer 'odd'"):
        explainer(model).explain(networks.channels_photo([[1, 2, 3, 4, 5]]), "full-grad")


APPLICATIONS = {
    "ConvNeXtTiny": "convnext",
    "DenseNet121": "densenet",
    "EfficientNetV2B0": "efficientnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3Small": "mobilenet_v3",
    "ResNet50V2": "resnet_v2",
    "VGG16": "vgg16",
    "Xception": "xception",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_terms_add_up_in_networks_that_people_use(name):
    model = networks.randomise(getattr(keras.applications, name)(weights=None, classes=3, input_shape=(96, 96, 3)))
    found = networks.explainer(model, networks.PETS, APPLICATIONS[name])
    assert gap(found, networks.noise(96, 96)) < 1e-3
