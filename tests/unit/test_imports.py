"""The import rules of the modules at the top, which `lint-imports` can't look into; it checks the packages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"app", "callbacks", "explain", "layouts", "models", "service", "settings", "whylight"}
MAY_IMPORT = {
    "app": {"callbacks", "layouts", "service", "settings"},
    "settings": set(),
    "whylight": set(),
}


@pytest.mark.parametrize("module", MAY_IMPORT)
def test_imports_go_one_way(module: str) -> None:
    imported = set()
    for node in ast.walk(ast.parse((ROOT / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported & OURS <= MAY_IMPORT[module]
