from __future__ import annotations

import io
import tarfile

import keras
import numpy as np
import pytest
from unit.models import sets

from models import data, filtering, imagenet, weights
from models.__main__ import main
from models.data import Example
from models.errors import ModelError


def plain(file: str, colour: tuple[int, int, int], shape: tuple[int, int] = (30, 50)) -> Example:
    return Example(file, "", np.full((*shape, 3), colour, np.uint8), {})


def by_colour(red: int, green: int) -> keras.Model:
    """A network of 1000 classes: a photo's red is the probability of one, its green of another, tench gets the rest."""
    kernel, bias = np.zeros((3, 1000), np.float32), np.zeros(1000, np.float32)
    kernel[0, red] = kernel[1, green] = 0.5  # from -1..1 to 0..1
    kernel[:2, 0] -= 0.5
    bias[[red, green]] = 0.5
    inputs = keras.Input((224, 224, 3))
    dense = keras.layers.Dense(1000)
    outputs = dense(keras.layers.GlobalAveragePooling2D()(inputs))
    dense.set_weights([kernel, bias])
    return keras.Model(inputs, outputs)


PHOTOS = [
    plain("none", (0, 0, 255)),
    plain("sports car", (204, 0, 0), (300, 500)),
    plain("both", (102, 51, 0)),
    plain("jeep", (0, 153, 90)),
    plain("wheel", (25, 0, 0)),
]


def test_probabilities_of_the_classes_add_up():
    network = by_colour(imagenet.NAMES.index("sports car"), imagenet.NAMES.index("jeep"))
    sports, jeep = imagenet.indices(["sports car"]), imagenet.indices(["jeep"])
    sums = filtering.accumulated(network, PHOTOS, sports + jeep + sports, batch=2)
    assert sums.dtype == np.float32
    assert sums == pytest.approx([0, 0.8, 0.6, 0.6, 0.1], abs=0.005)
    assert filtering.accumulated(network, PHOTOS, sports) == pytest.approx([0, 0.8, 0.4, 0, 0.1], abs=0.005)
    assert filtering.accumulated(network, [], sports).shape == (0,)


def test_photos_at_the_threshold_are_kept_and_the_rest_is_listed():
    network = by_colour(817, 609)
    kept, rest = filtering.keep(network, PHOTOS, ["car"], threshold=0.5)
    assert [example.file for example in kept] == ["sports car", "both", "jeep"]
    assert [file for file, _ in rest] == ["none", "wheel"]
    assert [share for _, share in rest] == pytest.approx([0, 0.1], abs=0.005)
    kept, rest = filtering.keep(network, PHOTOS, ["car"], threshold=0)
    assert (len(kept), rest) == (5, [])


def test_a_network_without_the_1000_probabilities_is_said():
    inputs = keras.Input((224, 224, 3))
    ten = keras.Model(inputs, keras.layers.Dense(10, "softmax")(keras.layers.GlobalAveragePooling2D()(inputs)))
    logits = keras.applications.MobileNetV2(weights=None, classifier_activation=None)
    for network in (ten, logits):
        with pytest.raises(ModelError, match="needs a network that gives probabilities of the 1000 ImageNet classes"):
            filtering.keep(network, PHOTOS, ["car"])


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_is_a_probability(threshold):
    with pytest.raises(ModelError, match="must be a probability"):
        filtering.keep(None, PHOTOS, ["car"], threshold)


def test_the_classes_are_where_the_networks_have_them():
    """Landmarks of the published list (ILSVRC 2012, in the order of the synsets' numbers)."""
    landmarks = {0: "tench", 1: "goldfish", 151: "Chihuahua", 281: "tabby", 340: "zebra", 386: "African elephant",
                 404: "airliner", 817: "sports car", 859: "toaster", 954: "banana", 980: "volcano",
                 999: "toilet tissue"}  # fmt: skip
    assert {index: imagenet.NAMES[index] for index in landmarks} == landmarks
    assert len(imagenet.NAMES) == len(set(imagenet.NAMES)) == 1000


def test_classes_are_given_by_group_name_or_number():
    assert imagenet.indices(["Sports_Car", "jeep", 0, "999", "sports car"]) == (0, 609, 817, 999)
    cats = [imagenet.NAMES[index] for index in imagenet.indices(["cat"])]
    assert cats == ["tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"]
    dogs = [imagenet.NAMES[index] for index in imagenet.indices(["dog"])]
    assert len(dogs) == 118  # Khosla et al. 2011 took their 120 dogs from ImageNet: these, dingo and dhole ...
    assert (dogs[0], dogs[-1]) == ("Chihuahua", "Mexican hairless")
    cars = {imagenet.NAMES[index] for index in imagenet.indices(["car"])}
    assert cars == {"sports car", "convertible", "limousine", "minivan", "pickup", "cab", "jeep", "beach wagon",
                    "racer", "Model T", "police van", "ambulance", "minibus", "tow truck"}  # fmt: skip


