"""By which method an interface's packets get a source that the Internet answers.

Rules R-TRAF-5, R-ADDR-6, F-LB-10, F-OUT-1, F-OUT-2, F-OUT-3, F-OUT-4 and
F-FW-7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from vnetverify.facts import uncertainty
from vnetverify.header import TCP, UDP, Family, Interval
from vnetverify.model.balancers import LoadBalancer, LoadBalancingRule, OutboundRule, PublicAddress, Sku
from vnetverify.model.intents import EgressKind, ExpectedEgress
from vnetverify.model.network import Nic, Subnet
from vnetverify.simulator.addressing import is_number, is_one_of
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.pools import is_basic
from vnetverify.simulator.positions import Egress, LeftToInternet, Trace
from vnetverify.simulator.situation import Situation, public_of


def egress_of(situation: Situation, subnet: Subnet, interface: Interface, protocol: Interval) -> Egress | None:
    """Return the method by which packets of `protocol` leave by `interface`, None where they do not (F-OUT-2).

    IPv6 has nothing but public addresses and load balancers (R-ADDR-6).
    """
    family, nat_gateway = situation.family, subnet.nat_gateway
    if nat_gateway is not None and family is Family.IPV4 and is_one_of(protocol, (TCP, UDP)):
        return Egress(EgressKind.NAT_GATEWAY, (nat_gateway,), span=situation.network.nat_gateways.get(nat_gateway))
    publics = _public_addresses(situation, interface)
    if publics and _lead_out(situation, subnet, interface, protocol):
        address = publics[0].address if len(publics) == 1 else None
        return Egress(EgressKind.PUBLIC_IP, tuple(public.name for public in publics), address, publics[0].span)
    shared = _by_balancers(situation, interface, protocol)
    if shared is not None or family is Family.IPV6:
        return shared
    is_carried = nat_gateway is None and is_one_of(protocol, (TCP, UDP))
    is_default = is_carried and _has_implicit_address(situation, subnet, interface)
    return Egress(EgressKind.DEFAULT, span=subnet.span) if is_default else None


def lack_of_egress(situation: Situation, subnet: Subnet, interface: Interface) -> str:
    """Return what a story adds where packets do not leave: why the subnet's own ways are none for them."""
    if situation.family is Family.IPV6:
        return ": over IPv6 public addresses and load balancers alone lead there"
    if interface.is_managed and _public_addresses(situation, interface):
        return ": Azure Firewall carries TCP and UDP alone there"
    if subnet.nat_gateway is not None:
        return f": NAT gateway {subnet.nat_gateway} carries TCP and UDP alone"
    if subnet.default_outbound is False:
        return ": its default address there is switched off"
    memberships = () if interface.nic is None else tuple(_standard_memberships(situation, interface.nic))
    if not all(memberships):
        return ": members of Standard load balancers have no default address there"
    others = _other_interfaces(situation, interface)
    if any(_has_standard_address(nic) for nic in others):
        return ": machines with a Standard public address have no default address there"
    if subnet.default_outbound:
        return ": its default address there carries TCP and UDP alone"
    return ""


def _public_addresses(situation: Situation, interface: Interface) -> tuple[PublicAddress, ...]:
    """Return the public addresses of the interface; a firewall, which may have several, uses any (F-FW-7)."""
    if interface.nic is None:
        return ()
    if situation.family is Family.IPV4 and interface.is_managed:
        return situation.network.machines[interface.nic.machine].public_addresses
    public = public_of(interface.nic, situation.family)
    return () if public is None else (public,)


def _lead_out(situation: Situation, subnet: Subnet, interface: Interface, protocol: Interval) -> bool:
    """Hold when the interface's public addresses let packets out that no NAT gateway took (F-OUT-3, F-FW-7).

    A managed firewall translates TCP and UDP alone, as its list of known issues says.
    """
    if situation.family is Family.IPV6:
        return True
    is_doubtful = interface.is_managed and not is_one_of(protocol, (TCP, UDP))
    machine = "" if interface.nic is None else interface.nic.machine
    if is_doubtful and not situation.holds(uncertainty("U-FWPROTO", machine)):
        return False
    return subnet.nat_gateway is None or situation.holds(uncertainty("U-NATPROTO"))


def left_by(way: Trace) -> Egress | None:
    """Return by what the way comes to the Internet; None where it does not, or only to a service (R-SYS-9)."""
    return way.outcome.egress if isinstance(way.outcome, LeftToInternet) else None


def is_expected_egress(egress: Egress | None, expected: ExpectedEgress) -> bool:
    """Hold when packets leave as `egress … is …` says: by what is named, or by any of the kind."""
    if egress is None:
        return expected.kind is EgressKind.NONE
    return egress.kind is expected.kind and (expected.name is None or expected.name in egress.names)


