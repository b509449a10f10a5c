"""The command line of the models: `whylight models list`, `describe`, `verify`, `train`, `preview`, `evaluate` ..."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import settings
from models import options
from models.architecture import Architecture
from models.card import Card
from models.errors import ModelError
from models.recipe import RECIPES, Recipe, stored


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: its arguments; those of the process if left out.

    Returns:
        0 when all went well, 1 when something did not (said on stderr), 2 when the command was not understood, 130
        when it was stopped by Ctrl-C.
    """
    arguments = _parser().parse_args(argv)
    try:
        return COMMANDS[arguments.command](arguments)
    except KeyboardInterrupt:
        said, status = "stopped." + (" The same command goes on." if arguments.command == "train" else ""), 130
    except (ModelError, settings.SettingsError) as error:
        said, status = str(error), 1
    except OSError as error:
        said, status = f"{error.filename}: {error.strerror}." if error.filename else str(error), 1
    print(f"whylight models {arguments.command}: {said}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="whylight models", description="The classifiers: what there is, training, judging."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("list", help="the models there are, with what they reached")

    commands.add_parser("describe", help="everything that their cards say, as Markdown")

    verify = commands.add_parser("verify", help="load models and compare their outputs with those on their cards")
    verify.add_argument("names", nargs="*", metavar="MODEL", help="all, if none is named")

    train = commands.add_parser(
        "train",
        help="train a shipped model again by its recipe, or one on photos of your own; the same command goes on where "
        "it was stopped",
        description="Train by a recipe: `train pets --data DATA`; or on photos of your own: `train --photos PHOTOS "
        "--backbone mobilenetv2`, where PHOTOS is a folder with a folder for each class, a CSV file or a .tar. "
        "The same command goes on where it was stopped.",
    )
    preview = commands.add_parser("preview", help="draw what a training would see: one sheet of random views")
    for command in (train, preview):
        command.add_argument("recipe", nargs="?", choices=sorted(RECIPES), help="a shipped model's; or name --photos")
        command.add_argument(
            "--data", type=Path, default=Path(), help="folder of the sets and weights named (default: .)"
        )
        command.add_argument("--limit", type=_count, help="use the first so many photos of each set only")
        options.add(command)
    train.add_argument("--run", type=Path, help="where checkpoints lie (default: WHYLIGHT_RUNS/<name>)")
    train.add_argument(
        "--out", type=Path, help="folder to put the finished model's folder in (default: the run folder)"
    )
    train.add_argument("--name", help="the finished model's name (default: that of the recipe, or of the photos)")
    train.add_argument("--checkpoint-every", type=_count, default=100, metavar="STEPS", help="(default: 100)")
    preview.add_argument("--out", type=Path, default=Path("preview.png"), metavar="FILE", help="(default: preview.png)")

    evaluate = commands.add_parser("evaluate", help="judge a model on photos that it has not learnt from")
    evaluate.add_argument(
        "--report", type=Path, metavar="FILE", help="also write an HTML page with figures and mistakes"
    )
    evaluate.add_argument(
        "--store", action="store_true", help="fit temperature and familiar photos, and write its card"
    )
    evaluate.add_argument("--photos", type=Path, help="judge on this set instead of those that its recipe names")
    evaluate.add_argument("--split", nargs="+", help="parts of that set, taken together (default: val)")
    familiar = commands.add_parser(
        "familiar", help="fit what tells photos like those that a model learnt from and others apart"
    )
    for command in (evaluate, familiar):
        command.add_argument("model", help="a name, or the path of a model's folder")
        command.add_argument(
            "--data", type=Path, default=Path(), help="folder of the sets that its recipe names (default: .)"
        )

    keep = commands.add_parser(
        "filter", help="keep the photos of a set that show a kind of thing, by the classes of ImageNet"
    )
    keep.add_argument("photos", type=Path, help="a folder, a CSV file or a .tar")
    keep.add_argument(
        "--kind", nargs="+", required=True, help="car, cat, dog, or names or numbers of ImageNet's classes"
    )
    keep.add_argument("--at-least", type=float, default=0.2, help="the least sum of their probabilities (default: 0.2)")
    keep.add_argument("--weights", type=Path, help="of MobileNetV2 with its top, as .npz (default: Keras' own)")
    keep.add_argument(
        "--out", type=Path, default=Path("kept.csv"), metavar="FILE", help="a .csv or .tar (default: kept.csv)"
    )
    return parser


def _count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text!r}")
    return int(text)


