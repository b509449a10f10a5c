"""What a network should say of each photo: its label, softened, and mixed with what other networks say.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from models import architecture, backbones, card, checkpoint, heads, teacher, weights
from models.card import Card
from models.data import Example
from models.errors import ModelError
from models.recipe import Recipe

Floats = npt.NDArray[np.float32]


def targets(recipe: Recipe, photos: list[Example], data: Path, run: Path) -> Floats:
    """The probabilities that a network should give each photo: float32 (photos, units).

    Raises:
        ModelError: a photo has a label that is none of the classes, or the teacher's labels are of other photos.
    """
    if not recipe.teacher:
        return labels(recipe, photos)
    if architecture.units(recipe.classes) > 1:
        raise ModelError("Cross-fitted soft labels are for two classes; for more, distil a stored model.")
    second = np.array([recipe.classes.index(photo.label) for photo in photos])
    soft = _cross_fitted(recipe, data, run, photos, second)[:, None]
    return np.asarray((1 - recipe.soft) * labels(recipe, photos) + recipe.soft * soft, np.float32)


def classes(recipe: Recipe, photos: list[Example]) -> tuple[str, ...]:
    """The recipe's classes; the labels of the photos learnt from, if it leaves them to these.

    Raises:
        ModelError: there is only one.
    """
    found = recipe.classes or tuple(sorted({photo.label for photo in photos}))
    if len(found) < 2:
        raise ModelError(
            f"All {len(photos)} photos of train are of one class, {found[0]!r}: a model tells at least two apart."
        )
    return found


def labels(recipe: Recipe, photos: list[Example], split: str = "train") -> Floats:
    """The photos' own labels, smoothed, as probabilities: float32 (photos, units).

    Args:
        recipe: has the classes.
        photos: of one split.
        split: which, for the error.

    Raises:
        ModelError: a photo has a label that is none of the classes.
    """
    index = {label: n for n, label in enumerate(recipe.classes)}
    unknown = sorted({photo.label for photo in photos} - set(index))
    if unknown:
        count = sum(photo.label == unknown[0] for photo in photos)
        raise ModelError(
            f"{count} of the photos of {split} have the label {unknown[0]!r}, which is none of the classes learnt: "
            f"{', '.join(index)}."
        )
    hot = np.eye(len(index), dtype=np.float32)[[index[photo.label] for photo in photos]]
    hot = (1 - recipe.smoothing) * hot + recipe.smoothing / len(index)
    return np.asarray(hot[:, 1:] if architecture.units(recipe.classes) == 1 else hot, np.float32)


def counts(recipe: Recipe, photos: list[Example]) -> Floats:
    """How much each photo counts: float32 (photos,), 1 on average."""
    if not recipe.balance:
        return np.ones(len(photos), np.float32)
    from models.data import class_weights

    by_class = class_weights([photo.label for photo in photos], recipe.classes)
    return np.array([by_class[recipe.classes.index(photo.label)] for photo in photos], np.float32)


def teacher_card(folder: Path, recipe: Recipe) -> Card:
    """The card of the stored model in a folder, if it can teach by this recipe.

    Raises:
        ModelError: there is no such model, it has other classes, or photos meet it in another way.
    """
    described = card.read(folder)
    if described.classes != recipe.classes:
        theirs, ours = (
            ", ".join(some[:5]) + (" ..." if len(some) > 5 else "") for some in (described.classes, recipe.classes)
        )
        raise ModelError(
            f"{folder.name} can't teach this model: it tells other classes apart, or in another order, {theirs}; "
            f"here they are {ours}."
        )
    if described.fit != recipe.fit:
        raise ModelError(
            f"{folder.name} can't teach this model: it knows photos by {described.fit!r}, not by {recipe.fit!r}."
        )
    return described


class Distilled:
    """Mixes in what a stored model says of the very views that are learnt from.

    Args:
        folder: of the stored model.
        recipe: whose classes it has to tell apart, in the same order, and whose `distil_share` it has.
        size: side of the views.

    Raises:
        ModelError: as `teacher_card`.
    """

    def __init__(self, folder: Path, recipe: Recipe, size: int) -> None:
        described = teacher_card(folder, recipe)
        self._size = size if heads.HEADS[described.network.head].local else described.size
        self._network = described.network.network(self._size, architecture.units(recipe.classes))
        weights.read(self._network, folder / card.WEIGHTS)
        self._scale = backbones.scaling(described.preprocessing)
        self._share = recipe.distil_share

    def __call__(self, x: Floats, score: Floats) -> Floats:
        """The targets of a batch of views in 0..255, each a mixture of its own and the model's: (N, units)."""
        views = x.copy() if x.shape[1] == self._size else _resized(x, self._size)
        logits = np.asarray(self._network.predict_on_batch(self._scale(views)), np.float32)
        activation = keras.ops.sigmoid if logits.shape[1] == 1 else keras.ops.softmax
        said = keras.ops.convert_to_numpy(activation(logits))
        return np.asarray((1 - self._share) * score + self._share * said, np.float32)


def _resized(x: Floats, size: int) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.image.resize(x, (size, size), antialias=True)), np.float32)


def _cross_fitted(
    recipe: Recipe, data: Path, run: Path, photos: list[Example], labels: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """The probability of the second class for each photo, by classifiers that have not seen its label."""
    file = run / checkpoint.LABELS
    if not file.exists():
        network = backbones.backbone("mobilenetv2", recipe.size)
        weights.read(network, data / recipe.teacher)
        scale = backbones.scaling(backbones.find("mobilenetv2").preprocessing)
        soft = teacher.soft_labels(teacher.features(network, photos, recipe.size, scale), labels, seed=recipe.seed)
        wrong = float(np.mean((soft > 0.5) != labels))
        print(f"teacher: {100 * (1 - wrong):.2f} % of its cross-fitted labels are the photos' own")
        checkpoint.replace(file, lambda stream: np.save(stream, soft.astype(np.float32)))
    soft = np.load(file)
    if len(soft) != len(photos):
        raise ModelError(f"{file} is of another set of photos: delete the folder {run} to start again.")
    return np.asarray(soft)
