"""What is wrong is said in a sentence: what was received, and what there is instead."""

from __future__ import annotations

import keras
import networks
import numpy as np
import pytest
from keras import layers

import explain
from explain import Classifier, ExplainError, PhotoError, Target

PHOTO = networks.noise(8, 8)


@pytest.fixture(scope="module")
def model():
    return networks.pooled()


@pytest.fixture(scope="module")
def explainer(model):
    return networks.explainer(model)


def test_an_explain_error_is_a_value_error():
    assert issubclass(ExplainError, ValueError)
    assert not issubclass(ExplainError, PhotoError)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"method": "gradcam"}, r"no method 'gradcam'\. Did you mean 'grad-cam'"),
        ({"method": "zzz"}, r"no method 'zzz'\. Known: .*grad-cam"),
        ({"layer": "lasst"}, r"no layer 'lasst'\. Did you mean 'last'\?"),
        ({"layer": "pool"}, "layer 'pool' has no map"),
        ({"layer": 3}, "by its name; received 3"),
        ({"target": "cta"}, r"no class 'cta'\. Did you mean 'cat'\?"),
        ({"target": 3}, "no class 3: there are 3, counted from 0"),
        ({"target": -1}, "no class -1"),
        ({"target": 1.0}, "label or an index; received 1.0"),
        ({"target": True}, "label or an index; received True"),
        ({"target": ("cat", "dgo")}, "Did you mean 'dog'"),
        ({"target": ("cat", "dog", "bird")}, "Two classes make a contrast; received 3"),
        ({"target": Target({"cta": 1.0})}, "Did you mean 'cat'"),
        ({"target": Target({})}, "weights"),
        ({"target": Target({"cat": float("nan")})}, "finite number; received nan"),
        ({"target": Target({"cat": float("inf")})}, "finite number; received inf"),
        ({"target": Target({"cat": "1"})}, "finite number; received '1'"),
        ({"target": Target({"cat": 1.0}, space="logits")}, "space is one of .*received 'logits'"),
        ({"method": "grad-cam", "channel": 1}, "no parameter of grad-cam 'channel'"),
        ({"method": "activations", "chanel": 1}, "Did you mean 'channel'"),
        ({"method": "activations", "channel": -1}, "channel of activations is .*; received -1"),
        ({"method": "activations", "channel": "weakest"}, "'strongest' or a whole number from 0; received 'weakest'"),
        ({"method": "activations", "channel": True}, "received True"),
        ({"method": "activations", "channel": 9}, "channels, counted from 0; received 9"),
        ({"method": "activations", "channel": [1]}, r"received \[1\]"),
        ({"method": "activations", "channel": np.arange(2)}, "received array"),
        ({"method": ["grad-cam"]}, r"no method \['grad-cam'\]"),
        ({"method": None}, "no method None"),
        ({"target": {"cat": 1.0}}, "label or an index; received {'cat'"),
        ({"target": np.ones(3)}, "label or an index"),
    ],
)
def test_a_wrong_wish_is_answered_with_what_there_is(explainer, asked, said):
    with pytest.raises(ExplainError, match=said):
        explainer.explain(PHOTO, **asked)
    if "layer" not in asked:
        with pytest.raises(ExplainError, match=said):
            explainer.explain_layers(PHOTO, **asked)


@pytest.mark.parametrize(
    ("layers_asked", "said"),
    [
        ("last", "sequence of names"),
        (3, "sequence of names; received 3"),
        (None, "received None"),
        ([], "no layer"),
        (["last", "frist"], "Did you mean 'first'"),
        ([1], "received 1"),
    ],
)
def test_wrong_lists_of_layers_are_refused(explainer, layers_asked, said):
    with pytest.raises(ExplainError, match=said):
        explainer.explain_layers(PHOTO, layers=layers_asked)


def test_a_bad_photo_is_a_photo_error_everywhere(explainer):
    for ask in (explainer.predict, explainer.explain, explainer.explain_layers):
        with pytest.raises(PhotoError):
            ask(b"no photo")


def test_layers_may_be_named_in_any_order_and_twice(explainer):
    assert list(explainer.explain_layers(PHOTO, layers=["last", "first", "last"])) == ["last", "first"]


def test_a_short_name_is_enough_where_it_is_unique():
    explainer = explain.Explainer(networks.kind("twice nested"))
    assert explainer.explain(PHOTO, layer="conv_a").layer == "outer/backbone/conv_a"
    assert explainer.explain(PHOTO, layer="backbone/conv_a").layer == "outer/backbone/conv_a"


