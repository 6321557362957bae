"""Whoever is asked beside Z3 may be missing, die, hang, babble or lie: what is not shown is never evidence, and
whoever contradicts is heard."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_prover_solver import ROOT, ends
from vnetverify.prover.evidence import child
from vnetverify.prover.evidence import confirming as module
from vnetverify.prover.evidence.confirming import (
    CheckedProof,
    Contradiction,
    Engine,
    EvidenceLimits,
    NoEvidence,
    Question,
    SecondOpinion,
    evidence_for,
    script_of,
)

LIMITS = EvidenceLimits(seconds=20)
HEADER = "(declare-const dp (_ BitVec 16))\n(declare-const u0 Bool)\n(declare-const v Bool)\n"
IMPOSSIBLE = Question(f"{HEADER}(assert (= v (and (bvule dp #x0050) (bvugt dp #x0051))))\n", ("v",))
POSSIBLE = Question(f"{HEADER}(assert (= v (and (= dp #x0050) (not u0))))\n", ("v",))


def has(module_name: str) -> bool:
    return module.find_spec(module_name) is not None


needs_sat = pytest.mark.skipif(not has("pysolvers"), reason="python-sat is not installed (extra `crosscheck`)")
needs_bitwuzla = pytest.mark.skipif(not has("bitwuzla"), reason="bitwuzla is not installed (extra `crosscheck`)")


def engines() -> list[object]:
    return [
        pytest.param(
            engine,
            marks=pytest.mark.skipif(
                not has(engine.value), reason=f"{engine.value} is not installed (extra `crosscheck`)"
            ),
        )
        for engine in Engine
    ]


# -- answers --------------------------------------------------------------------------------------------


@needs_sat
def test_what_is_impossible_gets_a_checked_proof() -> None:
    evidence = evidence_for(IMPOSSIBLE, LIMITS)

    assert isinstance(evidence, CheckedProof)
    assert evidence.lemmas > 0


@needs_sat
def test_what_is_false_at_sight_gets_a_checked_proof_too() -> None:
    assert evidence_for(Question(f"{HEADER}(assert false)"), LIMITS) == CheckedProof(1, 1)


@needs_sat
def test_what_is_possible_is_contradicted_by_values_that_satisfy_the_circuit() -> None:
    evidence = evidence_for(POSSIBLE, LIMITS)

    assert evidence == Contradiction("cadical", {"dp": 80, "u0": 0, "v": 1}, True)


@needs_sat
def test_a_refutation_that_takes_too_many_conflicts_is_no_evidence() -> None:
    pigeons = [f"(declare-const x{number} (_ BitVec 2))" for number in range(5)]
    apart = [f"(assert (not (= x{one} x{other})))" for one in range(5) for other in range(one)]
    question = Question("\n".join((*pigeons, *apart)))

    assert evidence_for(question, EvidenceLimits(seconds=20, conflicts=3), ()) == NoEvidence(
        ("cadical: it gave up after 3 conflicts",)
    )
    assert isinstance(evidence_for(question, LIMITS, ()), CheckedProof)


@needs_sat
def test_a_fixed_value_is_part_of_the_question() -> None:
    fixed = Question(POSSIBLE.text, ("v",), {"dp": (81, 16)})

    assert isinstance(evidence_for(fixed, LIMITS), CheckedProof)


@pytest.mark.parametrize("engine", engines())
def test_another_solver_counts_where_the_proof_is_too_large(engine: Engine) -> None:
    limits = EvidenceLimits(seconds=20, clauses=3)

    evidence = evidence_for(IMPOSSIBLE, limits, (engine,))

    assert isinstance(evidence, SecondOpinion)
    assert evidence.engine is engine
    assert evidence.no_proof.startswith(("cadical: too large", "cadical: python-sat is not installed"))


@pytest.mark.parametrize("engine", engines())
def test_another_solver_that_finds_values_contradicts(engine: Engine) -> None:
    limits = EvidenceLimits(seconds=20, clauses=3)

    evidence = evidence_for(POSSIBLE, limits, (engine,))

    assert evidence == Contradiction(engine.value, {"dp": 80, "u0": 0, "v": 1}, True)


@pytest.mark.parametrize("engine", engines())
def test_another_solver_is_asked_with_the_fixed_values(engine: Engine) -> None:
    fixed = Question(POSSIBLE.text, ("v", "-u0"), {"dp": (81, 16)})

    assert isinstance(evidence_for(fixed, EvidenceLimits(seconds=20, clauses=3), (engine,)), SecondOpinion)


def test_the_script_asserts_what_is_assumed_and_fixed() -> None:
    script = script_of(Question("(declare-const v Bool)\n", ("v", "-u0"), {"dp": (5, 4)}))

    assert script == "\n".join(
        (
            "(set-logic QF_BV)",
            "(declare-const v Bool)",
            "(assert v)",
            "(assert (not u0))",
            "(assert (= dp #b0101))",
            "",
        )
    )


def test_a_text_that_is_not_the_encoders_goes_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "reply_of", lambda *_: pytest.fail("somebody was asked"))
    hostile = "(declare-const vm1| () Bool)(assert false)(check-sat)(exit);"

    evidence = evidence_for(Question(hostile), LIMITS)

    assert isinstance(evidence, NoEvidence)
    assert "cannot be read back" in evidence.why[0]


# -- what is not installed ------------------------------------------------------------------------------


def test_without_the_extra_there_is_no_evidence_and_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)

    assert evidence_for(IMPOSSIBLE, LIMITS) == NoEvidence(
        (
            "cadical: python-sat is not installed (extra `crosscheck`)",
            "bitwuzla: not installed (extra `crosscheck`)",
            "cvc5: not installed (extra `crosscheck`)",
        )
    )


@needs_bitwuzla
def test_without_python_sat_another_solver_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "pysolvers" else object())

    evidence = evidence_for(IMPOSSIBLE, LIMITS)

    assert evidence == SecondOpinion(Engine.BITWUZLA, "cadical: python-sat is not installed (extra `crosscheck`)")


# -- processes that fail --------------------------------------------------------------------------------


def says(**answer: object) -> str:
    """Return a program that answers so."""
    return f"print({json.dumps({**answer, 'number': 1})!r})"


FAILING = {
    "hang": "import time\ntime.sleep(600)",
    "read nothing and hang": "import os, time\nos.close(0)\ntime.sleep(600)",
    "be killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "crash": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "end": "",
    "fail": "raise SystemExit(3)",
    "babble": "print('unsat')",
    "answer in other words": says(answer="UNSAT", proof=""),
    "answer with a list": "print('[1, 2]')",
    "nest without end": "print('[' * 100000)",
    "stop in the middle": 'import sys\nsys.stdout.write(\'{"answer": "unsa\')',
    "give up": says(answer="unknown"),
    "answer what nobody asked": 'print(\'{"answer": "unsat", "number": 2}\')',
    "say that there are values and not which": says(answer="sat"),
}


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Return where a program can be put in place of the worker."""
    program, before = tmp_path / "worker.py", _children()
    monkeypatch.setattr(child, "WORKER", program)
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    yield program
    assert _children() <= before, "a process is left"


