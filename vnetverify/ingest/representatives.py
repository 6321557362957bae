"""Addresses that Azure assigns when it deploys: one of the subnet stands for whichever it will be.

All addresses of a subnet are alike as long as nothing in the input tells one of them from another. What is then true of
an interface at one of them is true at any other, so one is taken for it. Where a rule, a route or a text speaks of a
part of the subnet the address stays what it is: not known.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from vnetverify.header import Prefix
from vnetverify.ingest.resources import Resource, key_of, name_of
from vnetverify.ingest.unknown import RuntimeProperty, Unknown
from vnetverify.ingest.values import Malformed, as_address, as_prefix, key_called, member

# Said of a firewall whose address is not known, and which routes name (F-FW-12).
PRESUMED = "presumedAddress"
_FIREWALLS, _FIREWALL_SUBNET = "azurefirewalls", "azurefirewallsubnet"
# Where an address is named as that to which others send, and nothing is said of it.
_NAMING = frozenset(("nexthopipaddress", "dnsservers", "servers"))
# The lists in which resources have addresses of their own.
_CONFIGURATIONS = {
    "networkinterfaces": "ipConfigurations",
    "azurefirewalls": "ipConfigurations",
    "loadbalancers": "frontendIPConfigurations",
    "privatelinkservices": "ipConfigurations",
}
_NOWHERE = ""  # the subnet of those for whom no address of it stands
_FIRST_FREE = 4  # Azure keeps the first four addresses of a subnet, and the last
# What a text says of a route to an appliance.
_NEXT_HOPS = re.compile(r"->\s*appliance\s+\d{1,3}(?:\.\d{1,3}){3}(?![\d./])")
_QUADS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\d.])")


@dataclass(frozen=True, slots=True)
class _Seat:
    """An IP configuration in a subnet, by the resource and the place in its list; `address` is what it says.

    Where Azure assigns the address, a template that was exported says which it `had`, and Azure need not heed that.
    """

    resource: Resource
    field: str
    position: int
    subnet: str
    address: str | None
    had: str | None


@dataclass(frozen=True, slots=True)
class Amended:
    """Resources with an address for each that is assigned at deployment, where its subnet has it to give.

    By what has them, `standing` are the addresses that stand for any, `presumed` those that routes name, `recorded`
    those that an exported template says, and `passed_over` those of these that are not taken, for want of being asked
    to, and in whose place none stands.
    """

    resources: Sequence[Resource]
    standing: Mapping[str, str]
    presumed: Mapping[str, str]
    recorded: Mapping[str, str]
    passed_over: Mapping[str, str]


def with_representatives(resources: Sequence[Resource], texts: Sequence[str], as_recorded: bool = False) -> Amended:
    """Return `resources` with addresses where these are assigned at deployment; `texts` may tell addresses apart.

    What exported templates say that an interface had is what it has, where that `as_recorded` is asked for.
    """
    seats = [seat for resource in resources for seat in _seats(resource)]
    if all(seat.address is not None for seat in seats):
        return Amended(resources, {}, {}, {}, {})
    had = {index: seat.had for index, seat in enumerate(seats) if seat.had}
    recorded = had if as_recorded else {}
    seats = [replace(seat, address=recorded.get(index, seat.address)) for index, seat in enumerate(seats)]
    prefixes = _prefixes(resources)
    standing = dict(_chosen(seats, prefixes, _spoken_of(resources, texts)))
    presumed = dict(_presumed(seats, prefixes, resources, texts, standing))
    chosen = {**standing, **presumed, **recorded}
    known = {_runtime(seats[index]): address for index, address in chosen.items()}
    waiting: defaultdict[str, list[tuple[_Seat, str | None]]] = defaultdict(list)
    for index, seat in enumerate(seats):
        if seat.address is None or index in recorded:
            waiting[seat.resource.key].append((seat, chosen.get(index)))
    amended = [_amended(one, waiting.get(one.key, ()), known) for one in resources]
    marked = {seats[index].resource.key for index in presumed}
    passed_over = {index: text for index, text in had.items() if index not in chosen}
    found = (standing, presumed, recorded, passed_over)
    by_subject = [{seats[index].resource.subject: each[index] for index in each} for each in found]
    return Amended([_marked(one) if one.key in marked else one for one in amended], *by_subject)


def _marked(firewall: Resource) -> Resource:
    return replace(firewall, body={**firewall.body, PRESUMED: True})


def _presumed(
    seats: Sequence[_Seat],
    prefixes: Mapping[str, Prefix],
    resources: Sequence[Resource],
    texts: Sequence[str],
    chosen: Mapping[int, str],
) -> Iterator[tuple[int, str]]:
    """Yield the firewalls that are alone in their subnet and get the first address there, if they get the one that
    routes name and nothing else speaks of (F-FW-12)."""
    alone = Counter(seat.subnet for seat in seats)
    waiting = [
        (index, prefixes[seat.subnet])
        for index, seat in enumerate(seats)
        if seat.resource.kind == _FIREWALLS and seat.address is None and index not in chosen
        if alone[seat.subnet] == 1 and name_of(seat.subnet) == _FIREWALL_SUBNET and seat.subnet in prefixes
    ]
    if not waiting:
        return
    spoken_of, otherwise = _spoken_of(resources, texts), _spoken_of(resources, texts, _NAMING)
    for index, prefix in waiting:
        first = prefix.value + _FIRST_FREE
        named = [one for one in spoken_of if _tells_apart(one, prefix, set())]
        if named == [Prefix(first, 32)] and not any(_tells_apart(one, prefix, set()) for one in otherwise):
            yield index, _spelt(first)


def _runtime(seat: _Seat) -> RuntimeProperty:
    return RuntimeProperty(seat.resource.key, f"{seat.field.lower()}[{seat.position}].properties.privateipaddress")


def _seats(resource: Resource) -> Iterator[_Seat]:
    """Yield the IP configurations of what is yet to be deployed, and of what says its address."""
    field = _CONFIGURATIONS.get(resource.kind)
    items = resource.stated(field) if field is not None else None
    for position, item in enumerate(items if isinstance(items, list) else ()):
        inner = member(item, "properties") if isinstance(item, dict) else None
        subnet = member(inner, "subnet") if isinstance(inner, dict) else None
        identity = member(subnet, "id") if isinstance(subnet, dict) else None
        if field is None or not isinstance(inner, dict) or not isinstance(identity, str):
            continue
        version, address = member(inner, "privateIPAddressVersion"), member(inner, "privateIPAddress")
        is_said = isinstance(address, str) and bool(address)
        had = str(address) if is_said else None
        if version is not None and not (isinstance(version, str) and version.lower() == "ipv4"):
            if is_said and not resource.is_literal and _is_assigned(inner):
                yield _Seat(resource, field, position, _NOWHERE, None, had)  # none stands for one of IPv6
        elif resource.is_literal or (is_said and not _is_assigned(inner)):
            yield _Seat(resource, field, position, key_of(identity), str(address), None)
        else:
            yield _Seat(resource, field, position, key_of(identity), None, had)


def _is_assigned(configuration: dict[str, Any]) -> bool:
    """Hold when Azure assigns the address of an IP configuration, whatever stands there."""
    method = member(configuration, "privateIPAllocationMethod")
    return isinstance(method, str) and method.lower() == "dynamic"


def _prefixes(resources: Iterable[Resource]) -> dict[str, Prefix]:
    """Return the IPv4 prefix of each subnet that the input holds and that has one alone, by key."""
    found: dict[str, set[Prefix]] = {}
    for resource in resources:
        if resource.kind == "virtualnetworks/subnets":
            _keep_prefix(found, resource.key, resource.stated("addressPrefix"), resource.stated("addressPrefixes"))
        elif resource.kind == "virtualnetworks":
            items = resource.stated("subnets")
            for item in items if isinstance(items, list) else ():
                name = member(item, "name") if isinstance(item, dict) else None
                inner = member(item, "properties") if isinstance(item, dict) else None
                if isinstance(name, str) and isinstance(inner, dict):
                    key = f"{resource.key}/subnets/{name_of(name).lower()}"
                    _keep_prefix(found, key, member(inner, "addressPrefix"), member(inner, "addressPrefixes"))
    return {key: next(iter(prefixes)) for key, prefixes in found.items() if len(prefixes) == 1}


def _keep_prefix(found: dict[str, set[Prefix]], key: str, one: Any, several: Any) -> None:
    texts = [one, *(several if isinstance(several, list) else ())]
    for text in texts:
        if isinstance(text, str) and ":" not in text and "/" in text:
            try:
                found.setdefault(key, set()).add(as_prefix(text))
            except Malformed:
                continue  # its reader says so


def _chosen(
    seats: Sequence[_Seat], prefixes: Mapping[str, Prefix], spoken_of: Iterable[Prefix]
) -> Iterator[tuple[int, str]]:
    """Yield the seats that get an address, by number, with it; none where addresses of the subnet are told apart."""
    taken: defaultdict[str, set[int]] = defaultdict(set)
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    for index, seat in enumerate(seats):
        if seat.address is None:
            waiting[seat.subnet].append(index)
        elif (address := _as_address(seat.address)) is not None:
            taken[seat.subnet].add(address)
    for subnet, own in waiting.items():
        prefix = prefixes.get(subnet)
        if prefix is None or any(_tells_apart(one, prefix, taken[subnet]) for one in spoken_of):
            continue
        yield from _shared_out([(index, seats[index].had) for index in own], prefix, taken[subnet])


def _shared_out(
    waiting: Sequence[tuple[int, str | None]], prefix: Prefix, taken: set[int]
) -> Iterator[tuple[int, str]]:
    """Yield an address of a subnet for each of those who wait: what it had before where that is free, or the next."""
    first, last = prefix.value + _FIRST_FREE, prefix.last
    used, without = set(taken), []
    for index, had in waiting:
        address = _as_address(had) if had else None
        if address is None or address in used or not first <= address < last:
            without.append(index)
        else:
            used.add(address)
            yield index, _spelt(address)
    free = (value for value in count(first) if value not in used)
    yield from ((index, _spelt(value)) for index, value in zip(without, free, strict=False) if value < last)


def _spoken_of(
    resources: Iterable[Resource], texts: Iterable[str], apart_from: Container[str] = frozenset()
) -> set[Prefix]:
    """Return every address and range that the input spells anywhere, each end of a range by itself; what resources say
    under keys of `apart_from` does not count, and nor do the next hops of texts where there are such keys.

    What a template says beside *Dynamic* tells nothing apart: it is but what the configuration once had.
    """
    found: set[str] = set()
    pending: list[tuple[Any, bool]] = [(resource.body, resource.is_literal) for resource in resources]
    while pending:
        item, is_literal = pending.pop()
        if isinstance(item, dict):
            passed = None if is_literal or not _is_assigned(item) else key_called("privateIPAddress", item)
            kept = (key for key in item if key != passed and key.lower() not in apart_from)
            pending.extend((item[key], is_literal) for key in kept)
        elif isinstance(item, list):
            pending.extend((value, is_literal) for value in item)
        elif isinstance(item, str) and "." in item:
            found.update(_QUADS.findall(item))
    for text in texts:
        found.update(_QUADS.findall(_NEXT_HOPS.sub("", text) if apart_from else text))
    return {prefix for text in found if (prefix := _as_prefix(text)) is not None}


def _tells_apart(one: Prefix, subnet: Prefix, taken: set[int]) -> bool:
    """Hold when `one` is a part of `subnet`, and neither just an address in it that somebody has nor ones that nobody
    gets."""
    if one.length <= subnet.length or one.last < subnet.value + _FIRST_FREE or one.value >= subnet.last:
        return False
    return one.length < 32 or one.value not in taken


def _as_prefix(text: str) -> Prefix | None:
    try:
        return as_prefix(text)
    except Malformed:
        return None


def _as_address(text: str) -> int | None:
    try:
        return as_address(text)
    except Malformed:
        return None


def _spelt(value: int) -> str:
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def _amended(
    resource: Resource, waiting: Sequence[tuple[_Seat, str | None]], known: Mapping[RuntimeProperty, str]
) -> Resource:
    """Return `resource` with its own addresses and with those of others that it asks for."""
    if resource.is_literal:
        return resource
    body = _known_in(resource.body, known)
    for seat, address in waiting:
        body = _with_address(body, seat, address)
    return resource if body is resource.body else replace(resource, body=body)


def _known_in(value: Any, known: Mapping[RuntimeProperty, str]) -> Any:
    """Return `value` with every address that is known now; the same object where there is none."""
    if isinstance(value, Unknown):
        return known.get(value.of, value) if value.of is not None else value
    if isinstance(value, dict):
        changed = {key: new for key, item in value.items() if (new := _known_in(item, known)) is not item}
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [_known_in(item, known) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _with_address(body: dict[str, Any], seat: _Seat, address: str | None) -> dict[str, Any]:
    outer = next(key for key in body if key.lower() == "properties")
    properties = body[outer]
    field = next(key for key in properties if key.lower() == seat.field.lower())
    items = list(properties[field])
    item = items[seat.position]
    inner = next(key for key in item if key.lower() == "properties")
    rest = {key: value for key, value in item[inner].items() if key.lower() != "privateipaddress"}
    items[seat.position] = {**item, inner: {**rest, "privateIPAddress": address}}
    return {**body, outer: {**properties, field: items}}
