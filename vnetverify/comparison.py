"""Two versions of a network: where their security groups decide differently, told as sets of packets with names.

Every packet that is shown has been judged by the simulator in both versions first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum

from vnetverify.encoder.admin import admin_lists
from vnetverify.encoder.comparing import Decision, Pair
from vnetverify.encoder.lists import LineName
from vnetverify.encoder.spots import Context
from vnetverify.explanation.flowsets import Box, Rule, Side, flow_set, in_words, typical
from vnetverify.header import ALL_IPV4, ALL_IPV6, Family, family_of
from vnetverify.inspection import EnginesDiffer, judged
from vnetverify.model.network import Network, Unmodelled
from vnetverify.model.security import AdminRule, Direction
from vnetverify.model.untold import untold_of_rules
from vnetverify.prover.anomalies import Shown
from vnetverify.prover.differences import Difference, Packet, differences
from vnetverify.prover.solver import Limits, Solver
from vnetverify.report.changes import Change, Changes
from vnetverify.simulator.filters import rules_of

_WITHOUT_RULES = ("publicAddress", "icmpv6")  # stages at which no rule decides
_OF_GROUPS = frozenset(("nsg", "nsgs", "asgs", "published_tags", "admin_rules", "admin_scope", "span"))
_IN_WORDS = {
    "vnets": "vnets and subnets",
    "machines": "machines and interfaces",
    "unmodelled": "what is not modelled",
}
_EVERY = {Family.IPV4: ALL_IPV4, Family.IPV6: ALL_IPV6}


def compare(old: Network, new: Network, limits: Limits, by_bounds: bool = True) -> Changes:
    """Return where the security groups of both decide differently; `by_bounds` as for `differences`.

    Raises `EnginesDiffer`.
    """
    solver = Solver(limits)
    solver.warm_up()
    try:
        found = differences(old, new, solver, lambda packet: _told(old, new, packet), by_bounds)
    finally:
        solver.close()
    tables = (_Tables(old), _Tables(new))
    doubts = _doubts(old, new)
    changes = tuple(_merged(_change(tables, one, doubts) for one in found.found))
    undecided, cut = (tuple(dict.fromkeys(map(_place, pairs))) for pairs in (found.undecided, found.cut))
    others = tuple(_other_changes(old, new))
    if not found.keep_records:
        others = (*others, "what admin rules always allow, which may leave no record for replies (U-AASTATE)")
    not_known = tuple(dict.fromkeys(item.what for item in doubts))
    return Changes(changes, undecided, cut, others, found.places, not_known)


@dataclass(slots=True)
class _Tables:
    """The lists of a version, each as its rules are tried, by the names that decisions give them."""

    network: Network
    _tables: dict[tuple[str, Direction], dict[LineName, tuple[str, Rule]]] = field(default_factory=dict)

    def rules(self, packet: Packet, context: Context, decision: Decision) -> tuple[tuple[str, Rule], ...]:
        """Return the rules of a decision, each with the group or the manager it is of."""
        known = {called: rule for rules in self._admin(packet, context) for called, rule in rules}
        return tuple(
            (called[0], known[called] if called in known else self._table(called[0], packet.direction)[called][1])
            for called in decision
        )

    def before(self, packet: Packet, context: Context, decision: Decision) -> Iterator[tuple[str, Rule]]:
        """Yield the rules that are tried before those of a decision, each with its whole name."""
        groups = list(decision)
        is_asked = True
        for rules in self._admin(packet, context):
            decided = next(((called, rule) for called, rule in rules if called in groups), None)
            if is_asked or decided is not None:
                for called, rule in rules:
                    if decided is None or rule.priority < decided[1].priority:
                        yield "/".join(called), rule
            if decided is not None:
                groups.remove(decided[0])
                is_asked = False  # a list of a lower scope is asked at most where it decides as well (F-ADM-13)
        for last in groups:
            for called, labelled in self._table(last[0], packet.direction).items():
                if called == last:
                    break
                yield labelled

    def _admin(self, packet: Packet, context: Context) -> Iterator[list[tuple[LineName, AdminRule]]]:
        """Yield the lists of security admin rules that are asked first."""
        is_there = not context.spot.is_endpoint  # none stand at private endpoints (F-ADM-12)
        for one in admin_lists(self.network, context.spot.subnet, packet.direction) if is_there else ():
            yield [((one.manager, rule.name), rule) for rule in one.rules]

    def _table(self, nsg: str, direction: Direction) -> dict[LineName, tuple[str, Rule]]:
        if (nsg, direction) not in self._tables:
            rules = rules_of(self.network.nsgs[nsg], direction)
            self._tables[nsg, direction] = {(nsg, rule.name): (f"{nsg}/{rule.name}", rule) for rule in rules}
        return self._tables[nsg, direction]


def _told(old: Network, new: Network, packet: Packet) -> Difference:
    """Return which rules decide about a packet, says the simulator; `EnginesDiffer` unless it fares otherwise."""
    (before, was_allowed), (after, is_allowed) = _deciders(old, new, packet)
    if was_allowed is is_allowed:
        raise EnginesDiffer(_shown(packet, packet.pair.old), "the two versions differ")
    return Difference(packet, before, after, was_allowed)


def _deciders(old: Network, new: Network, packet: Packet) -> tuple[tuple[Decision, bool], ...]:
    """Return for both versions the rules that decide, and whether they let the packet through."""
    found = []
    for network, context in ((old, packet.pair.old), (new, packet.pair.new)):
        judgement = judged(network, _shown(packet, context))
        stages = dict.fromkeys(
            (stage.nsg, stage.rule) for stage in judgement.stages if stage.stage not in _WITHOUT_RULES
        )
        found.append((tuple(stages), judgement.allowed))
    return tuple(found)


def _shown(packet: Packet, context: Context) -> Shown:
    return Shown(context, packet.direction, packet.flow, packet.world)


def _change(tables: tuple[_Tables, _Tables], found: Difference, doubts: Iterable[Unmodelled]) -> Change:
    """Return what to tell of a difference, with a packet of it that fares so: one that a reader expects, or its own.

    Raises `EnginesDiffer` where the simulator does not have them decide so.
    """
    packet, wanted = found.packet, ((found.old, found.was_allowed), (found.new, not found.was_allowed))
    sides = list(zip(tables, (packet.pair.old, packet.pair.new), (found.old, found.new), strict=True))
    rules = [table.rules(packet, context, decision) for table, context, decision in sides]
    every, local = Side(_EVERY[family_of(packet.flow.source)]), Side(packet.pair.old.local)
    inbound = packet.direction is Direction.INBOUND
    whole = Box(every if inbound else local, local if inbound else every)
    earlier = (labelled for table, context, decision in sides for labelled in table.before(packet, context, decision))
    flows = flow_set(whole, (rule for side in rules for _, rule in side), earlier)
    old, new = (table.network for table in tables)
    # A packet with ports was looked for first: where this one has none, none with ports fares so.
    likely = (flow for flow in typical(flows) if flow.has_ports is packet.flow.has_ports)
    example = next(
        (flow for flow in (*likely, packet.flow) if _deciders(old, new, replace(packet, flow=flow)) == wanted), None
    )
    if example is None:
        raise EnginesDiffer(_shown(packet, packet.pair.old), f"{found.old} and then {found.new} decide")
    place, vnet = (_place(packet.pair),), packet.pair.old.spot.subnet.vnet
    is_open = any(not item.vnets or vnet in item.vnets for item in doubts)
    said = (flows, found.was_allowed, rules[0], rules[1], example, found.needed, is_open)
    return Change(place, packet.direction, *said)


def _merged(changes: Iterator[Change]) -> Iterator[Change]:
    """Yield the changes, those that are alike at several places once."""
    alike: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        said = (in_words(change.flows), change.was_allowed, change.old, change.new, change.needed, change.is_open)
        key = (change.direction, *said)
        alike.setdefault(key, []).append(change)
    for first, *others in alike.values():
        places = dict.fromkeys((*first.places, *(place for other in others for place in other.places)))
        yield replace(first, places=tuple(places))


def _place(pair: Pair) -> str:
    """Return what to call the place: the subnet, or interfaces or endpoints of it."""
    context = pair.old
    names = ", ".join(context.nics[:3]) + (f" and {len(context.nics) - 3} more" if len(context.nics) > 3 else "")
    if context.entry is not None:
        return f"{names} by {context.entry.name if context.entry.is_balancer else 'its public address'}"
    if context.spot.nic is not None:
        is_known = bool(context.spot.nic.addresses)
        what = context.spot.nic.name if is_known else f"something not modelled in {context.spot.subnet.id}"
        return f"{what} for what it forwards"
    if context.spot.is_endpoint or _is_of_interfaces(context) or _is_of_interfaces(pair.new):
        return names
    return context.spot.subnet.id


def _is_of_interfaces(context: Context) -> bool:
    return any(name != context.spot.subnet.nsg for name in context.groups)


# -- what is not known ----------------------------------------------------------------------------------


def _doubts(old: Network, new: Network) -> tuple[Unmodelled, ...]:
    """Return what is not known of rules and of who has them, in either version, and about networks that both have.

    That it stands in both alike says nothing: a rule that is left out may be tried earlier or later in one of them.
    """
    shared = old.vnets.keys() & new.vnets.keys()
    return tuple(
        item
        for network in (old, new)
        for item in untold_of_rules(network)
        if not item.vnets or shared.intersection(item.vnets)
    )


# -- what else differs ----------------------------------------------------------------------------------


def _other_changes(old: Network, new: Network) -> Iterator[str]:
    for part in fields(Network):
        if part.name not in _OF_GROUPS and _bare(getattr(old, part.name)) != _bare(getattr(new, part.name)):
            yield _IN_WORDS.get(part.name, part.name.replace("_", " "))
    if old.unmodelled or new.unmodelled:
        yield from (f"nsg `{name}`, which what is not modelled may have" for name in _loose(old, new))


def _loose(old: Network, new: Network) -> Iterator[str]:
    """Yield the groups that differ and that are known to be nowhere in one of the versions."""
    attached = [
        {*(subnet.nsg for subnet in network.subnets()), *(nic.nsg for nic in network.nics())} for network in (old, new)
    ]
    for name in dict.fromkeys((*old.nsgs, *new.nsgs)):
        if not all(name in names for names in attached) and _bare(old.nsgs.get(name)) != _bare(new.nsgs.get(name)):
            yield name


def _bare(value: object) -> object:
    """Return a value without what security groups add to it and without where it was said."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = (part.name for part in fields(value) if part.name not in _OF_GROUPS)
        return (type(value).__name__, *((name, _bare(getattr(value, name))) for name in kept))
    if isinstance(value, Mapping):
        return {key: _bare(each) for key, each in value.items()}
    if isinstance(value, tuple) and not isinstance(value, Enum):
        return tuple(map(_bare, value))
    return value
