"""The verdicts on a claim: a closed union, matched with `assert_never`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from vnetverify.encoder.facts import Ground as Ground
from vnetverify.facts import Uncertainty, World
from vnetverify.header import Flow, address_text
from vnetverify.model.intents import Place
from vnetverify.model.network import Unmodelled
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Witness:
    """A flow, where it starts and the world it runs in; the simulator has replayed it."""

    origin: Place
    flow: Flow
    world: World


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something that a proof does not cover and its reader has to know; `rule` says why."""

    what: str
    rule: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Something that a sentence names and its proof says nothing about, since no flow in question has to do with it."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Host:
    """A host at a place, of which the simulator has confirmed a sentence about names."""

    place: Place
    address: int

    def __str__(self) -> str:
        return f"{address_text(self.address)} in {self.place}"


@dataclass(frozen=True, slots=True)
class Premise:
    """What a proof speaks of: of the flow of `example`, and of flows between `pairs` pairs of places.

    With `more_pairs` there are more pairs than were counted. `nothing_of` is what the proof leaves out. A sentence
    about names speaks of hosts, and counts no pairs.
    """

    example: Witness | Host
    pairs: int = 1
    more_pairs: bool = False
    nothing_of: tuple[Silence, ...] = ()


CERTIFICATE_NODES = 20_000
"""Nodes that a certificate may have unless a caller says otherwise: some seconds of work."""

NODES_PER_PLACE = 80
"""Nodes that it may have for each place where flows begin, where that is more: of large estates."""


class Assurance(Enum):
    """What a proof rests on beside the word of Z3; the value is the level as options name it."""

    Z3_ALONE = "z3"
    TWO_SOLVERS = "two-solvers"
    SAT_PROOF = "sat-proof"
    CERTIFICATE = "certificate"
    INSPECTION = "inspection"

    @property
    def rank(self) -> int:
        """How strong it is: what the declared lines show by themselves needs no solver, nor does a certificate."""
        order = (
            Assurance.Z3_ALONE,
            Assurance.TWO_SOLVERS,
            Assurance.SAT_PROOF,
            Assurance.CERTIFICATE,
            Assurance.INSPECTION,
        )
        return order.index(self)

    @property
    def told(self) -> str:
        return "z3 alone" if self is Assurance.Z3_ALONE else self.value.replace("-", " ")


class _Verdict:
    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict is not a truth value; match it")


@dataclass(frozen=True, slots=True)
class Proved(_Verdict):
    """No flow contradicts the claim: in no world, or with `documented` in none that reads as documented.

    `grounds` suffice for the proof; `minimal` when none can be left out. `leaned_on` are the facts
    taken as documented that the proof needs, `assumed` those that the text settles. `witness` shows, where the claim
    asks for a flow, one that does it. What is `beside` it does not follow from it. `premise` shows that the proof is
    about something; it is None where a statement is about a peering alone. A proof of absence that holds `by_routing`
    alone stands with every filter and declared policy letting everything pass; None where that was not settled.
    `assurance` says what it rests on beside Z3, `assured_by` what that evidence is, or why there is no better.
    """

    grounds: tuple[Ground, ...]
    minimal: bool = False
    documented: bool = False
    leaned_on: tuple[Uncertainty, ...] = ()
    witness: Witness | None = None
    assumed: tuple[Uncertainty, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    premise: Premise | None = None
    by_routing: bool | None = None
    assurance: Assurance = Assurance.Z3_ALONE
    assured_by: str = ""


@dataclass(frozen=True, slots=True)
class Refuted(_Verdict):
    """`witness` contradicts the claim; it is None where the claim asks for a flow and there is none."""

    witness: Witness | None
    why: str
    documented: bool = False
    leaned_on: tuple[Uncertainty, ...] = ()
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class Vacuous(_Verdict):
    """The claim holds, or fails, of nothing; `why` names the part that is empty."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown(_Verdict):
    """Undecided: for a limit that was hit, an open fact, or something that the model does not hold.

    `as_documented` is the verdict's word under the documented reading where the open facts alone stand
    between it and an answer; `witness` shows what happens if they are otherwise.
    """

    why: str
    open_facts: tuple[Uncertainty, ...] = ()
    as_documented: str | None = None
    witness: Witness | None = None
    unmodelled: tuple[Unmodelled, ...] = ()


Verdict = Proved | Refuted | Vacuous | Unknown


def verdict_word(verdict: Verdict) -> str:
    """Return `proved`, `refuted`, `vacuous` or `unknown`."""
    return type(verdict).__name__.lower()