def _children() -> set[str]:
    """Return the numbers of our child processes."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


@pytest.mark.parametrize("how", FAILING)
def test_a_process_that_fails_is_no_evidence(worker: Path, how: str) -> None:
    worker.write_text(FAILING[how])

    evidence = evidence_for(POSSIBLE, EvidenceLimits(seconds=1.0), (Engine.BITWUZLA,))

    assert isinstance(evidence, NoEvidence)
    assert [why.split(":")[0] for why in evidence.why] == ["cadical", "bitwuzla"]


def test_the_time_limit_ends_a_process_that_hangs(worker: Path) -> None:
    worker.write_text(FAILING["hang"])

    assert evidence_for(POSSIBLE, EvidenceLimits(seconds=0.5), ()) == NoEvidence(
        ("cadical: the time limit of 0.5 s was reached",)
    )


def test_an_answer_without_end_is_cut_off(worker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_LONGEST_ANSWER", 1 << 20)
    worker.write_text("while True:\n    print('unsat ' * 1000, end='')")

    evidence = evidence_for(POSSIBLE, LIMITS, ())

    assert evidence == NoEvidence(("cadical: its answer was garbled",))


def test_a_process_that_was_killed_says_by_which_signal(worker: Path) -> None:
    worker.write_text(FAILING["be killed"])

    evidence = evidence_for(POSSIBLE, LIMITS, ())

    assert evidence == NoEvidence(("cadical: its process was ended by signal SIGKILL; its memory limit is 4096 MB",))


@needs_sat
def test_a_memory_limit_that_is_too_small_is_no_evidence() -> None:
    evidence = evidence_for(IMPOSSIBLE, EvidenceLimits(seconds=20, megabytes=4), ())

    assert isinstance(evidence, NoEvidence)
    assert "memory limit is 4 MB" in evidence.why[0]


CAREFREE_PARENT = """
from tests.unit.test_evidence_checker import pigeons
from vnetverify.prover.evidence import child

