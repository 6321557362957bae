"""The ways out to the Internet: who may send there, and by which address.

R-UDR-17, R-ADDR-6, R-TRAF-5, F-OUT-1, F-OUT-2, F-OUT-3, F-OUT-4, F-LB-10, F-FW-7, I-EGRESS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.frontends import Frontends
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import Sender, Target, ToInternet
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, equals, is_among, negate
from vnetverify.header import Family
from vnetverify.model.balancers import LoadBalancer, Sku
from vnetverify.model.intents import EgressKind, ExpectedEgress
from vnetverify.model.network import Machine, Nic, Subnet


@dataclass(slots=True)
class Egress:
    """The egress methods of an estate's senders. `_granted` are the load balancers by which an interface may leave,
    each with its protocol, None for TCP and UDP, and whether a rule made for it grants that."""

    estate: Estate
    facts: Facts
    grounds: Grounds
    frontends: Frontends
    _granted: dict[str, list[tuple[str, int | None, bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for balancer in self.estate.network.load_balancers.values():
            for protocol, is_outbound, members in _granting(balancer):
                for name in members:
                    self._granted.setdefault(name, []).append((balancer.name, protocol, is_outbound))

    def leave(self, sender: Sender, header: Header) -> Iterator[tuple[Target, Term]]:
        """Yield the way to the Internet where the sender has one (R-TRAF-5)."""
        public = is_among(header.destination, self.estate.realm.public)
        if sender.gateway is not None or public == FALSE:
            return
        subnet, terms = sender.subnet, [public]
        if sender.machine is not None:
            assert sender.nic is not None
            own = any_of(*(equals(header.source, address) for address in sender.nic.addresses))
            translates = self._translates(sender.machine)
            if sender.owns_source is not None:
                translates = any_of(sender.owns_source, header.is_owned_by(sender.machine.name))
            terms.append(any_of(own, translates))
        found = any_of(
            self.by_nat_gateway(subnet, header),
            self._by_implicit_address(sender, header),
            self._by_public_address(sender, header),
            self._by_load_balancer(sender, header, None),
        )
        if found != TRUE:
            ground = Ground(f"subnet {subnet.id}", "no way out for such packets", "R-TRAF-5", subnet.span)
            found = any_of(found, negate(self.grounds.counts(Bearing.STOPS, ground)))
        yield ToInternet(None if sender.nic is None else sender.nic.name), all_of(*terms, found)

    def leaves_by(self, expected: ExpectedEgress, sender: Sender, header: Header) -> Term:
        """Hold when the method by which `sender` leaves, given that it does, is the expected one (F-OUT-2)."""
        by_nat = self.by_nat_gateway(sender.subnet, header)
        by_address = self._by_public_address(sender, header)
        by_balancer = self._by_load_balancer(sender, header, None)
        match expected.kind:
            case EgressKind.NAT_GATEWAY:
                return by_nat if expected.name in (None, sender.subnet.nat_gateway) else FALSE
            case EgressKind.PUBLIC_IP:
                return all_of(negate(by_nat), by_address)
            case EgressKind.LOAD_BALANCER:
                by_this = self._by_load_balancer(sender, header, expected.name)
                return all_of(negate(by_nat), negate(by_address), by_this)
            case EgressKind.DEFAULT:
                otherwise = all_of(negate(by_nat), negate(by_address), negate(by_balancer))
                return all_of(otherwise, self._by_implicit_address(sender, header))
            case other:
                raise ValueError(f"`{other.value}` is no method of the sender itself")

    # -- methods ------------------------------------------------------------------------------------------

    def by_nat_gateway(self, subnet: Subnet, header: Header) -> Term:
        """Hold when the NAT gateway of a subnet takes the packet: TCP and UDP of IPv4 (F-OUT-3, R-ADDR-6)."""
        return header.has_ports if subnet.nat_gateway is not None and self.estate.family is Family.IPV4 else FALSE

    def _by_public_address(self, sender: Sender, header: Header) -> Term:
        """Hold when the sending interface has a public address, and no NAT gateway stands before it (F-OUT-3)."""
        nics = [nic for nic in self._nics(sender) if self.estate.publics_of(nic)]
        own = any_of(*(all_of(self._sends(sender, nic, header), self._carries(nic, header)) for nic in nics))
        if own == FALSE or sender.subnet.nat_gateway is None or self.estate.family is Family.IPV6:
            return own
        return all_of(own, any_of(header.has_ports, self.facts.holds("U-NATPROTO")))

    def _carries(self, nic: Nic, header: Header) -> Term:
        """Hold when the interface's public address carries the protocol: a managed firewall's may carry TCP and UDP
        alone (F-FW-7)."""
        if self.estate.family is Family.IPV6 or not self.estate.is_managed(nic):
            return TRUE
        return any_of(header.has_ports, self.facts.holds("U-FWPROTO", nic.machine))

    def _by_load_balancer(self, sender: Sender, header: Header, name: str | None) -> Term:
        """Hold when a load balancer, that called `name` if there is one, lets the sending interface out (F-LB-10).

        Of IPv6 outbound rules surely do, others if a fact says so.
        """
        terms = []
        for nic in self._nics(sender) if self._granted else ():
            for balancer, protocol, is_outbound in self._granted.get(nic.name, ()):
                if name in (None, balancer):
                    is_sure = is_outbound or self.estate.family is Family.IPV4
                    lets_out = TRUE if is_sure else self.facts.holds("U-LBV6OUT", balancer)
                    carried = header.has_ports if protocol is None else equals(header.protocol, protocol)
                    terms.append(all_of(self._sends(sender, nic, header), carried, lets_out))
        return any_of(*terms)

    def _by_implicit_address(self, sender: Sender, header: Header) -> Term:
        """Hold when the implicit default outbound address of the subnet lets the TCP or UDP packet out (F-OUT-4)."""
        subnet = sender.subnet
        if self.estate.family is Family.IPV6 or subnet.nat_gateway is not None:
            return FALSE  # NAT gateways and the implicit default outbound are IPv4's (R-ADDR-6)
        implicit = self._has_implicit(subnet)
        if implicit == FALSE:
            return FALSE
        nics = self._nics(sender)
        members = any_of(
            *(all_of(self._sends(sender, nic, header), self.frontends.is_standard_member(nic)) for nic in nics)
        )
        barred = any_of(*(self._sends(sender, nic, header) for nic in nics if self._is_addressed_elsewhere(nic)))
        targets = any_of(
            *(
                all_of(
                    self._sends(sender, nic, header),
                    any_of(self.frontends.is_standard_target(nic), *map(self._is_explicit, self._others(nic))),
                )
                for nic in nics
            )
        )
        doubted = TRUE if targets == FALSE else any_of(negate(targets), self.facts.holds("U-DOA", subnet.id))
        return all_of(header.has_ports, implicit, negate(members), negate(barred), doubted)

    # -- small things -------------------------------------------------------------------------------------

    def _nics(self, sender: Sender) -> Sequence[Nic]:
        """Return the interfaces by which the sender may send."""
        return [sender.nic] if sender.nic is not None else self.estate.nics_in[sender.subnet.id]

    def _sends(self, sender: Sender, nic: Nic, header: Header) -> Term:
        """Hold when the packet is put out by this interface."""
        return TRUE if sender.nic is not None else any_of(*(equals(header.source, a) for a in nic.addresses))

    def _others(self, nic: Nic) -> tuple[Nic, ...]:
        """Return the machine's other interfaces, whose explicit ways out go before the implicit one (F-OUT-4)."""
        machine = self.estate.machine_of.get(nic.name)
        return () if machine is None else tuple(other for other in machine.nics if other.name != nic.name)

    def _is_addressed_elsewhere(self, nic: Nic) -> bool:
        publics = (other.public_address for other in self._others(nic))
        return any(public is not None and public.sku is Sku.STANDARD for public in publics)

    def _is_explicit(self, nic: Nic) -> Term:
        """Hold when this interface has a public address, a NAT gateway or a Standard load balancer to leave by."""
        if nic.public_address is not None or self.estate.subnets[nic.subnet_id].nat_gateway is not None:
            return TRUE
        return any_of(self.frontends.is_standard_member(nic), self.frontends.is_standard_target(nic))

    def _has_implicit(self, subnet: Subnet) -> Term:
        if subnet.default_outbound is None:
            return self.facts.holds("U-DOA", subnet.id)
        return TRUE if subnet.default_outbound else FALSE

    def _translates(self, machine: Machine) -> Term:
        if machine.translates_source is None:
            return self.facts.holds("U-R-UDR-17", machine.name)
        return TRUE if machine.translates_source else FALSE


def _granting(balancer: LoadBalancer) -> Iterator[tuple[int | None, bool, tuple[str, ...]]]:
    """Yield of each rule of a load balancer that gives its members a way out (F-LB-10) the protocol, whether it is an
    outbound rule, and the members."""
    public = {frontend.name for frontend in balancer.public_frontends}
    for rule in balancer.rules:
        if rule.frontend in public and rule.gives_egress and not rule.is_inbound_nat:
            yield None, False, rule.members
    for outbound in balancer.outbound_rules:
        if public & set(outbound.frontends):
            yield outbound.protocol, True, outbound.members
