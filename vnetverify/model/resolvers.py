"""Which hosts may ask Azure's resolver: it escapes security groups, unless a rule names AzurePlatformDNS (F-DNS-5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.header import (
    ALL_IPV4,
    ALL_PORTS,
    TCP,
    UDP,
    Interval,
    IntervalSet,
    addresses_of,
    parse_address,
    set_of,
)
from vnetverify.model.intents import EndpointSet, PlaceKind
from vnetverify.model.network import Network, Nic, Subnet
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    Nsg,
    SecurityRule,
    ServiceTag,
)

AZURE_RESOLVER = parse_address("168.63.129.16")
_TAG = "azureplatformdns"
_PORT = 53


@dataclass(frozen=True, slots=True)
class Asking:
    """Hosts of a subnet that the same groups judge, and whether their questions get out over UDP and over TCP.

    None: some of them may, or they have no IPv4 to ask by. `by` is the group and rule that keeps one in, or may.
    """

    subnet: Subnet
    addresses: IntervalSet
    over_udp: bool | None
    over_tcp: bool | None
    by: tuple[Nsg, SecurityRule] | None


def askings(network: Network, hosts: EndpointSet) -> Iterator[Asking]:
    """Yield the hosts of `hosts` by how the groups judge their questions to Azure's resolver (F-PLAT-1, F-DNS-5)."""
    managed = {machine.name for machine in network.machines.values() if machine.is_managed}
    for place, addresses in hosts.parts:
        if place.kind != PlaceKind.SUBNET.value:
            continue
        subnet, rest = network.subnet(place.name), addresses
        for nic in network.nics():
            if nic.subnet_id == subnet.id:
                own = set_of(nic.addresses)
                if addresses & own:
                    groups = () if nic.machine in managed else (subnet.nsg, nic.nsg)
                    yield _asking(network, subnet, nic, addresses & own, groups)
                rest -= own
        if rest:
            yield _asking(network, subnet, None, rest, (subnet.nsg,))


def _asking(
    network: Network, subnet: Subnet, nic: Nic | None, addresses: IntervalSet, groups: tuple[str | None, ...]
) -> Asking:
    # The resolver is asked over IPv4, whatever address of a host a sentence is about.
    own = set_of(nic.addresses) if nic is not None else addresses_of(subnet.prefixes)
    asking = addresses & ALL_IPV4 or own & ALL_IPV4
    if not asking:
        return Asking(subnet, addresses, None, None, None)
    attached = [network.nsgs[name] for name in dict.fromkeys(groups) if name is not None]
    over: dict[int, bool | None] = {}
    by: tuple[Nsg, SecurityRule] | None = None
    for protocol in (UDP, TCP):
        passing: bool | None = True
        for nsg in attached:
            passes, rule = _passes(nsg, protocol, nic, asking)
            if passes is not True and rule is not None:
                by = by or (nsg, rule)
            passing = False if passes is False or passing is False else None if passes is None else passing
        over[protocol] = passing
    return Asking(subnet, addresses, over[UDP], over[TCP], by)


def _passes(
    nsg: Nsg, protocol: int, nic: Nic | None, addresses: IntervalSet
) -> tuple[bool | None, SecurityRule | None]:
    """Return what the first rule of a group that names the tag says, and the rule; without one questions pass."""
    perhaps: SecurityRule | None = None
    rules = (rule for rule in nsg.rules if rule.direction is Direction.OUTBOUND and _names_resolver(rule))
    for rule in sorted(rules, key=lambda rule: rule.priority):
        matches = _matches(rule, protocol, nic, addresses)
        if matches is None:
            perhaps = perhaps or rule
        elif matches:
            allows = rule.access is Access.ALLOW
            if perhaps is None or (perhaps.access is Access.ALLOW) is allows:
                return allows, rule
            return None, perhaps
    if perhaps is None or perhaps.access is Access.ALLOW:
        return True, None
    return None, perhaps


def _names_resolver(rule: SecurityRule) -> bool:
    return isinstance(rule.destination, ServiceTag) and rule.destination.name.casefold() == _TAG


def _matches(rule: SecurityRule, protocol: int, nic: Nic | None, addresses: IntervalSet) -> bool | None:
    """Tell whether a rule is about questions of these hosts; None where it is about some."""
    port = IntervalSet((Interval(_PORT, _PORT),))
    if rule.protocol not in (None, protocol) or not rule.destination_ports & port or not rule.source_ports:
        return False
    from_here = _is_from(rule.source, nic, addresses)
    if from_here and rule.source_ports != ALL_PORTS:
        return None
    return from_here


def _is_from(source: AddressField, nic: Nic | None, addresses: IntervalSet) -> bool | None:
    match source:
        case AnyAddress():
            return True
        case AddressPrefixes(prefixes):
            listed = addresses & addresses_of(prefixes)
            return listed == addresses if listed == addresses or not listed else None
        case AsgMembers(names):
            return nic is not None and bool(set(names) & set(nic.asgs))
        case ServiceTag(name):
            return True if name.casefold() == "virtualnetwork" else None
