"""The routes of a subnet that a site announces or not while a claim is judged (R-SYS-8, R-SEL-3, R-GW-8, R-GW-14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnetverify.encoder.advertising import around
from vnetverify.encoder.candidates import EXPRESSROUTE, VPN, Candidate, Class, Known, LearnedHop
from vnetverify.encoder.gateways import Entry, Gateways
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of
from vnetverify.header import Interval, Prefix
from vnetverify.model.network import Gateway, GatewayKind, Subnet


@dataclass(frozen=True, slots=True)
class OpenRoutes:
    """The routes of a table that a site announces or not, for packets to the term `destination`.

    `known` is what the system has routes for, `survives` tells what that leaves of a learned prefix (R-SEL-3).
    """

    gateways: Gateways
    subnet: Subnet
    destination: Term
    known: tuple[Known, ...]
    survives: Callable[[Prefix, bool], Term]

    def cuts(self) -> set[int]:
        """Return where addresses must be parted for `among` to be the same of all of them."""
        intervals = [interval for cell in self.gateways.announcing.cells() for interval in cell.addresses]
        ranges = [Interval(range_.prefix.value, range_.prefix.last) for range_ in self.known]
        return {cut for interval in (*intervals, *ranges) for cut in (interval.low, interval.high + 1)}

    def among(self, choices: list[Candidate], first: int) -> list[Candidate]:
        """Return the routes to addresses from `first` on, which contest them in order of preference."""
        cell = next((cell for cell in self.gateways.announcing.cells() if first in cell.addresses), None)
        if cell is None:
            return choices
        bounds = {choice.bits for choice in choices}
        bounds |= {r.prefix.length for r in self.known if r.prefix.value <= first <= r.prefix.last}
        found = [*choices]
        servers = self.gateways.servers(self.subnet.vnet)
        told = [self.gateways.told_in(gateway, cell, self.destination) for gateway in servers]
        is_alone = sum(bool(entries) for entries in told) == 1
        for order, (gateway, entries) in enumerate(zip(servers, told, strict=True)):
            for run in _runs(entries, bounds if is_alone else None):
                candidate = self._route(gateway, order, run, first)
                if candidate.condition != FALSE:
                    found.append(candidate)
        found.sort(key=lambda candidate: candidate.preference, reverse=True)
        last = next((index for index, choice in enumerate(found) if choice.condition == TRUE), len(found))
        return found[: last + 1]

    def _route(self, gateway: Gateway, order: int, run: list[Entry], first: int) -> Candidate:
        """Return the route by `gateway` to prefixes of these lengths around the destination."""
        length = run[0].bits
        rank = EXPRESSROUTE if gateway.kind is GatewayKind.EXPRESSROUTE else VPN
        family = self.gateways.estate.family
        condition = all_of(
            self.gateways.is_served(self.subnet.vnet, gateway.vnet),
            self.survives(around(first, family, length), False),
            self.gateways.facts.script.share(any_of(*(entry.in_force for entry in run))),
        )
        every, site = self.gateways.estate.realm.every, self.gateways.announcing.site
        return Candidate(
            every, Class.GATEWAY, LearnedHop(gateway.name), "R-SYS-8", condition, rank - order, None, length, site
        )


def _runs(entries: list[Entry], bounds: set[int] | None) -> list[list[Entry]]:
    """Return the entries by length, longest first, those together that no bound parts; with None each length alone."""
    by_length: dict[int, list[Entry]] = {}
    for entry in entries:
        by_length.setdefault(entry.bits, []).append(entry)
    runs: list[list[Entry]] = []
    is_parted = True
    for length in sorted(by_length, reverse=True):
        if is_parted or bounds is None or length in bounds:
            runs.append([])
        runs[-1] += by_length[length]
        is_parted = bounds is not None and length in bounds
    return runs
