"""Security groups as lists of lines: which line is the first that matches, and what the rest would decide; the security
admin rules before them.

F-NSG-2, F-NSG-4, F-NSG-5, F-NSG-16, F-EVAL-3, F-PLAT-1, F-DEF-1, F-PIP-1, F-PIP-2, F-PIP-3, F-PIP-6,
F-ADM-3, F-ADM-4, F-ADM-5, F-ADM-6, F-ADM-8, F-ADM-13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.facts import Bearing, Facts, Grounds
from vnetverify.encoder.filters import Filters
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.headers import ALL_PROTOCOLS, Header, declare_header
from vnetverify.encoder.obligation import HEADER_SYMBOLS
from vnetverify.encoder.routes import Routes
from vnetverify.encoder.spots import Context
from vnetverify.encoder.tags import Tags
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Script,
    Term,
    all_of,
    any_of,
    either,
    equals,
    field_within,
    is_among,
    negate,
)
from vnetverify.facts import Uncertainty, World
from vnetverify.header import ALL_PORTS, FIRST_IPV6, ICMPV6, Family, Flow, Interval, IntervalSet
from vnetverify.model.balancers import Sku
from vnetverify.model.security import Access, AdminAction, AdminRule, Direction, SecurityRule

LineName = tuple[str, str]
"""A rule by the names of its group and itself."""

_ICMPV6 = IntervalSet((Interval(ICMPV6, ICMPV6),))


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in its list: when it decides, when it would match, and when what comes after it would allow."""

    rule: SecurityRule
    matches: Term
    decides: Term
    after: Term


@dataclass(frozen=True, slots=True)
class Level:
    """A security group in force: its rules in order, but for the last default, and when it lets a packet through.

    `undecided` holds when the last default decides.
    """

    nsg: str
    lines: tuple[Line, ...]
    allows: Term
    undecided: Term


@dataclass(frozen=True, slots=True)
class AdminLine:
    """A security admin rule in its list: when it matches, when it decides there, and when it does unless one that ties
    with it is tried first."""

    rule: AdminRule
    matches: Term
    decides: Term
    may_decide: Term


@dataclass(frozen=True, slots=True)
class AdminLevel:
    """The admin rules of one manager in their order; `decides` holds when one of them does."""

    manager: str
    lines: tuple[AdminLine, ...]
    decides: Term


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """A question about all packets of a context, in all worlds: literals for what can be asked, `facts` by symbol."""

    text: str
    facts: Mapping[Term, Uncertainty]
    family: Family

    @property
    def symbols(self) -> tuple[Term, ...]:
        return (*HEADER_SYMBOLS, *self.facts)

    @property
    def widths(self) -> dict[Term, int]:
        bits = self.family.bits
        return {"pr": 8, "src": bits, "sp": 16, "dst": bits, "dp": 16}

    def witness(self, model: Mapping[Term, int]) -> tuple[Flow, World]:
        """Return the packet and the world that a model stands for."""
        base = FIRST_IPV6 if self.family is Family.IPV6 else 0
        flow = Flow(model["pr"], base | model["src"], model["sp"], base | model["dst"], model["dp"])
        return flow, World({str(fact): bool(model[symbol]) for symbol, fact in self.facts.items()})

    def documented(self) -> tuple[Term, ...]:
        """Return the literals of the world as documented; what no document can tell is left open."""
        known = ((symbol, fact.documented) for symbol, fact in self.facts.items() if fact.documented is not None)
        return tuple(symbol if value else f"-{symbol}" for symbol, value in known)


