"""Anomalies: filters that do something else than they seem to say, each with a packet that shows it as documented.

F-TAG-4, F-TAG-5, F-TAG-8, F-TAG-11, F-LB-4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.frontends import AnyFrontend
from vnetverify.encoder.lists import Asking, Level, Line, Lists
from vnetverify.encoder.spots import Context, contexts
from vnetverify.encoder.terms import FALSE, Term, all_of, is_among, negate
from vnetverify.facts import World
from vnetverify.header import TCP, UDP, Flow, Interval, IntervalSet, addresses_of, interval_set, parse_address
from vnetverify.model.balancers import LoadBalancingRule
from vnetverify.model.network import Nic, Peering
from vnetverify.model.security import Direction, SecurityRule, ServiceTag
from vnetverify.prover.solver import Satisfiable, Solver
from vnetverify.source import Span

_USUAL_PORT = 49152
_WELL_KNOWN = {False: parse_address("8.8.8.8"), True: parse_address("2001:4860:4860::8888")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A packet before the filters of a context, in a world."""

    context: Context
    direction: Direction
    flow: Flow
    world: World


@dataclass(frozen=True, slots=True)
class TagIsEverything:
    """`rule` names VirtualNetwork where a default route, one of `lines`, makes it every address (F-TAG-8).

    With `instead_of` that rule names Internet, and packets for it are decided by `rule` before.
    """

    nsg: str
    rule: SecurityRule
    lines: tuple[Span, ...]
    shown: Shown
    instead_of: SecurityRule | None = None


@dataclass(frozen=True, slots=True)
class FlagWithoutEffect:
    """The access of `half` is off and yet the filters at a host let a packet to or from the peer through (F-TAG-4)."""

    half: Peering
    shown: Shown


@dataclass(frozen=True, slots=True)
class ProbeDenied:
    """The filters of a member stop the probes of a load balancer's rule (F-LB-4)."""

    balanced: AnyFrontend
    rule: LoadBalancingRule
    nic: Nic
    shown: Shown


Anomaly = TagIsEverything | FlagWithoutEffect | ProbeDenied


def anomalies(estate: Estate, solver: Solver) -> Iterator[Anomaly]:
    """Yield what is found for packets of one family."""
    judged = tuple(context for context in contexts(estate) if context.spot.nic is None)
    yield from _tags(estate, judged, solver)
    for half in estate.network.peerings:
        if not half.allow_virtual_network_access and half.remote in estate.peers(half.local):
            shown = _passing(estate, judged, half, solver)
            if shown is not None:
                yield FlagWithoutEffect(half, shown)
    yield from _probes(estate, solver)


# -- tags -----------------------------------------------------------------------------------------------


def _tags(estate: Estate, judged: tuple[Context, ...], solver: Solver) -> Iterator[TagIsEverything]:
    told: set[tuple[str, str]] = set()
    asking = Asking(estate)
    for context in judged:
        lines = asking.filters.tags.defaults(context.spot.subnet)
        if not lines or not context.groups:
            continue
        for direction in context.directions:
            lists = Lists(Asking(estate), context, direction)
            for found in _of_lists(lists, tuple(lines), solver):
                named = found.instead_of or found.rule
                if (found.nsg, named.name) not in told:
                    told.add((found.nsg, named.name))
                    yield found


def _of_lists(lists: Lists, lines: tuple[Span, ...], solver: Solver) -> Iterator[TagIsEverything]:
    """Yield rules that decide about addresses which VirtualNetwork holds by a default route alone."""
    asked: list[tuple[Level, Line, SecurityRule | None, str, Term]] = []
    for level in lists.levels:
        for index, line in enumerate(level.lines):
            others = all_of(*(other.allows for other in lists.levels if other is not level))
            for side in _sides(line.rule, "virtualnetwork"):
                outside = all_of(lists.reaches(line), _is_outside(lists, side), others)
                asked.append((level, line, None, side, lists.literal(outside)))
            for side in _sides(line.rule, "internet"):
                for earlier in level.lines[:index]:
                    if earlier.rule.access is not line.rule.access and _sides(earlier.rule, "virtualnetwork"):
                        taken = all_of(lists.reaches(earlier), line.matches, _is_outside(lists, side), others)
                        asked.append((level, earlier, line.rule, side, lists.literal(taken)))
    asked = [one for one in asked if one[4] != FALSE]
    if not asked:
        return
    solver.open(lists.asking.question())
    for level, line, instead_of, side, literal in asked:
        shown = _shown(lists, literal, solver, side)
        if shown is not None:
            yield TagIsEverything(level.nsg, line.rule, lines, shown, instead_of)


def _sides(rule: SecurityRule, tag: str) -> list[str]:
    """Return the header symbols of the sides on which a rule names the tag."""
    sides = (("src", rule.source), ("dst", rule.destination))
    return [symbol for symbol, side in sides if isinstance(side, ServiceTag) and side.name.casefold() == tag]


