"""Faults planted in a part of the program by changing its source in memory."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule, and a place in a module that is changed so that the module no longer follows the rule."""

    rule: str
    fault: str
    module: str
    right: str
    wrong: str


class BadMutant(ValueError):
    """The text to be changed is not in the module."""


class _Changed(SourceFileLoader):
    def __init__(self, mutant: Mutant, path: str) -> None:
        super().__init__(mutant.module, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text()
        if self._mutant.right not in source:
            raise BadMutant(f"{self._mutant.module} has no `{self._mutant.right}`")
        return compile(source.replace(self._mutant.right, self._mutant.wrong), self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Changed(self._mutant, spec.origin)
        return spec


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Import the module with the fault, and anew whatever uses it; what was imported before is as it was afterwards."""
    before = _taken_out(mutant.module)
    finder = _Finder(mutant)
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(mutant.module)
        yield
    finally:
        sys.meta_path.remove(finder)
        _taken_out(mutant.module)
        _put_back(before)


def _taken_out(module: str) -> Mapping[str, ModuleType]:
    """Forget `module` and everything that uses it; return what was forgotten."""
    found = {name: sys.modules.pop(name) for name in [name for name in sys.modules if module in _used_by(name)]}
    for name in found:
        package, _, child = name.rpartition(".")
        if package in sys.modules:
            delattr(sys.modules[package], child)
    return found


def _put_back(modules: Mapping[str, ModuleType]) -> None:
    for name, module in modules.items():
        package, _, child = name.rpartition(".")
        if package in sys.modules:
            setattr(sys.modules[package], child, module)
    sys.modules.update(modules)


@cache
def _used_by(module: str) -> frozenset[str]:
    """Return the modules of ours that one of ours uses, directly or not, and itself; nothing of any other."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found and _path(name) is not None:
            found.add(name)
            waiting += _imported(name)
    return frozenset(found)


@cache
def _imported(module: str) -> tuple[str, ...]:
    path = _path(module)
    assert path is not None
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if _path(name) is not None)


@cache
def _path(module: str) -> Path | None:
    """Return the file of a module of ours, None where there is none."""
    if module.partition(".")[0] != "vnetverify":
        return None
    place = ROOT / module.replace(".", "/")
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
