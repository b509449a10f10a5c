from __future__ import annotations

from itertools import groupby

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import explain
from explain import LayerInfo
from explain.layers import stages


def listed(*names: str) -> list[LayerInfo]:
    """Layers of these names, convolutions where they end so."""
    kinds = ["Conv2D" if name.lower().rstrip("1").endswith("conv") else "Activation" for name in names]
    return [LayerInfo(name, "", kind, (7, 7, 8)) for name, kind in zip(names, kinds, strict=True)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (  # ResNet50V2; its pooling has no stage in its name, and so is of the one before
            (
                "conv1_conv",
                "pool1_pool",
                "conv2_block1_1_conv",
                "max_pooling2d",
                "conv2_block3_out",
                "conv3_block1_1_conv",
            ),
            ["conv1", "conv1", "conv2", "conv2", "conv2", "conv3"],
        ),
        (  # the same with a head behind a stage that was cut off: what is left of it computes nothing
            ("backbone/conv4_block6_1_conv", "backbone/conv5_block1_preact_relu", "evidence_conv"),
            ["conv4", "head", "head"],
        ),
        (("conv5_block3_3_conv", "post_relu"), ["conv5", "conv5"]),
        (  # EfficientNet
            ("stem_conv", "stem_activation", "block1a_project_conv", "block2a_expand_conv", "block2b_add", "top_conv"),
            ["stem", "stem", "block1", "block2", "block2", "head"],
        ),
        (("block1_conv1", "block1_pool", "block2_conv1"), ["block1", "block1", "block2"]),  # VGG
        (("convnext_tiny_stage_0_block_0_depthwise_conv", "convnext_tiny_stage_0_block_0_gelu"), ["stage_0"] * 2),
        (("Conv1", "Conv1_relu", "block_1_expand_conv"), ["conv1", "conv1", "block_1"]),  # MobileNetV2
    ],
)
def test_a_name_tells_the_stage(names, expected):
    assert stages(listed(*names)) == expected


def test_where_no_name_tells_a_stage_it_is_the_resolution():
    found = [LayerInfo(f"conv2d_{n}", "", "Conv2D", (side, side, 4)) for n, side in enumerate((8, 8, 4, 2))]
    assert stages(found) == ["8 × 8", "8 × 8", "4 × 4", "2 × 2"]


def test_names_that_come_up_again_are_no_stages():
    assert stages(listed("conv1_a", "conv2_a", "conv1_b")) == ["7 × 7"] * 3  # of every cell of NASNet


def test_networks_without_convolutions_have_stages_too():
    assert stages(listed("block1_mix", "block2_mix")) == ["block1", "block2"]


def test_a_sum_written_as_an_operation_has_a_name_where_the_pooling_reads_it():
    photo = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="one")(photo)
    total = x + layers.Conv2D(4, 3, padding="same", name="other")(x)
    model = keras.Model(photo, layers.Dense(3)(layers.GlobalAveragePooling2D()(total)))
    explainer = networks.explainer(networks.randomise(model))
    assert explainer.layers[-1].kind == "Add"
    assert explainer.default_layer == explainer.layers[-1].name
    found = explainer.explain_layers(networks.noise(8, 8))
    assert [path for path, _ in groupby(found)][:2] == ["one", "other"]


def test_operations_that_nobody_reads_from_are_not_listed():
    photo = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="only")(photo / 127.5 - 1.0)
    model = keras.Model(photo, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
    assert [layer.name for layer in networks.explainer(model).layers] == ["only"]


def test_the_default_is_what_the_pooling_reads_even_if_nobody_else_would_choose_it():
    photo = keras.Input((8, 8, 3))
    x = layers.BatchNormalization(name="normalise")(layers.Conv2D(4, 3, name="conv")(photo))
    model = keras.Model(photo, layers.Dense(3)(layers.GlobalAveragePooling2D()(layers.Dropout(0.5)(x))))
    explainer = networks.explainer(model)
    assert explainer.default_layer == "normalise"
    assert [layer.name for layer in explainer.layers] == ["conv", "normalise"]


def test_the_default_is_the_last_that_is_pooled_whatever_runs_after_it():
    photo = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(photo)
    pooled = layers.GlobalAveragePooling2D()(x)
    flat = layers.Flatten()(layers.Conv2D(4, 3, name="later")(x))
    model = keras.Model(photo, layers.Dense(3)(layers.Concatenate()([pooled, flat])))
    assert networks.explainer(model).default_layer == "conv"


def test_where_nothing_pools_the_default_is_the_last_layer():
    photo = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="last")(layers.Conv2D(4, 3, name="first")(photo))
    model = keras.Model(photo, layers.Dense(3)(layers.Flatten()(layers.BatchNormalization()(x))))
    assert networks.explainer(model).default_layer == "last"


def test_a_compiled_backbone_that_needs_its_graph_is_one_layer():
    class Particular(networks.CompiledBody):
        @tf.function
        def call(self, photo):
            assert not tf.config.functions_run_eagerly()
            return self.conv_b(self.conv_a(photo))

    photo, body = keras.Input((12, 12, 3)), Particular(name="body")
    body(tf.zeros((1, 12, 12, 3)))
    explainer = networks.explainer(keras.Model(photo, layers.Dense(3)(layers.GlobalAveragePooling2D()(body(photo)))))
    assert [layer.name for layer in explainer.layers] == ["body"]
    assert explainer.explain(networks.noise(12, 12)).map.shape == (8, 8)


class Looped(layers.Layer):
    """Halves what it reads, three times, and multiplies it by a weight; in a loop and a branch of TensorFlow's."""

    def build(self, shape):
        self.weight = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, values):
        _, halved = tf.while_loop(lambda n, _: n < 3, lambda n, y: (n + 1, y / 2), (tf.constant(0), values))
        return tf.cond(tf.reduce_mean(halved) < 1e6, lambda: halved * self.weight, lambda: halved)


class Graphed(layers.Layer):
    """The same in a compiled function that can't be run without its graph."""

    def build(self, shape):
        self.weight = self.add_weight(shape=(shape[-1],), initializer="ones")

    @tf.function
    def call(self, values):
        assert not tf.config.functions_run_eagerly()
        return values / 8 * self.weight


@pytest.mark.parametrize("layer", [Looped, Graphed])
def test_another_class_from_a_kept_activation_through_loops_branches_and_functions(layer):
    photo = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="first")(photo)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(5, 3, name="last")(layer()(x)))
    model = networks.randomise(keras.Model(photo, layers.Dense(3)(x)), 3)
    picture, keeps = networks.noise(12, 12), networks.explainer(model)
    keeps.explain(picture, layer="first", target=0)
    again = keeps.explain(picture, layer="first", target=1)
    anew = explain.Explainer(keeps.classifier).explain(picture, layer="first", target=1)
    np.testing.assert_allclose(again.map, anew.map, rtol=1e-5, atol=1e-7)
    assert again.map.max() > 0
