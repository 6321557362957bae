"""All pairs of subnets, decided by classes: what classes leave open goes to Z3, and what they say is checked.

A few pairs of every class are replayed by the simulator, one packet each way, and some are put to Z3 as claims.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from vnetverify.facts import SettledFacts, World
from vnetverify.header import FIRST_IPV6, Family
from vnetverify.loading import Loaded
from vnetverify.matrix.answers import is_settled, standing_of
from vnetverify.matrix.matrix import Matrix, matrix_of
from vnetverify.matrix.witnesses import Expected, witnesses
from vnetverify.model.endpoints import Endpoints, place_of
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Intent, Place, PlaceKind, Verb
from vnetverify.model.network import Network, Service, Unmodelled
from vnetverify.model.planes import has_ipv6, plane
from vnetverify.pipeline import Options, prove
from vnetverify.prover.reach import forwarded, presumed_elsewhere, reached_otherwise, within_reach
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict
from vnetverify.quick import collector_off
from vnetverify.report.matrix import Checks, Kind, Outcome, Pairs
from vnetverify.report.narrative import by_era
from vnetverify.report.results import IntentResult
from vnetverify.simulator.positions import Delivered
from vnetverify.simulator.walk import converse
from vnetverify.source import NOWHERE

KINDS = tuple(
    Kind(outcome, bool(flags & 1), bool(flags & 2), bool(flags & 4)) for outcome in Outcome for flags in range(8)
)
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
_UNSETTLED = Kind(Outcome.UNSETTLED)
_NEVER = Kind(Outcome.NONE)
_ALL_KINDS = bytes(range(256))


class Contradicted(Exception):
    """The classes say of a pair what the simulator or Z3 does not find: a bug of ours, and no matrix."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How many pairs that classes leave open go to Z3, how many others it confirms, how many flows are replayed."""

    proved: int = 25
    confirmed: int = 4
    replayed: int = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What a matrix is asked about; None for every subnet."""

    service: Service
    senders: EndpointSet | None = None
    receivers: EndpointSet | None = None


def survey(loaded: Loaded, asked: Asked, effort: Effort) -> Pairs:
    """Return the kind of every ordered pair. Raises `Contradicted` and what proving raises."""
    return _Surveyor(loaded, asked, effort).pairs()


class _Surveyor:
    def __init__(self, loaded: Loaded, asked: Asked, effort: Effort) -> None:
        self._loaded = loaded
        self._asked = asked
        self._effort = effort
        self._network = loaded.document.network
        self._assumed = {assumption.fact: assumption.value for assumption in loaded.document.assumptions}
        self._endpoints = Endpoints(self._network)
        self._subnets = {subnet.id: subnet for subnet in self._network.subnets()}
        self._otherwise = frozenset(reached_otherwise(self._network))
        self._appliances: tuple[str, ...] = ()
        self._reaches: list[tuple[frozenset[str], bool]] = []

    @cached_property
    def _unmodelled(self) -> tuple[Unmodelled, ...]:
        return (*self._network.unmodelled, *presumed_elsewhere(self._network, self._assumed))

    def pairs(self) -> Pairs:
        """Return what is known of every pair: by classes, checked with packets, and for open ones asked of Z3."""
        begun = time.perf_counter()
        senders, receivers = self._places(self._asked.senders), self._places(self._asked.receivers)
        with collector_off():  # rows are numbers and bytes, and nothing refers to itself
            matrix = matrix_of(
                plane(self._network, Family.IPV4),
                self._asked.service,
                self._assumed,
                _subnets(senders),
                _subnets(receivers),
            )
        self._appliances = _appliances(self._network, matrix)
        replayed = self._replay(matrix)
        rows = self._rows(matrix, senders, receivers)
        confirmed = self._confirm(matrix) + self._confirm_closed(senders, receivers)
        proved, not_asked = self._prove(rows, senders, receivers)
        self._mark_doubts(rows, senders, receivers)
        return Pairs(
            self._asked.service.name,
            tuple(place.name for place in senders),
            tuple(place.name for place in receivers),
            KINDS,
            tuple(map(bytes, rows)),
            self._facts(matrix),
            tuple(sorted(place.name for place in receivers if place.name in self._otherwise)),
            tuple(self._notes()),
            Checks(proved, confirmed, replayed, not_asked),
            time.perf_counter() - begun,
        )

    def _places(self, endpoints: EndpointSet | None) -> tuple[Place, ...]:
        """Return the subnets of the set that have hosts, all of them for None, then its sites and the Internet."""
        if endpoints is None:
            subnets = [place_of(subnet.id) for subnet in self._network.subnets()]
            return tuple(place for place in subnets if self._hosts(place))
        named = {place for place, _ in endpoints.parts}
        inside = [place_of(subnet.id) for subnet in self._network.subnets() if place_of(subnet.id) in named]
        outside = [place for place in sorted(named) if place == INTERNET or place.kind == PlaceKind.SITE.value]
        return (*(place for place in inside if self._hosts(place)), *outside)

    def _hosts(self, place: Place) -> EndpointSet:
        if place == INTERNET:
            return self._endpoints.of_internet()
        if place.kind == PlaceKind.SITE.value:
            return self._endpoints.of_site(self._network.sites[place.name])
        return self._endpoints.of_subnet(self._subnets[place.name])

    def _rows(self, matrix: Matrix, senders: tuple[Place, ...], receivers: tuple[Place, ...]) -> list[bytearray]:
        """Return the kinds as the classes have them; what is not a subnet of IPv4 alone is not settled."""
        column = {subnet.id: index for index, subnet in enumerate(matrix.receivers)}
        line = {subnet.id: index for index, subnet in enumerate(matrix.senders)}
        same = [column.get(place.name) if place.kind == PlaceKind.SUBNET.value else None for place in receivers]
        is_plain = same == list(range(len(matrix.receivers)))
        rows = []
        for place in senders:
            index = line.get(place.name) if place.kind == PlaceKind.SUBNET.value else None
            if index is None:
                rows.append(bytearray(self._from_outside(place, other) for other in receivers))
                continue
            kinds = _kinds(matrix.codes[index], matrix.documented[index])
            picked = kinds if is_plain else bytes(_NUMBERS[_UNSETTLED] if i is None else kinds[i] for i in same)
            rows.append(bytearray(picked))
        self._unsettle_both_families(rows, senders, receivers)
        return rows

    def _from_outside(self, sender: Place, receiver: Place) -> int:
        """Return the kind of a pair whose sender is not a subnet.

        The Internet gets in by public addresses, frontends and translations alone (F-PIP-5), so to other subnets never.
        """
        is_closed = receiver.kind == PlaceKind.SUBNET.value and receiver.name not in self._otherwise
        return _NUMBERS[_NEVER if sender == INTERNET and is_closed else _UNSETTLED]

    def _unsettle_both_families(
        self, rows: list[bytearray], senders: tuple[Place, ...], receivers: tuple[Place, ...]
    ) -> None:
        """Leave pairs that could talk by IPv6 as well to Z3, since the classes know IPv4 alone."""
        if not has_ipv6(self._network):
            return
        dual = [_has_ipv6(self._hosts(place)) for place in receivers]
        for place, row in zip(senders, rows, strict=True):
            if _has_ipv6(self._hosts(place)):
                for index, is_dual in enumerate(dual):
                    row[index] = _NUMBERS[_UNSETTLED] if is_dual else row[index]

    def _facts(self, matrix: Matrix) -> tuple[str, ...]:
        """Return the open facts that the first open pair of each row may turn on."""
        facts: set[str] = set()
        for subnet, row in zip(matrix.senders, matrix.codes, strict=True):
            opened = row.translate(_ARE_SETTLED).find(0)
            if opened >= 0 and len(facts) < 1_000:
                facts |= matrix.facts(subnet.id, matrix.receivers[opened].id)
        return tuple(sorted(facts))

    def _notes(self) -> Iterator[str]:
        if era := by_era(self._network.era):
            yield era
        yield from (f"assuming {fact} = {str(value).lower()}" for fact, value in self._assumed.items())
        if has_ipv6(self._network):
            yield "the classes are of IPv4; pairs with IPv6 on both sides are left to Z3"
        untold = [subnet.id for subnet in self._network.subnets() if not subnet.prefixes]
        if untold:
            yield f"without a known prefix, so not asked about: {', '.join(untold[:20])}"
        for item in self._unmodelled:
            yield f"not modelled: {item.what.removesuffix(',')}, {item.why}"

    # -- judging ------------------------------------------------------------------------------------------

    def _replay(self, matrix: Matrix) -> int:
        """Return how many flows the simulator confirmed. Raises `Contradicted`."""
        network, world = plane(self._network, Family.IPV4), World(SettledFacts(self._assumed))
        replayed = 0
        for expected in witnesses(matrix, self._effort.replayed):
            origin, end = place_of(expected.sender), place_of(expected.receiver)
            found = converse(network, origin, expected.flow, world)
            outcome = found.forward.outcome
            arrives = isinstance(outcome, Delivered) and outcome.place == end
            passes = any(device.is_appliance for device in found.forward.devices)
            _compare(expected, arrives, arrives and found.established, arrives and not passes)
            replayed += 1
        return replayed

    def _confirm(self, matrix: Matrix) -> int:
        """Return how many decided pairs Z3 was asked about as well. Raises `Contradicted`."""
        chosen: dict[tuple[int, int], tuple[str, str]] = {}
        for sender, codes, documented in zip(matrix.senders, matrix.codes, matrix.documented, strict=True):
            for both in dict.fromkeys(zip(codes, documented, strict=True)):
                if both in chosen or not is_settled(both[1]):
                    continue
                row = list(zip(codes, documented, strict=True))
                named = next((s.id for s, code in zip(matrix.receivers, row, strict=True)
                              if code == both and s.id != sender.id and s.id not in self._otherwise), None)  # fmt: skip
                if named is not None:
                    chosen[both] = (sender.id, named)
        picked = list(chosen.items())[: self._effort.confirmed]
        results = self._asked_of_z3([(place_of(a), place_of(b)) for _, (a, b) in picked])
        for ((codes_, documented_), names), result in zip(picked, results, strict=True):
            kind = KINDS[_kinds(bytes([codes_]), bytes([documented_]))[0]]
            _compare_verdicts(kind, names, result)
        return len(picked)

    def _confirm_closed(self, senders: tuple[Place, ...], receivers: tuple[Place, ...]) -> int:
        """Return 1 where Z3 was asked whether the Internet really does not reach the first subnet said to be closed."""
        closed = next((place for place in receivers if self._from_outside(INTERNET, place) == _NUMBERS[_NEVER]), None)
        if INTERNET not in senders or closed is None or not self._effort.confirmed:
            return 0
        _compare_verdicts(_NEVER, (INTERNET.name, closed.name), self._asked_of_z3([(INTERNET, closed)])[0])
        return 1

    def _prove(
        self, rows: list[bytearray], senders: tuple[Place, ...], receivers: tuple[Place, ...]
    ) -> tuple[int, int]:
        """Ask Z3 about pairs that are not settled, as far as the effort goes, and about open ones if all of them fit.

        Of an open pair the classes know what becomes of it as documented; it may be so in every world. Return how many
        pairs Z3 was asked about, and how many it was not.
        """
        unsettled = list(self._of_kinds(rows, senders, receivers, _TO_SETTLE))
        opened = list(self._of_kinds(rows, senders, receivers, _TO_CLOSE))
        fits = len(unsettled) + len(opened) <= self._effort.proved
        waiting = [*unsettled, *(opened if fits else ())][: self._effort.proved]
        results = self._asked_of_z3([(senders[line], receivers[column]) for line, column in waiting])
        for (line, column), result in zip(waiting, results, strict=True):
            rows[line][column] = _NUMBERS[_kind_of(KINDS[rows[line][column]], result)]
        return len(waiting), len(unsettled) + len(opened) - len(waiting)

    @staticmethod
    def _of_kinds(
        rows: list[bytearray], senders: tuple[Place, ...], receivers: tuple[Place, ...], kinds: bytes
    ) -> Iterator[tuple[int, int]]:
        """Return the pairs of such kinds, by line and column."""
        for line, (sender, row) in enumerate(zip(senders, rows, strict=True)):
            flags = row.translate(kinds)
            column = flags.find(1)
            while column >= 0:
                if receivers[column] != sender:
                    yield line, column
                column = flags.find(1, column + 1)

    def _asked_of_z3(self, pairs: Iterable[tuple[Place, Place]]) -> list[IntentResult]:
        """Return the verdicts on what can be said of each pair, in the order of `_VERBS`."""
        intents = tuple(self._intent(*pair) for pair in pairs)
        if not intents:
            return []
        document = replace(self._loaded.document, intents=intents)
        report = prove(replace(self._loaded, document=document), Options())
        if not report.complete:
            raise KeyboardInterrupt
        return list(report.results)

    def _intent(self, sender: Place, receiver: Place) -> Intent:
        ends = (self._hosts(sender), self._hosts(receiver))
        text = f"{sender.name} -> {receiver.name}"
        claims = tuple(
            Claim(
                verb, (ends,), self._asked.service, text, NOWHERE, via=self._appliances if verb is Verb.ONLY_VIA else ()
            )
            for verb in _VERBS
        )
        return Intent(text, claims, NOWHERE)

    def _mark_doubts(self, rows: list[bytearray], senders: tuple[Place, ...], receivers: tuple[Place, ...]) -> None:
        """Mark the pairs that could turn on what the input holds and the model does not."""
        unmodelled = self._unmodelled
        if not unmodelled:
            return
        passed = frozenset(forwarded(self._network))
        items = [set(item.vnets) for item in unmodelled if not item.places or _is_on_the_way(item, passed)]
        doubted = {place for place in {*senders, *receivers} if self._is_doubted(place, items)}
        ends = {name for item in unmodelled if item.ends_there for name in item.places}
        doubted |= {place for place in {*senders, *receivers} if place.name in ends}
        by_the_internet = {name for item in unmodelled for name in item.places}
        for place, row in zip(senders, rows, strict=True):
            for index, other in enumerate(receivers):
                comes_in = place == INTERNET and other.name in by_the_internet
                leaves = other == INTERNET and place.name in by_the_internet
                if comes_in or leaves or place in doubted or other in doubted:
                    row[index] = _NUMBERS[replace(KINDS[row[index]], doubted=True)]

    def _is_doubted(self, place: Place, items: list[set[str]]) -> bool:
        """Hold when something that is not modelled is within reach; what reaches each other is asked once."""
        for reach, is_doubted in self._reaches:
            if place.kind == PlaceKind.SUBNET.value and self._subnets[place.name].vnet in reach:
                return is_doubted
        hosts = self._hosts(place)
        claim = Claim(Verb.NEVER_REACHES, ((hosts, hosts),), self._asked.service, "", NOWHERE)
        reach = within_reach(self._network, claim)
        self._reaches.append((reach, any(not vnets or reach & vnets for vnets in items)))
        return self._reaches[-1][1]


def _is_on_the_way(item: Unmodelled, passed: frozenset[str]) -> bool:
    """Hold when flows between others may end, for a moment, where all that ends is in doubt."""
    return item.ends_there and not passed.isdisjoint(item.places)


_VERBS = (Verb.REACHES, Verb.SOMETIMES_REACHES, Verb.NEVER_REACHES, Verb.ONLY_VIA)


def _appliances(network: Network, matrix: Matrix) -> tuple[str, ...]:
    """Return the names of what may forward: declared machines, and what routes imply."""
    declared = (machine.name for machine in network.machines.values() if any(nic.ip_forwarding for nic in machine.nics))
    return tuple(dict.fromkeys((*declared, *sorted(matrix.survey.courses.devices))))


def _subnets(places: tuple[Place, ...]) -> frozenset[str]:
    return frozenset(place.name for place in places if place.kind == PlaceKind.SUBNET.value)


def _has_ipv6(endpoints: EndpointSet) -> bool:
    return any(addresses.intervals[-1].high >= FIRST_IPV6 for _, addresses in endpoints.parts)


def _kinds(codes: bytes, documented: bytes) -> bytes:
    """Return the kinds of a row, by its bytes in every world and as documented."""
    if codes == documented:
        return codes.translate(_SETTLED_KINDS)
    return bytes(
        _SETTLED_KINDS[code] if is_settled(code) else _OPEN_KINDS[other]
        for code, other in zip(codes, documented, strict=True)
    )


def _number(code: int, *, is_open: bool) -> int:
    if not is_settled(code):
        return _NUMBERS[_UNSETTLED]
    return _NUMBERS[Kind(Outcome(standing_of(code).value), bool(code & 64), is_open)]


_ARE_SETTLED = bytes(map(is_settled, _ALL_KINDS))
_SETTLED_KINDS = bytes(_number(code, is_open=False) for code in _ALL_KINDS)
_OPEN_KINDS = bytes(_number(code, is_open=True) for code in _ALL_KINDS)


_TO_SETTLE = bytes(n < len(KINDS) and KINDS[n].outcome is Outcome.UNSETTLED for n in range(256))
_TO_CLOSE = bytes(n < len(KINDS) and KINDS[n].open and KINDS[n].outcome is not Outcome.UNSETTLED for n in range(256))


def _compare(expected: Expected, arrives: bool, answered: bool, passes_none: bool) -> None:
    for wanted, found in ((expected.arrives, arrives), (expected.answered, answered), (expected.direct, passes_none)):
        if wanted is not None and wanted is not found:
            raise Contradicted(f"{expected.flow} from {expected.sender} to {expected.receiver}: the simulator differs")


def _word(verdict: Verdict) -> tuple[bool | None, bool]:
    """Return whether a claim holds as documented, None where that is not known, and whether so in every world."""
    match verdict:
        case Proved():
            return True, True
        case Vacuous():
            return True, True
        case Refuted():
            return False, True
        case Unknown(as_documented=word):
            return (None if word is None else word == "proved"), False


def _compare_verdicts(kind: Kind, names: tuple[str, str], result: IntentResult) -> None:
    """Raise `Contradicted` where a verdict on a decided pair says something else than its class."""
    reaches, sometimes, never, only_via = (_word(claim.verdict)[0] for claim in result.results)
    wanted = (
        (reaches, kind.outcome is Outcome.ALL),
        (sometimes, kind.outcome in (Outcome.ALL, Outcome.SOME)),
        (never, kind.outcome is Outcome.NONE),
        (only_via, not kind.passes_none),
    )
    if any(found is not None and found is not expected for found, expected in wanted):
        raise Contradicted(f"{names[0]} -> {names[1]}: classes say {kind.text}, Z3 says otherwise")


def _kind_of(kind: Kind, result: IntentResult) -> Kind:
    """Return the kind of a pair by its verdicts; `kind` where they do not settle it. Without any flow none arrives."""
    if isinstance(result.results[0].verdict, Vacuous):
        return _NEVER
    (reaches, a), (sometimes, b), (never, c), (only_via, d) = (_word(claim.verdict) for claim in result.results)
    if reaches is None or (not reaches and sometimes is None):
        return kind
    if reaches:
        outcome, surely = Outcome.ALL, a
    elif sometimes:
        outcome, surely = Outcome.SOME, a and b
    elif never is None:
        return kind
    else:
        outcome, surely = (Outcome.NONE if never else Outcome.UNANSWERED), b and c
    if outcome is Outcome.NONE:
        return Kind(outcome, False, not surely)
    if only_via is None:
        return kind
    return Kind(outcome, not only_via, not (surely and d))
