from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatchcase

import keras
import networks
import numpy as np
import pytest

import explain
from explain import preprocessing
from models import backbones, heads, weights
from models.architecture import Architecture
from models.backbones import BACKBONES
from models.errors import ModelError

FAST = ("resnet50v2", "mobilenetv2", "efficientnetv2b0")
EACH = [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in BACKBONES]
CLASSES = ("cat", "dog", "bird")


def side(name: str) -> int:
    """A small input whose last map still has several places."""
    return 160 if name == "inceptionv3" else 96


def stirred(network, seed: int = 0):
    """The network with weights of which no two are the same, but near to the fresh ones: nothing explodes."""
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        value = weight.numpy()
        weight.assign(
            value + rng.normal(0, 0.02 if value.ndim > 1 else 0.1, value.shape) * np.maximum(np.abs(value), 0.1)
        )
    return network


def batch(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (2, size, size, 3)).astype(np.float32)


def other_layers():
    """What else a process may have built before, so that Keras' counters stand anywhere."""
    photo = keras.Input((16, 16, 3))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(2, 1)(photo))
    x = keras.layers.MaxPooling2D()(keras.layers.ReLU()(keras.layers.Activation("relu")(x)))
    keras.layers.LayerNormalization()(keras.layers.Add()([x, x]) + x)


def names(network) -> list[str]:
    return [one.name for one in network.operations if not isinstance(one, keras.layers.InputLayer)]


def weighty(network) -> list[str]:
    return [layer.name for layer in network.layers if layer.weights]


@pytest.mark.parametrize("name", EACH)
def test_built_saved_loaded_and_explained(name, tmp_path):
    built = Architecture(name, head="conv", channels=8)
    network = stirred(built.network(side(name), len(CLASSES)))
    weights.write(network, tmp_path / "weights.npz")
    for weight in network.weights:  # the file keeps kernels in half precision
        if len(weight.shape) > 1:
            weight.assign(weight.numpy().astype(np.float16).astype(np.float32))

    other_layers()
    loaded = built.network(side(name), len(CLASSES))
    photos = batch(side(name))
    fresh = loaded.predict(photos, verbose=0)
    weights.read(loaded, tmp_path / "weights.npz")
    outputs = loaded.predict(photos, verbose=0)
    assert np.isfinite(outputs).all()
    assert not np.allclose(outputs, fresh, rtol=1e-3)
    np.testing.assert_array_equal(outputs, network.predict(photos, verbose=0))
    # Of layers but the input; a bare operation, such as a product written *, keeps the number that Keras gives.
    assert [layer.name for layer in loaded.layers[1:]] == [layer.name for layer in network.layers[1:]]

    last = loaded.get_layer(heads.LOGITS)
    last.set_weights([np.abs(one) for one in last.get_weights()])  # what a class is made of speaks for it
    explainer = explain.Explainer(explain.Classifier(loaded, classes=CLASSES, preprocessing=built.preprocessing))
    explanation = explainer.explain(networks.noise(120, 140), "grad-cam", target="dog")
    assert explanation.layer == "evidence"
    assert explanation.map.shape == loaded.get_layer("evidence").output.shape[1:3]
    assert min(explanation.map.shape) > 1
    assert np.isfinite(explanation.map).all()
    assert np.ptp(explanation.map) > 0


@pytest.mark.parametrize("name", EACH)
def test_the_stages_are_those_of_the_network(name):
    entry = BACKBONES[name]
    other_layers()
    body = backbones.backbone(name, side(name))
    running = names(body)
    ends = [running.index(stage.output) for stage in entry.stages]
    assert ends == sorted(set(ends))
    assert ends[-1] == len(running) - 1, "the last stage is the whole network"

    for layer in weighty(body):
        owners = [stage.name for stage in entry.stages if any(fnmatchcase(layer, one) for one in stage.layers)]
        assert len(owners) == 1, f"{layer} belongs to {owners}"
    for stage in entry.stages:
        for pattern in (*stage.layers, *stage.strides, *stage.dilated):
            assert any(fnmatchcase(one, pattern) for one in running), f"{stage.name}: {pattern} is no layer"

    full = getattr(keras.applications, entry.build)(weights=None, include_top=False, input_shape=body.input_shape[1:])
    assert body.count_params() == full.count_params()
    numbered = backbones.canonical(one.name for one in full.operations)
    assert weighty(body) == [numbered.get(one, one) for one in weighty(full)]
    scaled_inside = any(isinstance(one, keras.layers.Rescaling | keras.layers.Normalization) for one in full.layers)
    assert (preprocessing.SCALINGS[entry.preprocessing] == "none") == scaled_inside, "photos are scaled exactly once"


@pytest.mark.parametrize("name", EACH)
def test_a_network_is_cut_after_each_of_its_stages(name):
    """It has the layers that its output needs, no other, and computes what the whole network has there."""
    full = stirred(backbones.backbone(name, side(name)))
    photos = batch(side(name))
    for stage in BACKBONES[name].stages:
        cut = backbones.backbone(name, side(name), stage.name)
        assert names(cut)[-1] == stage.output
        for layer in cut.layers:
            layer.set_weights(full.get_layer(layer.name).get_weights() if layer.weights else [])
        until = next(one.output for one in full.operations if one.name == stage.output)
        expected = keras.Model(full.input, until).predict(photos, verbose=0)
        np.testing.assert_array_equal(cut.predict(photos, verbose=0), expected)