def _list(_: argparse.Namespace) -> int:
    from models import registry

    for name, card in registry.available(settings.load().models).items():
        metrics = ", ".join(f"{what} {100 * value:.1f} %" for what, value in card.metrics.items())
        print(f"{name}: {card.title} ({len(card.classes)} classes, {card.network.backbone}, {card.size} px). {metrics}")
    return 0


def _describe(_: argparse.Namespace) -> int:
    from models import describing, registry

    print(describing.page(registry.available(settings.load().models).values()), end="")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    import explain
    from models import registry

    own = settings.load().models
    failed = 0
    for name in arguments.names or registry.folders(own):
        try:
            registry.load(name, own)
            print(f"{name}: ok")
        except explain.ExplainError as error:
            failed += 1
            print(f"{name}: {error}", file=sys.stderr)
    return 1 if failed else 0


def _train(arguments: argparse.Namespace) -> int:
    import keras

    from models import training

    recipe, name, changes = _recipe(arguments)
    if name in ("", "..") or Path(name).name != name:
        raise ModelError(f"A model's name is its folder's, without any '/'; received {name!r}.")
    run = arguments.run or settings.load().runs / name
    out = arguments.out or run
    teacher = _folder(recipe.distil) if recipe.distil else None
    if keras.backend.backend() == "tensorflow":
        _in_data(arguments.data, recipe.judge)
    (out / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=out / name):  # what can't be written to is said before anything is learnt
        pass
    model, recipe = training.train(recipe, arguments.data, run, arguments.limit, arguments.checkpoint_every, teacher)
    if keras.backend.backend() != "tensorflow":
        print(
            f"Trained on {keras.backend.backend()}. The same command on TensorFlow stores and judges what is in {run}."
        )
        return 0
    from models import judging, storage  # only now: training itself needs neither the engine nor TensorFlow

    card = storage.save(model, storage.fresh(name, recipe, _command(arguments, changes)), out)
    place = out / card.name
    _print_metrics(judging.settle(place, recipe, arguments.data, arguments.limit))
    print(f"The model lies in {place}.")
    return 0


def _preview(arguments: argparse.Namespace) -> int:
    from models import preview

    recipe, _, _ = _recipe(arguments)
    _made(arguments.out, ".png", ".jpg", ".jpeg", ".webp")
    preview.sheet(recipe, arguments.data, arguments.limit or 200).save(arguments.out)
    print(f"The views lie in {arguments.out}.")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from models import card, judging

    if arguments.split and arguments.photos is None:
        raise ModelError("--split says which part of --photos to judge on: name these too.")
    if arguments.store and (arguments.photos is not None or arguments.report is not None):
        raise ModelError("--store fits a model to the sets of its recipe: it goes without --photos and --report.")
    folder = _folder(arguments.model)
    if arguments.report is not None:
        _made(arguments.report, ".html", ".htm")
    if arguments.photos is None:
        _in_data(arguments.data, *judging.sets(stored(card.read(folder).recipe)))
    if arguments.store:
        measured = judging.settle(folder, stored(card.read(folder).recipe), arguments.data)
    elif arguments.photos is not None:
        measured = judging.judge_on(folder, arguments.photos, arguments.split or ["val"], arguments.report)
    else:
        measured = judging.judge(folder, stored(card.read(folder).recipe), arguments.data, report=arguments.report)
    _print_metrics(measured)
    return 0


