"""Names and who knows them: private zones, records, and machines that answer questions (F-DNS-1, F-DNS-3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vnetverify.source import NOWHERE, Span

NO_ZONES = "private DNS zones"
"""What an input without any says nothing about; a text may."""
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST = 253


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """The addresses of one name, of either family. `name` is whole and in lower case; it may begin with `*`."""

    name: str
    addresses: tuple[int, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class ZoneLink:
    """A vnet whose hosts see a zone; with `registration` its machines have records there by themselves."""

    vnet: str
    registration: bool = False
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class DnsZone:
    """A private zone, which ends in `domain`; several of one domain may be linked to different vnets."""

    name: str
    domain: str
    links: tuple[ZoneLink, ...] = ()
    records: tuple[DnsRecord, ...] = ()
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class NameServer:
    """What is declared of a `machine` that answers questions about names.

    It answers from `records` for names in the domains it `serves`. Others it asks of `forwarders`, in order, or, where
    `asks_azure`, of Azure's resolver as any host of its network does; without either nothing is declared about them.
    """

    machine: str
    serves: tuple[str, ...] = ()
    records: tuple[DnsRecord, ...] = ()
    forwarders: tuple[int, ...] = ()
    asks_azure: bool = False
    span: Span = NOWHERE


def normal_name(text: str) -> str | None:
    """Return a name as names are compared: in lower case, without a dot at its end; None where it is none."""
    name = text.removesuffix(".").lower()
    return name if 0 < len(name) <= _LONGEST and all(map(_LABEL.fullmatch, name.split("."))) else None


def normal_record(text: str, domain: str) -> str | None:
    """Return the whole name of a record of a zone: `@` is the zone itself, and `*` may stand for the first label."""
    if text == "@":
        return domain
    if text == "*":
        return f"*.{domain}"
    wildcard, rest = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    name = normal_name(rest)
    return None if name is None or normal_name(f"{name}.{domain}") is None else f"{wildcard}{name}.{domain}"


def lies_within(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
