"""The solver's process may hang, die, run out of memory or babble: each time the question is undecided, nothing
hangs or is proved, and the next question is answered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vnetverify.encoder.obligation import HEADER_SYMBOLS, Obligation, Origins
from vnetverify.facts import uncertainty
from vnetverify.prover import process as process_module
from vnetverify.prover.solver import Limits, Satisfiable, Solver, SolverBug, Undecided, Unsatisfiable

HEADER = "".join(
    f"(declare-const {symbol} (_ BitVec {width}))\n"
    for symbol, width in {"pr": 8, "src": 32, "sp": 16, "dst": 32, "dp": 16}.items()
)
ROOT = Path(__file__).parents[2]
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
# A product of 4096 bits: z3 looks at no clock while it writes it out as gates.
DEAF = obligation(
    """\
(declare-const x (_ BitVec 4096))
(declare-const y (_ BitVec 4096))
(assert (= v (= (bvmul x y) (bvadd (bvmul y y) x))))
"""
)


@pytest.fixture
def solver() -> Iterator[Solver]:
    solver = Solver(Limits(seconds=20))
    yield solver
    solver.close()


def answers_again(solver: Solver) -> bool:
    """Tell whether the solver still answers what it is asked next, given time."""
    solver.limits = Limits(megabytes=solver.limits.megabytes)
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


def test_questions_may_share_a_budget_of_steps() -> None:
    solver = Solver(Limits(rlimit=400_000))
    solver.open(HARD)
    solver.allot()
    spent = Undecided("the budget of 400000 steps was reached")

    assert solver.check(["v"]) == spent
    assert solver.rlimit >= 400_000
    assert solver.check([]) == spent

    solver.allot()

    assert answers_again(solver)
    solver.close()


def test_questions_may_share_a_time_limit() -> None:
    solver = Solver(Limits(seconds=0.5))
    solver.open(HARD)
    solver.allot()
    late = Undecided("the time limit of 0.5 s was reached")

    assert [solver.check(["v"]), solver.check([])] == [late, late]
    solver.close()


def test_many_questions_at_once_share_a_budget_of_steps() -> None:
    solver = Solver(Limits(rlimit=50_000))
    solver.open(HARD)

    assert solver.check_each([["v"], ["-v"], ["v"]]) == [None, None, None]
    assert solver.rlimit < 1_000_000
    solver.close()


def test_a_formula_over_which_z3_forgets_its_time_limit_ends_at_it_all_the_same() -> None:
    solver = Solver(Limits(seconds=0.5))
    solver.open(DEAF)

    assert solver.check(["v"]) == Undecided("the time limit of 0.5 s was reached")
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


def test_the_kernel_limits_a_process_too() -> None:
    solver = Solver(Limits(seconds=7, megabytes=512))
    solver.warm_up()
    solver.open(EASY)
    solver.check(["v"])

    assert solver._process is not None

    lines = Path(f"/proc/{solver._process.pid}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:].split()[0] for line in lines[1:]}
    solver.close()

    assert soft["Max core file size"] == "0"
    assert soft["Max address space"] == str(512 << 20)
    assert 7 <= int(soft["Max cpu time"]) <= 20


# -- the real process under attack ----------------------------------------------------------------------


def during(solver: Solver, attack: signal.Signals) -> threading.Thread:
    """Return a thread that sends the process of `solver` a signal while it works on its question."""
    assert solver._process is not None
    process = solver._process

    def send() -> None:
        time.sleep(0.1)
        os.kill(process.pid, attack)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_a_question_over_which_a_process_is_killed_is_asked_of_another() -> None:
    solver = Solver(Limits())

    assert answers_again(solver)
    assert solver._process is not None

    solver.limits = Limits(rlimit=4_000_000)
    first = solver._process.pid
    solver.open(HARD)
    attack = during(solver, signal.SIGKILL)
    answer = solver.check(["v"])
    attack.join()

    assert answer == Undecided("the budget of 4000000 steps was reached")
    assert solver._process.pid != first

    solver.close()


def test_what_was_added_is_asked_of_the_next_process_too(solver: Solver) -> None:
    solver.open(obligation("(assert (= v (and u0 u1)))", ("a", "b")))

    assert solver.add(["-v", "-u1"])
    assert solver._process is not None

    os.kill(solver._process.pid, signal.SIGKILL)
    solver._process.ending()

    assert solver.check(["v"]) == Unsatisfiable()


def test_a_process_that_is_frozen_in_mid_question_decides_nothing() -> None:
    solver = Solver(Limits())

    assert answers_again(solver)

    solver.limits = Limits(seconds=0.8)
    solver.open(HARD)
    attack = during(solver, signal.SIGSTOP)
    answer = solver.check(["v"])
    attack.join()

    assert answer == Undecided("the time limit of 0.8 s was reached")
    assert answers_again(solver)
    solver.close()


def test_a_long_text_for_a_frozen_process_blocks_nobody() -> None:
    solver = Solver(Limits())

    assert answers_again(solver)
    assert solver._process is not None

    solver.limits = Limits(seconds=0.5)
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
    solver._process.ending()

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

    assert process.ending() == -signal.SIGKILL


CAREFREE_PARENT = """\
import sys
from tests.unit.test_prover_solver import EASY, HARD
from vnetverify.prover.solver import Limits, Solver
solver = Solver(Limits())
solver.open(EASY)
solver.check(["v"])
print(solver._process.pid, flush=True)
if sys.argv[1] == "asking":
    solver.open(HARD)
    solver.check(["v"])
