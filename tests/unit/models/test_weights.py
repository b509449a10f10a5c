from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from models import backbones, weights
from models.errors import ModelError

NAME, SIDE, CUT = "mobilenetv2", 32, "stage3"


def stirred(network, seed: int = 0):
    """The network with weights of which no two are the same."""
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        value = weight.numpy()
        weight.assign(value + rng.normal(0, 0.02 if value.ndim > 1 else 0.1, value.shape))
    return network


def with_head(network, nested: bool):
    """The network as a part of a classifier, as one layer or all of its layers beside the head's."""
    photo = keras.Input(network.input_shape[1:]) if nested else network.input
    features = network(photo) if nested else network.output
    x = keras.layers.Conv2D(4, 1)(features)  # its name is one that Keras counts
    return keras.Model(photo, keras.layers.Dense(10, name="predictions")(keras.layers.GlobalAveragePooling2D()(x)))


def write_old_weights(network, file: Path):
    """Keras' old format, weights alone, as the files of Keras Applications are."""
    model = file.with_name("model.h5")
    network.save(model)
    with h5py.File(model) as source, h5py.File(file, "w") as target:
        for name, value in source["model_weights"].attrs.items():
            target.attrs[name] = value
        for group in source["model_weights"]:
            source.copy(f"model_weights/{group}", target)


def write_renamed(network, file: Path):
    """The same, with names of layers as they once were; there the order tells."""
    write_old_weights(network, file)
    with h5py.File(file, "a") as target:
        old = [one.decode() if isinstance(one, bytes) else one for one in target.attrs["layer_names"]]
        for name in old:
            target.move(name, f"once/{name}")
        target.attrs["layer_names"] = [f"once/{name}".encode() for name in old]


FORMATS = {
    "imagenet.npz": weights.write,
    "notop.h5": write_old_weights,
    "renamed.h5": write_renamed,
    "new.weights.h5": lambda network, file: network.save_weights(file),
    "backbone.keras": lambda network, file: network.save(file),
    "flat.h5": lambda network, file: with_head(network, nested=False).save(file),
    "nested.h5": lambda network, file: with_head(network, nested=True).save(file),
    "flat.keras": lambda network, file: with_head(network, nested=False).save(file),
    "nested.keras": lambda network, file: with_head(network, nested=True).save(file),
    "nested.weights.h5": lambda network, file: with_head(network, nested=True).save_weights(file),
}


@pytest.fixture(scope="module")
def source():
    """A whole network of Keras, which is not the first of the process, and kernels that half precision has."""
    keras.layers.Conv2D(2, 1)
    network = stirred(keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3)))
    for weight in network.weights:
        if len(weight.shape) > 1:
            weight.assign(weight.numpy().astype(np.float16).astype(np.float32))
    return network


