"""Lints of a network, including those that need a proof.

Every packet that is shown has been judged by the simulator first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from vnetverify.diagnostic import Diagnostic, Severity, in_source_order
from vnetverify.encoder.lists import LineName
from vnetverify.header import family_of
from vnetverify.model.lints import plain_lints
from vnetverify.model.network import Network
from vnetverify.model.security import Access, AdminRule, Direction, SecurityRule
from vnetverify.model.untold import lists_untold
from vnetverify.pipeline import Loaded
from vnetverify.prover.admin import AdminFindings, IdleAdminRule, TiedAdminRules, admin_findings
from vnetverify.prover.anomalies import Anomaly, FlagWithoutEffect, ProbeDenied, Shown, TagIsEverything, anomalies
from vnetverify.prover.idle import IdleRule, IdleRules, Kind, estates_of, idle_rules
from vnetverify.prover.solver import Limits, Solver
from vnetverify.simulator.addressing import packet_of, point
from vnetverify.simulator.filters import (
    Judgement,
    PublicEntry,
    declared_interface,
    judge_at,
    judge_at_endpoint,
    judge_entry,
    undeclared_interface,
)
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.situation import situation_of
from vnetverify.source import Span

_LIMITS = Limits(rlimit=5_000_000)
_CAUSES = 4
_MOST_RULES_AT_ONCE = 500
_NEVER_DECIDES = ("admin-rule-never-matches", "admin-rule-shadowed")


class EnginesDiffer(Exception):
    """The encoding and the simulator differ on a packet before filters: a bug of ours."""

    def __init__(self, shown: Shown, wanted: str) -> None:
        place = shown.context.spot.subnet.id
        super().__init__(f"{shown.flow} {shown.direction.value} at {place}: the simulator does not see {wanted}")


def lint(loaded: Loaded) -> tuple[Diagnostic, ...]:
    """Return all warnings and notes about what was loaded without errors, in source order.

    Raises `EnginesDiffer`.
    """
    network = loaded.document.network
    return _together(loaded, (*plain_lints(network), *proved_lints(network)))


def lint_for_check(loaded: Loaded) -> tuple[Diagnostic, ...]:
    """Return what `check` says of what was loaded without errors: all but the notes of `lint`, and in a network with
    very many rules what needs no proof. Raises `EnginesDiffer`."""
    network = loaded.document.network
    proved = proved_lints(network) if is_lintable_at_once(network) else ()
    warnings = (found for found in (*plain_lints(network), *proved) if found.severity is Severity.WARNING)
    return _together(loaded, tuple(warnings))


def _together(loaded: Loaded, found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Return what loading said and what was found, without what loading said of a line and a proof says as well."""
    said = {(one.code, one.span) for one in found}
    # A rule that never decides has no effect either.
    said |= {("idle-admin-rule", one.span) for one in found if one.code in _NEVER_DECIDES}
    kept = (one for one in loaded.diagnostics if (one.code, one.span) not in said)
    return in_source_order((*kept, *found))


def is_lintable_at_once(network: Network) -> bool:
    """Tell whether proofs about the network's rules are done by the time a user has read the rest."""
    rules = [len(nsg.rules) for nsg in network.nsgs.values()] + [len(own.rules) for own in network.admin_rules]
    return sum(rules) <= _MOST_RULES_AT_ONCE


def proved_lints(network: Network) -> Iterator[Diagnostic]:
    """Yield what was proved of security groups and admin rules, and what a packet shows of them.

    Raises `EnginesDiffer`.
    """
    has_filters = bool(network.nsgs or network.admin_rules)
    if not has_filters and all(half.allow_virtual_network_access for half in network.peerings):
        return
    solver = Solver(_LIMITS)
    solver.warm_up()
    try:
        yield from _idle(network, idle_rules(network, solver))
        yield from _of_admin_rules(network, admin_findings(network, solver))
        told: dict[tuple[str, Span], None] = {}
        for estate in estates_of(network):
            for anomaly in anomalies(estate, solver):
                found = _anomalous(network, anomaly)
                if (found.code, found.span) not in told:  # what is so in both families is told once
                    told[found.code, found.span] = None
                    yield found
    finally:
        solver.close()


