"""Azure's answers in JSON, as recordings: tables of routes and rules, a next hop, a verdict on a flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vnetverify.header import ICMP, TCP, UDP, Flow, IntervalSet
from vnetverify.ingest.values import (
    Malformed,
    as_address,
    as_list,
    as_number,
    as_object,
    as_ports,
    as_prefix,
    as_reference,
    as_text,
    member,
    shown,
)
from vnetverify.model.security import Access, Direction
from vnetverify.testing.recorded_calls import Call, calls_in
from vnetverify.testing.recordings import (
    RecordedAddresses,
    RecordedGroup,
    RecordedHop,
    RecordedRoute,
    RecordedRoutes,
    RecordedRule,
    RecordedRules,
    RecordedVerdict,
    Recording,
)

_PROTOCOLS: Mapping[str, int | None] = {
    "tcp": TCP, "udp": UDP, "icmp": ICMP, "esp": 50, "ah": 51, "all": None, "*": None, "any": None,
}  # fmt: skip
_SYSTEM = "system route"  # how a next hop says that it is by none of the user's tables


def recordings_in(content: Any, at: str | None) -> tuple[Recording, ...]:
    """Return the recordings of a document. Raises `Malformed`.

    `at` names the interface of answers that come without a request.
    """
    found = tuple(_recording(call, call.at or at) for call in calls_in(content) if call.answer is not None)
    if not found:
        raise Malformed("it holds no answer about routes, rules, next hops or flows")
    return found


def _recording(call: Call, at: str | None) -> Recording:
    answer = call.answer
    lines = as_list(answer if isinstance(answer, list) else member(as_object(answer, "answer"), "value"), "value")
    first = as_object(lines[0], "line") if lines else {}
    if member(first, "effectiveSecurityRules") is not None:
        return RecordedRules(_interface(at), tuple(_group(as_object(each, "group")) for each in lines))
    if member(first, "nextHopType") is not None:
        routes = (route for each in lines for route in _routes(as_object(each, "line")))
        return RecordedRoutes(_interface(at), tuple(routes))
    if isinstance(answer, dict) and member(answer, "nextHopType") is not None:
        return _hop(call, answer, at)
    if isinstance(answer, dict) and member(answer, "access") is not None:
        return _verdict(call, answer, at)
    raise Malformed("it is no table of effective routes or rules, next hop, or verdict on a flow")


def _interface(at: str | None) -> str:
    if at is None:
        raise Malformed("it does not say which interface it is about; name that with `--at`")
    return at


# -- tables -----------------------------------------------------------------------------------------------


def _routes(line: dict[str, Any]) -> Iterator[RecordedRoute]:
    hop_type = as_text(member(line, "nextHopType"), "nextHopType")
    addresses = _texts(line, "nextHopIpAddress")
    for text in _texts(line, "addressPrefix"):
        yield RecordedRoute(
            prefix=as_prefix(text),
            source=as_text(member(line, "source"), "source"),
            is_active=as_text(member(line, "state"), "state").lower() == "active",
            hop_type=hop_type,
            address=addresses[0] if addresses else None,
        )


def _group(body: dict[str, Any]) -> RecordedGroup:
    association = as_object(member(body, "association"), "association")
    rules = as_list(member(body, "effectiveSecurityRules"), "effectiveSecurityRules")
    return RecordedGroup(
        name=_last(as_reference(member(body, "networkSecurityGroup"), "networkSecurityGroup") or ""),
        at_subnet=member(association, "subnet") is not None,
        at_interface=member(association, "networkInterface") is not None,
        rules=tuple(_rule(as_object(rule, "rule")) for rule in rules),
    )


def _rule(body: dict[str, Any]) -> RecordedRule:
    return RecordedRule(
        name=_bare(as_text(member(body, "name"), "name")),
        direction=Direction(as_text(member(body, "direction"), "direction").lower()),
        priority=as_number(member(body, "priority"), "priority"),
        access=Access(as_text(member(body, "access"), "access").lower()),
        protocol=_protocol(as_text(member(body, "protocol"), "protocol")),
        source=_addresses(body, "source"),
        source_ports=_ports(body, "source"),
        destination=_addresses(body, "destination"),
        destination_ports=_ports(body, "destination"),
    )


def _addresses(body: dict[str, Any], end: str) -> RecordedAddresses:
    words = _texts(body, f"{end}AddressPrefixes") or _texts(body, f"{end}AddressPrefix")
    expanded = _texts(body, f"expanded{end.capitalize()}AddressPrefix")
    if not words and not expanded:
        raise Malformed(f"a rule without `{end}AddressPrefix`")
    return RecordedAddresses(tuple(words), tuple(map(as_prefix, expanded)))


def _ports(body: dict[str, Any], end: str) -> IntervalSet:
    return as_ports(tuple(_texts(body, f"{end}PortRanges") or _texts(body, f"{end}PortRange")))


def _texts(body: dict[str, Any], name: str) -> list[str]:
    value = member(body, name)
    values = [] if value is None or value == "" else value if isinstance(value, list) else [value]
    return [as_text(each, name) for each in values]


def _bare(name: str) -> str:
    """Return the name of a rule without the kind that Azure puts before it."""
    for before in ("securityRules/", "defaultSecurityRules/", "UserRule_", "DefaultRule_"):
        if name.lower().startswith(before.lower()):
            return name[len(before) :]
    return name


def _last(identity: str) -> str:
    return identity.rpartition("/")[2]


def _protocol(text: str) -> int | None:
    if text.lower() not in _PROTOCOLS:
        raise Malformed(f"the protocol `{shown(text)}`")
    return _PROTOCOLS[text.lower()]


# -- single answers ---------------------------------------------------------------------------------------


def _hop(call: Call, answer: dict[str, Any], at: str | None) -> RecordedHop:
    table, address = member(answer, "routeTableId"), member(answer, "nextHopIpAddress")
    named = None if table is None or str(table).lower() in ("", _SYSTEM) else _last(as_text(table, "routeTableId"))
    return RecordedHop(
        at=_machine(call, at),
        source=as_address(_asked(call, "sourceIPAddress")),
        destination=as_address(_asked(call, "destinationIPAddress")),
        hop_type=as_text(member(answer, "nextHopType"), "nextHopType"),
        address=None if address in (None, "") else as_text(address, "nextHopIpAddress"),
        table=named,
    )


def _verdict(call: Call, answer: dict[str, Any], at: str | None) -> RecordedVerdict:
    direction = Direction(_asked(call, "direction").lower())
    protocol = _protocol(_asked(call, "protocol"))
    if protocol is None:
        raise Malformed("a flow of any protocol")
    local = (as_address(_asked(call, "localIPAddress")), int(_asked(call, "localPort")))
    remote = (as_address(_asked(call, "remoteIPAddress")), int(_asked(call, "remotePort")))
    source, target = (local, remote) if direction is Direction.OUTBOUND else (remote, local)
    rule = member(answer, "ruleName")
    return RecordedVerdict(
        at=_machine(call, at),
        direction=direction,
        flow=Flow(protocol, *source, *target),
        allowed=Access(as_text(member(answer, "access"), "access").lower()) is Access.ALLOW,
        rule=None if rule in (None, "") else _bare(as_text(rule, "ruleName")),
    )


def _asked(call: Call, name: str) -> str:
    value = member(dict(call.request), name)
    if value is None:
        raise Malformed(f"a request without `{name}`; give the answer with its request")
    return str(value)


def _machine(call: Call, at: str | None) -> str:
    """Return the interface that a request is about, or else the machine."""
    request = dict(call.request)
    identity = member(request, "targetNicResourceId") or member(request, "targetResourceId")
    return _last(as_text(identity, "targetResourceId")) if identity else _interface(at)