def _familiar(arguments: argparse.Namespace) -> int:
    from models import card, fitting

    folder = _folder(arguments.model)
    recipe = stored(card.read(folder).recipe)
    _in_data(arguments.data, recipe.photos, recipe.neither)
    fitting.fit_model(folder, recipe, arguments.data)
    for what, value in card.read(folder).familiar.items():
        print(f"{what}: {value:.4f}")
    return 0


def _filter(arguments: argparse.Namespace) -> int:
    from models import filtering, imagenet, sources
    from models.data import read_all

    imagenet.indices(arguments.kind)  # a wrong name is said before anything is read
    entries = sources.find(arguments.photos).entries
    filtering.check(entries, _made(arguments.out, ".csv", ".tar"))
    network = filtering.network(arguments.weights)
    found, faults = read_all(entries, str(arguments.photos), filtering.SIZE)
    kept, left = filtering.keep(network, [example for _, example in found], arguments.kind, arguments.at_least)
    chosen = {id(example) for example in kept}  # two may have one name, each in a split of its own
    filtering.write([entry for entry, example in found if id(example) in chosen], arguments.out)
    for file, share in left:
        print(f"left out, {100 * share:.0f} %: {file}")
    for fault in faults:
        print(f"left out, {fault.file} {fault.reason}")
    print(f"{len(kept)} of {len(found) + len(faults)} photos are in {arguments.out}.")
    return 0


def _recipe(arguments: argparse.Namespace) -> tuple[Recipe, str, dict[str, Any]]:
    """The recipe that is meant, the model's name, and which fields differ from the shipped recipe."""
    changes = options.chosen(arguments)
    if arguments.recipe is None and arguments.photos is None:
        raise ModelError("Name a recipe, or photos of your own with --photos.")
    if arguments.recipe is not None:
        name, recipe = arguments.recipe, RECIPES[arguments.recipe]
    else:
        photos = Path(changes["photos"]).resolve()
        changes["photos"] = str(photos)
        name = photos.name.partition(".")[0]
        recipe = Recipe(Architecture("resnet50v2"), title=name)
    from models import rules

    recipe = options.changed(recipe, changes)
    rules.check(recipe)
    _in_data(arguments.data, recipe.photos, recipe.neither)
    return recipe, getattr(arguments, "name", None) or name, changes


def _in_data(data: Path, *names: str) -> None:
    """See that the sets that a recipe names, if it does, lie in the data folder."""
    for name in filter(None, names):
        if not (data / name).exists():
            what = "" if Path(name).is_absolute() else f": say with --data in which folder {name} is"
            raise ModelError(f"{data / name} is not there{what}.")


def _made(file: Path, *kinds: str) -> Path:
    """A file that will be written, in a folder that is there, by a name that says what it is."""
    if file.suffix.lower() not in kinds:
        raise ModelError(f"{file} must end in {', '.join(kinds)}.")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _folder(model: str) -> Path:
    from models import registry

    return registry.folder(model, settings.load().models)


def _command(arguments: argparse.Namespace, changes: dict[str, Any]) -> str:
    """What makes the model again, as it was typed, but for where the photos are."""
    if "photos" in changes:
        changes = changes | {"photos": "PHOTOS"}
    limit = f" --limit {arguments.limit}" if arguments.limit else ""
    data = " --data DATA" if arguments.recipe else ""
    return f"whylight models train {arguments.recipe or ''}".rstrip() + f"{data}{options.written(changes)}{limit}"


def _print_metrics(card: Card) -> None:
    from models.evaluation import circumstances

    print(f"{circumstances()}\n\n| measured | value |\n|---|---|")
    for what, value in card.metrics.items():
        print(f"| **{what}** | **{100 * value:.1f} %** |")
    for what, value in card.controls.items():
        print(f"| {what} | {100 * value:.1f} % |")


COMMANDS = {
    "list": _list,
    "describe": _describe,
    "verify": _verify,
    "train": _train,
    "preview": _preview,
    "evaluate": _evaluate,
    "familiar": _familiar,
    "filter": _filter,
}

if __name__ == "__main__":
    sys.exit(main())
