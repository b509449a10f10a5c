"""The command line of the engine: `whylight explain PHOTO...`."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

import explain
from explain import drawing
from explain.target import SPACES

SUFFIXES = {".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def main(argv: list[str] | None = None) -> int:
    """Explain photos.

    Args:
        argv: the arguments; those of the process if left out.

    Returns:
        0 when every photo was explained, 1 when one was not (said on stderr; the others are), 2 when the command was
        not understood.
    """
    arguments = _parser().parse_args(argv)
    import settings
    from models import registry
    from models.serving import Served

    try:
        chosen = settings.load()
        own = chosen.models
        explainer = explain.Explainer(registry.load(arguments.model, own), cache_bytes=chosen.cache_bytes)
        model = Served(explainer, arguments.model, registry.familiar(arguments.model, own))
        arguments.out.mkdir(parents=True, exist_ok=True)
        photos = _photos(arguments.photos)
    except (explain.ExplainError, settings.SettingsError, OSError) as error:
        print(f"whylight explain: {error}", file=sys.stderr)
        return 1
    if not photos:
        print(f"whylight explain: no photos in {', '.join(map(str, arguments.photos))}.", file=sys.stderr)
        return 1
    failed, names = 0, _names(photos, arguments.out)
    with tqdm(photos, unit="photo", disable=len(photos) < 2) as progress:
        for photo in progress:
            try:
                opened = explain.open_photo(photo, chosen.max_bytes, chosen.max_pixels)
                overlay = arguments.out / names[photo]
                record = {
                    "file": str(photo),
                    "overlay": str(overlay),
                    **_explain(explainer, opened, arguments, overlay),
                    "unfamiliar": model.unfamiliar(opened),
                }
            except (explain.PhotoError, OSError) as error:
                failed += 1
                progress.write(f"{photo}: {error}", file=sys.stderr)
                continue
            except explain.ExplainError as error:  # a wrong layer, class or method is wrong for every photo
                progress.close()
                print(f"whylight explain: {error}", file=sys.stderr)
                return 1
            if arguments.json:
                progress.write(json.dumps(record, ensure_ascii=False), file=sys.stdout)
            else:
                progress.write(_sentence(photo, record), file=sys.stdout)
    if failed:
        print(f"whylight explain: {failed} of {len(photos)} photos could not be explained.", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="whylight explain", description="Show which parts of photos speak for a class, as overlays and records."
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="a photo, or a folder of photos")
    parser.add_argument("--model", default="pets", help="a name, or the path of a model's folder (default: pets)")
    parser.add_argument(
        "--method", default="grad-cam", help=f"one of {', '.join(explain.methods())} (default: grad-cam)"
    )
    parser.add_argument("--layer", default="last", help="a layer's name, last (the default layer), or all")
    parser.add_argument("--target", metavar="CLASS", help="the class to explain (default: the predicted one)")
    parser.add_argument("--versus", metavar="CLASS", help="why the target and not this class")
    parser.add_argument("--against", action="store_true", help="what speaks against the target")
    parser.add_argument("--space", choices=SPACES, help="explain this score (default: the method's own)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="a parameter of the method; `whylight methods` tells them",
    )
    parser.add_argument("--out", type=Path, default=Path("explained"), metavar="DIR", help="(default: explained)")
    parser.add_argument("--json", action="store_true", help="print a record for each photo, one a line")
    return parser


def _setting(text: str) -> tuple[str, Any]:
    """A parameter's name and value: a number, true or false, or a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value.lower())
    except json.JSONDecodeError:
        return name, value


def _target(explainer: explain.Explainer, photo: explain.Photo, arguments: argparse.Namespace) -> object:
    """The class, pair of classes or weighted score that the options name."""
    if arguments.versus is None and arguments.space is None and not arguments.against:
        return arguments.target
    prediction = explainer.predict(photo)
    label = prediction.classes[prediction.index] if arguments.target is None else arguments.target
    weights = {label: 1.0} if arguments.versus in (None, label) else {label: 1.0, arguments.versus: -1.0}
    if arguments.versus == label:
        weights = {label: 0.0}
    sign = -1 if arguments.against else 1
    return explain.Target({name: sign * weight for name, weight in weights.items()}, arguments.space)


def _explain(
    explainer: explain.Explainer, photo: explain.Photo, arguments: argparse.Namespace, out: Path
) -> dict[str, Any]:
    """Write the overlay of a photo, or the contact sheet of all layers; the record."""
    target = _target(explainer, photo, arguments)
    how: dict[str, Any] = {"method": arguments.method, "target": target, **dict(arguments.set)}
    if arguments.layer == "all":
        found = explainer.explain_layers(photo, **how)
        pictures = [one.overlay() for one in found.values()]
        drawing.contact_sheet(pictures, list(found)).save(out)
        record = found.get(explainer.default_layer, next(iter(found.values()))).record()
        record["layer"] = "all"
        record["layers"] = {path: {"shape": list(one.map.shape), "flat": one.flat} for path, one in found.items()}
    else:
        one = explainer.explain(photo, layer=None if arguments.layer == "last" else arguments.layer, **how)
        one.overlay().save(out)
        record = one.record()
    return record


def _sentence(photo: Path, record: dict[str, Any]) -> str:
    probability = record["classes"][record["predicted"]]
    flat = " (nothing to show)" if record["flat"] else ""
    about = f", why {record['target']}" if record["target"] else ""
    unlike = ", unlike the photos that the model learnt from" if record["unfamiliar"] else ""
    return f"{photo}: {record['predicted']}, {100 * probability:.1f} %{unlike}{about}{flat} -> {record['overlay']}"


def _photos(given: list[Path]) -> list[Path]:
    """Files as given, and for a folder the photos in it, by name; none of them twice."""
    found = []
    for path in given:
        if path.is_dir():
            found += sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _names(photos: list[Path], out: Path) -> dict[Path, str]:
    """The name of each overlay: the photo's with .png; photos that share it keep their suffix or get a number.

    No overlay takes the name of a photo that lies in the same folder.
    """
    names: dict[Path, str] = {}
    taken = {photo.name.lower() for photo in photos if photo.resolve().parent == out.resolve()}
    for photo in photos:
        numbered = (f"{photo.stem}-{n}.png" for n in itertools.count(2))
        choices = itertools.chain([f"{photo.stem}.png", f"{photo.name}.png"], numbered)
        names[photo] = next(name for name in choices if name.lower() not in taken)
        taken.add(names[photo].lower())
    return names


if __name__ == "__main__":
    sys.exit(main())
