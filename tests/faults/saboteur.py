"""A worker that does its work until a fault strikes: the real one, with one function of it replaced.

Which fault, the seed that says over which questions it strikes (one of so many is the share), and the file to make
when it does come from the environment. It strikes at the same questions in every process, so a fresh one does not help.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

Json = dict[str, Any]

HERE = Path(__file__)
HONEST_WORKER = HERE.parents[2] / "vnetverify" / "prover" / "worker.py"
FAULT, SEED, SHARE, SIGN = "FAULT_IN_WORKER", "FAULT_SEED", "FAULT_SHARE", "FAULT_SIGN"
IN_QUESTION = "q"
DEAF = """\
(declare-const x (_ BitVec 4096))
(declare-const y (_ BitVec 4096))
(declare-const v Bool)
(assert (= v (= (bvmul x y) (bvadd (bvmul y y) x))))
"""


def worker_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("honest_worker", HONEST_WORKER)
    if spec is None or spec.loader is None:
        raise ImportError(HONEST_WORKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORKER = worker_module()
HONEST = WORKER.answer_to


class Saboteur:
    """Answers as the worker does, but where the fault strikes."""

    def __init__(self, fault: str, seed: str, share: int, sign: Path) -> None:
        self.fault = FAULTS[fault]
        self.is_choosy = fault not in EVERYWHERE
        self.seed = seed
        self.share = share
        self.sign = sign
        self.text = ""
        self.checks = 0
        self.requests = 0

    def answer_to(self, request: Json, session: Any) -> tuple[Json, Any]:
        self.requests += 1
        match request:
            case {"open": {"text": text}}:
                self.text, self.checks = text, 0
            case {"check": _}:
                self.checks += 1
        if not self.strikes(request):
            answered: tuple[Json, Any] = HONEST(request, session)
            return answered
        self.sign.touch()
        return {"rlimit": 1, **self.fault(self, request, session)}, session

    def strikes(self, request: Json) -> bool:
        """Tell whether the fault strikes: at questions that decide, not at those about what a proof rests on."""
        if "check" not in request:
            return False
        if not self.is_choosy:
            return True
        question = request["check"]
        if question["core"] or self.checks > 2 or not self.is_about_claim(question["assume"]):
            return False
        named = f"{self.seed} {self.text} {question['assume']}".encode()
        return hashlib.sha256(named).digest()[0] % self.share == 0

    def is_about_claim(self, assumed: list[str]) -> bool:
        """Tell whether the obligation is a sentence's own, of which it is asked first whether a flow is in question.

        That is kept in a file, for a fresh process is not asked again.
        """
        known = self.sign.with_suffix(f".{hashlib.sha256(self.text.encode()).hexdigest()[:16]}")
        if IN_QUESTION in assumed:
            known.touch()
        return known.exists()

    def dice(self) -> random.Random:
        return random.Random(f"{self.seed} {self.requests}")


def _signalled(number: int) -> Callable[[Saboteur, Json, Any], Json]:
    def fault(saboteur: Saboteur, request: Json, session: Any) -> Json:
        os.kill(os.getpid(), number)
        time.sleep(600)  # where it was stopped and somebody lets it go on
        return {}

    return fault


def _segfault(saboteur: Saboteur, request: Json, session: Any) -> Json:
    ctypes.string_at(0)
    return {}


def _exit(saboteur: Saboteur, request: Json, session: Any) -> Json:
    os._exit(saboteur.dice().choice((0, 1, 137)))


def _sleep(saboteur: Saboteur, request: Json, session: Any) -> Json:
    time.sleep(600)
    return {}


def _spin(saboteur: Saboteur, request: Json, session: Any) -> Json:
    while True:
        pass


def _deaf(saboteur: Saboteur, request: Json, session: Any) -> Json:
    """Work on what makes Z3 forget its own clock, and take a great deal of memory for terms."""
    _, large = HONEST({"open": {"text": DEAF}}, None)
    reply, _ = HONEST({"check": {**request["check"], "assume": ["v"], "fix": {}, "want": [], "widths": {}}}, large)
    return dict(reply)


def _devour(saboteur: Saboteur, request: Json, session: Any) -> Json:
    """Allocate until the limit on memory is hit, and answer as the worker does then."""
    taken = []
    try:
        while True:
            taken.append(bytearray(8 << 20))
    except MemoryError:
        taken.clear()
    return {"answer": "unknown", "reason": "memory"}


def _say(raw: bytes) -> None:
    sys.stdout.buffer.write(raw)
    sys.stdout.buffer.flush()


def _garble(saboteur: Saboteur, request: Json, session: Any) -> Json:
    _say(saboteur.dice().randbytes(200).replace(b"\n", b" ") + b"\n")
    return _sleep(saboteur, request, session)


def _truncate(saboteur: Saboteur, request: Json, session: Any) -> Json:
    reply, _ = HONEST(request, session)
    whole = json.dumps({**reply, "number": saboteur.requests}).encode()
    _say(whole[: saboteur.dice().randrange(1, len(whole))])
    if saboteur.dice().random() < 0.5:
        os._exit(0)
    _say(b"\n")
    return _sleep(saboteur, request, session)


def _flood(saboteur: Saboteur, request: Json, session: Any) -> Json:
    while True:
        _say(b'{"answer": "unsat", ' * 3000)


def _drip(saboteur: Saboteur, request: Json, session: Any) -> Json:
    while True:
        _say(b" ")
        time.sleep(0.05)


def _stale(saboteur: Saboteur, request: Json, session: Any) -> Json:
    """Say once more that nothing does it, as if to the question before, and then answer."""
    old = {"answer": "unsat", "core": [], "rlimit": 1, "number": saboteur.requests - 1}
    _say(json.dumps(old).encode() + b"\n")
    reply, _ = HONEST(request, session)
    return dict(reply)


def _unsat(saboteur: Saboteur, request: Json, session: Any) -> Json:
    return {"answer": "unsat", "core": []}


def _deny(saboteur: Saboteur, request: Json, session: Any) -> Json:
    """Find no flow that contradicts anything, and lie nowhere else."""
    if IN_QUESTION in request["check"]["assume"]:
        reply, _ = HONEST(request, session)
        return dict(reply)
    return _unsat(saboteur, request, session)


def _random_model(saboteur: Saboteur, request: Json, session: Any) -> Json:
    dice, asked = saboteur.dice(), request["check"]
    model = {symbol: dice.getrandbits(asked["widths"].get(symbol, 1)) for symbol in asked["want"]}
    return {"answer": "sat", "model": model}


def _impossible_model(saboteur: Saboteur, request: Json, session: Any) -> Json:
    dice, asked = saboteur.dice(), request["check"]
    values = (-1, 1 << 200, 1.5, "6", None, [], True)
    return {"answer": "sat", "model": {symbol: dice.choice(values) for symbol in asked["want"]}}


def _slow(saboteur: Saboteur, request: Json, session: Any) -> Json:
    time.sleep(0.05)
    reply, _ = HONEST(request, session)
    return dict(reply)


FAULTS: dict[str, Callable[[Saboteur, Json, Any], Json]] = {
    "kill": _signalled(signal.SIGKILL),
    "abort": _signalled(signal.SIGABRT),
    "stop": _signalled(signal.SIGSTOP),
    "segfault": _segfault,
    "exit": _exit,
    "sleep": _sleep,
    "spin": _spin,
    "deaf": _deaf,
    "devour": _devour,
    "garble": _garble,
    "truncate": _truncate,
    "flood": _flood,
    "drip": _drip,
    "stale": _stale,
    "unsat": _unsat,
    "deny": _deny,
    "random-model": _random_model,
    "impossible-model": _impossible_model,
    "slow": _slow,
}
EVERYWHERE = frozenset({"unsat", "deny", "random-model", "slow"})
"""Faults of a worker that is always like that."""


def main() -> None:
    saboteur = Saboteur(os.environ[FAULT], os.environ[SEED], int(os.environ[SHARE]), Path(os.environ[SIGN]))
    WORKER.answer_to = saboteur.answer_to  # type: ignore[attr-defined]
    WORKER.main()


if __name__ == "__main__":
    main()
