"""Functions of prefixes."""

from __future__ import annotations

import ipaddress
from typing import Any, TypeAlias

from vnetverify.header import whole_number
from vnetverify.ingest.arm.functions.catalogue import Function, as_int, as_text, refused
from vnetverify.ingest.unknown import Unknown

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(function: str, value: Any) -> _Network:
    """Return the prefix that `value` spells; bits behind it are dropped, for Azure either does so or refuses them."""
    address, slash, length = as_text(function, value).strip().partition("/")
    try:
        bits = whole_number(length, 128) if slash else None
        if bits is not None:
            return ipaddress.ip_network(f"{address}/{bits}", strict=False)
    except ValueError:
        pass
    raise refused(function, f"is given `{value[:50]}`, which is not a prefix such as `10.0.0.0/16`")


def _parse_cidr(value: Any) -> dict[str, Any]:
    network = _network("parseCidr", value)
    first, last = network[0], network[-1]
    if network.version == 6:
        return {
            "network": str(first),
            "netmask": str(network.netmask),
            "firstUsable": str(first),
            "lastUsable": str(last),
            "cidr": network.prefixlen,
        }
    has_hosts = network.num_addresses > 2
    return {
        "network": str(first),
        "netmask": str(network.netmask),
        "broadcast": str(last),
        "firstUsable": str(first + 1) if has_hosts else _NO_HOSTS,
        "lastUsable": str(last - 1) if has_hosts else _NO_HOSTS,
        "cidr": network.prefixlen,
    }


_NO_HOSTS = Unknown("which addresses of a prefix with one or two are usable is not documented")


def _cidr_subnet(value: Any, length: Any, index: Any) -> str:
    network = _network("cidrSubnet", value)
    new, position = as_int("cidrSubnet", length, 2), as_int("cidrSubnet", index, 3)
    if not network.prefixlen <= new <= network.max_prefixlen:
        raise refused("cidrSubnet", f"cannot make a /{new} of `{network}`")
    if not 0 <= position < 2 ** (new - network.prefixlen):
        has = 2 ** (new - network.prefixlen)
        raise refused("cidrSubnet", f"asks for number {position} of the {has} /{new} of `{network}`, the first being 0")
    return f"{network[0] + (position << (network.max_prefixlen - new))}/{new}"


def _cidr_host(value: Any, index: Any) -> str | Unknown:
    """Return a usable address: index 0 is the one behind the first, the last address of the prefix is none."""
    network, position = _network("cidrHost", value), as_int("cidrHost", index, 2)
    if network.num_addresses <= 2:
        return _NO_HOSTS
    if not 0 <= position < network.num_addresses - 2:
        has = network.num_addresses - 2
        raise refused("cidrHost", f"asks for number {position} of the {has} hosts of `{network}`, the first being 0")
    return str(network[0] + 1 + position)


CIDR = (
    Function("parseCidr", 1, 1, _parse_cidr),
    Function("cidrSubnet", 3, 3, _cidr_subnet),
    Function("cidrHost", 2, 2, _cidr_host),
)
