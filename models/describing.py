"""What the cards say, as one page of Markdown: `docs/models.md` is printed by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from models.card import Card


def page(cards: Iterable[Card]) -> str:
    """All models: a table of them, then each with what it is, what it reached and how to make it again."""
    cards = list(cards)
    lines = [
        "# The models that ship",
        "",
        "Printed by `whylight models describe`. Every figure is of the model as it is stored, on photos that it has",
        "not learnt from; `whylight models evaluate NAME --data DATA` measures it again, and with `--report FILE`",
        "writes a page with the confusion matrix, calibration and worst mistakes.",
        "",
        "| model | classes | network | input | accuracy on val |",
        "|---|---|---|---|---|",
        *(_row(card) for card in cards),
    ]
    for card in cards:
        lines += ["", *_section(card)]
    return "\n".join(lines) + "\n"


def _row(card: Card) -> str:
    accuracy = _percent(card.metrics.get("accuracy on val"))
    return f"| [{card.name}](#{card.name}) | {len(card.classes)} | {_network(card)} | {card.size} px | {accuracy} |"


def _section(card: Card) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return [
        f"## {card.name}",
        "",
        f"**{card.title}.** {card.description}",
        "",
        f"- Network: {_network(card)}; {card.size} px, fit “{card.fit}”.",
        f"- Learnt from: {card.data}",
        f"- Licence: {card.licence}",
        f"- Made by `{card.command}`, with {versions}.",
        f"- Its scores are divided by {card.temperature:.3f} before they become probabilities.",
        "",
        *([f"Measured {card.measured}:", ""] if card.measured else []),
        "| measured | value |",
        "|---|---|",
        *_rows(card.metrics, bold=True),
        *_rows(card.controls),
        *_familiar(card.familiar),
    ]


def _familiar(found: Mapping[str, float]) -> list[str]:
    """How well photos of other kinds are told apart: a row for each score, a column for each kind.

    The first score is the one that is used; the card has them in this order, see `fitting.scores`.
    """
    if not found:
        return []
    pairs = [name.split(", against ") for name in found if ", against " in name]
    used, *simpler = dict.fromkeys(score for score, _ in pairs)
    others = [other for score, other in pairs if score == used]
    whole = found.get("familiar in whole photos")
    own = f"of {_percent(1 - found['familiar'])} of its own kind"
    if whole is not None:
        own += f" (set into whole photos: {_percent(1 - whole)})"
    strange = ", ".join(f"of {_percent(found[f'unfamiliar {other}'])} of {other}" for other in others)
    lines = [
        "",
        f"It warns of photos unlike those that it learnt from: {own},",
        f"{strange}.",
        "",
        f"| AUROC, its own kind against | {' | '.join(others)} |",
        f"|---|{'---|' * len(others)}",
    ]
    for score in (used, *simpler):
        areas = (f"{found[f'{score}, against {other}']:.4f}" for other in others)
        lines.append(f"| {f'**{score}**' if score == used else score} | {' | '.join(areas)} |")
    return lines


def _network(card: Card) -> str:
    network = card.network
    cut = f" up to {network.cut}" if network.cut else ""
    finer = ", its last map twice as fine" if network.finer else ""
    return f"{network.backbone}{cut}{finer}, head “{network.head}”"


def _rows(values: Mapping[str, float], bold: bool = False) -> list[str]:
    stars = "**" if bold else ""
    return [f"| {stars}{what}{stars} | {stars}{_percent(value)}{stars} |" for what, value in values.items()]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"