@pytest.mark.parametrize(("wanted", "message"), [(["sprots car"], "like it: sports car"), ([1000], "1000"), ([], "No")])
def test_a_class_that_does_not_exist_is_said(wanted, message):
    with pytest.raises(ModelError, match=message):
        imagenet.indices(wanted)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """Weights of the filter's network that know nothing."""
    file = tmp_path_factory.mktemp("weights") / "mobilenetv2.npz"
    keras.utils.set_random_seed(0)
    weights.write(keras.applications.MobileNetV2(weights=None), file)
    return str(file)


def test_the_list_is_a_set_with_the_splits_that_there_were(untrained, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for split, count in (("train", 3), ("val", 2)):
        for label in ("cat", "dog"):
            folder = tmp_path / "photos" / split / label
            folder.mkdir(parents=True)
            for n in range(count):
                (folder / f"{n}.png").write_bytes(sets.encode(sets.photo(label, rng), ".png"))
    (tmp_path / "photos" / "train" / "cat" / "broken.png").write_bytes(b"no photo")
    (tmp_path / "lists").mkdir()
    kept = tmp_path / "lists" / "kept.csv"
    everything = ["--kind", "cat", "--at-least", "0", "--weights", untrained, "--out", str(kept)]
    assert main(["filter", str(tmp_path / "photos"), *everything]) == 0
    said = capsys.readouterr().out
    assert "10 of 11 photos are in" in said
    assert "broken.png" in said
    for split, count in (("train", 6), ("val", 4)):
        labels = [example.label for example in data.read(kept, split).examples]
        assert sorted(labels) == ["cat"] * (count // 2) + ["dog"] * (count // 2)
    again = tmp_path / "again.csv"  # of a list that lies elsewhere
    assert main(["filter", str(kept), *everything[:-1], str(again)]) == 0
    assert len(data.read(again, "train").examples) == 6


def test_photos_in_an_archive_are_packed_again(untrained, tmp_path, capsys):
    cars = tmp_path / "cars"
    sets.write_set(cars, "train", ["car"] * 3, crop_w=80, crop_h=32)
    sets.write_set(cars, "val", ["car", "van"], crop_w=80, crop_h=32)
    filtered = ["filter", str(cars), "--kind", "car", "--at-least", "0", "--weights", untrained]
    assert main([*filtered, "--out", str(tmp_path / "kept.csv")]) == 1
    assert capsys.readouterr().err.count("lie in an archive, where a table can't name them: pack them") == 1
    kept = tmp_path / "kept.tar"
    assert main([*filtered, "--out", str(kept)]) == 0
    assert "5 of 5 photos are in" in capsys.readouterr().out
    for split, labels in (("train", ["car"] * 3), ("val", ["car", "van"])):
        before, after = (data.read(source, split).examples for source in (cars, kept))
        assert [example.label for example in after] == labels
        for one, other in zip(before, after, strict=True):  # in the shape that they were cut in: no column was lost
            assert np.array_equal(one.pixels, other.pixels)
    assert main(["filter", str(kept), *filtered[2:], "--out", str(kept)]) == 0  # in its own place
    assert len(data.read(kept, "train").examples) == 3


def test_photos_of_one_name_in_two_splits_are_two(untrained, tmp_path):
    folder = tmp_path / "packed"
    folder.mkdir()
    for split, grey in (("train", 10), ("val", 240)):
        photo = sets.encode(np.full((8, 8, 3), grey, np.uint8), ".png")
        with tarfile.open(folder / f"packed-{split}.tar", "w") as tar:
            member = tarfile.TarInfo("1.png")
            member.size = len(photo)
            tar.addfile(member, io.BytesIO(photo))
        (folder / f"packed-{split}.csv").write_text("file,label\n1.png,cat\n")
    kept = tmp_path / "kept.tar"
    filtered = ["--kind", "cat", "--at-least", "0", "--weights", untrained, "--out", str(kept)]
    assert main(["filter", str(folder), *filtered]) == 0
    for split, grey in (("train", 10), ("val", 240)):
        (example,) = data.read(kept, split).examples
        assert example.pixels.mean() == grey


def test_where_photos_are_kept_is_judged_before_they_are(untrained, tmp_path, capsys):
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "photos" / "cat" / "0.png").write_bytes(sets.encode(np.zeros((8, 8, 3), np.uint8), ".png"))
    filtered = ["filter", str(tmp_path / "photos"), "--kind", "cat", "--weights", untrained]
    (tmp_path / "file").touch()
    for name, message in (
        ("kept.txt", "kept.txt must end in .csv, .tar."),
        ("file/kept.csv", "file: File exists."),
    ):
        assert main([*filtered, "--out", str(tmp_path / name)]) == 1
        assert message in capsys.readouterr().err
