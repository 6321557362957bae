"""`python -O` strips assertions: none of them guards a verdict, they only tell the type checker what is known."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.saboteur import FAULT, SEED, SHARE, SIGN
from vnetverify.cli import status

ROOT = Path(__file__).parents[2]
TUTORIAL = "specs/tutorial.vnet"
SOURCES = sorted((ROOT / "vnetverify").rglob("*.py"))


def narrows_a_type(test: ast.expr) -> bool:
    """Tell whether a condition is `… is not None` or `isinstance(…)`."""
    match test:
        case ast.Compare(ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return True
        case ast.Call(func=ast.Name(id="isinstance")):
            return True
        case _:
            return False


def test_assertions_only_narrow_types() -> None:
    others = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert) and not narrows_a_type(node.test)
    ]

    assert others == []


def outcome(tmp_path: Path, fault: str, *options: str) -> tuple[int, str]:
    """Return status and output of a run with a lying worker, or an honest one if there is no `fault`."""
    out, errors = tmp_path / "out", tmp_path / "errors"
    environment = {**os.environ, FAULT: fault, SEED: "1", SHARE: "1", SIGN: str(tmp_path / "sign")}
    command = [str(out), str(errors), "plain", "prove", TUTORIAL, "--output-format", "json"]
    done = subprocess.run(
        [sys.executable, *options, "-m", "tests.faults.command", *command], cwd=ROOT, env=environment, check=False
    )
    text = out.read_text() + errors.read_text()
    out.unlink()
    errors.unlink()
    return done.returncode, text


@pytest.mark.parametrize("fault", ["", "unsat", "random-model", "impossible-model"])
def test_a_run_without_assertions_says_the_same(fault: str, tmp_path: Path) -> None:
    plain = outcome(tmp_path, fault)

    assert outcome(tmp_path, fault, "-O") == plain
    assert (plain[0] == status.AS_EXPECTED) == (not fault)