# -- rules that change nothing --------------------------------------------------------------------------


def _idle(network: Network, idle: IdleRules) -> Iterator[Diagnostic]:
    rules: dict[LineName, SecurityRule | AdminRule] = {
        (nsg.name, rule.name): rule for nsg in network.nsgs.values() for rule in nsg.rules
    }
    rules |= {(own.manager, rule.name): rule for own in network.admin_rules for rule in own.rules}
    untold = lists_untold(network)
    yield from (_changing_nothing(rules, found) for found in idle.found if found.nsg not in untold)
    yield from _left_open([found.rule for found in idle.found if found.nsg in untold])
    if idle.undecided:
        yield _undecided(idle.undecided, "rules", next(iter(network.nsgs.values())).span)


def _left_open(rules: Sequence[SecurityRule | AdminRule]) -> Iterator[Diagnostic]:
    """Yield a note about rules that would change nothing, were all known that decides about their packets."""
    if rules:
        which = "a rule has" if len(rules) == 1 else f"{len(rules)} rules have"
        message = f"whether {which} any effect turns on what is not known of the network"
        yield Diagnostic("lint-undecided", message, rules[0].span, severity=Severity.NOTE)


def _undecided(count: int, what: str, span: Span) -> Diagnostic:
    message = f"whether {count} {what} have any effect was not decided within the limits"
    return Diagnostic("lint-undecided", message, span, severity=Severity.NOTE)


def _changing_nothing(rules: Mapping[LineName, SecurityRule | AdminRule], idle: IdleRule) -> Diagnostic:
    name = f"`{idle.nsg}/{idle.rule.name}`"
    by = _called(idle.nsg, idle.causes)
    places = tuple((rules[cause].span, "takes them first") for cause in idle.causes[:_CAUSES])
    alike = tuple((span, "decides alike") for span, _ in places)
    before = [cause for cause in idle.causes if cause[0] == idle.nsg and rules[cause].priority < idle.rule.priority]
    match idle.kind:
        case Kind.NAMES_NOTHING:
            message = f"{name} matches no packet where `{idle.nsg}` is attached"
            return _warning("rule-never-matches", message, idle.rule.span, "names nothing that is there", (), "F-NSG-4")
        case Kind.SHADOWED:
            message = f"{name} never decides: all its packets are taken first by {by}"
            return _warning("rule-shadowed", message, idle.rule.span, "never decides", places, "F-NSG-4")
        case Kind.REDUNDANT:
            others = _called(idle.nsg, [cause for cause in idle.causes if cause not in before]) or "the default rules"
            first = f", after what {_called(idle.nsg, before)} decides" if before else ""
            message = f"without {name} nothing would change: {others} would decide alike{first}"
            shown = tuple(
                (rules[cause].span, "decides before" if cause in before else "decides alike")
                for cause in idle.causes[:_CAUSES]
            )
            return Diagnostic(
                "rule-redundant", message, idle.rule.span, "changes nothing", shown, rule="F-NSG-4",
                severity=Severity.NOTE,
            )  # fmt: skip
        case Kind.OVERRULED:
            with_by = f", with {by}," if by else ""
            message = f"{name} lets nothing more through: what it allows{with_by} passes or is stopped all the same"
            return _warning("rule-overruled", message, idle.rule.span, "changes nothing", alike, "F-EVAL-3")
        case _:
            assert_never(idle.kind)


# -- security admin rules -------------------------------------------------------------------------------


def _of_admin_rules(network: Network, findings: AdminFindings) -> Iterator[Diagnostic]:
    rules = {(own.manager, rule.name): rule for own in network.admin_rules for rule in own.rules}
    untold = lists_untold(network)
    idle = [found for found in findings.found if isinstance(found, IdleAdminRule) and found.name[0] in untold]
    yield from _left_open([found.rule for found in idle])
    for found in findings.found:
        match found:
            case IdleAdminRule() if found.name[0] in untold:
                continue
            case IdleAdminRule():
                yield _idle_admin_rule(rules, found)
            case TiedAdminRules():
                yield _tied(network, found)
            case _:
                assert_never(found)
    if findings.undecided:
        yield _undecided(findings.undecided, "admin rules", network.admin_rules[0].span)


