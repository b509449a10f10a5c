"""Training: a recipe and photos in, a Keras model out; interrupted at any moment, it goes on where it was.

Everything random in step n is drawn from a generator seeded with (seed, n), and all that the optimiser knows is in the
checkpoint; so a run that was killed and taken up again ends with the weights of one that was not.
Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from models import augment, backbones, heads, teacher, weights
from models.data import Example, Pixels, read_set
from models.errors import ModelError
from models.recipe import Recipe

Floats = npt.NDArray[np.float32]


def build(recipe: Recipe, size: int | None = None) -> Any:
    """The recipe's network with fresh weights, from preprocessed photos to logits."""
    body = backbones.backbone(recipe.backbone, size or recipe.size)
    return keras.Model(body.input, heads.conv_head(body.output, recipe.channels, units(recipe.classes)))


def units(classes: tuple[str, ...]) -> int:
    """Outputs of the network: two classes share one."""
    return 1 if len(classes) == 2 else len(classes)


def train(recipe: Recipe, data: Path, run: Path, limit: int | None = None, checkpoint_every: int = 100) -> Any:
    """Train from the beginning, or from where the last call with the same run folder was stopped.

    Args:
        recipe: what to do.
        data: folder of the sets and weights that the recipe names.
        run: where checkpoints lie.
        limit: use the first so many photos of each set only.
        checkpoint_every: steps from one checkpoint to the next; as many are lost at most.

    Returns:
        The trained network at the recipe's `size`, from preprocessed photos to logits, in float32.

    Raises:
        ModelError: data is missing, or the run folder belongs to another recipe.
    """
    _claim(run, recipe, limit)
    photos, neither = (read_set(data / name, "train", limit) for name in (recipe.photos, recipe.neither))
    soft = _soft_labels(recipe, data, run, photos)

    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(recipe.precision)
    try:
        network = build(recipe, recipe.train_size)
    finally:
        keras.config.set_dtype_policy("float32")
    # What the head stands on: all of the network but the head's own three layers.
    weights.read(keras.Model(network.input, network.get_layer(heads.EVIDENCE).input), data / recipe.weights)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False  # which also keeps them in inference mode: their ImageNet statistics stay

    learner = _with_places(network)
    steps = recipe.epochs * max(1, len(photos) // recipe.batch)
    learner.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(
                0.0, max(1, steps - recipe.warmup), warmup_target=recipe.rate, warmup_steps=recipe.warmup
            ),
            weight_decay=recipe.decay,
            use_ema=True,
            ema_momentum=recipe.average,
            ema_overwrite_frequency=None,
            global_clipnorm=1.0,
        ),
        loss={"score": keras.losses.BinaryCrossentropy(from_logits=True), "places": _quiet(recipe)},
    )
    learner.optimizer.build(learner.trainable_variables)

    checkpoint = run / "checkpoint.npz"
    first = _restore(learner, checkpoint)
    scale = backbones.scaling(backbones.BACKBONES[recipe.backbone].preprocessing)
    side = network.get_layer(heads.EVIDENCE).output.shape[1]
    with tqdm(total=steps, initial=first, desc="training", unit="step", mininterval=1) as progress:
        for step in range(first, steps):
            x, y, counts = _step(recipe, step, photos, neither, soft, side)
            losses = learner.train_on_batch(scale(x), y, counts, return_dict=True)
            if step % 10 == 0:  # Keras gives the mean since it was last reset
                progress.set_postfix(score=f"{losses['score_loss']:.3f}", places=f"{losses['places_loss']:.3f}")
                learner.reset_metrics()
            progress.update()
            if (step + 1) % checkpoint_every == 0 or step + 1 == steps:
                _save(learner, checkpoint, step + 1)
    learner.optimizer.finalize_variable_values(learner.trainable_variables)
    final = build(recipe)
    final.set_weights(network.get_weights())
    return final


def _with_places(network: Any) -> Any:
    """The same network, which also gives the score of each place: the head's dense layer before the averaging."""
    evidence, dense = network.get_layer(heads.EVIDENCE).output, network.get_layer(heads.LOGITS)
    return keras.Model(network.input, {"score": network.output, "places": dense(evidence)})


def _quiet(recipe: Recipe) -> Any:
    """The loss on the places' scores, given where they may speak (1) and where they must be silent (0)."""

    def loss(may_speak: Any, places: Any) -> Any:
        silence = recipe.silence * keras.ops.square(places)
        # The root's slope is endless at 0, where most places are: the small number tames it.
        concentration = recipe.concentration * keras.ops.sqrt(keras.ops.abs(places) + 1e-3)
        return keras.ops.mean((1 - may_speak) * silence + may_speak * concentration, axis=(1, 2, 3))

    return loss


