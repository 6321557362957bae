"""What network security groups let through: a rule decides where it matches and nothing earlier does.

F-NSG-2, F-NSG-4, F-NSG-5, F-NSG-6, F-NSG-7, F-NSG-8, F-NSG-9, F-NSG-10, F-NSG-11, F-NSG-12, F-NSG-13,
F-NSG-16, F-NSG-17, R-ADDR-6, F-DEF-1, F-DEF-2, F-EVAL-1, F-EVAL-2, F-EVAL-3, F-EVAL-4, F-EVAL-5,
F-EVAL-6, F-EVAL-7, F-ASG-1, F-ASG-4, F-ASG-6, F-FWD-1, F-FWD-4, F-PLAT-1, F-PLAT-2, F-PLAT-3,
F-PE-3, F-PE-9, R-UDR-19, F-ADM-12, F-ADM-18, F-STATE-5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.admin import NEITHER, AdminLists, Outcome, Step
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.families import HOST_ADDRESS, METADATA_ADDRESS
from vnetverify.encoder.headers import ALL_PROTOCOLS, Header
from vnetverify.encoder.tags import Tags
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Field,
    Script,
    Term,
    all_of,
    any_of,
    either,
    equals,
    first_match,
    is_among,
    lies_in,
    negate,
    none_of,
)
from vnetverify.header import (
    ALL_PORTS,
    EVERY_IPV4,
    ICMPV6,
    TCP,
    UDP,
    Family,
    Interval,
    IntervalSet,
    Prefix,
    addresses_of,
    interval_set,
)
from vnetverify.model.network import Nic, Subnet
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

_ANY = AnyAddress()
_VIRTUAL_NETWORK = ServiceTag("VirtualNetwork")


def _default(
    name: str, priority: int, direction: Direction, access: Access, source: AddressField, destination: AddressField
) -> SecurityRule:
    return SecurityRule(name, priority, direction, access, None, source, ALL_PORTS, destination, ALL_PORTS)


_DEFAULTS = {
    Direction.INBOUND: (
        _default("AllowVNetInBound", 65000, Direction.INBOUND, Access.ALLOW, _VIRTUAL_NETWORK, _VIRTUAL_NETWORK),
        _default(
            "AllowAzureLoadBalancerInBound",
            65001,
            Direction.INBOUND,
            Access.ALLOW,
            ServiceTag("AzureLoadBalancer"),
            _ANY,
        ),
    ),
    Direction.OUTBOUND: (
        _default("AllowVnetOutBound", 65000, Direction.OUTBOUND, Access.ALLOW, _VIRTUAL_NETWORK, _VIRTUAL_NETWORK),
        _default("AllowInternetOutBound", 65001, Direction.OUTBOUND, Access.ALLOW, _ANY, ServiceTag("Internet")),
    ),
}
_LAST = {Direction.INBOUND: "DenyAllInBound", Direction.OUTBOUND: "DenyAllOutBound"}

# The tag that shuts off a host service, the address it stands at and its ports (F-PLAT-1).
_HOST_SERVICES = (
    ("azureplatformdns", HOST_ADDRESS, 53),
    ("azureplatformimds", METADATA_ADDRESS, 80),
    ("azureplatformlkm", HOST_ADDRESS, 1688),
)
_TCP = IntervalSet((Interval(TCP, TCP),))
_ICMPV6 = IntervalSet((Interval(ICMPV6, ICMPV6),))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where filters run: at one interface, or with `nic` None at whichever host of `subnet` the packet is at.

    With `is_endpoint` it is a private endpoint of the subnet, where rules are read otherwise (F-PE-3, F-PE-9).
    """

    subnet: Subnet
    nic: Nic | None = None
    is_endpoint: bool = False


Attached = tuple[str, IntervalSet | None]
"""A security group and the local addresses that it judges, None for all."""


