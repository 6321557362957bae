"""Security groups and admin rules at a host or interface: which rule judges a packet.

Rules F-NSG-2, F-NSG-4, F-NSG-5, F-NSG-6, F-NSG-12, F-NSG-13, F-NSG-16, F-DEF-1, F-EVAL-1, F-EVAL-2, F-EVAL-3, F-EVAL-4,
F-EVAL-5, F-EVAL-6, F-EVAL-7, F-ADM-4, F-ADM-5, F-ADM-6, F-ADM-7, F-ADM-8, F-ADM-9, F-ADM-12, F-ADDR-2, F-PLAT-1,
F-PLAT-2, F-PLAT-3, F-LB-7, F-PIP-1, F-PIP-2, F-PIP-3, F-PIP-6, F-PE-3, F-PE-9, F-STATE-5, R-ADDR-6 and R-UDR-19.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vnetverify.facts import Uncertainty, Undetermined, World, uncertainty
from vnetverify.header import (
    ALL_PORTS,
    ICMPV6,
    Family,
    Flow,
    Interval,
    IntervalSet,
    address_text,
    family_of,
)
from vnetverify.model.balancers import Sku
from vnetverify.model.network import Network, Nic, Subnet
from vnetverify.model.security import (
    Access,
    AddressField,
    AdminAction,
    AnyAddress,
    Direction,
    Nsg,
    SecurityRule,
    ServiceTag,
)
from vnetverify.simulator.addressing import (
    METADATA_HOST,
    PLATFORM,
    Field,
    Mixed,
    Packet,
    Part,
    address_in,
    covers,
    is_number,
    lies_in,
    packet_of,
    point,
)
from vnetverify.simulator.admin import AdminList, Decided, deciding, standing
from vnetverify.simulator.matching import (
    Filter,
    Interface,
    Reaching,
    match_together,
    matches,
    reach_of,
    within_reach,
)
from vnetverify.simulator.memory import Remembered
from vnetverify.simulator.situation import Situation, occupied, public_of, situation_of
from vnetverify.source import Span

LAST_PRIORITY = 65500
_DEFAULT_RULE_IDS = {65000: "F-DEF-2", 65001: "F-DEF-1", LAST_PRIORITY: "F-DEF-1"}


@dataclass(frozen=True, slots=True)
class Stage:
    """The rule that decided in one group; `stage` is `nicNsg` or `subnetNsg`, `priority` the rule's.

    At stage `securityAdmin` it is an admin rule, and `nsg` names its manager. Stages `publicAddress` and `icmpv6` are
    decisions that no rule of a group makes (F-PIP-1, F-NSG-16).
    """

    stage: str
    nsg: str
    rule: str
    access: Access
    span: Span
    rule_id: str
    priority: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the filters say: the stages consulted, in order, ending with the first that denies (F-EVAL-4).

    `always_allowed` says that an admin rule let the packet pass by the groups, which then count for nothing (F-ADM-5),
    `by_custom_rules` that a rule of some group, none of the default ones, let it in (F-STATE-5).
    """

    allowed: bool
    stages: tuple[Stage, ...]
    facts: tuple[Uncertainty, ...]
    exempt: bool = False
    always_allowed: bool = False
    by_custom_rules: bool = False


def _default(name: str, priority: int, direction: Direction, access: Access, *ends: AddressField) -> SecurityRule:
    source, destination = ends
    return SecurityRule(name, priority, direction, access, None, source, ALL_PORTS, destination, ALL_PORTS)


_ANY, _VNET, _INTERNET = AnyAddress(), ServiceTag("VirtualNetwork"), ServiceTag("Internet")
_PROBES = ServiceTag("AzureLoadBalancer")
DEFAULT_RULES = (
    _default("AllowVNetInBound", 65000, Direction.INBOUND, Access.ALLOW, _VNET, _VNET),
    _default("AllowAzureLoadBalancerInBound", 65001, Direction.INBOUND, Access.ALLOW, _PROBES, _ANY),
    _default("DenyAllInBound", 65500, Direction.INBOUND, Access.DENY, _ANY, _ANY),
    _default("AllowVnetOutBound", 65000, Direction.OUTBOUND, Access.ALLOW, _VNET, _VNET),
    _default("AllowInternetOutBound", 65001, Direction.OUTBOUND, Access.ALLOW, _ANY, _INTERNET),
    _default("DenyAllOutBound", 65500, Direction.OUTBOUND, Access.DENY, _ANY, _ANY),
)


def declared_interface(situation: Situation, nic: Nic) -> Interface:
    is_managed = situation.network.machines[nic.machine].is_managed
    return Interface(nic.name, situation.index.subnets[nic.subnet_id], nic.addresses, nic, is_managed)