def _idle_admin_rule(rules: Mapping[LineName, AdminRule], found: IdleAdminRule) -> Diagnostic:
    name = f"admin rule `{'/'.join(found.name)}`"
    span = found.rule.span
    if found.allows_only:
        message = f"{name} has no effect: no rule behind it does otherwise with its packets"
        label, advice = (
            "leaves them to the security groups, as no rule would",
            "to pass by the security groups write `always-allow`",
        )
        return _warning("idle-admin-rule", message, span, label, (), "F-ADM-7", advice=advice)
    if not found.causes:
        message = f"{name} matches no packet where it is in force"
        return _warning("admin-rule-never-matches", message, span, "names nothing that is there", (), "F-ADM-3")
    message = f"{name} never decides: all its packets are taken first by "
    message += _listed([f"`{'/'.join(cause)}`" for cause in found.causes])
    places = tuple((rules[cause].span, "takes them first") for cause in found.causes[:_CAUSES])
    return _warning("admin-rule-shadowed", message, span, "never decides", places, "F-ADM-3")


def _tied(network: Network, found: TiedAdminRules) -> Diagnostic:
    name, other = "/".join(found.name), "/".join(found.other_name)
    for shown, wanted in (
        (found.shown, found.name),
        (replace(found.shown, world=found.otherwise), found.other_name),
    ):
        if wanted not in ((stage.nsg, stage.rule) for stage in judged(network, shown).stages):
            raise EnginesDiffer(shown, f"`{'/'.join(wanted)}` decide")
    return _warning(
        "tied-admin-rules",
        f"`{name}` and `{other}` have priority {found.rule.priority} and differ in what they do",
        found.other.span,
        "which is tried first is not stated",
        ((found.rule.span, "the other rule"),),
        "F-ADM-15",
        str(found.shown.flow),
        f"give one of them another priority, or assume `U-ADMTIE({name})`",
    )


# -- filters that do otherwise than they read -----------------------------------------------------------


def _anomalous(network: Network, anomaly: Anomaly) -> Diagnostic:
    judgement = judged(network, anomaly.shown)
    match anomaly:
        case TagIsEverything():
            return _of_tag(network, anomaly, judgement)
        case FlagWithoutEffect():
            return _of_flag(anomaly, judgement)
        case ProbeDenied():
            return _of_probe(anomaly, judgement)
        case _:
            assert_never(anomaly)


def _of_tag(network: Network, found: TagIsEverything, judgement: Judgement) -> Diagnostic:
    if all((stage.nsg, stage.rule) != (found.nsg, found.rule.name) for stage in judgement.stages):
        raise EnginesDiffer(found.shown, f"`{found.nsg}/{found.rule.name}` decide")
    place = found.shown.context.spot.subnet.id
    is_default = found.rule.priority >= 65000
    own_span = network.nsgs[found.nsg].span if is_default else found.rule.span
    lines = tuple((span, "makes VirtualNetwork hold every address") for span in found.lines[:_CAUSES])
    if found.instead_of is not None:
        named, span = found.instead_of, found.instead_of.span
        if named.priority >= 65000:
            span = network.nsgs[found.nsg].span
        message = f"`{found.nsg}/{named.name}` names Internet, which `{found.rule.name}` takes first at `{place}`"
        label, others = "never sees such packets", ((own_span, "takes them first"), *lines)
        return _warning("internet-taken-first", message, span, label, others, "F-TAG-8", str(found.shown.flow))
    what = "allows" if found.rule.access is Access.ALLOW else "denies"
    message = f"`{found.nsg}/{found.rule.name}` {what} every address at `{place}`, as VirtualNetwork holds them all"
    return Diagnostic(
        "virtual-network-is-everything",
        message,
        own_span,
        f"its default rule `{found.rule.name}`" if is_default else "names VirtualNetwork",
        lines,
        rule="F-TAG-8",
        severity=Severity.NOTE if is_default else Severity.WARNING,
        example=str(found.shown.flow),
    )


