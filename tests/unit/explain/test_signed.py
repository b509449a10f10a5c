"""Maps that keep their sign: what speaks for a target and what speaks against it, in one picture."""

from __future__ import annotations

import networks
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import explain
from explain import ExplainError
from explain.drawing import DIVERGING, colormap


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return networks.explainer(networks.pooled())


def against(label: str) -> explain.Target:
    return explain.Target({label: -1.0})


def test_grad_cam_less_that_against_the_class_is_its_map_before_the_relu(explainer):
    """Behind a pooling that is CAM over the number of places, which has no ReLU."""
    photo = networks.noise(8, 8)
    cams = {label: explainer.explain(photo, "cam", target=label).map for label in networks.PETS}
    assert any(cam.min() < 0 < cam.max() for cam in cams.values()), "there is evidence either way"
    for label, cam in cams.items():
        signed = explainer.explain(photo, target=label).less(explainer.explain(photo, target=against(label)))
        assert_allclose(signed.map, cam / cam.size, rtol=1e-4, atol=1e-6)
        assert_allclose(
            signed.heat(signed=True), explainer.explain(photo, "cam", target=label).heat(signed=True), atol=1e-5
        )
        assert signed.record()["less"] == f"against {label}"


def test_only_maps_of_one_photo_and_layer_have_a_difference(explainer):
    one = explainer.explain(networks.noise(8, 8))
    for other in (
        explainer.explain(networks.noise(8, 8), layer="first"),
        explainer.explain(networks.noise(8, 8, seed=1)),
        explainer.explain(networks.noise(8, 8), "layer-cam"),
    ):
        with pytest.raises(ExplainError, match="one photo, method and layer"):
            one.less(other)


def test_a_map_without_values_above_0_is_flat_but_not_with_its_sign(explainer):
    one = explainer.explain(networks.noise(8, 8))
    nothing = one.less(one)
    assert nothing.flat
    assert nothing.is_flat(signed=True)
    below = nothing.less(one)
    assert below.flat
    assert not below.is_flat(signed=True)
    assert below.heat(signed=True).min() == -1


def test_signed_colours_are_transparent_at_0_orange_above_and_blue_below():
    kernel = np.zeros((1, 3, 2, 1))
    kernel[0, :, 0, 0] = 1, 0, -1
    explainer = networks.explainer(
        networks.by_hand(kernel), ("x",), networks.as_it_is, kind="multilabel", fit="stretch"
    )
    photo = networks.channels_photo([[200, 200, 200]])
    found = explainer.explain(photo, "hires-cam", layer="channels")
    assert_allclose(found.heat(signed=True), [[1, 0, -1]])
    (orange, bare, blue), colours = np.asarray(found.overlay(opacity=1, colormap=DIVERGING))[0], colormap(DIVERGING)
    assert_array_equal(bare, photo[0, 1])
    assert_array_equal(orange, colours[255])
    assert_array_equal(blue, colours[1])
    assert orange[0] > 150 > orange[2]
    assert blue[2] > 100 > blue[0]


def test_a_threshold_and_a_cutout_keep_what_is_strong_either_way():
    kernel = np.zeros((1, 3, 2, 1))
    kernel[0, :, 0, 0] = 2, 1, -1
    explainer = networks.explainer(
        networks.by_hand(kernel), ("x",), networks.as_it_is, kind="multilabel", fit="stretch"
    )
    photo = networks.channels_photo([[200, 200, 200]])
    found = explainer.explain(photo, "hires-cam", layer="channels")
    heat = found.heat(signed=True)
    whole = np.asarray(found.overlay(colormap=DIVERGING))
    for threshold in (0.1, 0.6, 1):
        strong = np.abs(heat) >= threshold
        drawn = np.asarray(found.overlay(colormap=DIVERGING, threshold=threshold))
        assert_array_equal(drawn, np.where(strong[..., None], whole, photo))
        assert_array_equal(np.asarray(found.cutout(threshold, signed=True))[..., 3] > 0, strong)
    assert np.asarray(found.cutout(0.1))[..., 3].tolist() == [[255 * (value >= 0.1) for value in heat[0]]]


def test_opposite_colours_are_about_equally_bright_and_grow_darker_outwards():
    brightness = colormap(DIVERGING).astype(float) @ [0.299, 0.587, 0.114]
    for distance in (32, 64, 127):
        assert abs(brightness[128 + distance] - brightness[128 - distance]) < 40
    assert (np.diff(brightness[128:]) <= 0.6).all()
    assert (np.diff(brightness[1:129]) >= -0.6).all()