def undeclared_interface(subnet: Subnet, address: Interval) -> Interface:
    """Return the place of a host that is not declared, named after its address and subnet.

    One of several hosts, whichever it is, is named after the part of the header that says which.
    """
    if address.low == address.high:
        return Interface(f"{address_text(address.low)} in {subnet.id}", subnet, (address.low,))
    which = address_in(address)
    assert isinstance(which, Field)
    return Interface(f"the {which.name} in {subnet.id}", subnet, ())


def interface_at(situation: Situation, subnet: Subnet, address: Interval) -> Interface:
    """Return the interface that holds `address` in the subnet's vnet, declared or not."""
    number = occupied(situation, subnet.vnet, address)
    nic = None if number is None else situation.index.holders.get((subnet.vnet, number))
    return undeclared_interface(subnet, address) if nic is None else declared_interface(situation, nic)


def judge(
    network: Network,
    subnet_id: str,
    nic_name: str | None,
    direction: Direction,
    flow: Flow,
    world: World,
    *,
    entered_by_public_address: bool = False,
    is_reply: bool = False,
) -> Judgement:
    """Return what the filters at an interface say of a new packet with the header `flow` (F-EVAL-1, F-EVAL-2).

    Without `nic_name` the host is undeclared. `is_reply` says that `flow` is the way back of the flow in question.
    """
    situation = situation_of(network, world, family_of(flow.source))
    local = flow.source if direction is Direction.OUTBOUND else flow.destination
    if nic_name is None:
        interface = undeclared_interface(situation.index.subnets[subnet_id], point(local))
    else:
        interface = declared_interface(situation, situation.index.nics[nic_name])
    if entered_by_public_address:
        return judge_public_entry(situation, interface, packet_of(flow), is_reply)
    return judge_at(situation, interface, direction, packet_of(flow), is_reply)


def judge_at(
    situation: Situation, interface: Interface, direction: Direction, packet: Packet, is_reply: bool
) -> Judgement:
    """Return what the groups at `interface` say, the interface's first on the way out (F-EVAL-1..3)."""
    return _judgement(Filter(situation, interface, direction, packet, is_reply))


def judge_at_endpoint(situation: Situation, interface: Interface, packet: Packet, *, is_reply: bool) -> Judgement:
    """Return what the subnet's group says at a private endpoint, where rules read otherwise (F-PE-3, F-PE-9)."""
    return _judgement(Filter(situation, interface, Direction.INBOUND, packet, is_reply, at_endpoint=True))


def _judgement(place: Filter) -> Judgement:
    situation, interface, direction, packet = place.situation, place.interface, place.direction, place.packet
    mark = len(situation.asked)
    groups = tuple(attached(situation, interface, direction))
    lists = _admin_lists(place)
    if (groups or lists) and _is_icmpv6(packet):
        return _icmpv6_judgement(place, groups, lists, mark)
    if direction is Direction.OUTBOUND and lies_in(packet.destination, PLATFORM):
        denial = _platform_denial(place, groups)
        denials = () if denial is None else (denial,)
        return Judgement(denial is None, denials, situation.asked_since(mark), exempt=True)
    stages = [_admin_stage(decided) for decided in deciding(place, lists)]
    if stages and stages[-1].rule_id != "F-ADM-6":
        passes = stages[-1].access is Access.ALLOW
        return Judgement(passes, tuple(stages), situation.asked_since(mark), always_allowed=passes)
    doubt: Mixed | Undetermined | None = None
    for stage, nsg in groups:
        try:
            stages.append(decision(place, stage, nsg))
        except (Mixed, Undetermined) as found:
            doubt = doubt or found  # no matter, where the other group surely denies
            continue
        if stages[-1].access is Access.DENY:
            return Judgement(False, tuple(stages), situation.asked_since(mark))
    if doubt is not None:
        raise doubt
    is_custom = any(stage.stage != "securityAdmin" and stage.priority not in _DEFAULT_RULE_IDS for stage in stages)
    let_in = is_custom and direction is Direction.INBOUND and not place.at_endpoint
    return Judgement(True, tuple(stages), situation.asked_since(mark), by_custom_rules=let_in)


def _admin_lists(place: Filter) -> tuple[AdminList, ...]:
    """Return the admin rules that stand at the place: none at a private endpoint (F-ADM-12)."""
    return () if place.at_endpoint else standing(place.situation, place.interface, place.direction)


_ADMIN_RULE_IDS = {AdminAction.DENY: "F-ADM-4", AdminAction.ALWAYS_ALLOW: "F-ADM-5", AdminAction.ALLOW: "F-ADM-6"}


