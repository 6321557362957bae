"""Modules import each other in no circle, not even for the names of types or within a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx

ROOT = Path(__file__).parents[2]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "vnetverify").rglob("*.py")
}


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from (f"{module}.{name.name}" for name in node.names)
            yield module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_no_modules_import_each_other_in_a_circle() -> None:
    imports = networkx.DiGraph(
        (name, other) for name, path in MODULES.items() for other in imported_by(path) if other in MODULES
    )
    # The modules of a package name the package with each name that they take from a module beside them.
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}

    assert {"vnetverify.cli.prove", "vnetverify.facts"} <= set(imports)
    circles = [
        sorted(found)
        for found in networkx.strongly_connected_components(imports.subgraph(set(imports) - packages))
        if len(found) > 1
    ]
    assert [] == circles
