"""What the output of a model means."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from explain.errors import ExplainError
from explain.probe import source


def logits(output: tf.Tensor) -> tuple[tf.Tensor, str | None]:
    """The tensor before a final softmax or sigmoid, and which of them it was; the output itself if there is none."""
    tensor = source(output)
    if tensor.op.type in ("Softmax", "LogSoftmax"):
        return tensor.op.inputs[0], "softmax"
    if tensor.op.type == "Sigmoid":
        return tensor.op.inputs[0], "sigmoid"
    return output, None


def kind_of(kind: str | None, classes: Sequence[str], outputs: int, activation: str | None) -> str:
    """The kind of a model's output, see `explain.Classifier`.

    Args:
        kind: as the user says; None if they leave it open.
        classes: the labels.
        outputs: how many the model has.
        activation: what ends the model, as `logits` finds it.

    Raises:
        ExplainError: these do not go together.
    """
    found = {"softmax": "softmax", "sigmoid": "sigmoid" if outputs == 1 else "multilabel"}.get(activation or "")
    kind = kind or found or ("sigmoid" if outputs == 1 else "softmax")
    if found and kind != found and not (kind == "multilabel" and found == "sigmoid"):
        raise ExplainError(
            f"kind={kind!r} does not go with the model: its output is a {activation}, which is {found!r}."
        )
    if (kind == "sigmoid") != (outputs == 1 and kind != "multilabel"):
        raise ExplainError(f"kind={kind!r} does not go with the model: it has {outputs} outputs.")
    wanted = 2 if kind == "sigmoid" else outputs
    if len(classes) != wanted:
        raise ExplainError(
            f"The model has {outputs} output{'s' if outputs > 1 else ''}, so there must be {wanted} classes; received "
            f"{len(classes)}: {', '.join(classes[:5])}{', ...' if len(classes) > 5 else ''}."
        )
    return kind
