"""Flows that are of a service only when they arrive: sent to another port, which something on the way replaces.

A claim of absence on a service speaks of what is sent to its ports, and of what load balancers and firewalls deliver
at them (F-LB-2, F-FW-5): `never reaches web on ssh` must not overlook port 50001 that leads to port 22.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vnetverify.header import TCP, UDP, Interval, IntervalSet, interval_set
from vnetverify.model.endpoints import Endpoints, union, without
from vnetverify.model.firewalls import FirewallRuleKind
from vnetverify.model.intents import OF_ABSENCE, Claim, EndpointSet
from vnetverify.model.network import Network, Service


def arriving_claim(network: Network, claim: Claim) -> Claim | None:
    """Return the claim about flows that become ones of its service on the way; None where nothing makes them so.

    It speaks of hosts, and where NAT rules change ports of internal frontends and of endpoints of private link services
    as well: these, like an address of NAT rules, are asked for at the port that they listen to.
    """
    if claim.verb not in OF_ABSENCE or claim.arriving is not None:
        return None
    parts, is_translated = [], False
    for protocol in (TCP, UDP):
        wanted = _ports(claim.service, protocol)
        replaced = _leading_to(network, protocol, wanted) - wanted
        is_translated = is_translated or bool(interval_set(_translated(network, protocol, wanted)) - wanted)
        if replaced:
            parts.append((protocol, replaced))
    if not parts:
        return None
    silent = _translators(network) if is_translated else _stand_ins(network)
    pairs = tuple((left, without(right, silent, right.text)) for left, right in claim.pairs)
    return replace(
        claim, pairs=pairs, service=Service(claim.service.name, tuple(parts)), arriving=claim.service, named=((), ())
    )


def _ports(service: Service, protocol: int) -> IntervalSet:
    asked = (ports for number, ports in service.parts if number in (None, protocol))
    return interval_set(interval for ports in asked for interval in ports)


def _leading_to(network: Network, protocol: int, wanted: IntervalSet) -> IntervalSet:
    """Return the ports that members or targets of translation get at a wanted one, by one of either kind or both."""
    balanced = interval_set(_balanced(network, protocol, wanted))
    return balanced | interval_set(_translated(network, protocol, wanted | balanced))


def _balanced(network: Network, protocol: int, wanted: IntervalSet) -> Iterator[Interval]:
    for balancer in network.load_balancers.values():
        for rule in balancer.rules:
            given = rule.port if rule.floating_ip else rule.backend_port
            if rule.protocol == protocol and rule.port is not None and given is not None and given in wanted:
                yield Interval(rule.port, rule.port)


def _translated(network: Network, protocol: int, wanted: IntervalSet) -> Iterator[Interval]:
    told = (machine.firewall for machine in network.machines.values() if machine.firewall is not None)
    for rule in (rule for policy in told for rule in policy.of_kind(FirewallRuleKind.NAT)):
        if protocol in rule.protocols and rule.translation is not None and rule.translation.port in wanted:
            yield from rule.destination_ports


def _stand_ins(network: Network) -> EndpointSet:
    """Return the places that stand for hosts behind them."""
    known = Endpoints(network)
    return union(
        (
            _translators(network),
            *map(known.of_load_balancer, network.load_balancers.values()),
            *(known.of_private_endpoint(e) for e in network.private_endpoints.values() if e.link_service is not None),
        )
    )


def _translators(network: Network) -> EndpointSet:
    """Return firewalls with rules, and public frontends, which these do not lead to."""
    known = Endpoints(network)
    public = (replace(balancer, frontends=()) for balancer in network.load_balancers.values())
    firewalls = (machine for machine in network.machines.values() if machine.firewall is not None)
    return union((*map(known.of_machine, firewalls), *map(known.of_load_balancer, public)))
