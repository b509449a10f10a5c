"""What an Explanation offers beyond its map: heat on the photo, pictures, a record."""

from __future__ import annotations

import json

import networks
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import explain
from explain import ExplainError


def by_hand(**how) -> explain.Explainer:
    """A network that sees 1 × 2 pixels; its map for "red" is their red."""
    kernel = np.zeros((1, 2, 2, 2))
    kernel[:, :, 0, 0], kernel[:, :, 0, 1] = 1, -1
    return networks.explainer(networks.by_hand(kernel), ("red", "blue"), networks.as_it_is, **how)


def right(rows: int, columns: int) -> np.ndarray:
    """Black at the left, red at the right."""
    photo = np.zeros((rows, columns, 3), np.uint8)
    photo[:, columns // 2 :, 0] = 255
    return photo


def test_the_heat_is_the_map_enlarged_once_over_its_maximum():
    heat = by_hand(fit="stretch").explain(right(1, 6), target="red").heat()
    assert_allclose(heat, [[0, 0, 2 / 6, 4 / 6, 1, 1]], atol=1e-6)


def test_what_a_crop_leaves_out_has_no_heat_and_is_dimmed():
    found = by_hand().explain(np.concatenate([right(2, 4), np.full((6, 4, 3), 200, np.uint8)]), target="red")
    assert found.view == (0, 3, 4, 5)  # 2 of 8 rows, in the middle
    heat = found.heat()
    assert heat.shape == (8, 4)
    assert heat[:3].max() == heat[5:].max() == 0
    assert heat[3:5].max() == 1
    seen = np.asarray(found.overlay(opacity=0))
    assert seen[3:5].tolist() == [[[200] * 3] * 4] * 2
    assert seen[7, 0].tolist() == [70] * 3  # 35 %


def test_a_letterbox_leaves_nothing_out():
    found = by_hand(fit="letterbox").explain(right(8, 2), target="red")
    assert found.view == (0, 0, 2, 8)
    assert found.heat().shape == (8, 2)


def test_signed_heat_keeps_the_sign_of_the_map():
    explainer = networks.explainer(
        networks.by_hand(np.ones((1, 2, 2, 1))), ("x",), lambda batch: batch - 100, kind="multilabel", fit="stretch"
    )
    photo = np.zeros((1, 2, 3), np.uint8)
    photo[0, 1] = 150
    found = explainer.explain(photo, method="activations", channel=0)
    assert_array_equal(found.map, [[-100, 50]])
    assert_allclose(found.heat(signed=True), [[-1, 0.5]])
    assert_allclose(found.heat(), [[0, 1]])
    negative = explainer.explain(np.zeros((1, 2, 3), np.uint8), method="activations", channel=0)
    assert negative.flat
    assert_array_equal(negative.heat(), [[0, 0]])
    assert_array_equal(negative.heat(signed=True), [[-1, -1]])


def test_an_overlay_mixes_photo_and_colours():
    found, photo = by_hand(fit="stretch").explain(right(1, 2), target="red"), right(1, 2)
    assert_array_equal(np.asarray(found.overlay(opacity=0)), photo)
    assert np.asarray(found.overlay(opacity=1, colormap="grey")).tolist() == [[[0] * 3, [255] * 3]]
    assert np.asarray(found.overlay(opacity=0.2, colormap="grey")).tolist() == [[[0] * 3, [255, 51, 51]]]


def test_an_overlay_leaves_out_what_is_below_a_threshold():
    found, photo = by_hand(fit="stretch").explain(right(1, 6), target="red"), right(1, 6)
    whole = np.asarray(found.overlay(opacity=0.5, colormap="jet"))
    levels = np.rint(found.heat() * 255)
    for threshold in (0.2, 0.5, 1):
        drawn = np.asarray(found.overlay(opacity=0.5, colormap="jet", threshold=threshold))
        assert_array_equal(drawn, np.where((levels >= 255 * threshold)[..., None], whole, photo))
        assert 0 < (drawn != whole).any(-1).sum() < 6


def test_pictures_have_the_photos_size():
    found = by_hand().explain(networks.noise(31, 47))
    assert found.overlay().size == (47, 31)
    assert found.overlay().mode == "RGB"
    assert found.cutout().size == (47, 31)


def test_a_cutout_shows_the_hottest_pixels_only():
    found, photo = by_hand(fit="stretch").explain(right(1, 6), target="red"), right(1, 6)
    cutout = np.asarray(found.cutout(threshold=0.5))
    assert cutout[..., 3].tolist() == [[0, 0, 0, 255, 255, 255]]
    assert_array_equal(cutout[..., :3], photo)
    assert np.asarray(found.cutout(threshold=1))[..., 3].tolist() == [[0, 0, 0, 0, 255, 255]]
    assert np.asarray(found.cutout(threshold=0))[..., 3].tolist() == [[0, 0, 255, 255, 255, 255]]


def test_nothing_is_cut_out_of_a_flat_map():
    found = by_hand(fit="stretch").explain(right(1, 6), target="blue")
    assert found.flat
    assert np.asarray(found.cutout(threshold=0))[..., 3].max() == 0


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_opacity_and_threshold_are_between_0_and_1(value):
    found = by_hand().explain(right(1, 2))
    with pytest.raises(ExplainError, match="between 0 and 1"):
        found.overlay(opacity=value)
    with pytest.raises(ExplainError, match="between 0 and 1"):
        found.overlay(threshold=value)
    with pytest.raises(ExplainError, match="between 0 and 1"):
        found.cutout(threshold=value)


def test_an_unknown_colour_map_names_the_closest():
    with pytest.raises(ExplainError, match="Did you mean 'viridis'"):
        by_hand().explain(right(1, 2)).overlay(colormap="virdis")


@pytest.mark.parametrize("name", explain.drawing.COLORMAPS)
def test_colour_maps_have_256_colours(name):
    table = explain.drawing.colormap(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert len(np.unique(table, axis=0)) > 200


def test_colour_maps_are_rgb():
    assert explain.drawing.colormap("viridis")[0].tolist() == pytest.approx([68, 1, 84], abs=2)
    assert explain.drawing.colormap("viridis")[255].tolist() == pytest.approx([253, 231, 37], abs=2)
    assert explain.drawing.colormap("jet")[0].tolist()[::2] == pytest.approx([0, 128], abs=4)


def test_a_contact_sheet_holds_every_picture():
    pictures = [Image.new("RGB", (400, 300), (10 * n, 0, 0)) for n in range(1, 8)]
    sheet = np.asarray(explain.drawing.contact_sheet(pictures, [f"layer {n}" for n in range(7)], side=100))
    assert sheet.shape[1] > 6 * 100
    for n in range(1, 8):
        assert (sheet == (10 * n, 0, 0)).all(-1).sum() == 100 * 75


def test_a_record_is_json_and_says_everything():
    explainer = networks.explainer(networks.pooled(activation="softmax"), name="small")
    photo = networks.noise(10, 12)
    found = explainer.explain(photo, target=("cat", "dog"))
    record = json.loads(json.dumps(found.record()))
    assert sum(record["classes"].values()) == pytest.approx(1)
    assert record["predicted"] == max(record["classes"], key=record["classes"].get)
    assert record["scores"] == pytest.approx(
        dict(zip(networks.PETS, found.prediction.logits.tolist(), strict=True)), rel=1e-6
    )
    assert record["target"] == "cat against dog"
    assert record["weights"] == {"cat": 1, "dog": -1}
    assert record["space"] == "logit"
    assert (record["method"], record["layer"], record["shape"]) == ("grad-cam", "last", [4, 4])
    assert (record["flat"], record["view"]) == (found.flat, [1, 0, 11, 10])
    assert (record["photo"]["width"], record["photo"]["height"]) == (12, 10)
    assert record["photo"]["sha256"] == explain.open_photo(photo).digest
    assert (record["model"], record["parameters"]) == ("small", {"augment": "none"})
    assert record["milliseconds"] > 0
    assert set(record["versions"]) == {"python", "keras", "tensorflow"}


def test_the_record_of_a_method_without_a_target_names_none():
    record = networks.explainer(networks.pooled()).explain(networks.noise(8, 8), "activations", channel=1).record()
    assert record["target"] is record["weights"] is record["space"] is None
    assert record["parameters"] == {"channel": 1, "augment": "none"}


def test_the_most_probable_classes_come_first():
    explainer = networks.explainer(networks.pooled())
    prediction = explainer.predict(networks.noise(8, 8))
    assert [label for label, _ in prediction.top(2)] == ["bird", "dog"]
    assert prediction.index == 2
    assert prediction.top(99) == prediction.top(3)
    assert prediction.top(1)[0][1] == pytest.approx(float(prediction.probabilities[2]))


@pytest.mark.parametrize("fit", ["crop", "stretch", "letterbox"])
@pytest.mark.parametrize("size", [(1, 1), (3, 4000), (3000, 2)])
def test_photos_of_odd_sizes_are_explained(fit, size):
    explainer = networks.explainer(networks.pooled(), fit=fit)
    for found in explainer.explain_layers(networks.noise(*size), target=("cat", "dog")).values():
        heat = found.heat()
        assert heat.shape == size
        assert np.isfinite(heat).all()
        assert heat.max() in (0, 1)  # the one place that a single pixel shows may have no evidence
        assert found.overlay().size == size[::-1]