start = child.started

def started(*given):
    process = start(*given)
    print(process.pid, flush=True)
    return process

child.started = started
child.reply_of("sat", {"clauses": pigeons(14), "conflicts": 10**9}, child.Fence())
"""


@needs_sat
def test_a_process_whose_parent_is_killed_ends() -> None:
    command = [sys.executable, "-c", CAREFREE_PARENT]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None

        pid = int(parent.stdout.readline())
        time.sleep(0.5)  # let it get to its question
        parent.kill()

    assert ends(pid)


# -- processes that lie ---------------------------------------------------------------------------------

# The clauses of the question have a model, so whatever is handed in for a proof, it is none.
FALSE_PROOFS = (
    "",
    "\n",
    "0\n",
    "5 0 0\n",
    "6 0 1 0\n",
    "9 0 1 2 3 4 0\n",
    "s UNSATISFIABLE\n",
    "1 0\n0\n",
    "\u0661\n",
    "\0",
)


@pytest.mark.parametrize("proof", FALSE_PROOFS)
def test_a_false_proof_is_no_evidence(worker: Path, proof: str) -> None:
    worker.write_text(says(answer="unsat", proof=proof))

    evidence = evidence_for(POSSIBLE, LIMITS, ())

    assert isinstance(evidence, NoEvidence)
    assert evidence.why[0].startswith("cadical: its proof was refused: ")


@pytest.mark.parametrize("proof", [None, 1, ["1 0 0"]])
def test_an_answer_without_a_proof_is_garbled(worker: Path, proof: object) -> None:
    worker.write_text(says(answer="unsat", proof=proof))

    assert evidence_for(POSSIBLE, LIMITS, ()) == NoEvidence(("cadical: its answer was garbled",))


@pytest.mark.parametrize("model", [[], [1, 2, 3], [-1, -2], ["1", None, 1.5, [2]], [10**30]])
def test_values_that_satisfy_nothing_contradict_all_the_same(worker: Path, model: list[object]) -> None:
    worker.write_text(says(answer="sat", model=model))

    evidence = evidence_for(IMPOSSIBLE, LIMITS)

    assert isinstance(evidence, Contradiction)
    assert not evidence.confirmed


@pytest.mark.parametrize("model", [{}, {"dp": 80}, {"dp": -1, "v": 1}, {"dp": "80", "v": None}, {"x": 1, "dp": 10**40}])
def test_another_solver_that_says_so_without_values_that_fit_contradicts_too(
    worker: Path, model: dict[str, object]
) -> None:
    worker.write_text(says(answer="sat", model=model))

    evidence = evidence_for(IMPOSSIBLE, EvidenceLimits(clauses=3), (Engine.CVC5,))

    assert isinstance(evidence, Contradiction)
    assert evidence.who == "cvc5"
    assert not evidence.confirmed
