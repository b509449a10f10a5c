"""The command line of the models: `whylight models list | verify | train | evaluate`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import settings
from models.card import Card
from models.errors import ModelError
from models.recipe import RECIPES, Recipe

# What may differ from a recipe without becoming another one.
OVERRIDES = {"epochs": int, "batch": int, "train_size": int, "warmup": int, "seed": int, "precision": str}


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: its arguments; those of the process if left out.

    Returns:
        0 when all went well, 1 when something did not (said on stderr), 2 when the command was not understood.
    """
    parser = argparse.ArgumentParser(
        prog="whylight models", description="The classifiers: what there is, training, judging."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("list", help="the models there are, with what they reached")

    verify = commands.add_parser("verify", help="load models and compare their outputs with those on their cards")
    verify.add_argument("names", nargs="*", metavar="MODEL", help="all, if none is named")

    train = commands.add_parser(
        "train",
        help="train a model by its recipe; called again with the same run folder, it goes on where it was stopped",
    )
    train.add_argument("recipe", choices=sorted(RECIPES))
    train.add_argument("--data", type=Path, required=True, help="folder of the sets and weights that the recipe names")
    train.add_argument("--run", type=Path, help="where checkpoints lie (default: WHYLIGHT_RUNS/<recipe>)")
    train.add_argument(
        "--out", type=Path, help="folder to put the finished model's folder in (default: the run folder)"
    )
    train.add_argument("--name", help="the finished model's name (default: the recipe's)")
    train.add_argument("--limit", type=int, help="use the first so many photos of each set only")
    train.add_argument("--checkpoint-every", type=int, default=100, metavar="STEPS", help="(default: 100)")
    for field, kind in OVERRIDES.items():
        train.add_argument(f"--{field.replace('_', '-')}", type=kind, help=f"instead of the recipe's {field}")

    evaluate = commands.add_parser("evaluate", help="judge a model on photos that it has not learnt from")
    evaluate.add_argument("model", help="a name, or the path of a model's folder")
    evaluate.add_argument("--data", type=Path, required=True, help="folder of the sets that the model's recipe names")

    arguments = parser.parse_args(argv)
    try:
        return COMMANDS[arguments.command](arguments)
    except (ModelError, settings.SettingsError, OSError) as error:
        print(f"whylight models {arguments.command}: {error}", file=sys.stderr)
        return 1


def _list(_: argparse.Namespace) -> int:
    from models import registry

    for name, card in registry.available(settings.load().models).items():
        metrics = ", ".join(f"{what} {100 * value:.1f} %" for what, value in card.metrics.items())
        print(f"{name}: {card.title} ({len(card.classes)} classes, {card.backbone}, {card.size} px). {metrics}")
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

    from models import training

    changes = {field: getattr(arguments, field) for field in OVERRIDES if getattr(arguments, field) is not None}
    recipe = dataclasses.replace(RECIPES[arguments.recipe], **changes)
    run = arguments.run or settings.load().runs / arguments.recipe
    model = training.train(recipe, arguments.data, run, arguments.limit, arguments.checkpoint_every)
    from models import storage  # only now: training itself needs neither the engine nor TensorFlow

    card = storage.save(model, _card(arguments, recipe, changes), arguments.out or run)
    place = (arguments.out or run) / card.name
    metrics, controls = _judge(place, recipe, arguments.data, arguments.limit)
    dataclasses.replace(card, metrics=metrics, controls=controls).write(place)
    _print_metrics(metrics, controls)
    print(f"The model lies in {place}.")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from models import card, registry

    own = settings.load().models
    folder = registry.folders(own).get(arguments.model, Path(arguments.model))
    recipe = dict(card.read(folder).recipe)
    _print_metrics(*_judge(folder, Recipe(**recipe), arguments.data))
    return 0


def _card(arguments: argparse.Namespace, recipe: Recipe, changes: dict[str, int | str]) -> Card:
    """The card of a fresh model, but for what is measured on the stored one."""
    from models import backbones

    options = [f" --{field.replace('_', '-')} {value}" for field, value in changes.items()]
    options += [f" --limit {arguments.limit}"] if arguments.limit else []
    from models.evaluation import installed

    return Card(
        name=arguments.name or arguments.recipe,
        title=recipe.title,
        description=recipe.description,
        classes=recipe.classes,
        backbone=recipe.backbone,
        channels=recipe.channels,
        size=recipe.size,
        fit=recipe.fit,
        preprocessing=backbones.BACKBONES[recipe.backbone].preprocessing,
        kind="sigmoid" if len(recipe.classes) == 2 else "softmax",
        data=recipe.data,
        licence=recipe.licence,
        metrics={},
        controls={},
        versions=installed("whylight", "tensorflow", "tensorflow-cpu", "keras", "numpy", "opencv-python-headless"),
        command=f"whylight models train {arguments.recipe} --data DATA{''.join(options)}",
        recipe=dataclasses.asdict(recipe),
        checksum="",
        reference=(),
    )


def _judge(
    folder: Path, recipe: Recipe, data: Path, limit: int | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """Metrics of a stored model, and what maps reach that know nothing of the photo."""
    import explain
    from models import evaluation, storage
    from models.data import read_set

    explainer = explain.Explainer(storage.load(folder))
    focus = evaluation.focus(explainer, data / recipe.judge)
    controls = evaluation.controls(data / recipe.judge)
    metrics = {
        "accuracy on val": evaluation.accuracy(explainer, read_set(data / recipe.photos, "val", limit)),
        "heat inside the mask": focus.share,
        "hottest pixel in the head box": focus.head,
    }
    return {what: round(value, 4) for what, value in metrics.items()}, {
        "heat inside the mask, uniform": round(controls["uniform"].share, 4),
        "heat inside the mask, centre blob": round(controls["centre blob"].share, 4),
        "hottest pixel in the head box, centre": round(controls["centre blob"].head, 4),
        "hottest pixel in the head box, best fixed point": round(controls["best fixed point"].head, 4),
    }


def _print_metrics(metrics: dict[str, float], controls: dict[str, float]) -> None:
    from models.evaluation import circumstances

    print(f"{circumstances()}\n\n| measured | value |\n|---|---|")
    for what, value in metrics.items():
        print(f"| **{what}** | **{100 * value:.1f} %** |")
    for what, value in controls.items():
        print(f"| {what} | {100 * value:.1f} % |")


COMMANDS = {"list": _list, "verify": _verify, "train": _train, "evaluate": _evaluate}

if __name__ == "__main__":
    sys.exit(main())