def same_as(source, body, name: str) -> None:
    """The body computes what the source does at the layer that the body ends with."""
    ends = backbones.canonical(one.name for one in source.operations)
    end = next(one.output for one in source.operations if ends.get(one.name, one.name) == body.operations[-1].name)
    photos = np.random.default_rng(3).normal(0, 1, (2, *body.input_shape[1:])).astype(np.float32)
    expected = keras.Model(source.input, end).predict(photos, verbose=0)
    assert np.ptp(expected) > 0, name
    np.testing.assert_allclose(body.predict(photos, verbose=0), expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("file", FORMATS)
def test_a_backbone_is_filled_from_a_file(source, tmp_path, file):
    FORMATS[file](source, tmp_path / file)
    body = backbones.backbone(NAME, SIDE, CUT)
    weights.pretrained(body, NAME, file, tmp_path)
    same_as(source, body, file)
    whole = backbones.backbone(NAME, SIDE)
    weights.pretrained(whole, NAME, str(tmp_path / file), Path("elsewhere"))
    same_as(source, whole, file)


@pytest.mark.slow
@pytest.mark.parametrize("file", [file for file in FORMATS if file != "imagenet.npz"])
@pytest.mark.parametrize("name", ["xception", "convnexttiny", "mobilenetv3small", "resnet50v2", "inceptionv3"])
def test_layers_that_keras_counts_are_found(tmp_path, file, name):
    """Their names in the file are those of a process that had made others before."""
    keras.layers.Conv2D(2, 1), keras.layers.BatchNormalization(), keras.layers.LayerNormalization()
    build = getattr(keras.applications, backbones.find(name).build)
    network = stirred(build(weights=None, include_top=False, input_shape=(96, 96, 3)))
    FORMATS[file](network, tmp_path / file)
    body = backbones.backbone(name, 96)
    weights.pretrained(body, name, file, tmp_path)
    same_as(network, body, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50v2", "resnet50"])
def test_a_finer_network_takes_the_same_weights(tmp_path, name):
    network = stirred(backbones.backbone(name, 64))
    weights.write(network, tmp_path / "weights.npz")
    network.save(tmp_path / "whole.keras")
    bodies = [backbones.backbone(name, 64, "conv4", finer=True) for _ in range(2)]
    for body, file in zip(bodies, ("weights.npz", "whole.keras"), strict=True):
        weights.pretrained(body, name, file, tmp_path)
    for weight in bodies[1].weights:
        if len(weight.shape) > 1:
            weight.assign(weight.numpy().astype(np.float16).astype(np.float32))
    photos = np.random.default_rng(3).normal(0, 1, (2, 64, 64, 3)).astype(np.float32)
    np.testing.assert_array_equal(*(body.predict(photos, verbose=0) for body in bodies))


def test_no_source_leaves_the_body_as_it_is(tmp_path):
    body = backbones.backbone(NAME, SIDE, "stage1")
    before = body.get_weights()
    weights.pretrained(body, NAME, "", tmp_path)
    assert all(np.array_equal(*pair) for pair in zip(before, body.get_weights(), strict=True))


RAN = "import pathlib; pathlib.Path(r'{}').touch()"


def test_no_code_in_a_file_runs(source, tmp_path):
    ran = tmp_path / "ran"
    scored = with_head(source, nested=True)
    run = eval(f"lambda x: (x, exec({RAN.format(ran)!r}))[0]")  # noqa: S307 - as somebody else might have written it
    model = keras.Model(scored.input, keras.layers.Lambda(run)(scored.output))
    model.save(tmp_path / "lambda.keras")
    ran.unlink()
    keras.saving.load_model(tmp_path / "lambda.keras", safe_mode=False)(np.zeros((1, SIDE, SIDE, 3), np.float32))
    assert ran.exists(), "the file holds code that runs where it is let"
    ran.unlink()

    body = backbones.backbone(NAME, SIDE, CUT)
    weights.pretrained(body, NAME, "lambda.keras", tmp_path)
    same_as(source, body, NAME)
    assert not ran.exists()


def narrow():
    return keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3), alpha=0.5)


def shallow():
    return backbones.backbone(NAME, SIDE, "stage2")


@pytest.mark.parametrize("file", [file for file in FORMATS if not file.startswith("imagenet")])
@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            narrow,
            r"'Conv1' has the shapes \(3, 3, 3, 16\), the network needs \(3, 3, 3, 32\)\. Give weights of .*\.Mobi",
        ),
        (shallow, r"has no weights for 'block_3_depthwise', shapes \(3, 3, 144, 1\)\. Give weights of .*\.MobileNetV2"),
    ],
    ids=["narrow", "shallow"],
)
def test_a_file_of_another_network_is_refused(tmp_path, file, other, message):
    FORMATS[file](other(), tmp_path / file)
    if (file, other) == ("renamed.h5", shallow):
        message = r"has no weights for 'Conv1'"  # nothing tells which layer is which
    body = backbones.backbone(NAME, SIDE, CUT)
    before = body.get_weights()
    with pytest.raises(ModelError, match=message) as caught:
        weights.pretrained(body, NAME, file, tmp_path)
    assert str(tmp_path / file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert all(np.array_equal(*pair) for pair in zip(before, body.get_weights(), strict=True)), "half filled"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (narrow, r"Conv1/kernel has the shape \(3, 3, 3, 16\), the network needs \(3, 3, 3, 32\)\. Give the file"),
        (shallow, r"has no weights called 'block_3_depthwise/kernel', shape \(3, 3, 144, 1\).*another network"),
    ],
)
def test_an_archive_of_another_network_is_refused(tmp_path, other, message):
    weights.write(other(), tmp_path / "other.npz")
    body = backbones.backbone(NAME, SIDE, CUT)
    before = body.get_weights()
    with pytest.raises(ModelError, match=message):
        weights.read(body, tmp_path / "other.npz")
    assert all(np.array_equal(*pair) for pair in zip(before, body.get_weights(), strict=True)), "half filled"


