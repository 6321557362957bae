"""Faults planted in an engine by changing its source in memory, and the examples of the rule book that notice them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
PAGES = ("routing", "filtering", "intents")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule, and a place in a module of an engine that is changed so that the engine no longer follows it."""

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
    """Import `vnetverify` anew with the fault; what was imported before is as it was afterwards."""
    before = _taken_out()
    finder = _Finder(mutant)
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(mutant.module)
        yield
    finally:
        sys.meta_path.remove(finder)
        _taken_out()
        sys.modules.update(before)


def _taken_out() -> Mapping[str, ModuleType]:
    names = [name for name in sys.modules if name == "vnetverify" or name.startswith("vnetverify.")]
    return {name: sys.modules.pop(name) for name in names}


def noticed_by(mutant: Mutant) -> str | None:
    """Return the first example of the mutant's rule that is answered otherwise; None if the fault survives.

    Raises `BadMutant` where there is nothing to change.
    """
    with planted(mutant):
        book = importlib.import_module("vnetverify.testing.examples")
        for page in PAGES:
            for example in book.read_page((ROOT / "specs" / "semantics" / f"{page}.md").read_text()).examples:
                if mutant.rule in example.rules and (_is_answered_otherwise(example) or _is_proved_otherwise(example)):
                    return str(example.names[0])
    return None


def _is_answered_otherwise(example: Any) -> bool:
    """Hold when the simulator does not give the answers of the book, failing to answer included."""
    answers, questions, rules, wellformed, reading, source = (
        importlib.import_module(f"vnetverify.{name}")
        for name in ("testing.answers", "testing.questions", "rules", "model.wellformed", "syntax", "source")
    )
    network = reading.read((source.Source(example.names[0], example.network),)).network
    for question, answer in example.asked:
        asked = questions.parse_asked(question, answer, network)
        try:
            given = answers.simulated_answer(network, asked.question, rules.World(asked.facts), wellformed.check)
        except (KeyError, AssertionError, AttributeError):
            return True
        if not answers.agrees(asked.answer, given):
            return True
    return False


def _is_proved_otherwise(example: Any) -> bool:
    """Hold when an example of intents alone is not judged as it expects: the engines then differ, which is an error."""
    if example.asked:
        return False
    pipeline, reading = (importlib.import_module(f"vnetverify.{name}") for name in ("pipeline", "syntax"))
    verdict = importlib.import_module("vnetverify.prover.verdict")
    source = importlib.import_module("vnetverify.source")
    document = reading.read((source.Source(example.names[0], example.network),))
    try:
        report = pipeline.prove(pipeline.Loaded(document, {}, ()), pipeline.Options())
    except pipeline.Disagreement:
        return True
    return any(result.intent.expect != verdict.verdict_word(result.verdict) for result in report.results)
