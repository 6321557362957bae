"""The routes of a subnet that a site announces or not while a claim is judged (R-SYS-8, R-SEL-3, R-GW-8, R-GW-14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vnetverify.encoder.advertising import Cell, around
from vnetverify.encoder.candidates import EXPRESSROUTE, VPN, Candidate, Class, Known, LearnedHop
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, negate
from vnetverify.header import Prefix
from vnetverify.model.network import Gateway, GatewayKind, Subnet

Run = tuple[int, int]
"""The shortest and the longest of some lengths."""


@dataclass(slots=True)
class OpenRoutes:
    """The routes of a table that a site announces or not, for packets to the term `destination`.

    `known` is what the system has routes for, `survives` tells what that leaves of a learned prefix (R-SEL-3).
    """

    gateways: Gateways
    subnet: Subnet
    destination: Term
    known: tuple[Known, ...]
    survives: Callable[[Prefix, bool], Term]
    _taken: dict[tuple[Cell, Run, tuple[Term, Term]], list[tuple[Gateway, int, Term]]] = field(default_factory=dict)

    def cuts(self) -> set[int]:
        """Return where addresses must be parted for `among` to be the same of all of them.

        They are where other routes begin and end as well, among them those to what the system knows.
        """
        intervals = [interval for cell in self.gateways.announcing.cells() for interval in cell.addresses]
        return {cut for interval in intervals for cut in (interval.low, interval.high + 1)}

    def among(self, choices: list[Candidate], first: int) -> list[Candidate]:
        """Return the routes to addresses from `first` on, which contest them in order of preference."""
        cell = next((cell for cell in self.gateways.announcing.cells() if first in cell.addresses), None)
        if cell is None:
            return choices
        bounds = {choice.bits for choice in choices}
        bounds |= {r.prefix.length for r in self.known if r.prefix.value <= first <= r.prefix.last}
        family, every = self.gateways.estate.family, self.gateways.estate.realm.every
        found = [*choices]
        for run in _runs(cell.shortest, family.bits, bounds):
            longest = around(first, family, run[1])
            survives = (self.survives(longest, False), self.survives(longest, True))
            for gateway, rank, condition in self._taken_by(cell, run, survives):
                hop, site = LearnedHop(gateway.name), self.gateways.announcing.site
                found.append(Candidate(every, Class.GATEWAY, hop, "R-SYS-8", condition, rank, None, run[1], site))
        found.sort(key=lambda candidate: candidate.preference, reverse=True)
        last = next((index for index, choice in enumerate(found) if choice.condition == TRUE), len(found))
        return found[: last + 1]

    def _taken_by(self, cell: Cell, run: Run, survives: tuple[Term, Term]) -> list[tuple[Gateway, int, Term]]:
        """Return when each gateway has the longest of the announced prefixes of these lengths, and how it ranks.

        `survives` holds when the table keeps one that came by BGP, and one that counts as static.
        """
        key = (cell, run, survives)
        if key not in self._taken:
            self._taken[key] = self._contested(cell, run, survives) if survives != (FALSE, FALSE) else []
        return self._taken[key]

    def _contested(self, cell: Cell, run: Run, survives: tuple[Term, Term]) -> list[tuple[Gateway, int, Term]]:
        share = self.gateways.facts.script.share
        told: dict[int, list[tuple[int, Term]]] = {}
        servers = self.gateways.servers(self.subnet.vnet)
        for index, gateway in enumerate(servers):
            served = self.gateways.is_served(self.subnet.vnet, gateway.vnet)
            for entry in self.gateways.told_in(gateway, cell, self.destination):
                term = all_of(served, survives[entry.is_static], entry.in_force)
                if run[0] <= entry.bits <= run[1] and term != FALSE:
                    told.setdefault(entry.bits, []).append((index, term))
        won: dict[int, list[Term]] = {}
        longer = FALSE
        for length in sorted(told, reverse=True):
            for index, term in told[length]:
                won.setdefault(index, []).append(all_of(term, negate(longer)))
            longer = share(any_of(longer, *(term for _, term in told[length])))
        if len(won) == 1:  # nobody to contest it with
            won = {index: [longer] for index in won}
        ranked = (EXPRESSROUTE if gateway.kind is GatewayKind.EXPRESSROUTE else VPN for gateway in servers)
        return [
            (gateway, rank - index, share(any_of(*won[index])))
            for index, (gateway, rank) in enumerate(zip(servers, ranked, strict=True))
            if index in won
        ]


def _runs(shortest: int, longest: int, bounds: set[int]) -> list[Run]:
    """Return the ranges of lengths between `bounds`, each of which stands alone."""
    inner = {bound for bound in bounds if shortest <= bound <= longest}
    starts = sorted({shortest, *inner, *(bound + 1 for bound in inner if bound < longest)})
    return [
        (start, starts[index + 1] - 1 if index + 1 < len(starts) else longest) for index, start in enumerate(starts)
    ]
