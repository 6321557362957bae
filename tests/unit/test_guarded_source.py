"""What the source must not hold, read from its syntax trees: the ways in which verifiers came to say yes wrongly."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "vnetverify"
TREES = {str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}

SOLVER_TALK = re.compile(r"(prover|testing)/")
PROOF_MAKERS = {
    "prover/prove.py",
    "prover/names.py",
    "prover/establish.py",
    "prover/joined.py",
    "covering.py",  # of what a judged certificate shows
}
SOUNDNESS = re.compile(r"(prover|certificate|simulator|encoder)/|pipeline\.py|loading\.py")
SIGNED = re.compile(r"\bbv(slt|sle|sgt|sge|ashr|sdiv|srem|smod)\b|\bsign_extend\b")
UNSAFE_MODULES = {
    "pickle",
    "multiprocessing",
    "marshal",
    "shelve",
    "dill",
    "yaml",
    "tarfile",
    "zipfile",
    "shutil",
    "ctypes",
    "xmlrpc",
}
FETCHING_MODULES = {"http", "socket", "ftplib", "smtplib", "requests", "httpx", "aiohttp"}


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Yield every call with the last part of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield node, called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def imported(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield node, node.module.partition(".")[0]


def signed_comparisons(name: str, tree: ast.AST) -> Iterator[ast.AST]:
    """Addresses and ports are unsigned: port 40000 is no negative number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SIGNED.search(node.value):
            yield node


def printed_terms(name: str, tree: ast.AST) -> Iterator[ast.AST]:
    """The printer of z3 cuts long terms short; so two unlike ones can have one `str`, and one key."""
    if "z3" not in {module for _, module in imported(tree)}:
        return
    for call, called in calls(tree):
        words = " ".join(ast.unparse(argument) for argument in call.args)
        if called in ("str", "repr", "hash", "format") and not re.fullmatch(
            r"(problem|error|reason|answer|self\.solver\.check\(.*\))", words
        ):
            yield call


def answers_read_elsewhere(name: str, tree: ast.AST) -> Iterator[ast.AST]:
    """What a solver answers is read where it is asked, and nowhere else."""
    if SOLVER_TALK.match(name):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("unsat", "sat"):
            yield node
        if isinstance(node, ast.Constant) and node.value == "unsat":
            yield node
    yield from (call for call, called in calls(tree) if called == "check" and "solver" in ast.unparse(call.func))


def proofs_made_elsewhere(name: str, tree: ast.AST) -> Iterator[ast.AST]:
    """A verdict of proof is made by those who decide."""
    if name not in PROOF_MAKERS:
        yield from (call for call, called in calls(tree) if called == "Proved")


def unsafe_reading(name: str, tree: ast.AST) -> Iterator[ast.AST]:
    """Nothing that is read may run, be unpacked, or make us fetch something."""
    own_needs = {
        "cli": {"shutil"},
        "workers": {"multiprocessing"},  # which pickles, between processes of one run
        "snapshot": {"http"},  # the one command that asks Azure
    }
    forbidden = (UNSAFE_MODULES | FETCHING_MODULES) - own_needs.get(name.partition("/")[0], set())
    yield from (node for node, module in imported(tree) if module in forbidden)
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "urllib.request")
    for call, called in calls(tree):
        # `quick.py` runs what it makes of the names of fields of our own classes.
        own = isinstance(call.func, ast.Name) and name != "quick.py"
        if (own and called in ("eval", "exec", "compile", "__import__")) or called in ("extractall", "system", "popen"):
            yield call
        if any(keyword.arg == "shell" and getattr(keyword.value, "value", True) for keyword in call.keywords):
            yield call


def checks_that_vanish(name: str, tree: ast.AST) -> Iterator[ast.AST]:
    """`python -O` leaves out assertions: where soundness is decided one may only tell the type checker something."""
    if not SOUNDNESS.match(name):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and not _narrows(node.test):
            yield node


def _narrows(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp):
        return all(map(_narrows, test.values))
    if isinstance(test, ast.Call):
        return getattr(test.func, "id", "") == "isinstance"
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.ops[0], ast.IsNot)
        and ast.unparse(test.comparators[0]) == "None"
    )


def threads_around_z3(name: str, tree: ast.AST) -> Iterator[ast.AST]:
    """One context of z3 in several threads crashes; so z3 is in the process that has nothing else to do."""
    for node, module in imported(tree):
        if module == "z3" and name != "prover/worker.py":
            yield node


LINTS: tuple[Callable[[str, ast.AST], Iterator[ast.AST]], ...] = (
    signed_comparisons,
    printed_terms,
    answers_read_elsewhere,
    proofs_made_elsewhere,
    unsafe_reading,
    checks_that_vanish,
    threads_around_z3,
)


@pytest.mark.parametrize("lint", LINTS, ids=lambda lint: lint.__name__)
def test_the_source_holds_none_of_these(lint: Callable[[str, ast.AST], Iterator[ast.AST]]) -> None:
    found = [f"{name}:{getattr(node, 'lineno', 0)}" for name, tree in TREES.items() for node in lint(name, tree)]

    assert found == []


@pytest.mark.parametrize(
    ("lint", "name", "source"),
    [
        (signed_comparisons, "encoder/x.py", 'f"(bvsle {a} {b})"'),
        (printed_terms, "prover/x.py", "import z3\nkey = str(term)"),
        (answers_read_elsewhere, "report/x.py", "answer == z3.unsat"),
        (answers_read_elsewhere, "report/x.py", 'answer == "unsat"'),
        (answers_read_elsewhere, "pipeline.py", "solver.check([])"),
        (proofs_made_elsewhere, "report/x.py", "Proved(())"),
        (unsafe_reading, "ingest/x.py", "import pickle"),
        (unsafe_reading, "ingest/x.py", "from urllib.request import urlopen"),
        (unsafe_reading, "ingest/x.py", "eval(text)"),
        (unsafe_reading, "ingest/x.py", "subprocess.run(text, shell=True)"),
        (unsafe_reading, "ingest/x.py", "archive.extractall()"),
        (checks_that_vanish, "certificate/x.py", "assert covers(box)"),
        (threads_around_z3, "prover/x.py", "import z3"),
    ],
)
def test_each_of_these_would_be_seen(lint: Callable[[str, ast.AST], Iterator[ast.AST]], name: str, source: str) -> None:
    assert next(lint(name, ast.parse(source)), None) is not None
