"""Load balancers, their rules and members (R-ADDR-6, F-LB-2, F-LB-3, F-LB-4, F-LB-5, F-LB-14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import PROTOCOL_NAMES, Family, family_of
from vnetverify.model.balancers import Frontend, LoadBalancer, LoadBalancingRule, OutboundRule, Sku
from vnetverify.model.network import Network, Nic
from vnetverify.source import Span

_LAST_FRONTEND_PORT, _LAST_MEMBER_PORT = 65534, 65535


def balancer_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with load balancers; where their frontends stand is in `occupants`."""
    nics = {nic.name: nic for nic in network.nics()}
    for balancer in network.load_balancers.values():
        yield from _vnet_faults(balancer, nics)
        yield from _clashes(balancer)
        for rule in balancer.rules:
            yield from _port_faults(rule)
            yield from _ha_faults(balancer, rule)
            yield from _empty_faults(network, balancer, rule)
            yield from _member_faults(balancer, rule, nics)
            yield from _probe_faults(network, balancer, rule, nics)


def _vnet_faults(balancer: LoadBalancer, nics: Mapping[str, Nic]) -> Iterator[Diagnostic]:
    """Yield the first frontend, and the first member, that is not in the vnet of the first one (F-LB-5).

    Internal frontends have a vnet; the members of one that is public alone have the vnet of the first of them.
    """
    if not balancer.frontends and not balancer.public_frontends:
        message = f"load balancer `{balancer.name}` has no frontend"
        yield Diagnostic("balancer-without-frontend", message, balancer.span, rule="F-LB-2")
        return
    rules: tuple[LoadBalancingRule | OutboundRule, ...] = (*balancer.rules, *balancer.outbound_rules)
    placed = [(rule, nics[name]) for rule in rules for name in rule.members if name in nics]
    home: Frontend | Nic | None = next(iter(balancer.frontends), None) or next((nic for _, nic in placed), None)
    if home is None:
        return
    apart = next((frontend for frontend in balancer.frontends if frontend.vnet != home.vnet), None)
    if apart is not None:
        yield Diagnostic(
            "frontends-of-two-vnets",
            f"load balancer `{balancer.name}` has frontends in `{home.vnet}` and `{apart.vnet}`, not in one vnet",
            apart.span,
            f"in `{apart.vnet}`",
            ((home.span, f"in `{home.vnet}`"),),
            rule="F-LB-5",
        )
    for rule, nic in placed:
        if nic.vnet != home.vnet:
            yield Diagnostic(
                "member-elsewhere",
                f"nic `{nic.name}` in `{nic.vnet}` cannot be a member of `{balancer.name}`, which is of `{home.vnet}`",
                rule.span,
                f"has a member in `{nic.vnet}`",
                ((nic.span, "the member"), (home.span, f"in `{home.vnet}`")),
                rule="F-LB-5",
            )
            return


def _clashes(balancer: LoadBalancer) -> Iterator[Diagnostic]:
    """Yield rules that ask for the same packets as an earlier one of their frontend (F-LB-2)."""
    taken: dict[tuple[str, int | None, int | None], LoadBalancingRule] = {}
    of_frontend: dict[str, LoadBalancingRule] = {}
    for rule in balancer.rules:
        first = of_frontend.setdefault(rule.frontend, rule)
        same = taken.setdefault((rule.frontend, rule.protocol, rule.port), rule)
        if same is not rule:
            yield Diagnostic(
                "balancing-rule-taken",
                f"rule `{rule.name}` of `{balancer.name}` is for the same packets as `{same.name}`",
                rule.span,
                _asked(rule),
                ((same.span, f"`{same.name}` is for {_asked(same)}"),),
                rule="F-LB-2",
            )
        elif first is not rule and (rule.protocol is None or first.protocol is None):
            yield Diagnostic(
                "ha-ports-beside-rules",
                f"frontend `{rule.frontend}` of `{balancer.name}` has an HA rule and another, which exclude each other",
                rule.span,
                _asked(rule),
                ((first.span, f"`{first.name}` is for {_asked(first)}"),),
                rule="F-LB-2",
            )