def _admin_stage(decided: Decided) -> Stage:
    rule = decided.rule
    access = Access.DENY if rule.action is AdminAction.DENY else Access.ALLOW
    rule_id = _ADMIN_RULE_IDS[rule.action]
    return Stage("securityAdmin", decided.manager, rule.name, access, rule.span, rule_id, rule.priority)


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """What packets from outside come in by: a public address, or the frontend of a load balancer.

    `sku` is None where it is not stated; then the fact about `asked_of` says. `closed_by` is the rule for Standard.
    """

    name: str
    sku: Sku | None
    asked_of: str
    span: Span
    closed_by: str = "F-PIP-1"


def judge_public_entry(situation: Situation, interface: Interface, packet: Packet, is_reply: bool) -> Judgement:
    """Return what the filters say of a packet that came in by the interface's own public address."""
    assert interface.nic is not None
    public = public_of(interface.nic, packet.family)
    assert public is not None
    entry = PublicEntry(public.name, public.sku, public.name, public.span)
    return judge_entry(situation, interface, packet, is_reply, entry)


def judge_entry(
    situation: Situation, interface: Interface, packet: Packet, is_reply: bool, entry: PublicEntry
) -> Judgement:
    """Return what the filters say of a packet that came in from outside (F-PIP-1, F-PIP-2, F-PIP-3, F-PIP-6, F-LB-7).

    Where no group is attached the kind of the entry decides what admin rules leave open: Standard is closed, Basic
    open; to ICMPv6 Standard is as open as groups are (F-NSG-16).
    """
    mark = len(situation.asked)
    nic = interface.nic
    assert nic is not None
    by_admin = judge_at(situation, interface, Direction.INBOUND, packet, is_reply)
    has_groups = any(attached(situation, interface, Direction.INBOUND))
    if has_groups or not by_admin.allowed or any(stage.stage == "icmpv6" for stage in by_admin.stages):
        return by_admin
    if entry.sku is None:
        is_open, rule_id = situation.holds(uncertainty("U-SKU", entry.asked_of)), "F-PIP-3"
    else:
        is_open = entry.sku is Sku.BASIC
        rule_id = "F-PIP-2" if is_open else entry.closed_by
    if by_admin.always_allowed and not is_open:
        is_open, rule_id = situation.holds(uncertainty("U-AAPIP", nic.name)), "F-PIP-6"
    if _is_icmpv6(packet) and not is_open:
        is_open, rule_id = situation.holds(uncertainty("U-ICMPV6", nic.name, Direction.INBOUND.value)), "F-NSG-16"
    access = Access.ALLOW if is_open else Access.DENY
    stage = Stage("publicAddress", entry.name, "no security group", access, entry.span, rule_id, LAST_PRIORITY)
    always = is_open and by_admin.always_allowed
    return Judgement(is_open, (*by_admin.stages, stage), situation.asked_since(mark), always_allowed=always)


def attached(situation: Situation, interface: Interface, direction: Direction) -> Iterator[tuple[str, Nsg]]:
    """Return the groups at `interface` in the order of the direction (F-EVAL-1, F-EVAL-2, F-NSG-13).

    A managed firewall has no filters at all (R-UDR-19).
    """
    if interface.is_managed:
        return
    groups = (("nicNsg", interface.nsg), ("subnetNsg", interface.subnet.nsg))
    for stage, name in groups if direction is Direction.OUTBOUND else reversed(groups):
        if name is not None:
            yield stage, situation.network.nsgs[name]


def _is_icmpv6(packet: Packet) -> bool:
    return packet.family is Family.IPV6 and is_number(packet.protocol, ICMPV6)


def _icmpv6_judgement(
    place: Filter, groups: Sequence[tuple[str, Nsg]], lists: Sequence[AdminList], mark: int
) -> Judgement:
    """Return whether ICMPv6 passes a place with groups or admin rules: none of their rules is about it (F-NSG-16)."""
    spot = place.interface.subnet.id if place.interface.nic is None else place.interface.name
    passes = place.situation.holds(uncertainty("U-ICMPV6", spot, place.direction.value))
    access = Access.ALLOW if passes else Access.DENY
    owner, span = (groups[0][1].name, groups[0][1].span) if groups else (lists[0].manager, lists[0].rules[0].span)
    stage = Stage("icmpv6", owner, "no rule for ICMPv6", access, span, "F-NSG-16", LAST_PRIORITY)
    return Judgement(passes, (stage,), place.situation.asked_since(mark))


