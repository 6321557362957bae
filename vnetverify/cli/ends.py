"""The ends of a flow that a user asks about: one address each of what the names stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import click

from vnetverify.header import PROTOCOL_NUMBERS, TCP, UDP, Flow, parse_address
from vnetverify.model.intents import INTERNET, EndpointSet, Place
from vnetverify.model.network import Network
from vnetverify.rules import World

_EXAMPLE_OF_INTERNET = parse_address("8.8.8.8")
_EPHEMERAL_PORT = 49152
# TEST-NET-3 stands in for public addresses that nobody knows before deployment.
_FIRST_UNKNOWN = parse_address("203.0.113.1")
_UNKNOWN = 254


def first_endpoint(endpoints: EndpointSet, named: str) -> tuple[Place, int]:
    """Return the lowest address at the first place of `endpoints`; of the Internet, a well-known one.

    Raises `UsageError` when there is none.
    """
    if not endpoints:
        raise click.UsageError(f"`{named[:80]}` holds no address")
    place, addresses = endpoints.parts[0]
    if place == INTERNET and _EXAMPLE_OF_INTERNET in addresses:
        return place, _EXAMPLE_OF_INTERNET
    return place, next(iter(addresses)).low


def with_public_addresses(network: Network, world: World) -> World:
    """Return `world` with an example address for each public address that is not known before deployment."""
    unknown = [
        nic.public_address.name
        for nic in network.nics()
        if nic.public_address is not None and nic.public_address.address is None
    ]
    examples = {name: _FIRST_UNKNOWN + number for number, name in enumerate(unknown[:_UNKNOWN])}
    return replace(world, addresses=examples)


def address_as_written(network: Network, world: World, origin: Place, place: Place, address: int) -> int:
    """Return the address that a sender at `origin` writes to reach `address`: from the Internet, the public one."""
    if origin != INTERNET:
        return address
    for nic in network.nics():
        public = nic.public_address
        if public is not None and nic.subnet_id == place.name and address in nic.addresses:
            return public.address if public.address is not None else world.addresses.get(public.name, address)
    return address


def flow_between(source: int, destination: int, protocol: int, port: int | None, source_port: int | None) -> Flow:
    """Return the flow. Raises `UsageError` where the protocol and the ports do not go together."""
    if protocol in (TCP, UDP):
        if port is None:
            raise click.UsageError("a TCP or UDP flow needs `--port`")
        return Flow(protocol, source, _EPHEMERAL_PORT if source_port is None else source_port, destination, port)
    if port is not None or source_port is not None:
        raise click.UsageError("ports belong to TCP and UDP")
    return Flow(protocol, source, 0, destination, 0)


def protocol_called(text: str) -> int:
    """Return the protocol's number. Raises `BadParameter`."""
    known: Mapping[str, int] = PROTOCOL_NUMBERS
    if text.casefold() in known:
        return known[text.casefold()]
    if text.isascii() and text.isdigit() and int(text[:4]) <= 255:
        return int(text)
    raise click.BadParameter(f"{text[:40]!r} is no protocol; for example tcp, udp, icmp or a number up to 255")
