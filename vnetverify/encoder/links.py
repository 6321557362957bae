"""Private link services: private endpoints that stand for the members behind a load balancer's frontend.

F-PE-10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vnetverify.encoder.addressing import Balanced
from vnetverify.encoder.candidates import Candidate, LocalHop, PeerHop
from vnetverify.encoder.entrances import Entrances
from vnetverify.encoder.frontends import Chosen
from vnetverify.encoder.headers import WITH_PORTS, Header
from vnetverify.encoder.nodes import Sender
from vnetverify.encoder.terms import FALSE, Field, Term, all_of, negate
from vnetverify.encoder.walk import Hops
from vnetverify.header import Interval, IntervalSet, interval_set
from vnetverify.model.intents import Place
from vnetverify.model.network import Nic
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService

Linked = tuple[PrivateEndpoint, PrivateLinkService]
"""A private endpoint that stands for a declared service, and the service."""


@dataclass(slots=True)
class Links:
    """The private link services of an estate; `entrances` keeps the addresses that a world chooses."""

    hops: Hops
    entrances: Entrances
    _addresses: dict[str, Field] = field(default_factory=dict)

    def service(self, endpoint: PrivateEndpoint) -> PrivateLinkService | None:
        """Return the service behind `endpoint`, None where it is one of Azure's."""
        return _service(self.hops, endpoint)

    def before(self, right: Mapping[Place, IntervalSet]) -> list[Linked]:
        """Return the endpoints by which a packet may come to a host or a frontend of `right`."""
        return endpoints_before(self.hops, right)

    def frontend_in(self, right: Mapping[Place, IntervalSet], service: PrivateLinkService) -> Balanced | None:
        """Return the frontend that a service offers, None where `right` does not name it."""
        balanced = _balanced(self.hops, service)
        return balanced if _is_named(balanced, right) else None

    def deliveries(self, service: PrivateLinkService, header: Header, *, to_frontend: bool = False) -> list[Chosen]:
        """Return when each member gets what has come to an endpoint of the service: TCP and UDP of IPv4 alone."""
        balanced = _balanced(self.hops, service)
        takes = all_of(header.has_ports, negate(self.hops.frontends.is_basic(balanced.balancer)))
        if takes == FALSE:
            return []
        behind = self._behind(service, balanced, header)
        members = self.hops.frontends.deliveries(balanced, behind, to_frontend=to_frontend)
        return [(nic, all_of(takes, term)) for nic, term in members]

    def forgets(self, service: PrivateLinkService, nic: Nic, header: Header) -> Term:
        """Hold when a member keeps no record of a flow that it got by the service (F-ADM-18, F-STATE-5)."""
        balanced = _balanced(self.hops, service)
        return self.hops.frontends.forgets(balanced, nic, self._behind(service, balanced, header))

    def answers(self, service: PrivateLinkService, nic: Nic, header: Header, forgotten: Term) -> Term:
        """Hold when the answer of a member that got `header` by the service comes back to the service.

        `forgotten` tells when the member keeps no record of the flow for what it did before (F-ADM-18).
        """
        balanced = _balanced(self.hops, service)
        behind = self._behind(service, balanced, header)
        lets_out = self.hops.frontends.lets_answer_out(balanced, nic, behind, forgotten)
        return all_of(lets_out, self._routes_back(service, nic, header))

    def _routes_back(self, service: PrivateLinkService, nic: Nic, header: Header) -> Term:
        """Hold when the routes of a member's subnet lead to the service: in its own network, or by peering."""
        subnet, other = self.hops.estate.subnets[nic.subnet_id], service.vnet
        answer = replace(
            header.reversed(),
            source=self.hops.estate.known_address(nic.addresses[0]),
            destination=self._address(service),
        )

        def leads_back(choice: Candidate) -> bool:
            if other == nic.vnet:
                return isinstance(choice.hop, LocalHop)
            return isinstance(choice.hop, PeerHop) and choice.hop.vnet == other

        routed = self.hops.selected(answer, subnet, leads_back)
        if routed == FALSE or other == nic.vnet:
            return routed
        return all_of(
            routed, self.hops.crossings.over_peering(nic.vnet, other, Sender(subnet), answer, answer.destination)
        )

    def _behind(self, service: PrivateLinkService, balanced: Balanced, header: Header) -> Header:
        """Return how a packet for an endpoint looks behind the service: from one of its addresses to the frontend."""
        return replace(
            header,
            protocol=header.protocol.narrowed(WITH_PORTS),
            source=self._address(service),
            destination=self.hops.estate.known_address(balanced.frontend.address),
        )

    def _address(self, service: PrivateLinkService) -> Field:
        """Return the address of the service that members see, which a world chooses."""
        if service.name not in self._addresses:
            among = interval_set(Interval(address, address) for address in service.addresses)
            symbol = f"n{len(self._addresses)}"
            self._addresses[service.name] = self.entrances.chosen_among(symbol, among)
            self.entrances.addresses[symbol] = (f"link address of {service.name}",)
        return self._addresses[service.name]


def endpoints_before(hops: Hops, right: Mapping[Place, IntervalSet]) -> list[Linked]:
    """Return the private endpoints by which a packet may come to a host or a frontend of `right`."""
    found = []
    for endpoint in hops.estate.network.private_endpoints.values():
        service = _service(hops, endpoint)
        if service is None or not endpoint.addresses:  # none of an endpoint's are of IPv6
            continue
        balanced = _balanced(hops, service)
        if hops.frontends.leads_to(balanced, right) or _is_named(balanced, right):
            found.append((endpoint, service))
    return found


def _is_named(balanced: Balanced, right: Mapping[Place, IntervalSet]) -> bool:
    return balanced.frontend.address in right.get(balanced.place, IntervalSet())


def _service(hops: Hops, endpoint: PrivateEndpoint) -> PrivateLinkService | None:
    if endpoint.link_service is None:
        return None
    return hops.estate.network.private_link_services.get(endpoint.link_service)


def _balanced(hops: Hops, service: PrivateLinkService) -> Balanced:
    """Return the frontend that the service offers: services, like endpoints in front of them, are of IPv4."""
    there = hops.estate.balanced_at.values()
    named = (b for b in there if b.balancer.name == service.balancer and b.frontend.name == service.frontend)
    return next(named)
