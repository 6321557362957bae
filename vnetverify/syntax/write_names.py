"""Private zones and what machines answer about names, as a text says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vnetverify.header import address_text
from vnetverify.model.zones import DnsZone, NameServer, normal_name
from vnetverify.syntax.words import quoted, written


def dns_zone_text(zone: DnsZone) -> str:
    domain = "" if normal_name(zone.name) == zone.domain else f" {quoted(zone.domain)}"
    lines = [f"dns-zone {written(zone.name)}{domain} {{"]
    lines += [f"link {written(link.vnet)}{' registration' if link.registration else ''}" for link in zone.links]
    for record in zone.records:
        short = record.name.removesuffix(f".{zone.domain}") if record.name != zone.domain else "@"
        lines.append(f"record {written(short)} {_addresses(record.addresses)}")
    return "\n".join((*lines, "}"))


def name_server_items(server: NameServer | None) -> Iterator[str]:
    """Yield what the block of a machine says of its answers."""
    if server is None:
        return
    if server.serves:
        yield f"serves {', '.join(map(written, server.serves))}"
    yield from (f"record {quoted(record.name)} {_addresses(record.addresses)}" for record in server.records)
    if server.asks_azure:
        yield "forwards-dns to azure"
    elif server.forwarders:
        yield f"forwards-dns to {_addresses(server.forwarders)}"


def _addresses(addresses: Iterable[int]) -> str:
    return ", ".join(map(address_text, addresses))