def rules_of(nsg: Nsg, direction: Direction) -> Sequence[SecurityRule]:
    """Return the rules of one direction in the order they are tried, the default rules last (F-NSG-2, F-DEF-1)."""
    rules = (rule for rule in (*nsg.rules, *DEFAULT_RULES) if rule.direction is direction)
    return sorted(rules, key=lambda rule: rule.priority)


_RULES: Remembered[tuple[str, Direction], tuple[Reaching[SecurityRule], ...]] = Remembered()


def _listed(situation: Situation, nsg: Nsg, direction: Direction) -> tuple[Reaching[SecurityRule], ...]:
    """Return the rules of `rules_of`, each with where it may match."""
    known = situation.index.memory.of(_RULES)
    listed = known.get((nsg.name, direction))
    if listed is None:
        listed = tuple((rule, reach_of(rule.source), reach_of(rule.destination)) for rule in rules_of(nsg, direction))
        known[nsg.name, direction] = listed
    return listed


def decision(place: Filter, stage: str, nsg: Nsg) -> Stage:
    """Return the first rule of `nsg` that matches (F-NSG-4); the last matches everything (F-NSG-5).

    Raises `Mixed` and `Undetermined` where it is in doubt whether an earlier one does, unless that decides the same.
    """
    doubt: Mixed | Undetermined | None = None
    in_doubt: list[SecurityRule] = []
    for rule in within_reach(_listed(place.situation, nsg, place.direction), place.packet):
        try:
            is_match = rule.priority >= LAST_PRIORITY or matches(place, nsg.name, rule)
        except (Mixed, Undetermined) as found:
            doubt = doubt or found
            in_doubt.append(rule)
            continue
        if not is_match:
            continue
        if doubt is not None and {_does(earlier) for earlier in in_doubt} != {_does(rule)}:
            if not _decide_together(place, nsg, in_doubt, doubt):
                raise doubt
            rule = in_doubt.pop()
        rule_id = _DEFAULT_RULE_IDS.get(rule.priority, "F-NSG-4")
        return Stage(stage, nsg.name, rule.name, rule.access, rule.span, rule_id, rule.priority)
    raise AssertionError("the last default rule matches everything")


def _decide_together(place: Filter, nsg: Nsg, in_doubt: Sequence[SecurityRule], doubt: Mixed | Undetermined) -> bool:
    """Hold when rules that do the same match the whole box by their ports, though none does alone."""
    if not isinstance(doubt, Mixed) or not isinstance(doubt.interval, Field) or doubt.interval.of not in _PORTS:
        return False
    if len({_does(rule) for rule in in_doubt}) > 1:
        return False
    return match_together(place, nsg.name, in_doubt, doubt.interval.of)


_PORTS = (Part.SOURCE_PORT, Part.DESTINATION_PORT)


def _does(rule: SecurityRule) -> tuple[Access, bool]:
    return rule.access, _is_of_state(rule)


def _is_of_state(rule: SecurityRule) -> bool:
    """Hold where it counts that no default rule decides: what the rule lets in may leave no record (F-STATE-5)."""
    return rule.access is Access.ALLOW and rule.priority not in _DEFAULT_RULE_IDS


def _platform_denial(place: Filter, groups: tuple[tuple[str, Nsg], ...]) -> Stage | None:
    """Return the rule that keeps a packet from a host service; None when the service is exempt (F-PLAT-1).

    What the agent of a machine asks for at 168.63.129.16, TCP 80 and 32526, no tag is about (F-PLAT-2).
    """
    packet = place.packet
    for stage, nsg in groups:
        for rule in rules_of(nsg, Direction.OUTBOUND):
            named = rule.destination
            if isinstance(named, ServiceTag) and _is_service(packet, named.name):
                if not matches(place, nsg.name, replace(rule, destination=AnyAddress())):
                    continue
                if rule.access is Access.DENY:
                    return Stage(stage, nsg.name, rule.name, rule.access, rule.span, "F-PLAT-1", rule.priority)
                break
    return None


def _is_service(packet: Packet, tag: str) -> bool:
    """Hold when a packet to a platform address is for the host service that `tag` names (F-PLAT-1)."""
    if not packet.has_ports:
        return False
    match tag.casefold():
        case "azureplatformdns":
            return lies_in(packet.destination_port, IntervalSet((Interval(53, 53),)))
        case "azureplatformimds":
            to_metadata = covers(METADATA_HOST, packet.destination)
            return to_metadata and lies_in(packet.destination_port, IntervalSet((Interval(80, 80),)))
        case "azureplatformlkm":
            return lies_in(packet.destination_port, IntervalSet((Interval(1688, 1688),)))
        case _:
            return False
