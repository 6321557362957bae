"""How the parts of a network are worded: addresses, ports, protocols, as `write` puts them into a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_PORTS,
    PROTOCOL_NAMES,
    Interval,
    IntervalSet,
    Prefix,
    address_text,
    prefixes_of,
)
from vnetverify.model.balancers import PublicAddress
from vnetverify.syntax.words import written


def block(header: str, items: Iterable[str]) -> str:
    return "\n".join((f"{header} {{", *items, "}"))


def public_address(public: PublicAddress, default_name: str, family: str) -> str:
    """Return the public address; `family` is the word for its family where that is no matter of course."""
    parts = ["public-ip"]
    if public.name != default_name:
        parts.append(written(public.name))
    if public.sku is not None:
        parts.append(public.sku.value)
    address = address_text(public.address) if public.address is not None else family
    return " ".join((*parts, address) if address else parts)


def prefixes(found: Sequence[Prefix]) -> str:
    return ", ".join(map(str, found)) or "none"


def addresses(found: IntervalSet) -> str:
    if found == ALL_ADDRESSES:
        return "any"
    return ", ".join(str(prefix) for prefix in prefixes_of(found))


def ports(found: IntervalSet) -> str:
    """Return the clause about ports with a blank before it, nothing for all of them."""
    return "" if found == ALL_PORTS else f" port {port_ranges(found)}"


def port_ranges(found: IntervalSet) -> str:
    return ", ".join(map(port_range, found))


def port_range(found: Interval) -> str:
    return str(found.low) if found.low == found.high else f"{found.low}-{found.high}"


def protocol(number: int | None) -> str:
    return "any" if number is None else PROTOCOL_NAMES.get(number, str(number))


def switch(value: bool) -> str:
    return "on" if value else "off"
