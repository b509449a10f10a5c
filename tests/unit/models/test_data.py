from __future__ import annotations

import numpy as np
import pytest
from unit.models import sets

from models import augment, data
from models.errors import ModelError


def test_a_set_is_read_in_the_order_of_its_table(tmp_path):
    sets.write_set(tmp_path / "pets", "train", ["cat", "dog", "cat"])
    examples = data.read_set(tmp_path / "pets", "train")
    assert [example.label for example in examples] == ["cat", "dog", "cat"]
    assert [example.file for example in examples] == ["train/cat/0.png", "train/dog/1.png", "train/cat/2.png"]
    red, blue = examples[0].pixels.reshape(-1, 3).mean(0), examples[1].pixels.reshape(-1, 3).mean(0)
    assert red[0] > 150 > red[2]  # RGB, not BGR
    assert blue[2] > 150 > blue[0]


@pytest.mark.parametrize(
    ("crop", "shape"),
    [((300, 100), (64, 192)), ((100, 300), (240, 80)), ((110, 100), (73, 80)), ((125, 100), (64, 80))],
)
def test_a_squashed_photo_gets_its_shape_back_and_keeps_every_stored_pixel(tmp_path, crop, shape):
    sets.write_set(tmp_path / "cars", "train", ["car"], crop_w=crop[0], crop_h=crop[1])  # stored 80 wide and 64 high
    (example,) = data.read_set(tmp_path / "cars", "train")
    assert example.pixels.shape == (*shape, 3)


@pytest.mark.parametrize("crop", [(0, 100), (300, 0), ("", 100), ("wide", 100), (100, 3000)])
def test_a_shape_that_cannot_be_is_said(tmp_path, crop):
    sets.write_set(tmp_path / "cars", "train", ["car"], crop_w=crop[0], crop_h=crop[1])
    with pytest.raises(ModelError, match=f"can't have been cut '{crop[0]}' wide and '{crop[1]}' high"):
        data.read_set(tmp_path / "cars", "train")


def test_photos_that_cannot_be_read_are_left_out_and_said(tmp_path, capsys):
    sets.write_set(tmp_path / "pets", "train", ["cat", "dog"])
    table = tmp_path / "pets" / "pets-train.csv"
    table.write_text(table.read_text() + "".join(f"train/cat/gone{n}.png,cat,train\n" for n in range(12)))
    assert len(data.read_set(tmp_path / "pets", "train")) == 2
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "pets train: 12 of 14 photos cannot be read and are left out:"
    assert said[1:] == [f"  train/cat/gone{n}.png is not there" for n in range(12)]


def test_a_set_whose_photos_are_all_damaged_is_said(tmp_path):
    sets.write_set(tmp_path / "pets", "train", ["cat", "dog"])
    table = tmp_path / "pets" / "pets-train.csv"
    table.write_text("file,label\na.png,cat\nb.png,dog\n")
    with pytest.raises(ModelError, match=r"None of the 2 photos of .*pets, split 'train', can be read: a\.png is not"):
        data.read_set(tmp_path / "pets", "train")


def test_a_set_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"pets is not there: a set is"):
        data.read_set(tmp_path / "pets", "train")


def test_a_mask_that_is_not_there_is_said(tmp_path):
    sets.write_set(tmp_path / "oxford", "judge", ["cat"], mask="mask.png")
    row = data.read_set(tmp_path / "oxford", "judge")[0].row
    (mask,) = data.read_mask(tmp_path / "oxford", "judge", [row])
    assert (mask.dtype, mask.shape, mask.min(), mask.max()) == (np.uint8, (64, 80), 1, 1)
    with pytest.raises(ModelError, match=r"oxford: the mask gone\.png is not there"):
        data.read_mask(tmp_path / "oxford", "judge", [row | {"mask": "gone.png"}])


def test_rare_classes_weigh_as_much_as_frequent_ones():
    labels = ["a"] * 6 + ["c"] + ["b"] * 3
    weights = data.class_weights(labels, ("a", "b", "c"))
    assert weights.dtype == np.float32
    assert weights == pytest.approx([10 / 18, 10 / 9, 10 / 3])
    assert np.mean([weights["abc".index(label)] for label in labels]) == pytest.approx(1)


def test_class_weights_need_photos_of_every_class():
    with pytest.raises(ModelError, match="no class: d; classes without a photo: b, c"):
        data.class_weights(["a", "d"], ("a", "b", "c"))


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
def test_a_view_has_the_asked_size_whatever_the_photo(fit):
    rng = np.random.default_rng(3)
    for height, width in ((1, 1), (3, 400), (400, 3), (50, 70)):
        pixels = np.zeros((height, width, 3), np.uint8)
        part = augment.random_part(pixels, (0.3, 1), (3 / 4, 4 / 3), "sides", rng)
        view, _ = augment.fitted(part, 32, fit)
        assert view.shape == (32, 32, 3)


def test_a_photo_is_placed_whole_into_another():
    canvas, inner = np.zeros((40, 60, 3), np.uint8), np.full((10, 10, 3), 255, np.uint8)
    for seed in range(20):
        composed, (rows, columns) = augment.place(inner, canvas, (0.3, 0.9), np.random.default_rng(seed))
        assert composed[rows, columns].min() == 255
        assert composed.sum() == composed[rows, columns].sum()
        assert 0.29 * 40 <= rows.stop - rows.start <= 0.91 * 40
        assert 0.29 * 60 <= columns.stop - columns.start <= 0.91 * 60
        assert rows.stop <= 40
        assert columns.stop <= 60
    assert canvas.sum() == 0  # the photo around is not painted over


def test_jitter_leaves_photos_photos():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    assert np.array_equal(augment.jitter(pixels, 0, np.random.default_rng(1)), pixels)
    assert augment.jitter(pixels, 0.9, np.random.default_rng(1)).dtype == np.uint8
