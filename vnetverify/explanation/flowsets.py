"""Sets of packets as people write rules: what rules have in common and earlier ones leave of it.

A set here is for reading. What a rule matches is decided elsewhere; the words are those of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.header import (
    ALL_PORTS,
    EVERY_IPV4,
    PROTOCOL_NAMES,
    TCP,
    UDP,
    Flow,
    Interval,
    IntervalSet,
    Prefix,
    address_text,
    addresses_of,
    parse_address,
    prefixes_of,
)
from vnetverify.model.security import (
    AddressField,
    AddressPrefixes,
    AdminRule,
    AnyAddress,
    AsgMembers,
    SecurityRule,
    ServiceTag,
)

Rule = SecurityRule | AdminRule

_MOST_BOXES = 6
_MOST_PARTS = 6
_CLIENT_PORT, _HTTPS = 49152, 443
_USUAL = tuple(
    parse_address(text)
    for text in ("8.8.8.8", "192.168.0.4", "172.16.0.4", "10.0.0.4", "2001:4860:4860::8888", "fd00::4")
)
_EVERY_PROTOCOL = IntervalSet((Interval(0, 255),))
_ICMP = IntervalSet((Interval(1, 1), Interval(58, 58)))
_WITH_PORTS = IntervalSet((Interval(TCP, TCP), Interval(UDP, UDP)))


@dataclass(frozen=True, slots=True)
class Side:
    """Addresses that lie in a set and, all at once, in tags or application security groups by their names."""

    addresses: IntervalSet
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """All packets whose fields lie in these sets."""

    sources: Side
    destinations: Side
    protocols: IntervalSet = _EVERY_PROTOCOL
    source_ports: IntervalSet = ALL_PORTS
    destination_ports: IntervalSet = ALL_PORTS

    @property
    def is_empty(self) -> bool:
        sets = (self.protocols, self.source_ports, self.destination_ports)
        return not all((*sets, self.sources.addresses, self.destinations.addresses))


@dataclass(frozen=True, slots=True)
class FlowSet:
    """The packets of some boxes but for those that rules called `taken` take first, where these match."""

    boxes: tuple[Box, ...]
    taken: tuple[str, ...] = ()
    whole: Box | None = field(default=None, compare=False)


def flow_set(whole: Box, common: Iterable[Rule], earlier: Iterable[tuple[str, Rule]]) -> FlowSet:
    """Return what of `whole` all `common` rules match and none of the `earlier` ones, by name, takes first."""
    box = whole
    for rule in common:
        box = _met(box, rule)
    boxes = [] if box.is_empty else [box]
    taken: list[str] = []
    for name, rule in earlier:
        if not boxes:
            break
        if _is_apart(box, rule) or not any(not _met(one, rule).is_empty for one in boxes):
            continue
        left = [piece for one in boxes for piece in _without(one, rule)] if _is_exact(boxes, rule) else None
        if left is None or len(left) > _MOST_BOXES:
            taken.append(name)
        else:
            boxes = left
    return FlowSet(tuple(boxes), tuple(dict.fromkeys(taken)), whole)


def _is_apart(box: Box, rule: Rule) -> bool:
    """Tell, for most rules that match nothing of the box, that they do not: from bounds, as there are very many."""
    ports, box_ports = rule.destination_ports.intervals, box.destination_ports.intervals
    if ports[0].low > box_ports[-1].high or ports[-1].high < box_ports[0].low:
        return True
    wanted = rule.source
    if not isinstance(wanted, AddressPrefixes) or len(wanted.prefixes) > 1 or wanted.prefixes[0] == EVERY_IPV4:
        return False
    prefix, addresses = wanted.prefixes[0], box.sources.addresses.intervals
    return prefix.value > addresses[-1].high or prefix.last < addresses[0].low


def _met(box: Box, rule: Rule) -> Box:
    """Return the part of `box` that the rule can match, by its words."""
    protocols = _EVERY_PROTOCOL if rule.protocol is None else IntervalSet((Interval(rule.protocol, rule.protocol),))
    return Box(
        _side_met(box.sources, rule.source),
        _side_met(box.destinations, rule.destination),
        box.protocols & protocols,
        box.source_ports & rule.source_ports,
        box.destination_ports & rule.destination_ports,
    )


def _side_met(side: Side, wanted: AddressField) -> Side:
    match wanted:
        case AnyAddress():
            return side
        case AddressPrefixes(prefixes):
            if (
                EVERY_IPV4 in prefixes
                and side.addresses.intervals
                and side.addresses.intervals[0].low > EVERY_IPV4.last
            ):
                return side
            return replace(side, addresses=side.addresses & addresses_of(prefixes))
        case ServiceTag() | AsgMembers():
            return replace(side, names=tuple(sorted({*side.names, _name(wanted)})))


def _name(wanted: ServiceTag | AsgMembers) -> str:
    return wanted.name if isinstance(wanted, ServiceTag) else f"asg {', '.join(wanted.names)}"


def _is_exact(boxes: Sequence[Box], rule: Rule) -> bool:
    """Tell whether the rule's words alone say what it takes of the boxes; what a tag holds can differ by version."""
    if not all(isinstance(side, AnyAddress | AddressPrefixes) for side in (rule.source, rule.destination)):
        return False
    beyond_ports = [box.protocols - _WITH_PORTS for box in boxes]
    has_all_ports = rule.source_ports == ALL_PORTS and rule.destination_ports == ALL_PORTS
    if rule.protocol in (TCP, UDP) or not any(beyond_ports):
        return True
    return has_all_ports and (rule.protocol is not None or not any(left - _ICMP for left in beyond_ports))


