"""How weights are moved: the optimisers that there are, and the rate at which they go.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

from typing import Any

import keras

from models.recipe import Recipe

OPTIMIZERS = {
    "adamw": lambda rate, **options: keras.optimizers.AdamW(rate, global_clipnorm=1.0, **options),
    "sgd": lambda rate, **options: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, **options),
}


def optimizer(recipe: Recipe, steps: int) -> Any:
    """The recipe's, for so many steps: a straight warm-up, then a cosine; it also averages the weights."""
    warmup = min(recipe.warmup, steps // 4)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=recipe.rate, warmup_steps=warmup
    )
    return OPTIMIZERS[recipe.optimizer](
        schedule,
        weight_decay=recipe.decay,
        use_ema=True,
        ema_momentum=recipe.average,
        ema_overwrite_frequency=None,
    )
