"""Training: a recipe and photos in, a Keras model out; interrupted at any moment, it goes on where it was.

Everything random in step n is drawn from a generator seeded with (seed, n), and all that the optimiser knows is in the
checkpoint; so a run that was killed and taken up again ends with the weights of one that was not.
Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from models import architecture, backbones, checkpoint, heads, norms, optimizers, rules, splits, targets, weights
from models.augment import fitted
from models.batches import Batches
from models.data import Example, read_set
from models.errors import ModelError
from models.recipe import Recipe

Floats = npt.NDArray[np.float32]
FEATURE_BYTES = 4_000_000_000
"""The most memory that the head's own epochs take for features; of a larger set they see a part."""


def train(
    recipe: Recipe,
    data: Path,
    run: Path,
    limit: int | None = None,
    checkpoint_every: int = 100,
    distil: Path | None = None,
) -> tuple[Any, Recipe]:
    """Train from the beginning, or from where the last call with the same run folder was stopped.

    Args:
        recipe: what to do.
        data: folder of the sets and weights that the recipe names.
        run: where checkpoints lie, and `history.jsonl`, a line for each epoch.
        limit: use the first so many photos of each set only.
        checkpoint_every: steps from one checkpoint to the next; as many are lost at most.
        distil: folder of the stored model that the recipe's `distil` names.

    Returns:
        The trained network at the recipe's `size`, from preprocessed photos to logits, in float32; and the recipe with
        its classes, if it left them to the photos.

    Raises:
        ModelError: data is missing, the recipe contradicts itself, the run folder belongs to another recipe, or the
            rate is so high that the weights became infinite.
    """
    rules.check(recipe)
    photos = read_set(data / recipe.photos, "train", limit)
    recipe = dataclasses.replace(recipe, classes=targets.classes(recipe, photos))
    watched = read_set(data / recipe.photos, "val", limit)
    for split, some in (("train", photos), ("val", watched)):  # what is wrong is said before anything is learnt
        targets.labels(recipe, some, split)
        print(splits.census(split, [photo.label for photo in some], recipe.classes))
    if distil:
        targets.teacher_card(distil, recipe)
    final = recipe.network.network(recipe.size, architecture.units(recipe.classes))
    checkpoint.claim(run, recipe, limit)
    if not (run / checkpoint.CHECKPOINT).exists():
        print(_leaks(photos, watched), end="")
    neither = read_set(data / recipe.neither, "train", limit) if recipe.neither else []
    wanted = targets.targets(recipe, photos, data, run)
    counts = targets.counts(recipe, photos)
    batches = Batches(recipe, photos, neither, wanted, counts)

    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(recipe.precision)
    try:
        network = _fresh(recipe, data)
    finally:
        keras.config.set_dtype_policy("float32")
    steps = recipe.epochs * batches.per_epoch
    learner = _learner(recipe, network, steps)
    variables = [*learner.variables, *learner.optimizer.variables]
    first = checkpoint.restore(variables, run / checkpoint.CHECKPOINT)
    print(summary(network))
    if not first and recipe.head_epochs:
        _train_head(recipe, network, photos, wanted, counts)
    monitor = _Monitor(recipe, learner, network, final, watched, run)
    if not first % batches.per_epoch and monitor.over(first // batches.per_epoch):
        return monitor.final(), recipe
    scale = backbones.scaling(recipe.network.preprocessing)
    growth = (recipe.epochs - recipe.last_epochs) * batches.per_epoch
    with tqdm(total=steps, initial=first, desc="training", unit="step", mininterval=1) as progress:
        for start, stop, size in ((0, growth, recipe.train_size), (growth, steps, recipe.last_size)):
            if max(first, start) >= stop:
                continue
            said = targets.Distilled(distil, recipe, size) if distil else None
            begin = max(first, start)
            for step, batch in enumerate(batches.range(begin, stop, size, _side(network, size)), begin):
                y, weighed = {"score": said(batch.x, batch.score) if said else batch.score}, {"score": batch.counts}
                if len(learner.output_names) > 1:
                    y["places"], weighed["places"] = batch.may_speak, np.ones(len(batch.x), np.float32)
                losses = learner.train_on_batch(scale(batch.x), y, weighed, return_dict=True)
                if not np.isfinite(list(losses.values())).all():  # from here on, all weights are lost
                    raise ModelError(f"The loss is no number any more at step {step + 1}: take a lower rate.")
                if step % 10 == 0:  # Keras gives the mean since it was last reset
                    progress.set_postfix({key: f"{float(value):.3f}" for key, value in losses.items()})
                    learner.reset_metrics()
                progress.update()
                epoch, within = divmod(step + 1, batches.per_epoch)
                if not within:  # before the checkpoint: a run that is killed meanwhile judges the epoch again
                    monitor.judge(epoch)
                over = not within and monitor.over(epoch)
                if over or (step + 1) % checkpoint_every == 0 or step + 1 == steps:
                    checkpoint.save(variables, run / checkpoint.CHECKPOINT, step + 1)
                if over:
                    return monitor.final(), recipe
    return monitor.final(), recipe


def _leaks(photos: list[Example], watched: list[Example]) -> str:
    """A line that names photos that are judged although they, or nearly the same, are learnt from, if there are any."""
    pairs = splits.across([photo.pixels for photo in photos], [photo.pixels for photo in watched])
    if not pairs:
        return ""
    named = [f"{watched[b].file} (as {photos[a].file})" for a, b in pairs[:3]]
    more = f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
    return (
        f"{len(pairs)} of the {len(watched)} photos of val are the same as one of train or nearly so, which flatters "
        f"the accuracy: {', '.join(named)}{more}.\n"
    )


def summary(network: Any) -> str:
    """What of a network learns: a line for each part of its layers that does or does not, and the sums."""
    runs: list[tuple[bool, str, str, int]] = []
    for layer in network.layers:
        count = sum(int(np.prod(variable.shape)) for variable in layer.weights)
        if not count or isinstance(layer, keras.layers.BatchNormalization):
            continue
        if runs and runs[-1][0] == layer.trainable:
            learns, begin, _, before = runs.pop()
            runs.append((learns, begin, layer.name, before + count))
        else:
            runs.append((layer.trainable, layer.name, layer.name, count))
    lines = [
        f"{'learns' if learns else 'frozen'}  {begin}{'' if begin == end else f' to {end}'}  {count:,} weights"
        for learns, begin, end, count in runs
    ]
    norms = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if norms:
        learning = sum(layer.trainable for layer in norms)
        lines.append(f"batch norms: {learning} of {len(norms)} learn, the others keep their statistics")
    total = sum(int(np.prod(variable.shape)) for variable in network.weights)
    trained = sum(int(np.prod(variable.shape)) for variable in network.trainable_weights)
    return "\n".join([*lines, f"{trained:,} of {total:,} weights learn"])


def _fresh(recipe: Recipe, data: Path) -> Any:
    """The network as it begins: pretrained weights, a fresh head, and what is frozen frozen."""
    body = recipe.network.body(None if recipe.last_epochs else recipe.train_size)
    network = recipe.network.on(body, architecture.units(recipe.classes))
    if recipe.weights:
        weights.pretrained(body, recipe.network.backbone, recipe.weights, data)
    if recipe.batch_norm == "train":
        network = norms.quicken(network)
    else:
        for layer in body.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False  # which also keeps it in inference mode: its ImageNet statistics stay
    backbones.freeze(network, recipe.network.backbone, recipe.freeze)
    return network


def _learner(recipe: Recipe, network: Any, steps: int) -> Any:
    """The compiled model that learns: the network's score and, if the recipe wants it quiet, that of its places."""
    losses = {"score": _score_loss(recipe)}
    if recipe.silence or recipe.concentration:
        learner = heads.with_places(network)
        losses["places"] = _quiet(recipe)
    else:
        learner = keras.Model(network.input, {"score": network.output})
    learner.compile(optimizers.optimizer(recipe, steps), loss=losses)
    learner.optimizer.build(learner.trainable_variables)
    return learner


def _score_loss(recipe: Recipe) -> Any:
    if architecture.units(recipe.classes) == 1:
        return keras.losses.BinaryCrossentropy(from_logits=True)
    return keras.losses.CategoricalCrossentropy(from_logits=True)


def _quiet(recipe: Recipe) -> Any:
    """The loss on the places' scores, given where they may speak (1) and where they must be silent (0)."""

    def loss(may_speak: Any, places: Any) -> Any:
        silence = recipe.silence * keras.ops.square(places)
        # The root's slope is endless at 0, where most places are: the small number tames it.
        concentration = recipe.concentration * keras.ops.sqrt(keras.ops.abs(places) + 1e-3)
        return keras.ops.mean((1 - may_speak) * silence + may_speak * concentration, axis=(1, 2, 3))

    return loss


def _side(network: Any, size: int) -> int:
    """Side of the map that the head reads, in cells, for photos of this size; 1 where places are not told apart."""
    if not size or "pooling" not in (layer.name for layer in network.layers):
        return 1
    features = keras.Model(network.input, network.get_layer("pooling").input)
    return int(features.compute_output_shape((1, size, size, 3))[1])


def _train_head(recipe: Recipe, network: Any, photos: list[Example], wanted: Floats, counts: Floats) -> None:
    """Train a head alone on the features of the photos, computed once, and put its weights into the network."""
    first = network.get_layer(heads.HEADS[recipe.network.head].first)
    body = keras.Model(network.input, first.input)
    scale = backbones.scaling(recipe.network.preprocessing)
    shape = tuple(int(side) for side in body.compute_output_shape((1, recipe.train_size, recipe.train_size, 3))[1:])
    order = np.random.default_rng((recipe.seed, 1 << 41)).permutation(len(photos))
    order = order[: max(1, FEATURE_BYTES // (2 * int(np.prod(shape))))]
    features = np.empty((len(order), *shape), np.float16)
    for start in tqdm(range(0, len(order), recipe.batch), desc="features", unit="batch"):
        views = [
            fitted(photos[n].pixels, recipe.train_size, recipe.fit)[0] for n in order[start : start + recipe.batch]
        ]
        features[start : start + recipe.batch] = body.predict_on_batch(scale(np.stack(views).astype(np.float32)))
    inputs = keras.Input(shape)
    stub = keras.Model(inputs, keras.layers.Identity()(inputs))
    head = recipe.network.on(stub, wanted.shape[1])
    head.compile(keras.optimizers.AdamW(recipe.head_rate, weight_decay=recipe.decay), loss=_score_loss(recipe))
    for epoch in tqdm(range(recipe.head_epochs), desc="head", unit="epoch"):
        shuffled = np.random.default_rng((recipe.seed, 1 << 42, epoch)).permutation(len(order))
        for start in range(0, len(shuffled), recipe.batch):
            chosen = np.sort(shuffled[start : start + recipe.batch])
            some = order[chosen]
            head.train_on_batch(features[chosen].astype(np.float32), wanted[some], counts[some])
    for layer in head.layers:
        if layer.weights:
            network.get_layer(layer.name).set_weights(layer.get_weights())


class _Monitor:
    """Looks at the weights after each epoch, on photos that are not learnt from.

    At the weights as they are, not at their average: while much still changes, the batch norms' statistics do not fit
    the average, and it says nothing.
    """

    def __init__(
        self, recipe: Recipe, learner: Any, network: Any, final: Any, photos: list[Example], run: Path
    ) -> None:
        self._recipe = recipe
        self._learner = learner
        self._network = network
        self._final = final
        self._photos = photos
        self._best = run / checkpoint.BEST
        self._file = run / "history.jsonl"
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        self._accuracy = {row["epoch"]: row["accuracy"] for row in map(json.loads, lines)}

    def judge(self, epoch: int) -> None:
        """Judge the epoch that ended, and keep its weights if it is the best so far."""
        self._accuracy = {n: value for n, value in self._accuracy.items() if n < epoch}
        self._accuracy[epoch] = self._right()
        tqdm.write(f"epoch {epoch}: {100 * self._accuracy[epoch]:.1f} % of {len(self._photos)} photos of val")
        rows = [json.dumps({"epoch": n, "accuracy": value}) for n, value in self._accuracy.items()]
        checkpoint.replace(self._file, lambda stream: stream.write("\n".join(rows).encode()))
        if self._recipe.patience and self._best_until(epoch) == epoch:
            checkpoint.save(self._network.variables, self._best, epoch)

    def over(self, epoch: int) -> bool:
        """Whether an epoch that has been judged was the last one that is worth it."""
        known = self._recipe.patience and epoch in self._accuracy
        return bool(known and epoch - self._best_until(epoch) >= self._recipe.patience)

    def _best_until(self, epoch: int) -> int:
        """Of several that are as good, the first."""
        best: int = max((n for n in self._accuracy if n <= epoch), key=lambda n: (self._accuracy[n], -n))
        return best

    def final(self) -> Any:
        """The network to keep, at the recipe's size: of the best epoch, or with the averaged weights."""
        if self._recipe.patience:
            if epoch := checkpoint.restore(self._network.variables, self._best):
                print(f"The weights of epoch {epoch} are kept.")
        elif self._learner.optimizer.iterations > 0:  # else there is no average yet: the head alone has learnt
            print("The moving average of the weights is kept.")
            self._learner.optimizer.finalize_variable_values(self._learner.trainable_variables)
        self._final.set_weights(self._network.get_weights())
        return self._final

    def _right(self) -> float:
        """Share of the photos, at the size of training, that are right."""
        scale = backbones.scaling(self._recipe.network.preprocessing)
        size, right = self._recipe.train_size, 0
        for start in range(0, len(self._photos), self._recipe.batch):
            some = self._photos[start : start + self._recipe.batch]
            x = np.stack([fitted(photo.pixels, size, self._recipe.fit)[0] for photo in some]).astype(np.float32)
            logits = np.asarray(self._network.predict_on_batch(scale(x)))
            guesses = (logits[:, 0] > 0).astype(int) if logits.shape[1] == 1 else logits.argmax(1)
            right += sum(self._recipe.classes[n] == photo.label for n, photo in zip(guesses, some, strict=True))
        return right / len(self._photos)