class Asking:
    """A question under way about packets of one family: contexts share the header, the facts and the labels of rules.

    Every rule of a group's own counts iff its label holds; `on` makes all labels hold. One made `beside` another asks
    about another network, in the same worlds and without labels; `names` are as for `Filters`.
    """

    estate: Estate
    script: Script
    filters: Filters
    header: Header

    def __init__(self, estate: Estate, beside: Asking | None = None, names: Mapping[str, str] | None = None) -> None:
        self.estate = estate
        self.script = Script() if beside is None else beside.script
        facts = Facts(self.script) if beside is None else beside.filters.facts
        grounds = Grounds(self.script, Bearing.STOPS)
        gateways = Gateways(estate, facts)
        tags = Tags(estate, gateways, Routes(estate, gateways, grounds), facts, grounds)
        self.filters = Filters(estate, facts, grounds, tags, self.script, names or {})
        protocols = ALL_PROTOCOLS - _ICMPV6 if estate.family is Family.IPV6 else ALL_PROTOCOLS
        declared = declare_header(self.script, protocols, ALL_PORTS, estate.family) if beside is None else beside.header
        self.header = declared
        self.labels: dict[LineName, Term] = {}
        self._literals: dict[Term, Term] = {}
        self._named: dict[Term, Term] = {}

    def label(self, name: LineName) -> Term:
        if name not in self.labels:
            self.labels[name] = self.script.declare(f"l{len(self.labels)}")
        return self.labels[name]

    def literal(self, term: Term) -> Term:
        """Return a symbol that implies `term`, to be assumed in a question."""
        if term not in self._literals:
            self._literals[term] = f"q{len(self._literals)}"
        return self._literals[term]

    def name(self, term: Term) -> Term:
        """Return a symbol that is as true as `term`."""
        if term not in self._named:
            self._named[term] = f"n{len(self._named)}"
        return self._named[term]

    def question(self) -> ListQuestion:
        """Return the question with all literals made so far."""
        header = self.header
        lines = [*self.script.lines, "(declare-const on Bool)"]
        lines += [f"(assert (=> on {label}))" for label in self.labels.values()]
        for term, symbol in self._literals.items():
            lines += [f"(declare-const {symbol} Bool)", f"(assert (=> {symbol} {term}))"]
        for term, symbol in self._named.items():
            lines += [f"(declare-const {symbol} Bool)", f"(assert (= {symbol} {term}))"]
        portless = all_of(equals(header.source_port, 0), equals(header.destination_port, 0))
        lines.append(f"(assert {any_of(header.has_ports, portless)})")
        if self.estate.family is Family.IPV6:
            lines.append(f"(assert {negate(equals(field_within(header.protocol.term, 8, ALL_PROTOCOLS), ICMPV6))})")
        return ListQuestion("\n".join(lines) + "\n", dict(self.filters.facts.asked), self.estate.family)