def egress_text(egress: Egress) -> str:
    """Return how a story speaks of the method."""
    names = " or ".join(egress.names)
    match egress.kind:
        case EgressKind.NAT_GATEWAY:
            return f"NAT gateway {names}"
        case EgressKind.PUBLIC_IP:
            return f"its public address {names}"
        case EgressKind.LOAD_BALANCER:
            return f"load balancer {names}"
        case EgressKind.DEFAULT:
            return "the implicit default address"
        case EgressKind.APPLIANCE | EgressKind.SITE:
            return f"{egress.kind.value} {names}"
        case EgressKind.NONE:
            raise ValueError("what has no way out leaves by nothing")
        case _:
            assert_never(egress.kind)


def _by_balancers(situation: Situation, interface: Interface, protocol: Interval) -> Egress | None:
    """Return the way out by the load balancers whose public frontends the interface is a member behind (F-LB-10)."""
    if interface.nic is None or not is_one_of(protocol, (TCP, UDP)):
        return None
    ways: dict[str, OutboundRule | LoadBalancingRule] = {}
    for balancer in situation.network.load_balancers.values():
        for rule in _giving_egress(situation, balancer, interface.nic, protocol):
            ways.setdefault(balancer.name, rule)
    if not ways:
        return None
    return Egress(EgressKind.LOAD_BALANCER, tuple(ways), span=next(iter(ways.values())).span)


def _giving_egress(
    situation: Situation, balancer: LoadBalancer, nic: Nic, protocol: Interval
) -> Iterator[OutboundRule | LoadBalancingRule]:
    """Yield the rules of the load balancer by which the member's packets leave: those made for it come first.

    Whether the others let IPv6 out is open.
    """
    public = {frontend.name for other, frontend in situation.index.public_frontends if other is balancer}
    for rule in balancer.outbound_rules:
        is_for_it = nic.name in rule.members and not public.isdisjoint(rule.frontends)
        if is_for_it and (rule.protocol is None or is_number(protocol, rule.protocol)):
            yield rule
    for each in balancer.rules:
        leads_to_it = nic.name in each.members and each.frontend in public and not each.is_inbound_nat
        if leads_to_it and each.gives_egress and _lets_out(situation, balancer):
            yield each


def _lets_out(situation: Situation, balancer: LoadBalancer) -> bool:
    return situation.family is Family.IPV4 or situation.holds(uncertainty("U-LBV6OUT", balancer.name))


def _has_implicit_address(situation: Situation, subnet: Subnet, interface: Interface) -> bool:
    """Hold when the implicit address lets packets out: not those of members of Standard load balancers, nor of machines
    with a Standard public address elsewhere (F-OUT-4).

    That of the member of a NAT rule alone, or of a machine with another explicit way out, is open, whatever the subnet
    says.
    """
    if subnet.default_outbound is False:
        return False
    memberships = () if interface.nic is None else tuple(_standard_memberships(situation, interface.nic))
    others = _other_interfaces(situation, interface)
    if not all(memberships) or any(_has_standard_address(nic) for nic in others):
        return False
    if memberships or subnet.default_outbound is None or any(_is_explicit(situation, nic) for nic in others):
        return situation.holds(uncertainty("U-DOA", subnet.id))
    return True


def _other_interfaces(situation: Situation, interface: Interface) -> tuple[Nic, ...]:
    """Return the further interfaces of the machine, whose ways out are the machine's as well."""
    machine = None if interface.nic is None else situation.network.machines.get(interface.nic.machine)
    return () if machine is None else tuple(nic for nic in machine.nics if nic != interface.nic)


def _has_standard_address(nic: Nic) -> bool:
    return nic.public_address is not None and nic.public_address.sku is Sku.STANDARD


def _is_explicit(situation: Situation, nic: Nic) -> bool:
    """Hold when the interface has a way out that somebody chose."""
    has_own = nic.public_address is not None or situation.index.subnets[nic.subnet_id].nat_gateway is not None
    return has_own or any(True for _ in _standard_memberships(situation, nic))


def _standard_memberships(situation: Situation, nic: Nic) -> Iterator[bool]:
    """Yield for each rule of a Standard load balancer that has the interface as a member whether it is a NAT rule."""
    for balancer in situation.network.load_balancers.values():
        of_nat = [rule.is_inbound_nat for rule in balancer.rules if nic.name in rule.members]
        of_nat += [False for rule in balancer.outbound_rules if nic.name in rule.members]
        if of_nat and not is_basic(situation, balancer):
            yield from of_nat
