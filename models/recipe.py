"""How each shipped model is trained: everything that decides the outcome, in one place and as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """One training run.

    Attributes:
        title: what people call the model.
        description: what it does, and what it is bad at, for its card.
        classes: the labels, in the order of the model's scores; two classes share one unit.
        photos: the set learnt from, with the splits `train` and `val`.
        neither: a set of photos that show none of the classes; the model's map shall be silent on them.
        judge: a set with masks and head boxes, never trained on.
        data: the photos in words, for the card.
        licence: what they allow.
        backbone: a key of `backbones.BACKBONES`.
        weights: the backbone's ImageNet weights, below the data folder.
        teacher: weights of the network whose features give the soft labels, below the data folder.
        channels: width of the head's convolution.
        size: side of the input in pixels when the model is used.
        train_size: the same while it learns. Random crops make objects look larger than whole photos do, so a model
            that was trained small is best judged large (Touvron et al. 2019, arXiv 1906.06423).
        fit: how a photo meets the square input, see `explain.Classifier`.
        epochs: passes over the photos.
        batch: photos of the classes in a step.
        batch_neither: further photos of neither class in a step.
        rate: AdamW's highest learning rate, reached after `warmup` steps and then lowered along a cosine.
        warmup: steps.
        decay: AdamW's weight decay.
        average: momentum of the moving average of the weights, which is what is kept in the end.
        soft: share of the teacher's label in the target; the rest is the photo's own label.
        compose: share of the photos that are set into a photo of neither class.
        silence: weight of the mean squared evidence where no animal is.
        concentration: weight of the mean root of the absolute evidence where the animal may be: few strong places
            are cheaper than many weak ones.
        precision: Keras' dtype policy while training.
        seed: of the fresh weights and of every random choice.
    """

    title: str
    description: str
    classes: tuple[str, ...]
    photos: str
    neither: str
    judge: str
    data: str
    licence: str
    backbone: str
    weights: str
    teacher: str
    channels: int = 256
    size: int = 224
    train_size: int = 192
    fit: str = "stretch"
    epochs: int = 11
    batch: int = 28
    batch_neither: int = 4
    rate: float = 1e-4
    warmup: int = 200
    decay: float = 0.02
    average: float = 0.998
    soft: float = 0.5
    compose: float = 0.4
    silence: float = 0.1
    concentration: float = 0.025
    precision: str = "mixed_bfloat16"
    seed: int = 11


RECIPES = {
    "pets": Recipe(
        title="Cats and dogs",
        description="Tells cats from dogs. It knows nothing else: a photo of neither, or of both, gets one of the two "
        "answers as well.",
        classes=("cat", "dog"),
        photos="pets",
        neither="cars",
        judge="oxford",
        data="6,000 shelter photos of cats and dogs (Asirra, Kaggle Dogs vs. Cats 2013); 8,104 photos of cars as "
        "neither (Stanford Cars, Krause et al. 2013). Judged on 1,500 further shelter photos and on 273 photos of "
        "Oxford-IIIT Pet (Parkhi et al. 2012), which have masks and head boxes; the model learnt from neither.",
        licence="Both sets of photos are for research use only, and so is this model. The ImageNet weights that it "
        "starts from are under the Apache License 2.0.",
        backbone="resnet50v2-conv4",
        weights="weights/resnet50v2-imagenet-conv1-4.npz",
        teacher="weights/mobilenetv2-imagenet.npz",
    ),
}