def test_of_a_nested_layer_the_last_part_of_its_path_may_be_the_close_one():
    with pytest.raises(ExplainError, match=r"no layer 'cnv_a'\. Did you mean 'outer/backbone/conv_a'"):
        explain.Explainer(networks.kind("twice nested")).explain(PHOTO, layer="cnv_a")


def test_all_layers_are_those_that_have_the_channel():
    explainer = explain.Explainer(networks.kind("functional"))  # of 4, 4 and 5 channels
    found = explainer.explain_layers(PHOTO, method="activations", channel=4)
    assert list(found) == ["conv_b"]
    expected = explainer.explain(PHOTO, "activations", "conv_b").channels[..., 4]
    np.testing.assert_allclose(found["conv_b"].map, expected, rtol=1e-6)
    for ask in ({"layers": ["conv_b", "conv_a"], "channel": 4}, {"channel": 5}):
        with pytest.raises(ExplainError, match=r"'conv_a' has 4 channels, counted from 0; received [45]"):
            explainer.explain_layers(PHOTO, method="activations", **ask)


def test_any_layer_with_a_map_may_be_named(explainer):
    explainer = explain.Explainer(networks.kind("functional"))
    assert "normalise" not in [layer.name for layer in explainer.layers]
    assert explainer.explain(PHOTO, layer="normalise").map.shape == (12, 12)
    assert explainer.explain(PHOTO, layer="pad").map.shape == (14, 14)


def test_a_short_name_of_several_layers_is_answered_with_their_paths():
    photo = keras.Input((8, 8, 3))
    towers = []
    for name in ("left", "right"):
        seen = keras.Input((8, 8, 3))
        towers.append(keras.Model(seen, layers.Conv2D(2, 3, name="conv")(seen), name=name)(photo))
    scores = layers.Dense(3)(layers.GlobalAveragePooling2D()(layers.Add()(towers)))
    two = networks.explainer(keras.Model(photo, scores))
    with pytest.raises(ExplainError, match="2 layers 'conv': left/conv, right/conv"):
        two.explain(PHOTO, layer="conv")
    assert two.explain(PHOTO, layer="right/conv").layer == "right/conv"


def test_a_layer_off_the_way_to_the_scores_is_said_to_be_that():
    photo = keras.Input((8, 8, 3))
    x = layers.Conv2D(3, 3, name="seen")(photo)
    unused = layers.Conv2D(2, 3, name="unused")(x)
    model = keras.Model(photo, [layers.Dense(2)(layers.GlobalAveragePooling2D()(x)), unused])

    class First(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = model

        def call(self, batch, training=None):
            return self.inner(batch, training=training)[0]

    explainer = networks.explainer(First(), ("cat", "dog"), size=8)
    assert [layer.name for layer in explainer.layers] == [f"{model.name}/seen"]
    with pytest.raises(ExplainError, match="unused"):
        explainer.explain(PHOTO, layer="unused")
    assert explainer.explain(PHOTO, method="activations", layer="unused").map.shape == (4, 4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"classes": ("cat", "dog")}, "3 outputs, so there must be 3 classes; received 2: cat, dog"),
        ({"classes": "cat"}, "sequence of labels"),
        ({"classes": 3}, "sequence of labels; received 3"),
        ({"classes": None}, "sequence of labels; received None"),
        ({"classes": ()}, "at least one"),
        ({"classes": ("cat", "cat", "dog")}, "different labels"),
        ({"kind": "binary"}, "softmax, sigmoid, multilabel, or left out; received 'binary'"),
        ({"kind": "sigmoid"}, "kind='sigmoid' does not go with the model: it has 3 outputs"),
        ({"fit": "centre"}, "no fit 'centre'"),
        ({"fit": ["crop"]}, "no fit"),
        ({"kind": ["softmax"]}, "kind must be one of"),
        ({"preprocessing": None}, "no preprocessing None.*Or give a function of a float batch"),
        ({"preprocessing": ["resnet"]}, "no preprocessing"),
        ({"preprocessing": "restnet_v2"}, "Did you mean 'resnet_v2'"),
        ({"preprocessing": lambda batch: batch[:, :4]}, r"\(1, 8, 8, 3\); the preprocessing returned \(1, 4, 8, 3\)"),
        ({"preprocessing": lambda batch: batch / "x"}, "preprocessing fails on a batch of shape"),
        ({"size": 16}, "input is 8 × 8 pixels; size=16 does not fit it"),
        ({"size": 0}, "positive"),
        ({"size": "large"}, "positive"),
        ({"size": (8, 8, 3)}, "positive"),
    ],
)
def test_what_does_not_go_together_is_said(model, given, said):
    arguments = {"classes": networks.PETS, "preprocessing": networks.as_it_is, **given}
    with pytest.raises(ExplainError, match=said):
        Classifier(model, **arguments)