def _is_outside(lists: Lists, side: str) -> Term:
    """Hold when the address at a side is in VirtualNetwork for no other reason than the default route."""
    estate = lists.asking.estate
    members = lists.asking.filters.tags.membership(lists.context.spot.subnet)
    likely = [prefix for prefix, documented in members.possible if documented and prefix != estate.realm.every]
    field = lists.header.source if side == "src" else lists.header.destination
    return negate(is_among(field, members.certainly | addresses_of(likely)))


# -- flags ----------------------------------------------------------------------------------------------


def _passing(estate: Estate, judged: tuple[Context, ...], half: Peering, solver: Solver) -> Shown | None:
    """Return a packet between hosts of both ends that the filters at the near one let through; hosts without a group
    come first."""
    near = [context for context in judged if context.spot.subnet.vnet == half.local and not context.spot.is_endpoint]
    hosts = interval_set(i for subnet in estate.network.vnets[half.remote].subnets for i in estate.hosts[subnet.id])
    if not hosts:
        return None
    for context in sorted(near, key=lambda context: len(context.groups)):
        for direction in (Direction.OUTBOUND, Direction.INBOUND):
            lists = Lists(Asking(estate), context, direction, remote=hosts)
            literal = lists.literal(lists.allows)
            if lists.allows == FALSE:
                continue
            solver.open(lists.asking.question())
            shown = _shown(lists, literal, solver, None)
            if shown is not None:
                return shown
    return None


# -- probes ---------------------------------------------------------------------------------------------


def _probes(estate: Estate, solver: Solver) -> Iterator[ProbeDenied]:
    fronts: tuple[AnyFrontend, ...] = (*estate.balanced_at.values(), *estate.published)
    for balanced in fronts:
        for rule in balanced.rules:
            asked = [name for name in rule.members if name not in (*rule.always_up, *rule.down)]
            for name in asked if rule.probe is not None else ():
                shown = _stopped(estate, rule, estate.nic_named[name], solver)
                if shown is not None:
                    yield ProbeDenied(balanced, rule, estate.nic_named[name], shown)


def _stopped(estate: Estate, rule: LoadBalancingRule, nic: Nic, solver: Solver) -> Shown | None:
    """Return the probe if the groups of a member stop it; one without any lets it in."""
    subnet = estate.subnets[nic.subnet_id]
    groups = tuple(dict.fromkeys(group for group in (subnet.nsg, nic.nsg) if group is not None))
    if not groups or not nic.addresses or rule.probe is None or estate.is_managed(nic):
        return None
    local = IntervalSet((Interval(nic.addresses[0], nic.addresses[0]),))
    context = Context(Spot(subnet, nic), local, groups, (nic.name,), (Direction.INBOUND,))
    probe = IntervalSet((Interval(estate.realm.probe, estate.realm.probe),))
    lists = Lists(Asking(estate), context, Direction.INBOUND, remote=probe)
    literal = lists.literal(negate(lists.allows))
    solver.open(lists.asking.question())
    fixed = {"pr": (TCP, 8), "sp": (_USUAL_PORT, 16), "dp": (rule.probe.port, 16)}
    return _answered(lists, literal, solver, fixed)


# -- packets --------------------------------------------------------------------------------------------


def _shown(lists: Lists, literal: Term, solver: Solver, outside: str | None) -> Shown | None:
    """Return a packet that a reader expects, where there is one: from a client's port to https, at the first address
    of the context, for a well-known address `outside` (a header symbol)."""
    found = (_answered(lists, literal, solver, fixed) for fixed in _expected(lists, outside))
    return next((shown for shown in found if shown is not None), None)


def _expected(lists: Lists, outside: str | None) -> Iterator[Mapping[Term, tuple[int, int]]]:
    """Yield what to fix of a packet, the most first."""
    bits = lists.asking.estate.family.bits
    low = (1 << bits) - 1
    is_inbound = lists.direction is Direction.INBOUND
    local, remote = ("dst", "src") if is_inbound else ("src", "dst")
    addresses = {local: (lists.context.local.intervals[0].low & low, bits)}
    if lists.remote is not None:
        addresses[remote] = (lists.remote.intervals[0].low & low, bits)
    if outside is not None:
        addresses[outside] = (_WELL_KNOWN[bits == 128] & low, bits)
    for service in ({"dp": (443, 16)}, {"dp": (_USUAL_PORT, 16)}, {}):
        for protocol in (TCP, UDP):
            usual = {**service, "pr": (protocol, 8), "sp": (_USUAL_PORT, 16)}
            yield {**addresses, **usual}
            yield usual
    yield {}


def _answered(lists: Lists, literal: Term, solver: Solver, fixed: Mapping[Term, tuple[int, int]]) -> Shown | None:
    question = lists.asking.question()
    answer = solver.check(["on", literal, *question.documented()], fix=fixed)
    if not isinstance(answer, Satisfiable):
        return None
    flow, world = question.witness(answer.model)
    return Shown(lists.context, lists.direction, flow, world)