sys.stdin.read()
"""


@pytest.mark.parametrize("parent", ["asking", "idle"])
def test_a_process_whose_parent_is_killed_ends(parent: str) -> None:
    command = [sys.executable, "-c", CAREFREE_PARENT, parent]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None

        child = int(process.stdout.readline())
        time.sleep(0.3)  # let it get to its question
        process.kill()

    assert ends(child)


def ends(pid: int) -> bool:
    """Tell whether a process that is not our child is over soon."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":  # nobody reaps it where there is no init
            return True
        time.sleep(0.02)
    return False


# -- processes that are not what they should be ---------------------------------------------------------

ECHO = "import sys\nfor line in sys.stdin:\n    print({answer!r}, flush=True)\n"
AFTER_OPENING = (
    "import sys, time, os\n"
    "sys.stdin.readline()\n"
    'print(\'{{"answer": "opened", "rlimit": 0, "number": 1}}\', flush=True)\n'
    "sys.stdin.readline()\n"
    "{then}\n"
)
UNSAT = '{"answer": "unsat", "rlimit": 1, "number": 2, "core": []}'
MODEL_WITHOUT_PORTS = '{"answer": "sat", "rlimit": 1, "number": 2, "model": {"pr": 6, "src": 1, "dst": 2}}'
MODEL_OF_WORDS = (
    '{"answer": "sat", "rlimit": 1, "number": 2, "model": {"pr": 6, "src": "one", "sp": 1, "dst": 2, "dp": 3}}'
)
MODEL_TOO_LARGE = (
    '{"answer": "sat", "rlimit": 1, "number": 2, "model": {"pr": 6, "src": 1, "sp": 65536, "dst": 2, "dp": 3}}'
)


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
        pytest.param(
            ECHO.format(answer='{"answer": "opened", "rlimit": 0, "number": 1}'), "garbled", id="opens for ever"
        ),
        pytest.param(ECHO.format(answer="[" * 200_000), "garbled", id="nests deeply"),
        pytest.param(
            AFTER_OPENING.format(then="while True: print('x' * 65536, end='')"), "garbled", id="never ends its line"
        ),
        pytest.param(says('{"answer": "sat", "rlimit": 1, "number": 2}'), "garbled", id="has no model"),
        pytest.param(says(MODEL_WITHOUT_PORTS), "garbled", id="has half a model"),
        pytest.param(says(MODEL_OF_WORDS), "garbled", id="has a model of words"),
        pytest.param(
            says('{"answer": "unsat", "rlimit": "much", "number": 2, "core": []}'), "garbled", id="counts in words"
        ),
        pytest.param(
            says('{"answer": "unsat", "rlimit": 1, "number": 2, "core": "v"}'), "garbled", id="has a word for a core"
        ),
        pytest.param(
            says('{"answer": "unsat", "rlimit": 1, "number": 2, "core": ["u9"]}'), "garbled", id="has a core of its own"
        ),
        pytest.param(
            says('{"answer": "unsat", "rlimit": 1, "number": 2, "core": [["v"]]}'), "garbled", id="has a core of lists"
        ),
        pytest.param(
            says('{"answer": "unsat", "rlimit": -9, "number": 2, "core": []}'), "garbled", id="gives steps back"
        ),
        pytest.param(says(UNSAT.replace("2", "1")), "garbled", id="answers what was asked before"),
        pytest.param(says(MODEL_TOO_LARGE), "garbled", id="has a port of 65536"),
        pytest.param(
            says('{"answer": "unknown", "reason": "mood", "rlimit": 1, "number": 2}'), "gave up: mood", id="is moody"
        ),
        pytest.param(AFTER_OPENING.format(then="os.abort()"), "SIGABRT", id="aborts at the question"),
    ],
)
def test_a_process_that_misbehaves_decides_nothing(
    script: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "worker.py"
    fake.write_text(script)
    solver = Solver(Limits(seconds=0.6))
    solver.open(obligation(f"{LONG_COMMENT}(assert (= v false))"))
    with monkeypatch.context() as patched:
        patched.setattr(process_module, "WORKER", fake)
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
        f"import runpy, time\ntime.sleep(0.7)\nrunpy.run_path({str(process_module.WORKER)!r}, run_name='__main__')\n"
    )
    monkeypatch.setattr(process_module, "WORKER", slow)
    solver = Solver(Limits(seconds=20))

    assert answers_again(solver)
    solver.close()


def test_a_process_that_cannot_be_started_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    solver = Solver(Limits())
    solver.open(EASY)
    with monkeypatch.context() as patched:
        patched.setattr(process_module.sys, "executable", "/nonexistent/python")
        answer = solver.check(["v"])

    assert answer == Undecided("the solver's process could not be started: No such file or directory")
    assert answers_again(solver)
    solver.close()
