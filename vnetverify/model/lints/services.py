"""Security groups around services of Azure's: without what a service needs, or about sources that never come.

F-BAS-2, F-AGW-2, F-FW-5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import TCP, Interval, IntervalSet, addresses_of, interval_set
from vnetverify.model.endpoints import PUBLIC_ADDRESSES
from vnetverify.model.firewalls import FirewallRule, FirewallRuleKind
from vnetverify.model.network import Machine, Network
from vnetverify.model.private_links import Proxy, ProxyKind
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    Direction,
    Nsg,
    SecurityRule,
    ServiceTag,
)

_BASTION_SUBNET = "azurebastionsubnet"


@dataclass(frozen=True, slots=True)
class _Need:
    """TCP to or from a service tag at `ports`; it has to be allowed by rules of the user's own if `is_explicit`."""

    direction: Direction
    tag: str
    ports: IntervalSet
    is_explicit: bool = True

    def __str__(self) -> str:
        way = "from" if self.direction is Direction.INBOUND else "to"
        ports = ", ".join(str(i.low) if i.low == i.high else f"{i.low}-{i.high}" for i in self.ports)
        return f"{self.direction.value} tcp {way} {self.tag} port {ports}"


def _ports(*bounds: tuple[int, int]) -> IntervalSet:
    return interval_set(Interval(low, high) for low, high in bounds)


_HTTPS, _SESSIONS, _DATA = _ports((443, 443)), _ports((22, 22), (3389, 3389)), _ports((5701, 5701), (8080, 8080))
_OF_BASTION = (
    _Need(Direction.INBOUND, "GatewayManager", _HTTPS),
    _Need(Direction.INBOUND, "AzureLoadBalancer", _HTTPS),
    _Need(Direction.INBOUND, "VirtualNetwork", _DATA),
    _Need(Direction.OUTBOUND, "VirtualNetwork", _SESSIONS),
    _Need(Direction.OUTBOUND, "VirtualNetwork", _DATA),
    _Need(Direction.OUTBOUND, "AzureCloud", _HTTPS),
    _Need(Direction.OUTBOUND, "Internet", _ports((80, 80))),
)
# What every copy of Azure's page lists; without it the group is refused.
_REFUSED_WITHOUT = (
    _Need(Direction.INBOUND, "GatewayManager", _HTTPS),
    _Need(Direction.OUTBOUND, "VirtualNetwork", _SESSIONS),
    _Need(Direction.OUTBOUND, "AzureCloud", _HTTPS),
)
_OF_APPLICATION_GATEWAY = (
    _Need(Direction.INBOUND, "GatewayManager", _ports((65200, 65535)), is_explicit=False),
    _Need(Direction.INBOUND, "AzureLoadBalancer", _ports((0, 65535)), is_explicit=False),
    _Need(Direction.OUTBOUND, "Internet", _ports((0, 65535)), is_explicit=False),
)
# What the default rules let pass of the above (F-DEF-1).
_BY_DEFAULT = {
    (Direction.INBOUND, "virtualnetwork"),
    (Direction.INBOUND, "azureloadbalancer"),
    (Direction.OUTBOUND, "virtualnetwork"),
    (Direction.OUTBOUND, "internet"),
    (Direction.OUTBOUND, "azurecloud"),
}


def service_lints(network: Network) -> Iterator[Diagnostic]:
    """Yield groups that keep a Bastion or application gateway from what it needs, and rules at targets of NAT rules
    that name who never comes."""
    for subnet in network.subnets():
        if subnet.nsg is not None and subnet.is_called(_BASTION_SUBNET):
            yield from _lacking(network.nsgs[subnet.nsg], _OF_BASTION, f"Bastion in `{subnet.id}`", "F-BAS-2")
    for proxy in network.proxies.values():
        group = _group_of(network, proxy)
        if proxy.kind is ProxyKind.APPLICATION_GATEWAY and group is not None:
            yield from _lacking(group, _OF_APPLICATION_GATEWAY, f"application gateway `{proxy.name}`", "F-AGW-2")
    for machine in network.machines.values():
        if machine.firewall is not None:
            for rule in machine.firewall.of_kind(FirewallRuleKind.NAT):
                yield from _deceived(network, machine, rule)


