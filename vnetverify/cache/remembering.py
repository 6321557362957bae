"""Verdicts that an earlier run gave on the same claim about the same part of a network, checked before they count."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from vnetverify import __version__
from vnetverify.cache import notation
from vnetverify.cache.canonical import NotCanonical, Part, part_of
from vnetverify.cache.notation import NotRead
from vnetverify.cache.slices import Slices, slices_of
from vnetverify.cache.store import Store
from vnetverify.deciding import Deciding
from vnetverify.executor import Executor, Lost
from vnetverify.model.intents import Claim, Statement
from vnetverify.prover.prove import has_grounds_by_line
from vnetverify.prover.solver import Limits
from vnetverify.report.results import Answer, ClaimResult
from vnetverify.source import Span

_FORMAT = "1"
_ENGINES = ("z3-solver", "bitwuzla", "cvc5", "python-sat")


@dataclass(frozen=True, slots=True)
class Key:
    """What an answer is filed under, and the parts of the input whose places it may name."""

    name: str
    parts: tuple[Part, ...]

    def numbers_of(self, place: Span) -> list[int]:
        """Return the part and the number in it of a place. Raises `NotCanonical` where it is in none."""
        for number, part in enumerate(self.parts):
            if place in part.numbers:
                return [number, part.numbers[place]]
        raise NotCanonical("a place that is not in the input")

    def place_of(self, read: Any) -> Span | None:
        match read:
            case [int(part), int(number)] if 0 <= part < len(self.parts) and 0 <= number < len(self.parts[part].places):
                return self.parts[part].places[number]
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Keys:
    """What answers on claims about one network, decided in one way, are filed under.

    A key is the digest of all that a verdict may turn on: the claim, the network but for security groups that the claim
    has nothing to do with, what is assumed, the limits, and the program itself with its solvers.
    """

    slices: Slices
    frame: Part
    way: str
    groups: dict[str, Part] = field(default_factory=dict)

    def key(self, claim: Claim) -> Key:
        """Return what answers on the claim are filed under. Raises `NotCanonical`."""
        parts = [part_of(claim), self.frame, *(self._group(name) for name in self.slices.groups(claim))]
        words = " ".join([self.way, *(part.digest for part in parts)])
        return Key(sha256(words.encode()).hexdigest(), tuple(parts))

    def _group(self, name: str) -> Part:
        if name not in self.groups:
            self.groups[name] = part_of(self.slices.network.nsgs[name])
        return self.groups[name]


def keys_of(deciding: Deciding, limits: Limits) -> Keys:
    """Return the keys of claims that are decided in this way. Raises `NotCanonical`."""
    network, demands = deciding.network, deciding.demands
    frame = part_of(replace(network, nsgs={}), tuple(network.nsgs))
    level = (demands.least, demands.nodes, demands.evidence)
    with_lines = has_grounds_by_line(network)
    options = part_of(dict(deciding.assumed), deciding.documented, limits, level, with_lines)
    way = " ".join((_FORMAT, __version__, _program(), *_versions(), options.digest))
    return Keys(slices_of(network), frame, way)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered in a store."""

    store: Store
    deciding: Deciding
    keys: Keys

    def recalled(self, statements: Sequence[Statement], executor: Executor) -> list[ClaimResult | None]:
        """Return for each sentence the result that is remembered of it and holds, None where there is none."""

        def found(number: int) -> tuple[Any, ...] | None:
            statement = statements[number]
            result = self._recalled(statement) if isinstance(statement, Claim) else None
            return None if result is None else tuple(getattr(result, name) for name in _BESIDE_CLAIM)

        known: list[ClaimResult | None] = []
        with suppress(Lost), closing(executor.results(found, len(statements))) as results:
            for statement, each in zip(statements, results, strict=True):
                known.append(None if each is None else ClaimResult(statement, *each))
        return known + [None] * (len(statements) - len(known))

    def _recalled(self, claim: Claim) -> ClaimResult | None:
        try:
            key = self.keys.key(claim)
        except NotCanonical:
            return None
        text = self.store.read(key.name)
        found = None if text is None else checked(self.deciding, claim, key, text)
        return None if found is None else replace(found, recalled=True, answer=None)

    def keep(self, claim: Claim, answer: Answer) -> None:
        """Let later runs recall the answer, unless it names a place that is not among what it was found from."""
        with suppress(NotCanonical):
            key = self.keys.key(claim)
            self.store.write(key.name, notation.to_text(answer, key.numbers_of))


_BESIDE_CLAIM = tuple(each.name for each in fields(ClaimResult))[1:]


def memory_of(store: Store, deciding: Deciding, limits: Limits) -> Memory | None:
    """Return what is remembered in `store` of claims that are decided in one way.

    None where the network holds something of which no digest can be made.
    """
    try:
        return Memory(store, deciding, keys_of(deciding, limits))
    except NotCanonical:
        return None


def checked(deciding: Deciding, claim: Claim, key: Key, text: str) -> ClaimResult | None:
    """Return the result that somebody's answer on a claim gives, None where it is none or does not hold."""
    try:
        answer = notation.from_text(Answer, text, key.place_of)
    except NotRead:
        return None
    found = deciding.recalled(claim, answer)
    return None if found is None else replace(found, answer=answer)


def _program() -> str:
    """Return a digest of the program's own source: a verdict is one of this very program."""
    root = Path(__file__).parents[1]
    digest = sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _versions() -> list[str]:
    from importlib import metadata  # it takes a while to load

    found: list[str] = [sys.version.split()[0]]
    for name in _ENGINES:
        try:
            found.append(f"{name}={metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name}=none")
    return found