def _step(
    recipe: Recipe, step: int, photos: list[Example], neither: list[Example], soft: Floats, side: int
) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
    """The batch of one step: photos (N, size, size, 3) in 0..255, targets and sample weights of both outputs."""
    rng = np.random.default_rng((recipe.seed, step))
    epoch, within = divmod(step, max(1, len(photos) // recipe.batch))  # what does not fill a batch waits an epoch
    order = np.random.default_rng((recipe.seed, 1 << 40, epoch)).permutation(len(photos))
    chosen = order[within * recipe.batch : (within + 1) * recipe.batch]
    size = recipe.train_size

    def other() -> Pixels:
        pixels = neither[rng.integers(len(neither))].pixels
        return augment.random_resized_crop(pixels, size, size, (0.3, 1.0), rng)

    x: list[Pixels] = []
    may_speak = np.ones((len(chosen) + recipe.batch_neither, side, side, 1), np.float32)
    for row, index in enumerate(chosen):
        view = photos[index].pixels
        if rng.random() < recipe.compose:
            view = augment.random_resized_crop(view, size, size, (0.7, 1.0), rng)
            view, (rows, columns) = augment.place(view, other(), (0.45, 0.9), rng)
            may_speak[row] = 0
            cell = size / side  # a cell that the photo covers in part may speak
            may_speak[
                row,
                int(rows.start / cell) : int(np.ceil(rows.stop / cell)),
                int(columns.start / cell) : int(np.ceil(columns.stop / cell)),
            ] = 1
        else:
            view = augment.random_resized_crop(view, size, size, (0.35, 1.0), rng)
        x.append(augment.jitter(view, 0.25, rng))
    for row in range(len(chosen), len(may_speak)):
        x.append(augment.jitter(other(), 0.25, rng))
        may_speak[row] = 0
    mirrored = [augment.flip(view, rng) for view in x]
    for row, (view, original) in enumerate(zip(mirrored, x, strict=True)):
        if view is not original:
            may_speak[row] = may_speak[row, :, ::-1].copy()

    score = np.zeros((len(x), 1), np.float32)
    score[: len(chosen), 0] = soft[chosen]
    counts = np.zeros(len(x), np.float32)
    counts[: len(chosen)] = 1  # photos of neither class have no right answer
    return (
        np.stack(mirrored).astype(np.float32),
        {"score": score, "places": may_speak},
        {"score": counts, "places": np.ones(len(x), np.float32)},
    )


def _soft_labels(recipe: Recipe, data: Path, run: Path, photos: list[Example]) -> Floats:
    """The target of each photo, float32 in 0..1: its own label mixed with the teacher's."""
    hard = np.array([recipe.classes.index(photo.label) for photo in photos])
    file = run / "teacher.npy"
    if not file.exists():
        network = backbones.backbone("mobilenetv2", recipe.size)
        weights.read(network, data / recipe.teacher)
        scale = backbones.scaling(backbones.BACKBONES["mobilenetv2"].preprocessing)
        labels = teacher.soft_labels(teacher.features(network, photos, recipe.size, scale), hard, seed=recipe.seed)
        wrong = float(np.mean((labels > 0.5) != hard))
        print(f"teacher: {100 * (1 - wrong):.2f} % of its cross-fitted labels are the photos' own")
        _replace(file, lambda stream: np.save(stream, labels.astype(np.float32)))
    soft = np.load(file)
    if len(soft) != len(photos):
        raise ModelError(f"{file} is of another set of photos: delete the folder {run} to start again.")
    return np.asarray((1 - recipe.soft) * hard + recipe.soft * soft, np.float32)


def _claim(run: Path, recipe: Recipe, limit: int | None) -> None:
    """Write down what the run folder is for, or see that it is for this."""
    run.mkdir(parents=True, exist_ok=True)
    mine = json.loads(json.dumps({**dataclasses.asdict(recipe), "limit": limit}))
    file = run / "recipe.json"
    if not file.exists():
        text = json.dumps(mine, indent=2)
        _replace(file, lambda stream: stream.write(text.encode()))
    theirs = json.loads(file.read_text())
    differ = [key for key in mine if mine[key] != theirs.get(key)]
    if differ:
        raise ModelError(
            f"{run} was begun with {differ[0]} = {theirs.get(differ[0])!r}, now it is {mine[differ[0]]!r}: "
            "name another folder with --run, or delete it."
        )


def _save(learner: Any, file: Path, step: int) -> None:
    variables = [*learner.variables, *learner.optimizer.variables]
    arrays = {str(n): keras.ops.convert_to_numpy(variable) for n, variable in enumerate(variables)}
    _replace(file, lambda stream: np.savez(stream, step=np.array(step), **arrays))


def _restore(learner: Any, file: Path) -> int:
    """Load a checkpoint if there is one; the number of steps that it has seen."""
    if not file.exists():
        return 0
    with np.load(file, allow_pickle=False) as archive:
        for n, variable in enumerate([*learner.variables, *learner.optimizer.variables]):
            variable.assign(archive[str(n)])
        return int(archive["step"])


def _replace(file: Path, write: Any) -> None:
    """Write a file whole or not at all: whoever is killed meanwhile leaves the old one."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}.part")
    with fresh.open("wb") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
