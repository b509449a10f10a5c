from __future__ import annotations

import keras
import networks
import numpy as np
import pytest

import explain
from models import architecture, heads
from models.architecture import Architecture
from models.errors import ModelError

ROWS, COLUMNS, K = 3, 4, 5


def built(name: str, channels: int = 6, dropout: float = 0.0, units: int = 2):
    """A head alone, with random weights; and a batch of maps."""
    features = keras.Input((ROWS, COLUMNS, K))
    network = networks.randomise(keras.Model(features, heads.head(name, features, channels, dropout, units)))
    return network, np.random.default_rng(1).normal(0, 1, (2, ROWS, COLUMNS, K)).astype(np.float32)


def weights_of(network, layer: str) -> list[np.ndarray]:
    return [weight.numpy() for weight in network.get_layer(layer).weights]


def relu(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0)


def test_the_pool_head_is_a_dense_layer_on_the_mean():
    network, maps = built("pool")
    (kernel,) = weights_of(network, "logits")
    np.testing.assert_allclose(network.predict(maps, verbose=0), maps.mean((1, 2)) @ kernel, rtol=1e-4, atol=1e-5)


def test_the_conv_head_chooses_features_before_it_averages_them():
    network, maps = built("conv")
    kernel, bias = weights_of(network, "evidence")
    (last,) = weights_of(network, "logits")
    assert kernel.shape == (1, 1, K, 6)
    expected = relu(maps @ kernel[0, 0] + bias).mean((1, 2)) @ last
    np.testing.assert_allclose(network.predict(maps, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_the_dense_head_has_two_layers_on_the_whole_map():
    network, maps = built("dense")
    x = maps.reshape(2, -1)
    for layer in ("fc1", "fc2"):
        kernel, bias = weights_of(network, layer)
        x = relu(x @ kernel + bias)
    kernel, bias = weights_of(network, "logits")
    np.testing.assert_allclose(network.predict(maps, verbose=0), x @ kernel + bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", heads.HEADS)
def test_dropout_is_for_learning_alone(name):
    network, maps = built(name, dropout=0.5)
    plain, _ = built(name)
    plain.set_weights(network.get_weights())
    np.testing.assert_array_equal(network.predict(maps, verbose=0), plain.predict(maps, verbose=0))
    learning = keras.ops.convert_to_numpy(network(maps, training=True))
    assert np.abs(learning - network.predict(maps, verbose=0)).max() > 1e-3


@pytest.mark.parametrize("name", [name for name, head in heads.HEADS.items() if head.local])
def test_a_local_heads_score_is_the_mean_of_its_places(name):
    network, maps = built(name)
    outputs = heads.with_places(network).predict(maps, verbose=0)
    assert outputs["places"].shape == (2, ROWS, COLUMNS, 2)
    np.testing.assert_allclose(outputs["places"].mean((1, 2)), outputs["score"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs["score"], network.predict(maps, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("name", heads.HEADS)
def test_scores_leave_in_full_precision(name):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network, _ = built(name)
    finally:
        keras.config.set_dtype_policy(policy)
    assert network.output.dtype == "float32"


def test_an_unknown_head_is_said():
    with pytest.raises(ModelError, match=r"There is no head 'gap'. Known: pool, conv, .*dense"):
        Architecture("mobilenetv2", cut="stage1", head="gap").network(32, 2)


def test_two_classes_share_one_output():
    assert architecture.units(("cat", "dog")) == 1
    assert architecture.units(("cat", "dog", "bird")) == 3


@pytest.mark.parametrize(
    ("head", "layer"), [("pool", "block_3_expand_relu"), ("conv", "evidence"), ("dense", "block_3_expand_relu")]
)
def test_one_sigmoid_unit_explains_two_classes(head, layer):
    built_of = Architecture("mobilenetv2", cut="stage2", head=head, channels=32)
    network = networks.randomise(built_of.network(64, architecture.units(("cat", "dog")), name="pets"))
    assert network.name == "pets"
    explainer = explain.Explainer(explain.Classifier(network, classes=("cat", "dog"), preprocessing="mobilenet_v2"))
    assert explainer.kind == "sigmoid"
    photo = networks.noise(64, 64)
    cat, dog = (explainer.explain(photo, "grad-cam", target=one, layer=layer) for one in ("cat", "dog"))
    assert cat.map.shape == built_of.body(64).output_shape[1:3]
    assert (np.minimum(cat.map, dog.map) == 0).all(), "what speaks for one class speaks against the other"
    assert np.maximum(cat.map, dog.map).max() > 0


def test_an_architecture_is_its_backbone_and_a_head_on_it():
    described = Architecture("mobilenetv2", cut="stage1", head="conv", channels=7)
    assert described.preprocessing == "mobilenet_v2"
    body = described.body(32)
    network = described.on(body, 3)
    assert network.get_layer("evidence").weights[0].shape == (1, 1, body.output_shape[-1], 7)
    assert network.get_layer("Conv1") is body.get_layer("Conv1"), "the head sits on the body that was given"
    whole = described.network(None, 3)
    assert whole.input_shape == (None, None, None, 3)
    assert [one.shape for one in whole.weights] == [one.shape for one in network.weights]
