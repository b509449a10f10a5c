from __future__ import annotations

import networks
import numpy as np
import pytest
from numpy.testing import assert_allclose

from models import evaluation
from models.data import Example
from models.errors import ModelError


def example(number: int, label: str = "dog") -> Example:
    return Example(f"{number}.png", label, networks.noise(8 + number % 5, 9 + number % 3, number), {})


@pytest.fixture(scope="module")
def explainer():
    return networks.explainer(networks.pooled(), name="small")


@pytest.mark.parametrize("kind", ["softmax in the dense layer", "one sigmoid unit", "several labels", "not square"])
def test_what_is_judged_is_what_is_predicted(kind):
    explainer = networks.explain.Explainer(networks.kind(kind))
    examples = [example(number) for number in range(evaluation.BATCH + 2)]  # two batches, the last one smaller
    judged = evaluation.judge(explainer, examples)
    single = [explainer.predict(one.pixels) for one in examples]
    assert_allclose(judged.logits, [one.logits for one in single], atol=1e-4)
    assert judged.predicted.tolist() == [one.index for one in single]
    assert (judged.kind, judged.classes) == (explainer.kind, explainer.classifier.classes)


def test_files_and_labels_keep_their_order(explainer):
    judged = evaluation.judge(explainer, [example(3, "bird"), example(1, "cat"), example(2, "dog")])
    assert judged.files == ("3.png", "1.png", "2.png")
    assert judged.labels.tolist() == [2, 0, 1]


def test_accuracy_is_the_share_that_is_right(explainer):
    said = [explainer.classifier.classes[explainer.predict(example(n).pixels).index] for n in range(4)]
    wrong = next(label for label in networks.PETS if label != said[3])
    examples = [example(n, label) for n, label in enumerate([*said[:3], wrong])]
    assert evaluation.accuracy(explainer, examples) == 0.75


@pytest.mark.parametrize(
    ("examples", "what"),
    [
        ([], "small can't be judged: there are no photos. It knows cat, dog, bird."),
        ([example(0, "fish"), example(1)], "small can't be judged: their labels include 'fish'"),
    ],
)
def test_photos_that_it_can_not_be_judged_by(explainer, examples, what):
    with pytest.raises(ModelError, match=what):
        evaluation.judge(explainer, examples)


def test_a_score_that_is_none_names_its_photo():
    def nan_if_black(batch):
        return np.where(batch.max(axis=(1, 2, 3), keepdims=True) == 0, np.nan, batch)

    model = networks.by_hand(np.ones((2, 2, 2, 3)))
    explainer = networks.explainer(model, preprocessing=nan_if_black, name="small")
    black = Example("black.png", "cat", np.zeros((8, 8, 3), np.uint8), {})
    with pytest.raises(ModelError, match=r"The scores of small for black\.png are not finite"):
        evaluation.judge(explainer, [example(0), black, example(1)])
