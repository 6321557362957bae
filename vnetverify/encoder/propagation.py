"""What VPN gateways hear from each other over VNet-to-VNet connections, and which hear Route Servers (R-GW-2, R-GW-14,
R-GW-16, R-GW-17).

A gateway passes on what it heard when both connections use BGP, or by `U-R-GW-17`. Whether news gets from one gateway
to another is reachability in a graph of gateways, found by as many rounds as there are gateways; enumerating chains
would take a factorial number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of
from vnetverify.model.network import Gateway, GatewayKind

IsUp = Callable[[str], Term]
_AZURE_ASN = 65515


@dataclass(frozen=True, slots=True)
class Link:
    """A VNet-to-VNet connection between two gateways, usable in both directions while it is up."""

    name: str
    ends: tuple[str, str]
    is_bgp: bool
    is_up: Term = TRUE

    def far_end(self, gateway: str) -> str | None:
        """Return the other end, None when `gateway` is at neither."""
        near, far = self.ends
        return far if gateway == near else near if gateway == far else None


def spread(news: Mapping[str, Term], links: Iterable[Link], passing: frozenset[str], is_up: IsUp) -> dict[str, Term]:
    """Return when each gateway of `passing` knows what those of `news` know to begin with."""
    known = {name: all_of(term, is_up(name)) for name, term in news.items() if name in passing}
    edges = [(near, far, link.is_up) for link in links for near, far in _both_ways(link) if {near, far} <= passing]
    for _ in range(len(passing) - 1):
        told: dict[str, list[Term]] = {}
        for near, far, up in edges:
            if known.get(near, FALSE) != FALSE:
                told.setdefault(far, []).append(all_of(known[near], up, is_up(far)))
        grown = {name: any_of(known.get(name, FALSE), *told.get(name, ())) for name in {*known, *told}}
        if grown == known:
            break
        known = grown
    return known


def may_exchange(gateway: Gateway) -> bool:
    """Tell whether a gateway is one that Route Servers exchange routes with: no other VPN gateway is (R-GW-16)."""
    return gateway.kind is GatewayKind.EXPRESSROUTE or (gateway.active_active and gateway.asn == _AZURE_ASN)


def neighbours_of(owner: str, links: Iterable[Link]) -> Iterator[tuple[str, Link]]:
    """Yield the gateways that hear `owner` directly, with the link they hear it by."""
    for link in links:
        far = link.far_end(owner)
        if far is not None:
            yield far, link


def _both_ways(link: Link) -> tuple[tuple[str, str], tuple[str, str]]:
    near, far = link.ends
    return (near, far), (far, near)
