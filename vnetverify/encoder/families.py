"""What differs between the two planes of forwarding, IPv4 and IPv6: which addresses there are, and what stands at some.

R-ADDR-6, R-TRAF-7, R-SYS-3, R-SYS-10, R-TRAF-6, F-TAG-8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vnetverify.header import (
    ALL_IPV4,
    ALL_IPV6,
    EVERY_IPV4,
    EVERY_IPV6,
    Family,
    IntervalSet,
    Prefix,
    addresses_of,
    host_prefix,
    parse_address,
    parse_prefix,
)

HOST_ADDRESS = parse_address("168.63.129.16")
METADATA_ADDRESS = parse_address("169.254.169.254")
HOST, METADATA = host_prefix(HOST_ADDRESS), host_prefix(METADATA_ADDRESS)


def _prefixes(*texts: str) -> tuple[Prefix, ...]:
    return tuple(map(parse_prefix, texts))


@dataclass(frozen=True, slots=True)
class Realm:
    """The addresses of one family.

    `every` is the prefix of them all, `public` what the Internet holds, `tagged_public` what counts as public to the
    Internet tag, `not_carried` what no packet may be sent to. `platform` are the host services' addresses, `host`
    the prefixes among them that the VirtualNetwork tag surely holds and `metadata` those it may hold. `probe` is where
    a load balancer's probes come from. `reserved` are the blocks that the system has a None route for, `further`
    those it may have one for, and `holes` those that the Internet tag may leave out.
    """

    family: Family
    addresses: IntervalSet
    every: Prefix
    public: IntervalSet
    tagged_public: IntervalSet
    not_carried: IntervalSet
    platform: IntervalSet
    probe: int
    reserved: tuple[Prefix, ...]
    host: tuple[Prefix, ...] = ()
    metadata: tuple[Prefix, ...] = ()
    further: tuple[Prefix, ...] = ()
    holes: tuple[Prefix, ...] = ()


_PLATFORM = addresses_of((HOST, METADATA))
_PUBLIC_WITH_HOST = ALL_IPV4 - addresses_of(
    _prefixes(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/3",
    )
)  # fmt: skip

_IPV4 = Realm(
    Family.IPV4,
    addresses=ALL_IPV4,
    every=EVERY_IPV4,
    public=_PUBLIC_WITH_HOST - _PLATFORM,
    tagged_public=_PUBLIC_WITH_HOST,
    not_carried=addresses_of(_prefixes("224.0.0.0/4", "255.255.255.255/32")),
    platform=_PLATFORM,
    probe=HOST_ADDRESS,
    reserved=_prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    host=(HOST,),
    metadata=(METADATA,),
    further=_prefixes(
        "127.0.0.0/8", "198.18.0.0/15", "25.4.0.0/14", "25.176.0.0/13", "20.35.252.0/22", "104.147.0.0/16",
        "157.59.0.0/16",
    ),
    holes=_prefixes("4.128.0.0/12", "13.96.0.0/13"),
)  # fmt: skip

_IPV6 = Realm(
    Family.IPV6,
    addresses=ALL_IPV6,
    every=EVERY_IPV6,
    public=addresses_of(_prefixes("2000::/3")),
    tagged_public=ALL_IPV6,
    not_carried=addresses_of(_prefixes("ff00::/8")),
    platform=IntervalSet(),
    probe=parse_address("fe80::1234:5678:9abc"),
    reserved=_prefixes("fc00::/7"),
)

REALMS: Mapping[Family, Realm] = {Family.IPV4: _IPV4, Family.IPV6: _IPV6}