def test_a_bare_model_is_told_what_to_do(model):
    with pytest.raises(ExplainError, match=r"received Functional\. Classifier\(model, classes, preprocessing\) makes"):
        explain.Explainer(model)


@pytest.mark.parametrize(
    ("activation", "outputs", "kind"),
    [("softmax", 3, "multilabel"), ("sigmoid", 3, "softmax"), ("softmax", 2, "sigmoid")],
)
def test_a_kind_against_the_models_activation_is_refused(activation, outputs, kind):
    with pytest.raises(ExplainError, match=f"kind='{kind}' does not go with the model"):
        Classifier(networks.pooled(outputs, activation), networks.PETS[:outputs], networks.as_it_is, kind=kind)


def test_one_unit_is_two_classes():
    with pytest.raises(ExplainError, match="1 output, so there must be 2 classes"):
        Classifier(networks.pooled(1), networks.PETS, networks.as_it_is)
    assert explain.Explainer(Classifier(networks.pooled(1), ("cat", "dog"), networks.as_it_is)).kind == "sigmoid"


def open_sized():
    photo = keras.Input((None, None, 3))
    x = layers.Conv2D(3, 3, name="conv")(photo)
    return keras.Model(photo, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def test_a_model_of_any_size_needs_one():
    with pytest.raises(ExplainError, match="say size=224, or size="):
        Classifier(open_sized(), ("cat", "dog"), networks.as_it_is)
    explainer = networks.explainer(open_sized(), ("cat", "dog"), size=(10, 14))
    assert explainer.layers[0].shape == (8, 12, 3)
    assert explainer.classifier.size == (10, 14)


def test_a_size_too_small_for_the_model_is_said():
    with pytest.raises(ExplainError, match="on an input of 1 × 1 × 3"):
        Classifier(open_sized(), ("cat", "dog"), networks.as_it_is, size=1)


def several_inputs():
    one, other = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    return keras.Model([one, other], layers.Dense(2)(layers.GlobalAveragePooling2D()(layers.Add()([one, other]))))


def of_numbers():
    numbers = keras.Input((8,))
    return keras.Model(numbers, layers.Dense(2)(numbers))


def of_maps():
    photo = keras.Input((8, 8, 3))
    return keras.Model(photo, layers.Conv2D(2, 1)(photo))


def of_two_outputs():
    photo = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1)(photo))
    return keras.Model(photo, [layers.Dense(2)(x), layers.Dense(2)(x)])


def without_a_map():
    photo = keras.Input((8, 8, 3))
    return keras.Model(photo, layers.Dense(2)(layers.Flatten()(photo)))


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (several_inputs, r"must take one batch of photos \(N, height, width, channels\); its input is"),
        (of_numbers, r"must take one batch of photos .*its input is \(None, 8\)"),
        (of_maps, r"must return one batch of scores \(N, outputs\)"),
        (of_two_outputs, r"must return one batch of scores \(N, outputs\)"),
        (without_a_map, "no layer with a map"),
        (lambda: "resnet", "must be a Keras model; received str"),
        (lambda: None, "must be a Keras model; received NoneType"),
    ],
)
def test_a_model_that_is_no_image_classifier_is_said_to_be_none(build, said):
    with pytest.raises(ExplainError, match=said):
        Classifier(build(), ("cat", "dog"), networks.as_it_is)


def test_a_model_of_grey_photos_needs_preprocessing_that_makes_them():
    photo = keras.Input((8, 8, 1))
    grey = keras.Model(photo, layers.Dense(2)(layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(photo))))
    with pytest.raises(ExplainError, match="For other than three channels"):
        Classifier(grey, ("cat", "dog"), networks.as_it_is)
    explainer = networks.explainer(grey, ("cat", "dog"), lambda batch: batch.mean(-1, keepdims=True))
    assert explainer.explain(PHOTO).map.shape == (6, 6)


def test_scores_that_are_not_finite_are_said_to_be():
    model = networks.pooled(seed=3)
    model.get_layer("scores").set_weights([np.full((5, 3), np.nan), np.zeros(3)])
    broken = networks.explainer(model)
    for ask in (broken.predict, broken.explain, broken.explain_layers):
        with pytest.raises(ExplainError, match="not finite"):
            ask(PHOTO)


def test_what_fails_leaves_the_explainer_usable(explainer):
    expected = explainer.explain(PHOTO).map
    for wrong in ({"method": "x"}, {"layer": "x"}, {"target": "x"}, {"method": "activations", "channel": 99}):
        with pytest.raises(ExplainError):
            explainer.explain(PHOTO, **wrong)
    assert np.array_equal(explainer.explain(PHOTO).map, expected)
