"""The solver's process may hang, die, run out of memory or babble: each time the question is undecided, nothing
hangs or is proved, and the next question is answered."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vnetverify.encoder.obligation import HEADER_SYMBOLS, Obligation, Origins
from vnetverify.prover import solver as module
from vnetverify.prover.solver import Limits, Satisfiable, Solver, SolverBug, Undecided, Unsatisfiable
from vnetverify.rules import uncertainty

HEADER = "".join(
    f"(declare-const {symbol} (_ BitVec {width}))\n"
    for symbol, width in {"pr": 8, "src": 32, "sp": 16, "dst": 32, "dp": 16}.items()
)
LONG_COMMENT = f";{'x' * 500_000}\n"  # more than a pipe takes at once


def obligation(text: str, facts: tuple[str, ...] = ()) -> Obligation:
    declared = {f"u{number}": uncertainty("U-FORWARDS", name) for number, name in enumerate(facts)}
    lines = "".join(f"(declare-const {symbol} Bool)\n" for symbol in declared)
    return Obligation(f"{HEADER}{lines}(declare-const v Bool)\n{text}", "v", "v", declared, {}, {}, Origins(()), 0)


EASY = obligation("(assert (= v (= dp #x0050)))")
IMPOSSIBLE = obligation("(assert (= v (and (= dp #x0050) (= dp #x0051))))")
# Which two factors does the product of two primes of 64 bits have? Nobody finds out in a test.
HARD = obligation(
    """\
(declare-const x (_ BitVec 64))
(declare-const y (_ BitVec 64))
(assert (= v (and (bvugt x (_ bv1 64)) (bvugt y (_ bv1 64))
  (= (bvmul ((_ zero_extend 64) x) ((_ zero_extend 64) y)) (_ bv340282366920938461286658806734041124249 128)))))
