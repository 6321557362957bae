"""The ways out to the Internet: who may send there, and by which address.

R-UDR-17, R-ADDR-6, R-TRAF-5, F-OUT-1, F-OUT-2, F-OUT-3, F-OUT-4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.frontends import Frontends
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import Sender, Target, ToInternet
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, equals, is_among, negate
from vnetverify.header import Family
from vnetverify.model.network import Machine, Nic, Subnet


@dataclass(slots=True)
class Egress:
    """The egress methods of an estate's senders."""

    estate: Estate
    facts: Facts
    grounds: Grounds
    frontends: Frontends

    def leave(self, sender: Sender, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield the way to the Internet where the sender has one (R-TRAF-5)."""
        public = is_among(header.destination, self.estate.realm.public)
        if sender.gateway is not None or public == FALSE:
            return
        subnet, terms = sender.subnet, [public]
        if sender.machine is not None and sender.nic is not None:
            own = any_of(*(equals(header.source, address) for address in sender.nic.addresses))
            terms.append(any_of(own, self._translates(sender.machine)))
        nics = [sender.nic] if sender.nic is not None else self.estate.nics_in[subnet.id]
        by_interface = [nic for nic in nics if nic.public_address is not None]
        if sender.nic is not None:
            has_address = TRUE if by_interface else FALSE
        else:
            has_address = any_of(*(equals(header.source, a) for nic in by_interface for a in nic.addresses))
        found = any_of(self._by_subnet(sender, header, nics), has_address)
        if found != TRUE:
            ground = Ground(f"subnet {subnet.id}", "no way out for such packets", "R-TRAF-5", subnet.span)
            found = any_of(found, negate(self.grounds.counts(Bearing.STOPS, ground)))
        yield ToInternet(None if sender.nic is None else sender.nic.name), all_of(*terms, found)

    def _by_subnet(self, sender: Sender, header: Header, nics: Sequence[Nic]) -> Term:
        """Hold when the subnet's NAT gateway or the implicit default outbound address lets the packet out."""
        subnet = sender.subnet
        if self.estate.family is Family.IPV6:
            return FALSE  # NAT gateways and the implicit default outbound are IPv4's (R-ADDR-6)
        if subnet.nat_gateway is not None:
            return header.has_ports
        implicit = self._has_implicit(subnet)
        if implicit == FALSE:
            return FALSE
        members = [
            all_of(
                TRUE if sender.nic is not None else any_of(*(equals(header.source, a) for a in nic.addresses)),
                self.frontends.is_standard_member(nic),
            )
            for nic in nics
        ]
        return all_of(implicit, negate(any_of(*members)))

    def _has_implicit(self, subnet: Subnet) -> Term:
        if subnet.default_outbound is None:
            return self.facts.holds("U-DOA", subnet.id)
        return TRUE if subnet.default_outbound else FALSE

    def _translates(self, machine: Machine) -> Term:
        if machine.translates_source is None:
            return self.facts.holds("U-R-UDR-17", machine.name)
        return TRUE if machine.translates_source else FALSE