def _asked(rule: LoadBalancingRule) -> str:
    if rule.protocol is None:
        return "every port (HA)"
    return f"{PROTOCOL_NAMES.get(rule.protocol, str(rule.protocol))} {rule.port}"


def _ha_faults(balancer: LoadBalancer, rule: LoadBalancingRule) -> Iterator[Diagnostic]:
    if rule.protocol is None and balancer.sku is Sku.BASIC:
        message = f"rule `{rule.name}` of `{balancer.name}` is for HA ports, which the Basic SKU does not have"
        others = ((balancer.span, "of the Basic SKU"),)
        yield Diagnostic("ha-ports-on-basic", message, rule.span, others=others, rule="F-LB-2")


def _port_faults(rule: LoadBalancingRule) -> Iterator[Diagnostic]:
    ports = (
        (rule.port, "frontend port", _LAST_FRONTEND_PORT, "F-LB-2"),
        (rule.backend_port, "port at its members", _LAST_MEMBER_PORT, "F-LB-2"),
        (None if rule.probe is None else rule.probe.port, "probe port", _LAST_MEMBER_PORT, "F-LB-4"),
    )
    for port, what, last, id_ in ports:
        if port is not None and not 1 <= port <= last:
            message = f"rule `{rule.name}` has the {what} {port}, not one of 1 to {last}"
            yield Diagnostic("port-out-of-range", message, rule.span, rule=id_)


def _empty_faults(network: Network, balancer: LoadBalancer, rule: LoadBalancingRule) -> Iterator[Diagnostic]:
    if rule.members:
        return
    if network.unmodelled:  # which may be a member: a scale set, an interface that is not in the input
        severity = Severity.NOTE
        message = f"no member of rule `{rule.name}` of `{balancer.name}` is known; what is not modelled may be one"
    else:
        severity = Severity.WARNING
        message = f"rule `{rule.name}` of `{balancer.name}` has no members, so what comes to it is dropped"
    yield Diagnostic("rule-without-members", message, rule.span, rule="F-LB-3", severity=severity)


def _member_faults(balancer: LoadBalancer, rule: LoadBalancingRule, nics: Mapping[str, Nic]) -> Iterator[Diagnostic]:
    family = _family_at(balancer, rule.frontend)
    for name in rule.members:
        nic = nics.get(name)
        if nic is None:
            yield Diagnostic(
                "unknown-member", f"rule `{rule.name}` has a member `{name}`, which is not a nic", rule.span
            )
        elif family is not None and not any(family_of(address) is family for address in nic.addresses):
            known = family.name.replace("IPV", "IPv")
            places: tuple[tuple[Span, str], ...] = ((nic.span, f"has no {known} address"),)
            message = f"nic `{name}` cannot be a member of rule `{rule.name}`: the frontend is {known}"
            yield Diagnostic("member-of-other-family", message, rule.span, others=places, rule="R-ADDR-6")


def _family_at(balancer: LoadBalancer, name: str) -> Family | None:
    """Return the family of a frontend, None where there is none of this name; a public one not known is of IPv4."""
    internal = (frontend.address for frontend in balancer.frontends if frontend.name == name)
    public = (one.public_address.address or 0 for one in balancer.public_frontends if one.name == name)
    return next((family_of(address) for address in (*internal, *public)), None)


def _probe_faults(
    network: Network, balancer: LoadBalancer, rule: LoadBalancingRule, nics: Mapping[str, Nic]
) -> Iterator[Diagnostic]:
    """Yield the first member that is probed over IPv6 without a security group, where probes do not work (F-LB-14)."""
    if rule.probe is None or _family_at(balancer, rule.frontend) is not Family.IPV6:
        return
    grouped = {subnet.id for subnet in network.subnets() if subnet.nsg is not None}
    for nic in (nics[name] for name in rule.members if name in nics):
        if nic.nsg is None and nic.subnet_id not in grouped:
            yield Diagnostic(
                "probe-without-nsg",
                f"probes of rule `{rule.name}` over IPv6 do not work at `{nic.name}`, which has no nsg",
                rule.span,
                others=((nic.span, "has no nsg, nor has its subnet"),),
                rule="F-LB-14",
                severity=Severity.WARNING,
            )
            return
