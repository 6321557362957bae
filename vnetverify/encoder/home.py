"""What is at a site itself, and what goes before that when the site is told of it.

R-GW-24.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vnetverify.encoder.terms import Field, Term, all_of, any_of, is_among, negate
from vnetverify.header import IntervalSet, Prefix, addresses_of, interval_set
from vnetverify.model.network import Network, Site


@dataclass(frozen=True, slots=True)
class Home:
    """The prefixes of a site, and those inside them that it heeds when it is told of them: longer ones of others."""

    prefixes: tuple[Prefix, ...] = ()
    heeded: frozenset[Prefix] = frozenset()

    def beyond(self, told: Iterable[Prefix]) -> IntervalSet:
        """Return the addresses for which a site goes by some of these prefixes, rather than by its own."""
        told = tuple(told)
        crossed = {
            prefix for prefix in told if any(_holds(prefix, own) or _holds(own, prefix) for own in self.prefixes)
        }
        found = [addresses_of(prefix for prefix in told if prefix not in crossed)]
        for prefix in sorted(crossed, key=lambda prefix: (prefix.value, prefix.length)):
            bits = prefix.length if prefix in self.heeded else 0
            found.append(addresses_of((prefix,)) - self.at_least(bits))
        return found[0] if len(found) == 1 else interval_set(interval for piece in found for interval in piece)

    def routed(self, routes: Iterable[Prefix]) -> IntervalSet:
        """Return the addresses for which a site goes by its declared routes: these as long as its own prefixes, too."""
        pieces = [addresses_of((route,)) - self.at_least(route.length + 1) for route in routes]
        return interval_set(interval for piece in pieces for interval in piece)

    def at_least(self, bits: int) -> IntervalSet:
        """Return the addresses of the site's prefixes that are as long as this or longer."""
        return addresses_of(prefix for prefix in self.prefixes if prefix.length >= bits)

    def heeds(self, address: Field, bits: int) -> Term:
        """Hold when a site goes by the prefix of `bits` around `address`, rather than by one of its own."""
        heeded = addresses_of(prefix for prefix in self.heeded if prefix.length == bits)
        longer = all_of(is_among(address, heeded), negate(is_among(address, self.at_least(bits))))
        return any_of(negate(is_among(address, self.at_least(0))), longer)


NOWHERE = Home()


def home_of(network: Network, site: Site, left_open: frozenset[str]) -> Home:
    """Return the home of a site, `NOWHERE` where nothing else has a prefix inside one of the site's.

    `left_open` are connections of which a claim leaves open what is announced there: that is heeded by none.
    """
    declared = [end for end in network.connections if end.name not in left_open]
    own = {prefix for end in declared if end.site == site.name for prefix in end.prefixes or ()}
    told = {prefix for vnet in network.vnets.values() for prefix in vnet.address_space}
    told |= {prefix for vnet in network.vnets.values() for prefix in vnet.summarized_gateway_prefixes}
    told |= {prefix for vnet in network.vnets.values() for subnet in vnet.subnets for prefix in subnet.prefixes}
    told |= {prefix for other in network.sites.values() if other.name != site.name for prefix in other.prefixes}
    told |= {prefix for server in network.route_servers for peer in server.peers for prefix in peer.prefixes}
    told |= {prefix for end in declared for prefix in end.prefixes or ()}
    heeded = frozenset(prefix for prefix in told - own if any(_holds(whole, prefix) for whole in site.prefixes))
    routed = any(_holds(whole, route) for whole in site.prefixes for route in site.routes or ())
    return Home(site.prefixes, heeded) if heeded or routed else NOWHERE


def _holds(outer: Prefix, inner: Prefix) -> bool:
    return outer.value <= inner.value and inner.last <= outer.last
