"""Numbers in JSON, one array a line, so that a change of one is seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def save(name: str, versions: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> None:
    """Write `name`.json: the versions of what made the arrays, and the arrays as float32."""
    lines = [f' "versions": {json.dumps(versions)}']
    for key, values in arrays.items():
        values = np.asarray(values, np.float32)
        numbers = ",".join(f"{value:.8g}" for value in values.ravel().tolist())
        lines.append(
            f' {json.dumps(key, ensure_ascii=False)}: {{"shape": {list(values.shape)}, "values": [{numbers}]}}'
        )
    (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def load(name: str) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The versions and the arrays of `name`.json."""
    found = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    versions = found.pop("versions")
    return versions, {key: np.float32(one["values"]).reshape(one["shape"]) for key, one in found.items()}