"""
)


@pytest.fixture
def solver() -> Iterator[Solver]:
    solver = Solver(Limits(seconds=20))
    yield solver
    solver.close()


def answers_again(solver: Solver) -> bool:
    """Tell whether the solver still answers what it is asked next."""
    solver.open(EASY)
    return isinstance(solver.check(["v"]), Satisfiable)


# -- answers --------------------------------------------------------------------------------------------


def test_a_model_gives_a_value_to_every_symbol_of_a_witness(solver: Solver) -> None:
    solver.open(EASY)

    answer = solver.check(["v"])

    assert isinstance(answer, Satisfiable)
    assert set(answer.model) == set(HEADER_SYMBOLS)
    assert answer.model["dp"] == 80


def test_a_core_holds_the_assumed_literals_that_contradict(solver: Solver) -> None:
    solver.open(obligation("(assert (= v (and u0 (not u2))))", ("a", "b", "c")))

    assert solver.check(["v", "-u0", "u1", "u2"], core=True) in (
        Unsatisfiable(("v", "-u0")),
        Unsatisfiable(("v", "u2")),
    )


def test_a_fixed_value_counts_for_one_question_only(solver: Solver) -> None:
    solver.open(EASY)

    assert solver.check(["v"], fix={"dp": (81, 16)}) == Unsatisfiable()
    assert isinstance(solver.check(["v"]), Satisfiable)


def test_a_text_that_the_solver_refuses_is_our_bug(solver: Solver) -> None:
    solver.open(obligation("(assert (= v nobody))"))

    with pytest.raises(SolverBug, match="nobody"):
        solver.check(["v"])

    assert answers_again(solver)


# -- limits ---------------------------------------------------------------------------------------------


def test_a_question_ends_at_its_time_limit() -> None:
    solver = Solver(Limits(seconds=0.3))
    solver.open(HARD)

    assert solver.check(["v"]) == Undecided("the time limit of 0.3 s was reached")
    assert answers_again(solver)
    solver.close()


def test_a_question_ends_at_its_budget_of_steps_and_the_next_has_its_own() -> None:
    solver = Solver(Limits(seconds=60, rlimit=20_000))
    solver.open(HARD)

    assert solver.check(["v"]) == Undecided("the budget of 20000 steps was reached")
    assert answers_again(solver)
    solver.close()


def test_the_steps_of_a_question_are_counted_and_repeat_exactly() -> None:
    spent = []
    for _ in range(2):
        solver = Solver(Limits())
        solver.open(IMPOSSIBLE)
        solver.check(["v"])
        spent.append(solver.rlimit)
        solver.close()

    assert spent[0] == spent[1] > 0


@pytest.mark.parametrize("megabytes", [64, 90, 120])
def test_a_process_without_enough_memory_decides_nothing(megabytes: int) -> None:
    solver = Solver(Limits(seconds=20, megabytes=megabytes))
    solver.open(HARD)

    answer = solver.check(["v"])
    solver.close()

    assert isinstance(answer, Undecided)
    assert f"{megabytes} MB" in answer.why


# -- the real process under attack ----------------------------------------------------------------------


def during(solver: Solver, attack: signal.Signals) -> threading.Thread:
    """Return a thread that sends the process of `solver` a signal while it works on its question."""
    assert solver._process is not None
    process = solver._process

    def send() -> None:
        time.sleep(0.3)
        os.kill(process.pid, attack)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_a_process_that_is_killed_in_mid_question_decides_nothing(solver: Solver) -> None:
    assert answers_again(solver)

    solver.open(HARD)
    attack = during(solver, signal.SIGKILL)
    answer = solver.check(["v"])
    attack.join()

    assert answer == Undecided("the solver's process was ended by signal SIGKILL; its memory limit is 4096 MB")
    assert answers_again(solver)


def test_a_process_that_is_frozen_in_mid_question_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.2)
    solver = Solver(Limits(seconds=0.8))

    assert answers_again(solver)

    solver.open(HARD)
    attack = during(solver, signal.SIGSTOP)
    answer = solver.check(["v"])
    attack.join()

    assert answer == Undecided("the time limit of 0.8 s was reached")
    assert answers_again(solver)
    solver.close()


def test_a_long_text_for_a_frozen_process_blocks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.2)
    solver = Solver(Limits(seconds=0.5))

    assert answers_again(solver)
    assert solver._process is not None

    os.kill(solver._process.pid, signal.SIGSTOP)
    solver.open(obligation(f"{LONG_COMMENT}(assert (= v true))"))
    answer = solver.check(["v"])

    assert answer == Undecided("the time limit of 0.5 s was reached")
    assert answers_again(solver)
    solver.close()


def test_a_process_that_died_between_two_questions_is_replaced(solver: Solver) -> None:
    assert answers_again(solver)
    assert solver._process is not None

    os.kill(solver._process.pid, signal.SIGKILL)
    solver._process.wait()

    assert isinstance(solver.check(["v"]), Satisfiable)


def test_a_stopped_solver_leaves_its_question_and_all_later_ones_undecided(solver: Solver) -> None:
    solver.open(HARD)
    threading.Timer(0.5, solver.stop).start()
    begun = time.monotonic()

    assert solver.check(["v"]) == Undecided("the run was interrupted")
    assert time.monotonic() - begun < 5

    solver.open(EASY)

    assert solver.check(["v"]) == Undecided("the run was interrupted")


def test_no_process_is_left_behind() -> None:
    solver = Solver(Limits())
    solver.open(EASY)
    solver.check(["v"])
    assert solver._process is not None
    process = solver._process
    solver.close()

    assert process.returncode == -signal.SIGKILL


# -- processes that are not what they should be ---------------------------------------------------------

ECHO = "import sys\nfor line in sys.stdin:\n    print({answer!r}, flush=True)\n"
AFTER_OPENING = (
    "import sys, time, os\n"
    "sys.stdin.readline()\n"
    'print(\'{{"answer": "opened"}}\', flush=True)\n'
    "sys.stdin.readline()\n"
    "{then}\n"
)
MODEL_WITHOUT_PORTS = '{"answer": "sat", "rlimit": 1, "model": {"pr": 6, "src": 1, "dst": 2}}'
MODEL_OF_WORDS = '{"answer": "sat", "rlimit": 1, "model": {"pr": 6, "src": "one", "sp": 1, "dst": 2, "dp": 3}}'


def says(answer: str) -> str:
    return AFTER_OPENING.format(then=f"print({answer!r}, flush=True); time.sleep(60)")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        pytest.param("import time; time.sleep(60)", "time limit", id="never answers"),
        pytest.param("", "ended with status 0", id="ends at once"),
        pytest.param("raise SystemExit(7)", "ended with status 7", id="fails at once"),
        pytest.param("import os; os.abort()", "SIGABRT", id="aborts"),
        pytest.param(AFTER_OPENING.format(then="os.close(1); time.sleep(60)"), "went silent", id="closes its output"),
        pytest.param("import os, time; os.close(0); time.sleep(60)", "went silent", id="closes its input"),
        pytest.param(ECHO.format(answer="hello"), "garbled", id="says no JSON"),
        pytest.param(ECHO.format(answer="[1]"), "garbled", id="says a list"),
        pytest.param(ECHO.format(answer="{}"), "garbled", id="says nothing"),
        pytest.param(ECHO.format(answer='{"answer": "unsat"}'), "garbled", id="proves before it is asked"),
        pytest.param(ECHO.format(answer='{"answer": "opened"}'), "garbled", id="opens for ever"),
        pytest.param(ECHO.format(answer="[" * 200_000), "garbled", id="nests deeply"),
        pytest.param(
            AFTER_OPENING.format(then="while True: print('x' * 65536, end='')"), "garbled", id="never ends its line"
        ),
        pytest.param(says('{"answer": "sat", "rlimit": 1}'), "garbled", id="has no model"),
        pytest.param(says(MODEL_WITHOUT_PORTS), "garbled", id="has half a model"),
        pytest.param(says(MODEL_OF_WORDS), "garbled", id="has a model of words"),
        pytest.param(says('{"answer": "unsat", "rlimit": "much", "core": []}'), "garbled", id="counts in words"),
        pytest.param(says('{"answer": "unsat", "rlimit": 1, "core": "v"}'), "garbled", id="has a word for a core"),
        pytest.param(says('{"answer": "perhaps", "reason": "mood"}'), "gave up: mood", id="is moody"),
        pytest.param(AFTER_OPENING.format(then="os.abort()"), "SIGABRT", id="aborts at the question"),
    ],
)
def test_a_process_that_misbehaves_decides_nothing(
    script: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "worker.py"
    fake.write_text(script)
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.4)
    monkeypatch.setattr(module, "_LONGEST_ANSWER", 1 << 20)
    solver = Solver(Limits(seconds=0.6))
    solver.open(obligation(f"{LONG_COMMENT}(assert (= v false))"))
    with monkeypatch.context() as patched:
        patched.setattr(module, "_WORKER", fake)
        answer = solver.check(["v"])

    assert isinstance(answer, Undecided)
    assert why in answer.why

    solver.close()
    solver.limits = Limits()

    assert answers_again(solver)
    solver.close()


def test_a_process_that_is_slow_to_start_still_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "worker.py"
    slow.write_text(
        f"import runpy, time\ntime.sleep(0.7)\nrunpy.run_path({str(module._WORKER)!r}, run_name='__main__')\n"
    )
    monkeypatch.setattr(module, "_WORKER", slow)
    solver = Solver(Limits(seconds=20))

    assert answers_again(solver)
    solver.close()


def test_a_process_that_cannot_be_started_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    solver = Solver(Limits())
    solver.open(EASY)
    with monkeypatch.context() as patched:
        patched.setattr(module.sys, "executable", "/nonexistent/python")
        answer = solver.check(["v"])

    assert answer == Undecided("the solver's process could not be started: No such file or directory")
    assert answers_again(solver)
    solver.close()
