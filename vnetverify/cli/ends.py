"""The ends of a flow that a user asks about: one address each of what the names stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import click

from vnetverify.facts import World
from vnetverify.header import (
    ICMP,
    LAST_PROTOCOL,
    PROTOCOL_NUMBERS,
    TCP,
    UDP,
    Family,
    Flow,
    family_of,
    parse_address,
    whole_number,
)
from vnetverify.model.balancers import PublicAddress
from vnetverify.model.endpoints import (
    Endpoints,
    place_of_frontend,
    place_of_translation,
    translated_addresses,
    union,
    without,
)
from vnetverify.model.intents import INTERNET, EndpointSet, Place, PlaceKind
from vnetverify.model.network import Network

_EXAMPLES_OF_INTERNET = (parse_address("8.8.8.8"), parse_address("2001:4860:4860::8888"))
_EPHEMERAL_PORT = 49152
# TEST-NET-3 and RFC 3849 stand in for public addresses that nobody knows before deployment.
_FIRST_UNKNOWN = {Family.IPV4: parse_address("203.0.113.1"), Family.IPV6: parse_address("2001:db8::1")}
_UNKNOWN = 254


End = tuple[Place, int]


def first_ends(senders: EndpointSet, receivers: EndpointSet, sender: str, receiver: str) -> tuple[End, End]:
    """Return the lowest addresses of one family in both sets; of the Internet, a well-known one.

    What is both public and private is reached from inside by its private address, else by a public one. Raises
    `UsageError` when there are none.
    """
    for endpoints, named in ((senders, sender), (receivers, receiver)):
        if not endpoints:
            raise click.UsageError(f"`{named[:80]}` holds no address of a subnet, site or frontend of the network")
    for family in Family:
        start = _first_end(senders, family)
        is_inside = start is not None and start[0] != INTERNET
        preferred = _first_end(_that_are(receivers, public=not is_inside), family)
        end = preferred or _first_end(receivers, family)
        if start is not None and end is not None:
            return start, end
    raise click.UsageError(f"`{sender[:80]}` and `{receiver[:80]}` have no addresses of one family")


def _that_are(receivers: EndpointSet, public: bool) -> EndpointSet:
    parts = (part for part in receivers.parts if (part[0].kind == PlaceKind.PUBLIC.value) is public)
    return replace(receivers, parts=tuple(parts))


def _first_end(endpoints: EndpointSet, family: Family) -> End | None:
    ends = []
    for place, addresses in endpoints.parts:
        examples = _EXAMPLES_OF_INTERNET if place == INTERNET else ()
        known = (*(one for one in examples if one in addresses), *(interval.low for interval in addresses))
        ends += [(place, address) for address in known if family_of(address) is family][:1]
    return min(ends, key=lambda end: end[1], default=None)


def that_send(network: Network, endpoints: EndpointSet, named: str) -> EndpointSet:
    """Return the endpoints without frontends, private endpoints and public places, at which no flow begins.

    Raises `UsageError` where nothing is left.
    """
    known = Endpoints(network)
    silent = union((
        *map(known.of_load_balancer, network.load_balancers.values()),
        *map(known.of_private_endpoint, network.private_endpoints.values()),
    ))  # fmt: skip
    public = EndpointSet(tuple(part for part in endpoints.parts if part[0].kind == PlaceKind.PUBLIC.value))
    senders = without(without(endpoints, silent), public)
    if endpoints and not senders:
        raise click.UsageError(f"`{named[:80]}` answers flows and never begins one")
    return senders


def with_public_addresses(network: Network, world: World) -> World:
    """Return `world` with an example address for each public address that is not known before deployment."""
    machines, frontends = network.machines.values(), _public_frontends(network)
    unknown = {
        Family.IPV4: [
            *(public.name for machine in machines for public in machine.public_addresses if public.address is None),
            *(place for place, public in frontends.items() if public.address is None),
        ],
        Family.IPV6: [
            nic.public_ipv6.name for nic in network.nics() if nic.public_ipv6 and nic.public_ipv6.address is None
        ],
    }
    examples = {
        name: _FIRST_UNKNOWN[family] + number
        for family, names in unknown.items()
        for number, name in enumerate(names[:_UNKNOWN])
    }
    return replace(world, addresses=examples)


def _public_frontends(network: Network) -> dict[str, PublicAddress]:
    """Return the addresses of public frontends by the names of their places."""
    return {
        place_of_frontend(balancer, frontend).name: frontend.public_address
        for balancer in network.load_balancers.values()
        for frontend in balancer.public_frontends
    }


def address_as_written(network: Network, world: World, origin: Place, place: Place, address: int) -> int:
    """Return the address that a sender at `origin` writes to reach `address`: from the Internet, the public one.

    A public place is written by its own address from anywhere.
    """
    if place.kind == PlaceKind.PUBLIC.value:
        return _address_of_public(network, world, place, address)
    if origin != INTERNET:
        return address
    for nic in network.nics():
        public = nic.public_address if family_of(address) is Family.IPV4 else nic.public_ipv6
        if public is not None and nic.subnet_id == place.name and address in nic.addresses:
            return public.address if public.address is not None else world.addresses.get(public.name, address)
    return address


def _address_of_public(network: Network, world: World, place: Place, address: int) -> int:
    """Return the address of a public frontend or interface, or of a firewall where it translates."""
    for machine in network.machines.values():
        for public in translated_addresses(machine):
            if place_of_translation(machine, public) == place:
                return world.addresses.get(public.name, address) if public.address is None else public.address
    frontend = _public_frontends(network).get(place.name)
    if frontend is None:
        return address
    return world.addresses.get(place.name, address) if frontend.address is None else frontend.address


def flow_between(source: int, destination: int, protocol: int, port: int | None, source_port: int | None) -> Flow:
    """Return the flow. Raises `UsageError` where the protocol and the ports do not go together."""
    if protocol in (TCP, UDP):
        if port is None:
            raise click.UsageError("a TCP or UDP flow needs `--port`")
        return Flow(protocol, source, _EPHEMERAL_PORT if source_port is None else source_port, destination, port)
    if port is not None or source_port is not None:
        raise click.UsageError("ports belong to TCP and UDP")
    return Flow(family_of(source).icmp if protocol == ICMP else protocol, source, 0, destination, 0)


def protocol_called(text: str) -> int:
    """Return the protocol's number. Raises `BadParameter`."""
    known: Mapping[str, int] = PROTOCOL_NUMBERS
    if text.casefold() in known:
        return known[text.casefold()]
    number = whole_number(text, LAST_PROTOCOL)
    if number is not None:
        return number
    raise click.BadParameter(
        f"{text[:40]!r} is not a protocol; for example tcp, udp, icmp or a number up to 255", param_hint="'--protocol'"
    )
