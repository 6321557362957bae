"""What runs in a process of a cluster: claims about a network come as bytes, and answers go back as bytes.

An answer is what a cache keeps as well: evidence that whoever asked can check. Where there is none that side decides.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import local
from typing import Any

from vnetverify.assurance import Demands
from vnetverify.cache import notation
from vnetverify.cache.remembering import Keys, keys_of
from vnetverify.deciding import Deciding
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.evidence.confirming import EvidenceLimits
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Assurance
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Estate:
    """A network, and how claims about it are decided."""

    network: Network
    assumed: Mapping[str, bool]
    documented: bool
    least: Assurance
    nodes: int
    evidence: EvidenceLimits
    limits: Limits


@dataclass(frozen=True, slots=True)
class Batch:
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """For each claim of a batch its key and an answer as text, or nothing; `seconds` is what all of them took."""

    answers: tuple[tuple[str, str] | None, ...]
    seconds: float


def packed(value: object) -> bytes:
    """Return the value as bytes. Raises `NotCanonical`."""
    return notation.to_text(value, _written_place).encode()


def estate_of(packed_estate: bytes) -> bytes:
    """Return what it is given: so the network is a task of its own, which a cluster can do again when it loses it."""
    return packed_estate


def decide(packed_estate: bytes, packed_batch: bytes) -> bytes:
    """Return the packed reply to a batch of claims."""
    begun = time.monotonic()
    deciding, keys, limits = _unpacked(packed_estate)
    batch = notation.from_text(Batch, packed_batch.decode(), _read_place)
    solver = _own_solver(limits)
    answers = tuple(_answer(deciding, keys, claim, solver) for claim in batch.claims)
    return packed(Reply(answers, time.monotonic() - begun))


def _answer(deciding: Deciding, keys: Keys, claim: Claim, solver: Solver) -> tuple[str, str] | None:
    try:
        key = keys.key(claim)
        answer = deciding.result(claim, solver).answer
        return None if answer is None else (key.name, notation.to_text(answer, key.numbers_of))
    except Exception:  # whoever asked decides it again, and sees what is wrong
        return None


@lru_cache(maxsize=2)
def _unpacked(packed_estate: bytes) -> tuple[Deciding, Keys, Limits]:
    estate = notation.from_text(Estate, packed_estate.decode(), _read_place)
    demands = Demands(estate.least, estate.nodes, estate.evidence)
    deciding = Deciding(estate.network, estate.assumed, estate.documented, demands=demands)
    return deciding, keys_of(deciding, estate.limits), estate.limits


_OWN = local()


def _own_solver(limits: Limits) -> Solver:
    """Return the solver of this thread, whose process ends when we do."""
    solver: Solver | None = getattr(_OWN, "solver", None)
    if solver is None or solver.limits != limits:
        if solver is not None:
            solver.close()
        solver = _OWN.solver = Solver(limits)
    return solver


def reply_of(text: bytes) -> Reply:
    """Return the reply that a cluster has sent. Raises `NotRead`."""
    try:
        return notation.from_text(Reply, text.decode(), _read_place)
    except UnicodeDecodeError:
        raise notation.NotRead from None


def _written_place(place: Span) -> list[Any]:
    return [place.file, place.line, place.column, place.end_line, place.end_column, place.pointer]


def _read_place(read: Any) -> Span | None:
    match read:
        case [str(), int(), int(), int(), int(), None | str()]:
            return Span(*read)
        case _:
            return None