@pytest.mark.parametrize("suffix", ["npz", "h5", "keras"])
def test_a_damaged_file_is_refused(tmp_path, suffix):
    body = backbones.backbone(NAME, SIDE, "stage1")
    file = tmp_path / f"weights.{suffix}"
    for content in (b"", b"no weights at all"):
        file.write_bytes(content)
        with pytest.raises(ModelError, match=str(file)):
            weights.pretrained(body, NAME, file.name, tmp_path)
    {"npz": weights.write, "h5": write_old_weights, "keras": FORMATS["backbone.keras"]}[suffix](body, file)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=str(file)):
        weights.pretrained(body, NAME, file.name, tmp_path)


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    body = backbones.backbone(NAME, SIDE, "stage1")
    with pytest.raises(ModelError, match=r"gone\.h5 is not there\. Weights are 'imagenet' or a file of MobileNetV2"):
        weights.pretrained(body, NAME, "gone.h5", tmp_path)
    (tmp_path / "weights.txt").touch()
    with pytest.raises(ModelError, match=r"weights are \.npz, \.h5 or \.keras, not \.txt"):
        weights.pretrained(body, NAME, "weights.txt", tmp_path)
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ModelError, match=r"empty\.keras can't be read as \.keras: .*model\.weights\.h5"):
        weights.pretrained(body, NAME, "empty.keras", tmp_path)
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    with pytest.raises(ModelError, match=r"one\.npz is no archive of weights"):
        weights.pretrained(body, NAME, "one.npz", tmp_path)
    FORMATS["new.weights.h5"](body, tmp_path / "old.weights.h5")
    with h5py.File(tmp_path / "old.weights.h5", "a") as file:
        groups: list[h5py.Group] = []
        file.visititems(lambda _, one: groups.append(one))
        for group in groups:
            group.attrs.pop("name", None)
    with pytest.raises(ModelError, match=r"old\.weights\.h5 .*its layers have no names.*save it again"):
        weights.pretrained(body, NAME, "old.weights.h5", tmp_path)


def test_layers_of_one_name_are_not_written_over_each_other(tmp_path):
    first, second = backbones.backbone(NAME, SIDE, "stage1"), backbones.backbone(NAME, SIDE, "stage1")
    photo = keras.Input((SIDE, SIDE, 3))
    second.name = "second"
    twins = keras.Model(photo, keras.layers.Concatenate()([first(photo), second(photo)]))
    with pytest.raises(ModelError, match="Two layers of the network are called 'Conv1'"):
        weights.write(twins, tmp_path / "twins.npz")


IMAGENET = """
import sys
from pathlib import Path

import numpy as np
from models import backbones, weights
from models.errors import ModelError

body = backbones.backbone("mobilenetv2", 32, "stage3")
try:
    weights.pretrained(body, "mobilenetv2", "imagenet", Path("."))
except ModelError as error:
    print("error", error)
if len(sys.argv) > 1:
    source = backbones.backbone("mobilenetv2", 64)
    for number, weight in enumerate(source.weights):
        weight.assign(weight.numpy() + number)
    source.save(sys.argv[1])
    weights.pretrained(body, "mobilenetv2", "imagenet", Path("."))
    filled = [layer for layer in body.layers if layer.weights]
    expected = [source.get_layer(layer.name).get_weights() for layer in filled]
    found = [layer.get_weights() for layer in filled]
    print("same", all(np.array_equal(*pair) for one in zip(expected, found) for pair in zip(*one)))
"""


def test_imagenet_weights_without_a_network_are_where_the_error_says(tmp_path):
    """The error is one line that names the file and the folder; with the file there, Keras' own loader takes it."""
    closed = "http://127.0.0.1:9"
    home = tmp_path / "keras"
    home.mkdir()
    environment = {**os.environ, "KERAS_HOME": str(home), "https_proxy": closed, "http_proxy": closed, "no_proxy": ""}
    environment["PYTHONPATH"] = str(Path(weights.__file__).parents[1])
    wanted = home / "models" / "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    run = subprocess.run(
        [sys.executable, "-c", IMAGENET, wanted], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    (error,) = [line for line in run.stdout.splitlines() if line.startswith("error")]
    assert f"put {wanted.name} from https://" in error
    assert error.endswith(f" into {wanted.parent}, or give a file of your own with --weights.")
    assert "same True" in run.stdout