def _without(box: Box, rule: Rule) -> Iterator[Box]:
    """Yield what the rule leaves of `box`, cut along one field after the other."""
    met = _met(box, rule)
    if met.is_empty:
        yield box
        return
    rest = box
    for name in ("protocols", "destination_ports", "source_ports"):
        left = getattr(rest, name) - getattr(met, name)
        if left:
            yield replace(rest, **{name: left})
        rest = replace(rest, **{name: getattr(met, name)})
    for name in ("sources", "destinations"):
        side, kept = getattr(rest, name), getattr(met, name)
        left = side.addresses - kept.addresses
        if left:
            yield replace(rest, **{name: replace(side, addresses=left)})
        rest = replace(rest, **{name: replace(side, addresses=kept.addresses)})


def typical(flows: FlowSet) -> Iterator[Flow]:
    """Yield packets of each box that a reader expects, were it not for what rules take first."""
    for box in flows.boxes:
        known = [number for number in (TCP, UDP, 1, 58) if number in box.protocols]
        protocol = known[0] if known else box.protocols.intervals[0].low
        ports = (0, 0)
        if protocol in (TCP, UDP):
            ports = (_one_of(box.source_ports, _CLIENT_PORT), _one_of(box.destination_ports, _HTTPS))
        for usual in _USUAL:
            source, destination = (_one_of(side.addresses, usual) for side in (box.sources, box.destinations))
            yield Flow(protocol, source, ports[0], destination, ports[1])


def _one_of(numbers: IntervalSet, usual: int) -> int:
    """Return the usual number if it is there, else an early one: addresses of hosts are the fifth and later."""
    if usual in numbers:
        return usual
    first = numbers.intervals[0]
    return min(first.low + 4, first.high) if first.low % 8 == 0 else first.low


# -- in words -------------------------------------------------------------------------------------------


def in_words(flows: FlowSet) -> str:
    """Return for example `tcp 80 from 10.0.0.0/8, but for what `deny-ssh` takes first`."""
    boxes = [_box_in_words(box, flows.whole) for box in flows.boxes]
    text = "; ".join(boxes) if boxes else "packets"
    if not flows.taken:
        return text
    named = [f"`{name}`" for name in flows.taken[:_MOST_PARTS]]
    more = len(flows.taken) - len(named)
    listed = f"{', '.join(named)} and {more} more" if more else ", ".join(named)
    return f"{text}, but for what {listed} {'takes' if len(flows.taken) == 1 else 'take'} first"


def _box_in_words(box: Box, whole: Box | None) -> str:
    service = _protocols(box.protocols)
    if box.destination_ports != ALL_PORTS:
        service += f" {_numbers(box.destination_ports)}"
    parts = [service]
    if box.sources != (whole.sources if whole else None):
        parts.append(f"from {_side(box.sources, whole.sources if whole else None)}")
    if box.source_ports != ALL_PORTS:
        parts.append(f"from port {_numbers(box.source_ports)}")
    if box.destinations != (whole.destinations if whole else None):
        parts.append(f"to {_side(box.destinations, whole.destinations if whole else None)}")
    return " ".join(parts)


def _protocols(protocols: IntervalSet) -> str:
    if protocols == _EVERY_PROTOCOL:
        return "any"
    left = _EVERY_PROTOCOL - protocols
    if left.size <= _MOST_PARTS < protocols.size:
        return f"any but {_protocol_names(left)}"
    return _protocol_names(protocols)


def _protocol_names(protocols: IntervalSet) -> str:
    names = []
    for interval in protocols:
        if interval.low == interval.high:
            names.append(PROTOCOL_NAMES.get(interval.low, str(interval.low)))
        else:
            names.append(f"{interval.low}-{interval.high}")
    return ", ".join(names)


def _numbers(numbers: IntervalSet) -> str:
    return _some([str(i.low) if i.low == i.high else f"{i.low}-{i.high}" for i in numbers])


def _side(side: Side, whole: Side | None) -> str:
    shown = list(side.names)
    if whole is None or side.addresses != whole.addresses:
        shown.append(_some([text for interval in side.addresses for text in _addresses(interval)]))
    return " in ".join(reversed(shown)) if shown else "any"


def _addresses(interval: Interval) -> list[str]:
    prefixes = list(prefixes_of(IntervalSet((interval,))))
    if len(prefixes) <= 2:
        return [_prefix(prefix) for prefix in prefixes]
    return [f"{address_text(interval.low)}-{address_text(interval.high)}"]


def _prefix(prefix: Prefix) -> str:
    return address_text(prefix.value) if prefix.size == 1 else str(prefix)


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_PARTS
    return ", ".join(texts) if more <= 0 else f"{', '.join(texts[:_MOST_PARTS])} and {more} more"
