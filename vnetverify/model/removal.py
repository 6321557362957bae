"""A network without one of its lines: a rule, a route, a line of a policy, or one half of a peering."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

from vnetverify.model.firewalls import FirewallRuleKind
from vnetverify.model.network import Machine, Network
from vnetverify.source import Span


class Placed(Protocol):
    """What stands somewhere in the input."""

    @property
    def span(self) -> Span: ...


Line = TypeVar("Line", bound=Placed)


def without_line(network: Network, span: Span) -> Network | None:
    """Return the network without the line at `span`, whatever of it the line stands for.

    None where no line that can go by itself stands there. NAT rules of firewalls cannot: they make the places that
    claims speak of.
    """
    left = replace(
        network,
        nsgs={name: replace(nsg, rules=_others(nsg.rules, span)) for name, nsg in network.nsgs.items()},
        route_tables={
            name: replace(table, routes=_others(table.routes, span)) for name, table in network.route_tables.items()
        },
        machines={name: _machine(machine, span) for name, machine in network.machines.items()},
        admin_rules=tuple(replace(one, rules=_others(one.rules, span)) for one in network.admin_rules),
        load_balancers={
            name: replace(balancer, rules=_others(balancer.rules, span))
            for name, balancer in network.load_balancers.items()
        },
        peerings=_others(network.peerings, span),
    )
    return left if left != network else None


def _others(lines: Iterable[Line], span: Span) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.span != span)


def _machine(machine: Machine, span: Span) -> Machine:
    policy = None if machine.policy is None else _others(machine.policy, span)
    firewall = machine.firewall
    if firewall is not None:
        kept = (rule for rule in firewall.rules if rule.span != span or rule.kind is FirewallRuleKind.NAT)
        firewall = replace(firewall, rules=tuple(kept))
    return replace(machine, policy=policy, firewall=firewall)
