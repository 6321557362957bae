"""Azure's own answers beside what the simulator derives: line by line, with the rule behind each difference.

What Azure tells and the model has no word for is not compared: addresses of gateways, and whether a peering is global.
Overridden lines that a table leaves out are no difference either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from vnetverify.facts import World, uncertainty
from vnetverify.header import Prefix, address_text, addresses_of, parse_prefix
from vnetverify.model.network import Network, Nic
from vnetverify.model.security import Direction
from vnetverify.model.wellformed import check
from vnetverify.simulator.routes import EffectiveRoute, Origin, effective_routes, select_route
from vnetverify.testing.answers import simulated_answer
from vnetverify.testing.questions import Filtered, FilterVerdict, NotAQuestion
from vnetverify.testing.recorded_groups import Compared, rules_compared
from vnetverify.testing.recordings import (
    RecordedHop,
    RecordedRoute,
    RecordedRoutes,
    RecordedRules,
    RecordedVerdict,
    Recording,
)

_NOTHING = "nothing"
_PEERINGS = frozenset({"vnetpeering", "vnetglobalpeering", "virtualnetworkpeering"})
_NAMED_BY_ADDRESS = "virtualappliance"
# The rule that puts a line into a table, by its type and source, where the model has none of its own there.
_RULES = {
    ("vnetlocal", "default"): "R-SYS-1",
    ("internet", "default"): "R-SYS-2",
    ("none", "default"): "R-SYS-3",
    ("vnetpeering", "default"): "R-SYS-7",
    ("virtualnetworkserviceendpoint", "default"): "R-SYS-9",
    ("interfaceendpoint", "default"): "R-SYS-11",
    ("connectedgroup", "default"): "R-CG-1",
}
_OF_SOURCE = {"virtualnetworkgateway": "R-SYS-8", "user": "R-UDR-1", "default": "R-SYS-1"}
_PRIVATE = addresses_of(map(parse_prefix, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


def compare(network: Network, recording: Recording, world: World) -> Iterator[Compared]:
    """Yield how each line of a recording, and each derived line that it lacks, compares. Raises `NotAQuestion`."""
    nic = _interface(network, recording)
    match recording:
        case RecordedRoutes():
            yield from _routes(network, nic, recording, world)
        case RecordedRules():
            yield from rules_compared(network, nic, recording, world)
        case RecordedHop():
            yield _hop(network, nic, recording, world)
        case RecordedVerdict():
            yield _verdict(network, nic, recording, world)
        case _:
            assert_never(recording)


def _interface(network: Network, recording: Recording) -> Nic:
    """Return the interface that a recording is about: of that name, or of that machine and with the address."""
    name, nics = recording.at.casefold(), network.nics()
    named = [nic for nic in nics if nic.name.casefold() == name] or [
        nic for nic in nics if nic.machine.casefold() == name and _is_of(nic, recording)
    ]
    if not named:
        raise NotAQuestion(
            f"no interface is called `{recording.at}`, and no machine has one that the {recording.what} can be of"
        )
    return named[0]


def _is_of(nic: Nic, recording: Recording) -> bool:
    match recording:
        case RecordedHop(source=source):
            return source in nic.addresses
        case RecordedVerdict(direction=direction, flow=flow):
            return (flow.source if direction is Direction.OUTBOUND else flow.destination) in nic.addresses
        case _:
            return True


# -- routes -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """What both sides tell of a line, in lower case; `address` is that of an appliance."""

    prefix: Prefix
    source: str
    hop_type: str
    address: str
    is_active: bool

    def __str__(self) -> str:
        address = f" {self.address}" if self.address else ""
        return f"{self.hop_type}{address} from {self.source}, {'active' if self.is_active else 'invalid'}"


def _routes(network: Network, nic: Nic, recording: RecordedRoutes, world: World) -> Iterator[Compared]:
    derived = {_derived(line): line for line in effective_routes(network, nic.subnet_id, world)}
    recorded = dict.fromkeys(map(_recorded, recording.lines))
    prefixes = sorted({line.prefix for line in (*recorded, *derived)})
    for prefix in prefixes:
        both = [line for line in recorded if line.prefix == prefix and line in derived]
        yield from (Compared(recording.what, str(prefix), str(line), str(line)) for line in both)
        told = [line for line in recorded if line.prefix == prefix and line not in derived]
        ours = [line for line in derived if line.prefix == prefix and line not in recorded and line.is_active]
        for number in range(max(len(told), len(ours))):
            wanted, given = told[number : number + 1], ours[number : number + 1]
            yield Compared(
                recording.what,
                str(prefix),
                str(wanted[0]) if wanted else _NOTHING,
                str(given[0]) if given else _NOTHING,
                derived[given[0]].rule if given else _rule_behind(wanted[0]),
                _open_fact(wanted[0]) if wanted and not given else "",
            )


def _derived(line: EffectiveRoute) -> _Line:
    hop_type = line.hop_type.lower()
    address = line.next_hop if hop_type == _NAMED_BY_ADDRESS else ""
    return _Line(line.prefix, line.source.lower(), _one_kind(hop_type), address, line.state == "Active")


def _recorded(line: RecordedRoute) -> _Line:
    hop_type = line.hop_type.lower()
    address = (line.address or "") if hop_type == _NAMED_BY_ADDRESS else ""
    return _Line(line.prefix, line.source.lower(), _one_kind(hop_type), address, line.is_active)


def _one_kind(hop_type: str) -> str:
    return "vnetpeering" if hop_type in _PEERINGS else hop_type


def _rule_behind(line: _Line) -> str:
    return _RULES.get((line.hop_type, line.source)) or _OF_SOURCE.get(line.source, "R-EFF-1")


def _open_fact(line: _Line) -> str:
    """Return the open fact that a line settles which no rule derives: further public blocks that Azure drops."""
    is_public = not addresses_of((line.prefix,)) & _PRIVATE and line.prefix.length > 0
    if (line.hop_type, line.source) == ("none", "default") and is_public:
        return str(uncertainty("U-R-SYS-10"))
    return ""


# -- next hops and flows ----------------------------------------------------------------------------------


def _hop(network: Network, nic: Nic, recording: RecordedHop, world: World) -> Compared:
    line = f"{address_text(recording.source)} -> {address_text(recording.destination)}"
    wanted = _hop_text(recording.hop_type, recording.address, recording.table)
    if recording.source not in nic.addresses:
        raise NotAQuestion(f"{address_text(recording.source)} is not an address of `{nic.name}`")
    route = select_route(network, nic.subnet_id, recording.destination, world).route
    lines = effective_routes(network, nic.subnet_id, world)
    shown = next(one for one in lines if one.prefix == route.prefix and one.state == "Active")
    table = network.subnet(nic.subnet_id).route_table if route.origin is Origin.USER else None
    return Compared(recording.what, line, wanted, _hop_text(shown.hop_type, shown.next_hop, table), route.rule)


def _hop_text(hop_type: str, address: str | None, table: str | None) -> str:
    kind = _one_kind(hop_type.lower())
    leads_to = f" {address}" if address and kind == _NAMED_BY_ADDRESS else ""
    return f"{kind}{leads_to} by {f'route table {table.lower()}' if table else 'a route of no table'}"


def _verdict(network: Network, nic: Nic, recording: RecordedVerdict, world: World) -> Compared:
    """Return how a verdict on a flow compares: of several groups that allow Azure names one."""
    question = Filtered(((recording.direction, nic.name),), recording.flow)
    given = simulated_answer(network, question, world, check)
    assert isinstance(given, FilterVerdict)
    assert given.deciding is not None
    decided = [name.rpartition("/")[2].lower() for name in given.deciding[0]]
    decided = decided if given.allowed else decided[-1:]
    rule = "" if recording.rule is None else recording.rule.lower()
    shown = rule if rule in decided or not rule else ", ".join(decided)
    wanted, found = _verdict_text(recording.allowed, rule), _verdict_text(given.allowed, shown)
    return Compared(recording.what, str(recording.flow), wanted, found, "F-NSG-4" if decided else "F-EVAL-3")


def _verdict_text(allowed: bool, rule: str) -> str:
    return f"{'allow' if allowed else 'deny'}{f' by {rule}' if rule else ''}"
