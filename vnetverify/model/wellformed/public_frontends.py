"""Rules of load balancers that public frontends, NAT and admin states bring (F-LB-2, F-LB-10, F-LB-12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import PROTOCOL_NAMES, TCP, UDP
from vnetverify.model.balancers import LoadBalancer, LoadBalancingRule, OutboundRule, Sku
from vnetverify.model.network import Network
from vnetverify.source import Span


def public_frontend_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with names, NAT rules, outbound rules and admin states of load balancers."""
    nics = {nic.name for nic in network.nics()}
    for balancer in network.load_balancers.values():
        yield from _names(balancer)
        public = {frontend.name for frontend in balancer.public_frontends}
        known = public | {frontend.name for frontend in balancer.frontends}
        for rule in balancer.rules:
            if rule.frontend not in known:
                yield _unknown_frontend(balancer, rule, rule.frontend)
            if rule.protocol is None and rule.frontend in public:
                yield _ha_at_public(balancer, rule)
            yield from _nat_faults(balancer, rule) if rule.is_inbound_nat else _state_faults(balancer, rule)
        for outbound in balancer.outbound_rules:
            yield from _outbound_faults(balancer, outbound, known, public, nics)


def _names(balancer: LoadBalancer) -> Iterator[Diagnostic]:
    """Yield frontends, and rules of one kind, that are called alike.

    So are a rule and an inbound NAT rule with floating IP, whose facts could not be told apart.
    """
    frontends = [(one.name, one.span) for one in balancer.frontends]
    frontends += [(one.name, one.span) for one in balancer.public_frontends]
    rules = [rule for rule in balancer.rules if not rule.is_inbound_nat]
    nat_rules = [rule for rule in balancer.rules if rule.is_inbound_nat]
    yield from _twice(balancer, "frontends", frontends)
    yield from _twice(balancer, "rules", [(rule.name, rule.span) for rule in rules])
    yield from _twice(balancer, "inbound NAT rules", [(rule.name, rule.span) for rule in nat_rules])
    yield from _twice(balancer, "outbound rules", [(rule.name, rule.span) for rule in balancer.outbound_rules])
    for rule in nat_rules:
        alike = next((one for one in rules if one.name.casefold() == rule.name.casefold()), None)
        if alike is not None and alike.floating_ip and rule.floating_ip:
            yield from _twice(balancer, "rules with floating IP", [(one.name, one.span) for one in (alike, rule)])


def _twice(balancer: LoadBalancer, what: str, elements: list[tuple[str, Span]]) -> Iterator[Diagnostic]:
    first: dict[str, tuple[str, Span]] = {}
    for each in elements:
        name, span = each
        earlier = first.setdefault(name.casefold(), each)
        if earlier is not each:
            message = f"load balancer `{balancer.name}` has two {what} called `{name}`"
            places = ((earlier[1], "first"),)
            yield Diagnostic("balancer-name-twice", message, span, "second", places, rule="F-LB-2")


def _unknown_frontend(balancer: LoadBalancer, rule: LoadBalancingRule | OutboundRule, name: str) -> Diagnostic:
    message = f"rule `{rule.name}` is for the frontend `{name}`, which `{balancer.name}` does not have"
    return Diagnostic("unknown-frontend", message, rule.span, rule="F-LB-2")


def _ha_at_public(balancer: LoadBalancer, rule: LoadBalancingRule) -> Diagnostic:
    return Diagnostic(
        "ha-ports-at-public",
        f"rule `{rule.name}` of `{balancer.name}` is for HA ports, which no public frontend has",
        rule.span,
        f"at the public frontend `{rule.frontend}`",
        help="write a rule for each port",
        rule="F-LB-2",
    )


def _nat_faults(balancer: LoadBalancer, rule: LoadBalancingRule) -> Iterator[Diagnostic]:
    """Yield what keeps a rule from leading one port to one member without a probe (F-LB-2, F-LB-12)."""
    what = f"the inbound NAT rule `{rule.name}` of `{balancer.name}`"
    if len(rule.members) != 1:
        yield Diagnostic("nat-rule", f"{what} has {len(rule.members)} members, not one", rule.span, rule="F-LB-2")
    if rule.protocol not in (TCP, UDP) or rule.port is None:
        yield Diagnostic("nat-rule", f"{what} is for no port of TCP or UDP", rule.span, rule="F-LB-2")
    if rule.probe is not None or rule.always_up or rule.down:
        yield Diagnostic("nat-rule", f"{what} has a probe or admin states", rule.span, rule="F-LB-12")


def _state_faults(balancer: LoadBalancer, rule: LoadBalancingRule) -> Iterator[Diagnostic]:
    """Yield admin states that are said of rules without a probe, of strangers, or twice (F-LB-12)."""
    states = (*rule.always_up, *rule.down)
    if states and rule.probe is None:
        yield Diagnostic(
            "state-without-probe",
            f"rule `{rule.name}` of `{balancer.name}` has members that are up or down, and no probe to say otherwise",
            rule.span,
            rule="F-LB-12",
        )
    for name in dict.fromkeys(states):
        if name not in rule.members:
            message = f"`{name}` has an admin state in rule `{rule.name}`, and is not a member of it"
            yield Diagnostic("state-of-no-member", message, rule.span, rule="F-LB-12")
        elif name in rule.always_up and name in rule.down:
            message = f"member `{name}` of rule `{rule.name}` is both up and down"
            yield Diagnostic("state-twice", message, rule.span, rule="F-LB-12")


def _outbound_faults(
    balancer: LoadBalancer, rule: OutboundRule, known: set[str], public: set[str], nics: Iterable[str]
) -> Iterator[Diagnostic]:
    if balancer.sku is Sku.BASIC:
        message = f"`{balancer.name}` has the outbound rule `{rule.name}`, which the Basic SKU does not have"
        others = ((balancer.span, "of the Basic SKU"),)
        yield Diagnostic("outbound-on-basic", message, rule.span, others=others, rule="F-LB-10")
    for name in rule.frontends:
        if name not in known:
            yield _unknown_frontend(balancer, rule, name)
        elif name not in public:
            message = f"the outbound rule `{rule.name}` leaves by `{name}`, which is not a public frontend"
            yield Diagnostic("outbound-by-internal", message, rule.span, rule="F-LB-10")
    if not rule.frontends:
        message = f"the outbound rule `{rule.name}` of `{balancer.name}` has no frontend to leave by"
        yield Diagnostic("outbound-by-internal", message, rule.span, rule="F-LB-10")
    if rule.protocol not in (None, TCP, UDP):
        name = PROTOCOL_NAMES.get(rule.protocol, str(rule.protocol))
        message = f"the outbound rule `{rule.name}` is for {name}, and such rules are for TCP and UDP"
        yield Diagnostic("protocol-unsupported", message, rule.span, rule="F-LB-10")
    for name in rule.members:
        if name not in nics:
            yield Diagnostic(
                "unknown-member", f"rule `{rule.name}` has a member `{name}`, which is not a nic", rule.span
            )