@pytest.mark.parametrize("name", BACKBONES)
def test_the_preprocessing_is_that_of_keras_and_of_the_explainer(name):
    entry = BACKBONES[name]
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 3)).astype(np.float32)
    ours = preprocessing.scaling(entry.preprocessing)(pixels.copy())
    np.testing.assert_allclose(backbones.scaling(entry.preprocessing)(pixels.copy()), ours, atol=1e-4)
    module = getattr(keras.applications, entry.preprocessing)
    assert getattr(module, entry.build, None) in (getattr(keras.applications, entry.build), None)


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("resnet50v2", "conv4"),
        ("resnet50v2", "conv5"),
        *[
            pytest.param(name, stage.name, marks=pytest.mark.slow)
            for name in ("resnet50", "resnet50v2", "resnet101", "resnet152v2")
            for stage in BACKBONES[name].stages
            if stage.strides and (name, stage.name) not in (("resnet50v2", "conv4"), ("resnet50v2", "conv5"))
        ],
    ],
)
def test_the_finer_map_has_the_coarse_one_at_its_even_places(name, cut):
    coarse = stirred(backbones.backbone(name, 128, cut))
    finer = backbones.backbone(name, 128, cut, finer=True)
    assert names(finer) == names(coarse)
    finer.set_weights(coarse.get_weights())
    photos = batch(128)
    expected, found = coarse.predict(photos, verbose=0), finer.predict(photos, verbose=0)
    assert found.shape == (2, 2 * expected.shape[1], 2 * expected.shape[2], expected.shape[3])
    np.testing.assert_allclose(found[:, ::2, ::2], expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    between = np.abs(found[:, 1::2, 1::2] - expected).max()
    assert between > 0.01 * np.abs(expected).max()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["xception", "inceptionv3", "mobilenetv3small", "densenet121", "convnexttiny"])
def test_names_are_those_of_a_process_that_built_nothing_else(name):
    entry = BACKBONES[name]
    script = f"""
import keras
network = keras.applications.{entry.build}(weights=None, include_top=False, input_shape=({side(name)}, {side(name)}, 3))
print("names", *[layer.name for layer in network.layers[1:]])
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    fresh = next(line.split()[1:] for line in answer.splitlines() if line.startswith("names "))
    other_layers()
    # Operations between layers, such as a bare product, keep the numbers that Keras gives them: they have no weights.
    assert [layer.name for layer in backbones.backbone(name, side(name)).layers[1:]] == fresh


def test_names_that_keras_counts_are_counted_from_the_networks_first():
    found = backbones.canonical(["conv2d_10", "stem_conv", "conv2d_9", "conv2d_11", "add_3", "conv1_conv", "add"])
    assert found == {
        "conv2d_9": "conv2d",
        "conv2d_10": "conv2d_1",
        "conv2d_11": "conv2d_2",
        "add": "add",
        "add_3": "add_1",
    }


def frozen(network) -> set[str]:
    return {layer.name for layer in network.layers if layer.weights and not layer.trainable}


def test_freezing_by_stage_by_pattern_and_all():
    def network():
        return Architecture("resnet50v2", cut="conv3", head="conv", channels=4).network(64, 2)

    stage, pattern, everything = network(), network(), network()
    backbones.freeze(stage, "resnet50v2", ("conv1", "conv2"))
    assert frozen(stage) == {one for one in weighty(stage) if one.startswith(("conv1_", "conv2_"))} != set()
    backbones.freeze(pattern, "resnet50v2", ("*_bn",))
    assert frozen(pattern) == {one for one in weighty(pattern) if one.endswith("_bn")} != set()
    backbones.freeze(everything, "resnet50v2", ("all",))
    assert frozen(everything) == set(weighty(everything)) - {heads.EVIDENCE, heads.LOGITS}


@pytest.mark.parametrize("head", heads.HEADS)
def test_no_stage_of_any_backbone_has_a_layer_of_a_head(head):
    features = keras.Input((4, 4, 8))
    network = keras.Model(features, heads.head(head, features, 4, 0.5, 3))
    for name, entry in BACKBONES.items():
        patterns = [pattern for stage in entry.stages for pattern in stage.layers]
        for layer in names(network):
            assert not any(fnmatchcase(layer, one) for one in patterns), f"{name} has {layer} of the head {head}"


def test_what_is_frozen_must_be_there():
    network = Architecture("mobilenetv2", cut="stage1", channels=4).network(32, 2)
    with pytest.raises(ModelError, match=r"freeze: 'conv9' names no layer and no stage.*stage1, stage2.*or all"):
        backbones.freeze(network, "mobilenetv2", ("conv9",))
    with pytest.raises(ModelError, match="freeze: 'stage4' names no layer"):  # it is cut off
        backbones.freeze(network, "mobilenetv2", ("stage1", "stage4"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet", 64), "There is no backbone 'resnet'. Known: convnexttiny, .*xception"),
        (("vgg16", 64, "conv4"), "VGG16 has no stage 'conv4'. Its stages: block1, block2, block3, block4, block5"),
        (
            ("vgg16", 64, "block5", True),
            "vgg16 cut after block5 can't be made finer. Possible: .*resnet50v2 after conv2",
        ),
        (("resnet50v2", 64, "conv1", True), "resnet50v2 cut after conv1 can't be made finer"),
        (("inceptionv3", 32), "InceptionV3 can't be built for photos of 32 × 32.*75"),
    ],
)
def test_what_can_not_be_built_is_said(arguments, message):
    with pytest.raises(ModelError, match=message):
        backbones.backbone(*arguments)


@pytest.mark.parametrize("name", EACH)
def test_the_size_of_the_photos_may_stay_open(name):
    body = backbones.backbone(name, None)
    assert body.input_shape == (None, None, None, 3)
    assert body.output_shape[:3] == (None, None, None)