@dataclass(slots=True)
class Lists:
    """The groups of one context in one direction, without the rules that are `dropped`.

    Of IPv6 they judge all but ICMP (F-NSG-16), on the way out nothing to a host service, which rules do not keep back
    (F-PLAT-1). With `remote` the address at the other side is known to lie there. Which rule decides costs
    much to ask where the lists are not `chained`.
    """

    asking: Asking
    context: Context
    direction: Direction
    dropped: frozenset[LineName] = frozenset()
    remote: IntervalSet | None = None
    labelled: bool = True
    chained: bool = True
    header: Header = field(init=False)
    levels: list[Level] = field(init=False)
    admin: list[AdminLevel] = field(init=False)

    def __post_init__(self) -> None:
        realm, header = self.asking.estate.realm, self.asking.header
        remote = realm.addresses if self.remote is None else self.remote
        if self.direction is Direction.INBOUND:
            self.header = header.to(self.context.local).of(remote)
        else:
            self.header = header.of(self.context.local).to(remote - realm.platform)
        self.levels = [self._level(name) for name in self.context.groups]
        self.admin = list(self._admin_levels())

    def _admin_levels(self) -> Iterator[AdminLevel]:
        """Yield the lists of managers; where one allows, whether the next is asked is open (F-ADM-6, F-ADM-13)."""
        filters, share = self.asking.filters, self.asking.script.share
        steps = filters.admin_steps(self.header, self.context.spot, self.direction)
        asked = TRUE
        for number, (manager, rules) in enumerate(steps):
            lines: list[AdminLine] = []
            undecided = asked
            for _, tied in groupby(rules, key=lambda step: step[0].priority):
                reached = undecided
                for rule, term in tied:
                    label = self.asking.label((manager, rule.name)) if self.labelled else TRUE
                    matches = filters.admin.takes(manager, rule, self.header, self.context.spot.subnet)
                    lines.append(
                        AdminLine(
                            rule,
                            all_of(matches, label),
                            share(all_of(undecided, term, label)),
                            share(all_of(reached, matches, label)),
                        )
                    )
                    undecided = share(all_of(undecided, negate(all_of(term, label))))
            yield AdminLevel(manager, tuple(lines), share(any_of(*(line.decides for line in lines))))
            allowed = any_of(*(line.decides for line in lines if line.rule.action is AdminAction.ALLOW))
            if allowed != FALSE and number + 1 < len(steps):
                allowed = all_of(allowed, filters.facts.holds("U-ADMNEST"))
            asked = share(any_of(undecided, allowed))

    def _level(self, name: str) -> Level:
        filters, share = self.asking.filters, self.asking.script.share
        keep = self.asking.script.hold if self.chained else share
        nsg = self.asking.estate.network.nsgs[name]
        found: list[tuple[SecurityRule, Term, Term]] = []
        undecided = TRUE
        for rule in filters.rules(nsg, self.direction):
            called = (name, rule.name)
            matches = FALSE
            if called not in self.dropped:
                matches = share(filters.matches(nsg, rule, self.header, self.context.spot))
            if matches != FALSE and self.labelled and is_own(rule):
                matches = all_of(matches, self.asking.label(called))
            found.append((rule, matches, all_of(undecided, matches)))
            undecided = keep(all_of(undecided, negate(matches)))
        lines: list[Line] = []
        rest = FALSE
        for rule, matches, decides in reversed(found):
            lines.append(Line(rule, matches, decides, rest))
            rest = share(either(matches, TRUE if rule.access is Access.ALLOW else FALSE, rest))
        return Level(name, tuple(reversed(lines)), rest, undecided)

    def literal(self, term: Term) -> Term:
        """Return a symbol that implies `term` of a packet of this context."""
        return self.asking.literal(all_of(self._is_here(), term))

    def _is_here(self) -> Term:
        """Hold for the packets of the context: those that terms were folded for."""
        estate = self.asking.estate
        ends = (self.header.source, self.header.destination)
        return self.asking.script.share(all_of(*(is_among(estate.address(end.term), end.within) for end in ends)))

    @property
    def allows(self) -> Term:
        """Hold when the packet passes: admin rules do not deny it, and always allow it or leave it to the groups, which
        all let it through (F-EVAL-3). Without groups what came in by a public address passes where that is Basic
        (F-PIP-1, F-PIP-2, F-PIP-3), or perhaps where it is always allowed (F-PIP-6)."""
        entry, facts = self.context.entry, self.asking.filters.facts
        admitted, always = negate(self.denied), self.always
        if entry is None or self.levels:
            return all_of(admitted, any_of(always, all_of(*(level.allows for level in self.levels))))
        if always != FALSE and entry.sku is not Sku.BASIC:
            always = all_of(always, facts.holds("U-AAPIP", self.context.nics[0]))
        if entry.sku is None:
            return either(facts.holds("U-SKU", entry.name), admitted, always)
        return admitted if entry.sku is Sku.BASIC else always

    @property
    def denied(self) -> Term:
        """Hold when an admin rule denies the packet (F-ADM-4)."""
        return self._admin_does(AdminAction.DENY)

    @property
    def always(self) -> Term:
        """Hold when an admin rule always allows the packet (F-ADM-5)."""
        return self._admin_does(AdminAction.ALWAYS_ALLOW)

    def _admin_does(self, action: AdminAction) -> Term:
        lines = (line for level in self.admin for line in level.lines if line.rule.action is action)
        return self.asking.script.share(any_of(*(line.decides for line in lines)))

    def reaches(self, line: Line) -> Term:
        """Hold when the rule decides, if its group is asked at all."""
        return all_of(line.decides, negate(self.denied), negate(self.always))

    def turns(self, line: Line) -> Term:
        """Hold when the rule decides and its list would decide otherwise without it."""
        otherwise = negate(line.after) if line.rule.access is Access.ALLOW else line.after
        return all_of(line.decides, otherwise)

    def turns_verdict(self, level: Level, line: Line) -> Term:
        """Hold when the packet would fare otherwise without the rule."""
        others = (other.allows for other in self.levels if other is not level)
        return all_of(self.turns(line), negate(self.denied), negate(self.always), *others)


def is_own(rule: SecurityRule) -> bool:
    """Tell whether a rule is a group's own and no default (F-NSG-2)."""
    return rule.priority < 65000
