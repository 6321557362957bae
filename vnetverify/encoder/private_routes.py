"""The routes that the system has to private endpoints, and what makes them void.

R-SYS-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, negate
from vnetverify.header import Prefix, host_prefix
from vnetverify.model.network import PrivateEndpointPolicies, Subnet, UserRoute
from vnetverify.model.private_links import PrivateEndpoint

_ROUTES_ON = (PrivateEndpointPolicies.ENABLED, PrivateEndpointPolicies.ROUTE_TABLES)


@dataclass(frozen=True, slots=True)
class Path:
    """The route that the system has to an endpoint's address, and when it is in force."""

    endpoint: PrivateEndpoint
    prefix: Prefix
    condition: Term


@dataclass(slots=True)
class EndpointRoutes:
    """The routes to private endpoints in the tables of an estate (R-SYS-11)."""

    estate: Estate
    facts: Facts
    gateways: Gateways
    grounds: Grounds

    def to_endpoints(self, subnet: Subnet, user_routes: Sequence[UserRoute]) -> Iterator[Path]:
        """Yield the routes to the endpoints of the subnet's own network and of its peers."""
        for vnet in self.estate.direct(subnet.vnet):
            joined = self.gateways.is_served(subnet.vnet, vnet)
            for endpoint in self.estate.endpoints_of[vnet]:
                for address in endpoint.addresses:
                    condition = all_of(joined, self._is_in_force(endpoint, address, user_routes))
                    if condition != FALSE:
                        yield Path(endpoint, host_prefix(address), condition)

    def _is_in_force(self, endpoint: PrivateEndpoint, address: int, user_routes: Sequence[UserRoute]) -> Term:
        """Hold unless a user route around the address makes the system's void."""
        host = host_prefix(address)
        ranges = self.estate.network.vnets[endpoint.vnet].address_space
        length = max((p.length for p in ranges if p.value <= address <= p.last), default=0)
        voiding = FALSE
        for route in user_routes:
            prefix = route.prefix
            if 0 < prefix.length < host.length and prefix.value <= address <= prefix.last:
                as_long, as_short = prefix.length >= length, prefix.length <= length
                if as_long and as_short:
                    voiding = TRUE
                    break
                read_otherwise = self.facts.holds("U-R-SYS-11")
                voiding = any_of(voiding, negate(read_otherwise) if as_long else read_otherwise)
        if voiding == FALSE:
            return TRUE
        return negate(all_of(self._obeys_tables(self.estate.subnets[endpoint.subnet_id]), voiding))

    def _obeys_tables(self, subnet: Subnet) -> Term:
        if subnet.private_endpoint_policies is not None and subnet.private_endpoint_policies not in _ROUTES_ON:
            return FALSE
        ground = Ground(f"subnet {subnet.id}", "route tables hold for its private endpoints", "R-SYS-11", subnet.span)
        counts = self.grounds.counts(Bearing.STOPS, ground)
        if subnet.private_endpoint_policies is None:
            return all_of(self.facts.holds("U-PEPOL-ROUTES", subnet.id), counts)
        return counts
