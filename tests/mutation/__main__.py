"""`make mutation`: try a sample of changes to each module and print how many of them some test notices."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests.mutation import outcomes, reach, survivors
from tests.mutation.anew import tried_anew
from tests.mutation.changes import ROOT, Change, changes_of
from tests.mutation.modules import MODULES
from tests.mutation.outcomes import BROKEN, FUZZED, Outcome
from tests.mutation.trials import Order, Trials

STATE = ROOT / ".mutation"
_WHICH_TESTS, _OUTCOMES = STATE / "reach.json", STATE / "outcomes.jsonl"


def main() -> int:
    """Try the changes that were not tried yet; return 1 where one survives that nothing explains."""
    asked = _arguments()
    modules = dict.fromkeys(module for part in asked.only or [""] for module in MODULES if part in module)
    which = reach.load(_WHICH_TESTS)
    files = [] if asked.as_measured else which.files_to_measure(asked.tests)
    if files:
        print(f"measuring what the tests of {len(files)} files run", flush=True)
        which = reach.measure(MODULES, files, which)
        which.save(_WHICH_TESTS)
    if asked.tests:
        which.keep(asked.tests)
    sample = [change for module in modules for change in _drawn(module, asked.seed, asked.count)]
    known = outcomes.load(_OUTCOMES)
    explained = {survivor.change: survivor for survivor in survivors.explained()}
    waiting = [change for change in sample if _is_to_be_tried(change, known, asked.again, explained)]
    _try(waiting, which, asked, known)
    return _told(sample, known, explained)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which sample is drawn")
    parser.add_argument("--count", type=int, default=20, help="how many changes of each module")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of tests that a change may take")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many are tried at once")
    parser.add_argument("--networks", type=int, default=0, help="drawn networks that try what no test notices")
    parser.add_argument("--again", action="store_true", help="try survivors again that nothing explains")
    parser.add_argument("--as-measured", action="store_true", help="leave out tests that are new or have changed")
    parser.add_argument("--tests", nargs="+", default=[], help="files of tests that are to notice, and no others")
    parser.add_argument("only", nargs="*", help="modules whose names contain this")
    return parser.parse_args()


def _name(change: Change) -> str:
    """Return what an outcome is kept under: it holds as long as the function stays as it is."""
    return f"{reach.text_of(change)} {change.key}"


def _drawn(module: str, seed: int, count: int) -> list[Change]:
    return sorted(changes_of(module), key=lambda change: change.lot(seed))[:count]


def _is_to_be_tried(
    change: Change, known: Mapping[str, Outcome], again: bool, explained: Mapping[str, survivors.Survivor]
) -> bool:
    outcome = known.get(_name(change))
    if outcome is None or outcome.outcome == BROKEN:
        return True
    return again and not outcome.is_noticed and change.key not in explained


def _try(changes: Sequence[Change], which: reach.Reach, asked: argparse.Namespace, known: dict[str, Outcome]) -> None:
    every = (change for module in MODULES for change in changes_of(module))
    order = Order(which, asked.budget, [(each, known[_name(each)]) for each in every if _name(each) in known])

    def report(change: Change, outcome: Outcome) -> None:
        known[_name(change)] = outcome
        outcomes.add(_name(change), outcome, _OUTCOMES)
        print(f"{outcome.outcome:9} {outcome.seconds:6.1f} s  {change.key}  {outcome.by}", flush=True)

    inside = [change for change in changes if not which.is_imported(change)]
    if inside:
        trials = Trials(inside, which, order, asked.jobs, asked.networks, report)
        files = sorted({test.partition("::")[0] for change in inside for test in which.tests_of(change)})
        pytest.main(["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", *files], plugins=[trials])
    for change in changes:
        if which.is_imported(change):
            reaching = which.tests_of(change)
            report(change, tried_anew(change, order.of(change, reaching), len(reaching)))


@dataclass(slots=True)
class _Score:
    tried: int = 0
    noticed: int = 0
    fuzzed: int = 0
    no_difference: int = 0
    gaps: int = 0
    unexplained: int = 0

    def add(self, outcome: Outcome, explanation: survivors.Survivor | None) -> None:
        self.tried += 1
        if outcome.is_noticed:
            self.noticed += 1
            self.fuzzed += outcome.outcome == FUZZED
        elif explanation is None:
            self.unexplained += 1
        elif explanation.kind == survivors.GAP:
            self.gaps += 1
        else:
            self.no_difference += 1

    def __str__(self) -> str:
        counted = self.tried - self.no_difference
        share = f"{100 * self.noticed / counted:5.1f} %" if counted else "      -"
        noticed = f"{self.tried:6} {self.noticed:8} {self.fuzzed:8}"
        return f"{noticed} {self.no_difference:14} {self.gaps:5} {self.unexplained:12}  {share}"


def _told(sample: Iterable[Change], known: Mapping[str, Outcome], explained: Mapping[str, survivors.Survivor]) -> int:
    """Print the score of each module and of all; return 1 where a change survives that nothing explains."""
    scores: dict[str, _Score] = {}
    every = _Score()
    for change in sample:
        outcome, explanation = known[_name(change)], explained.get(change.key)
        for score in (scores.setdefault(change.module, _Score()), every):
            score.add(outcome, explanation)
        if not outcome.is_noticed and explanation is None:
            print(f"UNEXPLAINED {change.key}  ({outcome.outcome}, {outcome.tests} of {outcome.reaching} tests)")
    print(f"{'':44}  tried  noticed  by fuzz  no difference  gaps  unexplained  score")
    for module, score in scores.items():
        print(f"{module:44} {score}")
    print(f"{'all':44} {every}")
    return 1 if every.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