def _of_flag(found: FlagWithoutEffect, judgement: Judgement) -> Diagnostic:
    if not judgement.allowed:
        raise EnginesDiffer(found.shown, "the packet pass")
    half, shown = found.half, found.shown
    place = shown.context.spot.subnet
    if judgement.stages:
        others = tuple((stage.span, f"`{stage.rule}` lets it pass") for stage in judgement.stages if stage.span.line)
        rules = _listed([f"`{stage.nsg}/{stage.rule}`" for stage in judgement.stages])
        why = f"at `{place.id}` {rules} {'lets' if len(judgement.stages) == 1 else 'let'} its packets pass"
    else:
        others, why = ((place.span, "has no security group"),), f"`{place.id}` has no security group"
    return _warning(
        "access-flag-does-not-block",
        f"`{half.id}` does not keep `{half.remote}` out: {why}",
        half.span,
        "takes its space out of VirtualNetwork, no more",
        others,
        "F-TAG-4",
        f"{shown.flow} {shown.direction.value}",
    )


def _of_probe(found: ProbeDenied, judgement: Judgement) -> Diagnostic:
    if judgement.allowed:
        raise EnginesDiffer(found.shown, "the probe stopped")
    stage = judgement.stages[-1]
    return _warning(
        "probe-denied",
        f"`{found.nic.name}` gets nothing from `{found.balanced.name}`: `{stage.nsg}/{stage.rule}` stops the probe",
        found.rule.span,
        f"probes port {found.shown.flow.destination_port}",
        ((stage.span, f"`{stage.rule}` denies"),) if stage.span.line else ((found.nic.span, "the member"),),
        "F-LB-4",
        str(found.shown.flow),
        "allow the port from AzureLoadBalancer",
    )


def judged(network: Network, shown: Shown) -> Judgement:
    """Return what the simulator says of a packet before the filters of a context."""
    flow, context = shown.flow, shown.context
    situation = situation_of(network, shown.world, family_of(flow.source))
    local = flow.source if shown.direction is Direction.OUTBOUND else flow.destination
    subnet = situation.index.subnets[context.spot.subnet.id]
    packet = packet_of(flow)
    if context.spot.is_endpoint:
        return judge_at_endpoint(situation, undeclared_interface(subnet, point(local)), packet, is_reply=False)
    nic = context.spot.nic or situation.index.holders.get((subnet.vnet, local))
    if nic is None:
        interface = undeclared_interface(subnet, point(local))
    elif nic.name in situation.index.nics:
        interface = declared_interface(situation, situation.index.nics[nic.name])
    elif nic.addresses:
        interface = undeclared_interface(subnet, point(nic.addresses[0]))
    else:
        interface = Interface(nic.name, subnet, ())  # what may stand there and is not known
    if context.entry is not None:
        entry = context.entry
        closed_by = "F-LB-7" if entry.is_balancer else "F-PIP-1"
        return judge_entry(
            situation, interface, packet, False, PublicEntry(entry.name, entry.sku, entry.name, entry.span, closed_by)
        )
    return judge_at(situation, interface, shown.direction, packet, False)


def _warning(
    code: str,
    message: str,
    span: Span,
    label: str,
    others: tuple[tuple[Span, str], ...],
    rule: str,
    example: str | None = None,
    advice: str | None = None,
) -> Diagnostic:
    return Diagnostic(code, message, span, label, others, advice, rule, severity=Severity.WARNING, example=example)


def _called(nsg: str, causes: Sequence[LineName]) -> str:
    """Return the names of rules as they are read beside a rule of `nsg`."""
    return _listed([f"`{cause}`" if other == nsg else f"`{other}/{cause}`" for other, cause in causes])


def _listed(texts: Sequence[str]) -> str:
    """Return for example `a`, `b` and 3 more."""
    shown = list(texts[:_CAUSES])
    if len(texts) > _CAUSES:
        return f"{', '.join(shown)} and {len(texts) - _CAUSES} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