@dataclass(slots=True)
class Filters:
    """The security groups and admin rules of an estate as terms; equal lists in equal contexts share one definition.

    `names` are other names for rules (`nsg/rule`), by which the open facts about them are called.
    """

    estate: Estate
    facts: Facts
    grounds: Grounds
    tags: Tags
    script: Script
    names: Mapping[str, str] = field(default_factory=dict)
    admin: AdminLists = field(init=False)
    _members: dict[tuple[str, ...], IntervalSet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.admin = AdminLists(
            self.estate,
            self.facts,
            self.grounds,
            self.script,
            lambda name, rule, header, subnet: self._conditions_hold(
                self.names.get(name, name), rule, header, Spot(subnet)
            ),
        )

    def allow(self, header: Header, spot: Spot, direction: Direction) -> Term:
        """Hold when the filters at `spot` let a new flow's packet through: admin rules, or all groups (F-EVAL-3)."""
        groups = self._attached(spot)
        if self.estate.family is Family.IPV6 and self.are_attached(spot, direction):
            return self._allow_ipv6(header, spot, direction, groups)
        admitted = self._judge(header, spot, direction, groups)
        if direction is Direction.OUTBOUND and admitted != TRUE:
            return either(
                is_among(header.destination, self.estate.realm.platform),
                self._is_exempt(header, spot, [name for name, _ in groups]),
                admitted,
            )
        return admitted

    def _judge(self, header: Header, spot: Spot, direction: Direction, groups: list[Attached]) -> Term:
        """Hold when admin rules admit the packet, or leave it to the groups, which do (F-ADM-4, F-ADM-5, F-ADM-6)."""
        by_admin = self._outcome(header, spot, direction)
        by_groups = all_of(*(self._admits(name, header, spot, direction, nics) for name, nics in groups))
        return all_of(negate(by_admin.denied), any_of(by_admin.always, by_groups))

    def _outcome(self, header: Header, spot: Spot, direction: Direction) -> Outcome:
        return self.admin.outcome(header, spot.subnet, direction) if self._is_administered(spot) else NEITHER

    def admin_steps(self, header: Header, spot: Spot, direction: Direction) -> list[tuple[str, list[Step]]]:
        """Return the admin lists that are asked at `spot`, each by its manager, in their order (F-ADM-13)."""
        return self.admin.steps(header, spot.subnet, direction) if self._is_administered(spot) else []

    def _is_administered(self, spot: Spot) -> bool:
        """Tell whether admin rules can stand at `spot`: at no private endpoint and no managed firewall (F-ADM-12)."""
        return not spot.is_endpoint and (spot.nic is None or not self.estate.is_managed(spot.nic))

    def admin_rules_stand(self, spot: Spot, direction: Direction) -> Term:
        """Hold when an admin rule stands at `spot`."""
        return self.admin.stands(spot.subnet, direction) if self._is_administered(spot) else FALSE

    # -- flows that leave no record -----------------------------------------------------------------------

    def always_allow(self, header: Header, spot: Spot, direction: Direction) -> Term:
        """Hold when an admin rule always allows the packet, so that no group is asked (F-ADM-5)."""
        if self.admin_rules_stand(spot, direction) == FALSE or (header.is_icmp == TRUE and self._is_of_ipv6):
            return FALSE
        if not self._is_of_ipv6:
            return self._outcome(header, spot, direction).always
        return all_of(negate(header.is_icmp), self._outcome(_without_icmpv6(header), spot, direction).always)

    def may_forget(self, spot: Spot, direction: Direction) -> bool:
        """Tell whether something at `spot` may leave no record there."""
        return self.admin_rules_stand(spot, direction) != FALSE or self._is_doubted(spot, direction)

    def forget(self, header: Header, spot: Spot, direction: Direction) -> Term:
        """Hold when what `spot` lets pass leaves no record there, for an admin rule always allows it (F-ADM-18), or a
        custom rule lets it in where one page says that such rules keep no state (F-STATE-5)."""
        always = self.always_allow(header, spot, direction)
        by_admin = FALSE if always == FALSE else all_of(always, self.facts.holds("U-AASTATE"))
        if not self._is_doubted(spot, direction):
            return by_admin
        by_rule = self.script.share(self._is_let_in_by_a_custom_rule(header, spot))
        if by_rule == FALSE:
            return by_admin
        stateless = self.facts.holds("U-STATELESSIN", spot.subnet.vnet)
        return any_of(by_admin, all_of(negate(always), by_rule, stateless))

    def _is_doubted(self, spot: Spot, direction: Direction) -> bool:
        """Tell whether custom rules at `spot` may keep no state: where no flow timeout restores it (F-STATE-5)."""
        if not self.estate.network.is_strict or direction is Direction.OUTBOUND:
            return False
        return not self.estate.network.vnets[spot.subnet.vnet].flow_timeout and bool(self._attached(spot))

    def _is_let_in_by_a_custom_rule(self, header: Header, spot: Spot) -> Term:
        """Hold for TCP that a custom rule of some group at `spot`, which allows, matches."""
        is_tcp, header = equals(header.protocol, TCP), replace(header, protocol=header.protocol.narrowed(_TCP))
        if is_tcp == FALSE:
            return FALSE
        terms = []
        for name, judged in self._attached(spot):
            nsg, here = self.estate.network.nsgs[name], header if judged is None else header.to(judged)
            is_judged = TRUE if judged is None else is_among(header.destination, judged)
            own = [rule for rule in nsg.rules if rule.direction is Direction.INBOUND and rule.access is Access.ALLOW]
            terms.append(all_of(is_judged, any_of(*(self.matches(nsg, rule, here, spot) for rule in own))))
        return all_of(is_tcp, any_of(*terms))

    def lets_answer_out(self, header: Header, spot: Spot) -> Term:
        """Hold when the answer to a packet that was let in passes: by its record, else as a new one."""
        forgotten = self.forget(header, spot, Direction.INBOUND)
        if forgotten == FALSE:
            return TRUE
        return any_of(negate(forgotten), self.allow(header.reversed(), spot, Direction.OUTBOUND))

    @property
    def _is_of_ipv6(self) -> bool:
        return self.estate.family is Family.IPV6

    # -- ICMPv6 -------------------------------------------------------------------------------------------

    def _allow_ipv6(self, header: Header, spot: Spot, direction: Direction, groups: list[Attached]) -> Term:
        """Hold when the filters let a packet of IPv6 through: of ICMPv6 they say nothing (F-NSG-16)."""
        is_icmp = header.is_icmp
        admitted = TRUE
        if is_icmp != TRUE:
            admitted = self._judge(_without_icmpv6(header), spot, direction, groups)
        return either(is_icmp, self._passes_icmpv6(header, spot, direction), admitted) if is_icmp != FALSE else admitted

    def _passes_icmpv6(self, header: Header, spot: Spot, direction: Direction) -> Term:
        """Hold when ICMPv6 passes here: a question of each declared interface, and of the other hosts of a subnet
        together, appliances that routes imply among them."""
        if spot.nic is not None:
            is_declared = spot.nic.name in self.estate.nic_named
            return self._icmpv6_passes_at(spot.nic.name if is_declared else spot.subnet.id, spot, direction)
        local = header.source if direction is Direction.OUTBOUND else header.destination
        terms, elsewhere = [], TRUE
        for nic in self.estate.nics_in[spot.subnet.id]:
            here = any_of(*(equals(local, address) for address in nic.addresses))
            if here != FALSE:
                passes = self._icmpv6_passes_at(nic.name, Spot(spot.subnet, nic), direction)
                terms.append(any_of(negate(here), passes))
                elsewhere = all_of(elsewhere, negate(here))
        if elsewhere != FALSE:
            is_asked = TRUE if spot.subnet.nsg is not None else self.admin_rules_stand(spot, direction)
            terms.append(any_of(negate(elsewhere), self._icmpv6_passes_if(is_asked, spot.subnet.id, direction)))
        return self.script.share(all_of(*terms))

    def _icmpv6_passes_at(self, name: str, spot: Spot, direction: Direction) -> Term:
        """Hold when ICMPv6 passes at an interface: a question where a group or an admin rule stands."""
        is_asked = TRUE if self._attached(spot) else self.admin_rules_stand(spot, direction)
        return self._icmpv6_passes_if(is_asked, name, direction)

    def _icmpv6_passes_if(self, is_asked: Term, name: str, direction: Direction) -> Term:
        if is_asked == FALSE:
            return TRUE
        return any_of(negate(is_asked), self.facts.holds("U-ICMPV6", name, direction.value))

    # -- what is attached where ---------------------------------------------------------------------------

    def are_attached(self, spot: Spot, direction: Direction) -> bool:
        """Tell whether any group or admin rule judges packets at `spot`."""
        return bool(self._attached(spot)) or self.admin_rules_stand(spot, direction) != FALSE

    def _attached(self, spot: Spot) -> list[Attached]:
        """Return the groups at `spot`."""
        groups: list[Attached] = []
        if spot.nic is not None and self.estate.is_managed(spot.nic):
            return groups
        if spot.subnet.nsg is not None:
            groups.append((spot.subnet.nsg, self._judged_by_subnet(spot)))
        if spot.is_endpoint:
            return groups
        if spot.nic is not None:
            if spot.nic.nsg is not None:
                groups.append((spot.nic.nsg, None))
            return groups
        judged: dict[str, list[Interval]] = {}
        for nic in self.estate.nics_in[spot.subnet.id]:
            if nic.nsg is not None:
                judged.setdefault(nic.nsg, []).extend(Interval(address, address) for address in nic.addresses)
        return groups + [(name, interval_set(intervals)) for name, intervals in judged.items()]

    def _judged_by_subnet(self, spot: Spot) -> IntervalSet | None:
        """Return the local addresses that the subnet's group judges: none of a managed firewall's (R-UDR-19)."""
        if spot.nic is not None:
            return None
        managed = [nic for nic in self.estate.nics_in[spot.subnet.id] if self.estate.is_managed(nic)]
        if not managed:
            return None
        exempt = interval_set(Interval(address, address) for nic in managed for address in nic.addresses)
        return addresses_of(spot.subnet.prefixes) - exempt

    def _admits(self, name: str, header: Header, spot: Spot, direction: Direction, judged: IntervalSet | None) -> Term:
        if judged is None:
            return self._verdict(self.estate.network.nsgs[name], header, spot, direction)
        local = header.source if direction is Direction.OUTBOUND else header.destination
        is_judged = is_among(local, judged)
        if is_judged == FALSE:
            return TRUE
        narrowed = header.of(judged) if direction is Direction.OUTBOUND else header.to(judged)
        verdict = self._verdict(self.estate.network.nsgs[name], narrowed, spot, direction)
        return any_of(negate(is_judged), verdict)

    def _verdict(self, nsg: Nsg, header: Header, spot: Spot, direction: Direction) -> Term:
        """Hold when `nsg` allows the packet: the first rule that matches does (F-NSG-4)."""
        taken: list[tuple[SecurityRule, Term]] = []
        for rule in self.rules(nsg, direction):
            matches = self.matches(nsg, rule, header, spot)
            if matches == FALSE:
                continue
            label = self._label(nsg, rule.name, rule.access, "F-NSG-4" if rule.priority < 65000 else "F-DEF-1", rule)
            taken.append((rule, all_of(matches, label)))
            if taken[-1][1] == TRUE:
                break
        last = self._label(nsg, _LAST[direction], Access.DENY, "F-NSG-5", None)
        return self.script.share(_first_match(taken, otherwise=negate(last)))

    def rules(self, nsg: Nsg, direction: Direction) -> Iterable[SecurityRule]:
        """Yield the rules of one direction in the order they are tried, but for the last, which denies all."""
        own = (rule for rule in nsg.rules if rule.direction is direction)
        yield from sorted(own, key=lambda rule: rule.priority)
        yield from _DEFAULTS[direction]

    def _label(self, nsg: Nsg, name: str, access: Access, rule_id: str, rule: SecurityRule | None) -> Term:
        bearing = Bearing.PASSES if access is Access.ALLOW else Bearing.STOPS
        span = nsg.span if rule is None or rule.priority >= 65000 else rule.span
        ground = Ground(f"nsg {nsg.name}", f"{name} {_VERBS[access]}", rule_id, span, of_filter=True)
        return self.grounds.counts(bearing, ground)

    def matches(self, nsg: Nsg, rule: SecurityRule, header: Header, spot: Spot) -> Term:
        """Hold when all five conditions of `rule` do (F-NSG-4)."""
        name = f"{nsg.name}/{rule.name}"
        return self._conditions_hold(self.names.get(name, name), rule, header, spot)

    def _conditions_hold(self, name: str, rule: SecurityRule, header: Header, spot: Spot) -> Term:
        outbound = rule.direction is Direction.OUTBOUND
        tests: list[Callable[[], Term]] = [
            lambda: self._protocol_matches(rule, header),
            lambda: self._address_matches(rule.source, header, name, spot, outbound, is_source=True),
            lambda: self._address_matches(rule.destination, header, name, spot, not outbound, is_source=False),
            lambda: self._ports_match(rule, header, name, spot),
        ]
        found: list[Term] = []
        for test in tests:
            found.append(test())
            if found[-1] == FALSE:
                return FALSE
        return all_of(*found)

    def _protocol_matches(self, rule: SecurityRule, header: Header) -> Term:
        if rule.protocol is not None:
            return equals(header.protocol, rule.protocol)
        ordinary = header.is_ordinary
        return ordinary if ordinary == TRUE else any_of(ordinary, self.facts.holds("U-ANYPROTO"))

    def _ports_match(self, rule: SecurityRule, header: Header, name: str, spot: Spot) -> Term:
        by_number = self._numbers_match(rule, header, name, spot)
        if rule.protocol in (TCP, UDP) or header.has_ports == TRUE:
            return by_number
        if rule.source_ports == ALL_PORTS and rule.destination_ports == ALL_PORTS:
            return by_number if by_number == TRUE else any_of(negate(header.has_ports), by_number)
        by_icmp = self.facts.holds("U-ICMPPORT", name) if header.is_icmp != FALSE else FALSE
        is_other = header.is_ordinary != TRUE and rule.protocol != header.family.icmp
        by_other = self.facts.holds("U-PROTOPORT", name) if is_other else FALSE
        return either(header.has_ports, by_number, either(header.is_icmp, by_icmp, by_other))

    def _numbers_match(self, rule: SecurityRule, header: Header, name: str, spot: Spot) -> Term:
        """Hold when the ports of a packet that has some are those of the rule."""
        by_destination = is_among(header.destination_port, rule.destination_ports)
        if not spot.is_endpoint:
            return all_of(is_among(header.source_port, rule.source_ports), by_destination)
        if rule.first_destination_ports is None:
            return by_destination
        terms = [is_among(header.destination_port, rule.first_destination_ports)]
        if is_among(header.destination_port, rule.destination_ports - rule.first_destination_ports) != FALSE:
            terms.append(all_of(by_destination, self.facts.holds("U-PEPORT", name)))
        if rule.access is Access.DENY:
            terms.append(all_of(negate(by_destination), self.facts.holds("U-PEDENY", name)))
        return any_of(*terms)

    def _address_matches(
        self, wanted: AddressField, header: Header, name: str, spot: Spot, local: bool, *, is_source: bool
    ) -> Term:
        address = header.source if is_source else header.destination
        match wanted:
            case AnyAddress():
                return TRUE
            case AddressPrefixes(prefixes):
                if len(prefixes) == 1 and not self._may_hold_ipv6(prefixes):
                    return lies_in(address, prefixes[0])
                listed = is_among(address, addresses_of(prefixes))
                if listed == TRUE or not self._may_hold_ipv6(prefixes):
                    return listed
                return any_of(listed, self.facts.holds("U-V6ANY"))
            case ServiceTag(tag):
                return self.tags.holds(tag, address, spot.subnet, header.end(is_source=is_source))
            case AsgMembers(names):
                is_address = is_among(address, self._asg_addresses(names))
                return self._local_member(names, address, is_address, name, spot) if local else is_address

    def _may_hold_ipv6(self, prefixes: tuple[Prefix, ...]) -> bool:
        """Tell whether prefixes of a rule hold addresses of IPv6 beside those they list (F-NSG-12)."""
        return self.estate.family is Family.IPV6 and EVERY_IPV4 in prefixes

    def _asg_addresses(self, names: tuple[str, ...]) -> IntervalSet:
        if names not in self._members:
            wanted = set(names)
            self._members[names] = interval_set(
                Interval(address, address)
                for nic in self.estate.network.nics()
                if wanted & set(nic.asgs)
                for address in nic.addresses
            )
        return self._members[names]

    def _local_member(self, names: tuple[str, ...], address: Field, is_address: Term, rule: str, spot: Spot) -> Term:
        """Hold when a rule with these groups on its local side applies here (F-ASG-4, F-FWD-4)."""
        wanted = set(names)
        if spot.nic is None:
            here = (nic for nic in self.estate.nics_in[spot.subnet.id] if wanted & set(nic.asgs))
            members = interval_set(Interval(address, address) for nic in here for address in nic.addresses)
            return all_of(is_among(address, members), is_address)
        is_nic = bool(wanted & set(spot.nic.asgs))
        if is_address == (TRUE if is_nic else FALSE):
            return is_address
        doubtful = self.facts.holds("U-ASGFWD", rule, spot.nic.name)
        return any_of(is_address, doubtful) if is_nic else all_of(is_address, doubtful)

    def _is_exempt(self, header: Header, spot: Spot, groups: list[str]) -> Term:
        """Hold when a packet to a host service escapes the rules (F-PLAT-1).

        No tag is about what the agent of a machine asks for at the host's address, TCP 80 and 32526 (F-PLAT-2).
        """
        return none_of(*(self._shuts(name, header, spot) for name in groups))

    def _shuts(self, name: str, header: Header, spot: Spot) -> Term:
        """Hold when the first rule of a group that names the host service asked for denies it."""
        nsg = self.estate.network.nsgs[name]
        taken = []
        for rule in self.rules(nsg, Direction.OUTBOUND):
            if not isinstance(rule.destination, ServiceTag):
                continue
            tag = rule.destination.name.casefold()
            for service, address, port in _HOST_SERVICES:
                if tag == service:
                    matches = all_of(
                        self._protocol_matches(rule, header),
                        equals(header.destination, address),
                        equals(header.destination_port, port),
                        self._address_matches(rule.source, header, rule.name, spot, True, is_source=True),
                        self._ports_match(rule, header, f"{nsg.name}/{rule.name}", spot),
                    )
                    taken.append((rule, matches))
        return negate(_first_match(taken, otherwise=TRUE))


def _without_icmpv6(header: Header) -> Header:
    return replace(header, protocol=header.protocol.narrowed(ALL_PROTOCOLS - _ICMPV6))


_VERBS = {Access.ALLOW: "allows", Access.DENY: "denies"}


def _first_match(taken: list[tuple[SecurityRule, Term]], otherwise: Term) -> Term:
    return first_match([(rule.access is Access.ALLOW, matches) for rule, matches in taken], otherwise)