def refused_at_bastions(network: Network) -> Iterator[Diagnostic]:
    """Yield groups that Azure refuses at the subnet of a Bastion (F-BAS-2).

    That is no part of `check`: what stands in Azure has passed, by whatever rules, so that in an export a group that
    does not look so is doubtful at most.
    """
    for subnet in network.subnets():
        if subnet.nsg is not None and subnet.is_called(_BASTION_SUBNET):
            yield from _lacking(network.nsgs[subnet.nsg], _REFUSED_WITHOUT, f"Bastion in `{subnet.id}`", "F-BAS-2")


def _group_of(network: Network, proxy: Proxy) -> Nsg | None:
    subnet = network.subnet(proxy.subnet_id) if proxy.subnet_id is not None else None
    return network.nsgs[subnet.nsg] if subnet is not None and subnet.nsg is not None else None


# -- what a service needs -------------------------------------------------------------------------------


def _lacking(nsg: Nsg, needs: tuple[_Need, ...], who: str, rule: str) -> Iterator[Diagnostic]:
    missing = [need for need in needs if not _is_met(nsg, need)]
    if missing:
        yield Diagnostic(
            "service-group-lacks-rules",
            f"nsg `{nsg.name}` does not let pass what {who} needs: {'; '.join(map(str, missing))}",
            nsg.span,
            f"{len(missing)} of {len(needs)} not allowed",
            help="add rules that allow it",
            rule=rule,
            severity=Severity.WARNING,
        )


def _is_met(nsg: Nsg, need: _Need) -> bool:
    """Tell whether the first rules about the tag allow every port; rules about other addresses do not count."""
    by_default = not need.is_explicit and (need.direction, need.tag.casefold()) in _BY_DEFAULT
    left = need.ports
    for rule in sorted(nsg.rules, key=lambda rule: rule.priority):
        remote = rule.source if need.direction is Direction.INBOUND else rule.destination
        if rule.direction is need.direction and rule.protocol in (None, TCP) and _is_about(remote, need.tag):
            decided = left & rule.destination_ports
            if decided and rule.access is Access.DENY:
                return False
            left -= decided
    return not left or by_default


def _is_about(field: AddressField, tag: str) -> bool:
    if isinstance(field, ServiceTag):
        return field.name.casefold() == tag.casefold()
    return isinstance(field, AnyAddress)


# -- targets of NAT rules -------------------------------------------------------------------------------


def _deceived(network: Network, machine: Machine, nat: FirewallRule) -> Iterator[Diagnostic]:
    """Yield rules at the target of a NAT rule at a public address whose source no translated packet has (F-FW-5)."""
    if nat.at is None or nat.translation is None:
        return
    for nic in network.nics():
        if nat.translation.address in nic.addresses:
            for name in (network.subnet(nic.subnet_id).nsg, nic.nsg):
                for rule in network.nsgs[name].rules if name is not None else ():
                    if _names_clients(rule, nat):
                        yield Diagnostic(
                            "nat-target-names-clients",
                            f"rule `{rule.name}` of nsg `{name}` names clients outside as source, and what firewall "
                            f"`{machine.name}` sends there has an address of its own subnet",
                            rule.span,
                            "never seen of translated packets",
                            ((nat.span, f"translated by `{nat.name}`"),),
                            "name the firewall's subnet as source, and say in the NAT rule who may come",
                            "F-FW-5",
                            severity=Severity.WARNING,
                        )


def _names_clients(rule: SecurityRule, nat: FirewallRule) -> bool:
    assert nat.translation is not None
    if rule.direction is not Direction.INBOUND or nat.translation.port not in rule.destination_ports:
        return False
    if rule.protocol is not None and rule.protocol not in nat.protocols:
        return False
    if isinstance(rule.source, AddressPrefixes):
        return not addresses_of(rule.source.prefixes) - PUBLIC_ADDRESSES
    return isinstance(rule.source, ServiceTag) and rule.source.name.casefold() == "internet"
