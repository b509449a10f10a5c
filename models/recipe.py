"""How each shipped model is trained, and what a new one is trained by: everything that decides the outcome, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.architecture import Architecture


@dataclass(frozen=True)
class Recipe:
    """One training run. The defaults are those for a set of photos of one's own.

    Photos meet the network in random views: a part of the photo, mirrored or not, in other light; with `compose`, the
    photo as a part of another one. Nothing of this happens to a photo that is judged.

    Attributes:
        network: what is trained.
        title: what people call the model.
        description: what it does, and what it is bad at, for its card.
        classes: the labels, in the order of the model's scores; all of the photos' if empty. Two share one unit.
        photos: the set learnt from, below the data folder, with the splits `train` and `val`; see `models.data`.
        neither: a set of photos that show none of the classes, or nothing.
        judge: a set with masks and head boxes that shows where the heat lies, never trained on, or nothing.
        origin: the photos in words, for the card.
        licence: what they allow.
        weights: "imagenet" (Keras' own), nothing (from random weights), or a file, below the data folder.
        freeze: parts of the backbone that stay as they are: "all", its stages, or patterns of names of layers.
        batch_norm: "inference" (the backbone's keep the statistics that they come with) or "train".
        head_epochs: passes over the backbone's features by the head alone, before the rest learns.
        size: side of the input in pixels when the model is used.
        fit: how a photo, and a view of one while the network learns, meets the square input: "stretch", or "letterbox",
            whole between grey bars. A centred crop would cut off what fills a wide photo.
        train_size: the side while it learns. Random views make objects look larger than whole photos do, so a model
            that was trained small is best judged large (Touvron et al. 2019, arXiv 1906.06423).
        last_size: the side in the last epochs.
        last_epochs: how many of the epochs these are.
        epochs: passes over the photos.
        patience: stop after so many epochs in which the accuracy on `val` has not risen; 0 never stops.
        batch: photos of the classes in a step.
        batch_neither: further photos of neither class in a step.
        optimizer: "adamw" (Loshchilov, Hutter 2019, arXiv 1711.05101) or "sgd", with Nesterov's momentum 0.9.
        rate: the highest learning rate, reached after `warmup` steps and then lowered along a cosine.
        head_rate: AdamW's rate in the head's epochs.
        warmup: steps, but no more than a quarter of all.
        decay: the optimiser's weight decay.
        average: momentum of the moving average of the weights, which is what is kept in the end; with `patience`, the
            weights of the best epoch are. Choose it so that a run is many times 1 / (1 - average) steps long.
        balance: whether rare classes count as much as frequent ones.
        smoothing: share of the target that all classes get alike (Szegedy et al. 2016, arXiv 1512.00567).
        teacher: a network's weights, below the data folder, whose features give cross-fitted soft labels, or nothing.
        soft: share of that teacher's label in the target.
        distil: name or folder of a stored model of the same classes that sees every view as well, or nothing
            (Hinton, Vinyals, Dean 2015, arXiv 1503.02531).
        distil_share: share of its probabilities in the target.
        view: least and greatest share of the photo's area in a view.
        view_ratio: least and greatest ratio of a view's sides: of its pixels, or of its shares of the photo's sides.
        view_of: "pixels" or "sides": which of the two. A model whose photos are stretched should know "sides".
        compose: share of the photos that are set into a photo of neither class, or of the set if there is none.
        compose_size: least and greatest size in it, as a share of the largest that fits.
        crowd: share of these whose surroundings are another photo of the set: the larger thing in front counts.
        compose_shape: "free" (both sides are drawn) or "true" (the photo keeps its shape).
        light: strength of the random changes of brightness, contrast and saturation.
        rand_augment: magnitude of RandAugment (Cubuk et al. 2020, arXiv 1909.13719), from 0, none, to 1.
        erasing: largest share of a view's area that is erased at random (Zhong et al. 2020, arXiv 1708.04896).
        mixup: MixUp's alpha (Zhang et al. 2018, arXiv 1710.09412); 0 is none.
        cutmix: CutMix's alpha (Yun et al. 2019, arXiv 1905.04899); 0 is none.
        silence: weight of the mean squared score of places where nothing of the classes is.
        concentration: weight of the mean root of the absolute score where it may be: few strong places are cheaper than
            many weak ones.
        precision: Keras' dtype policy while training, "float32" or "mixed_bfloat16".
        seed: of the fresh weights and of every random choice.
    """

    network: Architecture
    title: str = ""
    description: str = ""
    classes: tuple[str, ...] = ()
    photos: str = ""
    neither: str = ""
    judge: str = ""
    origin: str = ""
    licence: str = ""
    weights: str = "imagenet"
    freeze: tuple[str, ...] = ()
    batch_norm: str = "inference"
    head_epochs: int = 5
    size: int = 224
    fit: str = "stretch"
    train_size: int = 192
    last_size: int = 0
    last_epochs: int = 0
    epochs: int = 10
    patience: int = 0
    batch: int = 32
    batch_neither: int = 0
    optimizer: str = "adamw"
    rate: float = 3e-5
    head_rate: float = 1e-3
    warmup: int = 200
    decay: float = 0.02
    average: float = 0.98
    balance: bool = False
    smoothing: float = 0.1
    teacher: str = ""
    soft: float = 0.0
    distil: str = ""
    distil_share: float = 0.0
    view: tuple[float, float] = (0.35, 1.0)
    view_ratio: tuple[float, float] = (3 / 4, 4 / 3)
    view_of: str = "sides"
    compose: float = 0.0
    compose_size: tuple[float, float] = (0.5, 1.0)
    crowd: float = 0.0
    compose_shape: str = "true"
    light: float = 0.25
    rand_augment: float = 0.0
    erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    silence: float = 0.0
    concentration: float = 0.0
    precision: str = "float32"
    seed: int = 11


def stored(values: dict[str, Any]) -> Recipe:
    """The recipe that a card keeps as JSON."""
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Recipe(**settings | {"network": Architecture(**values["network"])})


_PETS = (
    "6,000 shelter photos of cats and dogs (Asirra, Kaggle Dogs vs. Cats 2013); 8,104 photos of cars as "
    "neither (Stanford Cars, Krause et al. 2013). Judged on 1,500 further shelter photos and on 273 photos of "
    "Oxford-IIIT Pet (Parkhi et al. 2012), which have masks and head boxes; the model learnt from neither."
)
_CARS = (
    "8,104 photos of 196 models of cars, cut close to the car (Stanford Cars, Krause et al. 2013, its official "
    "training part); 6,000 shelter photos of cats and dogs (Asirra, Kaggle Dogs vs. Cats 2013) as surroundings. "
    "Judged on 1,568 photos of the official test part, 8 of each model, and on the same set into 1,500 further "
    "shelter photos; the model learnt from none of these."
)
_RESEARCH = (
    "Both sets of photos are for research use only, and so is this model. The ImageNet weights that it starts from are "
    "under the Apache License 2.0."
)
_CARS_ARE = (
    "Names the make, model and year of a car, of 196 that were sold in the United States up to 2012. It knows no "
    "others: a newer car, another make, a car from inside and a photo without a car get one of its answers as well. "
    "It is weak where models differ in their year or trim only (Audi, BMW, Chevrolet Silverado, Dodge Caliber), "
    "where the car fills less than half of the photo, and where several cars are equally large."
)

RESNET = Architecture("resnet50v2", cut="conv4", finer=True, channels=256)

RECIPES = {
    "pets": Recipe(
        network=RESNET,
        title="Cats and dogs",
        description="Tells cats from dogs. It knows nothing else: a photo of neither, or of both, gets one of the two "
        "answers as well. It is weak where the animal is small in the photo, black, upside down, in somebody's arms or "
        "behind bars.",
        classes=("cat", "dog"),
        photos="pets",
        neither="cars",
        judge="oxford",
        origin=_PETS,
        licence=_RESEARCH,
        weights="weights/resnet50v2-imagenet-conv1-4.npz",
        head_epochs=0,
        epochs=11,
        average=0.998,
        batch=28,
        batch_neither=4,
        rate=1e-4,
        smoothing=0.0,
        teacher="weights/mobilenetv2-imagenet.npz",
        soft=0.5,
        view_ratio=(2 / 3, 3 / 2),
        view_of="pixels",
        compose=0.4,
        compose_size=(0.45, 0.9),
        compose_shape="free",
        silence=0.1,
        concentration=0.025,
        precision="mixed_bfloat16",
    ),
    "pets-mobilenet": Recipe(
        network=Architecture("mobilenetv2"),
        title="Cats and dogs, small",
        description="Tells cats from dogs, on small machines. It knows nothing else: a photo of neither, or of both, "
        "gets one of the two answers as well. It is weak where the animal is small in the photo, in somebody's arms or "
        "behind bars. Its maps are coarse: no more of their heat lies inside the animal than of a blob in the middle.",
        classes=("cat", "dog"),
        photos="pets",
        neither="cars",
        judge="oxford",
        origin=_PETS,
        licence=_RESEARCH,
        weights="weights/mobilenetv2-imagenet.npz",
        freeze=("stage1", "stage2"),
        head_epochs=5,
        train_size=160,
        epochs=4,
        average=0.998,
        batch=28,
        batch_neither=4,
        smoothing=0.05,
        compose=0.4,
        compose_size=(0.45, 0.9),
        silence=0.1,
        concentration=0.025,
    ),
    "cars": Recipe(
        network=Architecture("resnet50v2", cut="conv4", finer=True, head="conv-norm", channels=1024, dropout=0.2),
        title="Car models",
        description=_CARS_ARE,
        photos="cars",
        neither="pets",
        origin=_CARS,
        licence=_RESEARCH,
        weights="weights/resnet50v2-imagenet-conv1-4.npz",
        freeze=("conv1", "conv2"),
        batch_norm="train",
        head_epochs=0,
        train_size=160,
        epochs=20,
        average=0.998,
        optimizer="sgd",
        rate=0.02,
        decay=5e-4,
        distil="cars-mobilenet",
        distil_share=0.5,
        compose=0.04,
        compose_size=(0.6, 1.0),
        crowd=0.3,
        silence=0.01,
        precision="mixed_bfloat16",
    ),
    "cars-mobilenet": Recipe(
        network=Architecture("mobilenetv2", head="pool", dropout=0.2),
        title="Car models, small",
        description=f"For small machines, and the teacher of the larger one. {_CARS_ARE}",
        photos="cars",
        neither="pets",
        origin=_CARS,
        licence=_RESEARCH,
        weights="weights/mobilenetv2-imagenet.npz",
        freeze=("stage1", "stage2"),
        batch_norm="train",
        head_epochs=8,
        train_size=160,
        epochs=10,
        average=0.998,
        optimizer="sgd",
        rate=0.015,
        decay=1e-4,
        compose=0.04,
        compose_size=(0.6, 1.0),
        crowd=0.2,
        silence=0.01,
    ),
}
