"""Small networks with names, drawn as texts: zones, servers that ask each other, groups in their way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

_VNETS = ("a", "b", "c")
_NAMES = (
    "web", "db", "web.corp.internal", "x.corp.internal", "a.web.corp.internal", "www.contoso.com", "sub.corp.internal",
    "acct.blob.core.windows.net", "a.sub.corp.internal", "4.0.1.10.in-addr.arpa",
)  # fmt: skip
_RULES = (
    "deny udp from any to {server} port 53", "deny tcp from any to {server} port 53", "allow any from any to {server}",
    "deny any from any to AzurePlatformDNS", "deny udp from any to AzurePlatformDNS port 53",
    "deny tcp from 10.0.0.0/25 to AzurePlatformDNS", "allow any from any to any", "deny any from any to any",
    "deny any from any port 1000-2000 to any port 53", "deny any from any to Storage",
)  # fmt: skip


def named_network(random: Random) -> str:
    """Return the text of a network whose hosts ask about names."""
    return "\n".join((*_vnets(random), *_peerings(random), *_groups(random), *_machines(random), *_zones(random)))


def sentences(random: Random, count: int) -> Iterator[str]:
    """Yield sentences about the names of such a network."""
    for _ in range(count):
        hosts, name = (
            random.choice(("a", "b", "c", "a.s", "b.s", "web", "dns1", "a, b", "any-host")),
            random.choice(_NAMES),
        )
        hosts = hosts.replace("any-host", "a, b, c")
        if random.random() < 0.5:
            yield f'{hosts} never resolves "{name}"'
        else:
            address = random.choice(("", "", " as 10.0.0.4", " as 10.1.0.4", " as 10.9.9.9"))
            yield f'{hosts} resolves "{name}"{"" if name.endswith("arpa") else address}'


def in_both_families(network: str, random: Random) -> str:
    """Return such a network with IPv6 as well: not at every interface, and with servers that are asked over it."""

    def interface(match: re.Match[str]) -> str:
        vnet, subnet, host, name = match.groups()
        six = "" if random.random() < 0.3 else f", fd00:{vnet}:0:1::{host}"
        return f"nic 10.{vnet}.{subnet}.{host}{six} in {name}.s{random.choice(('', '', ' nsg n1', ' nsg n2'))}"

    servers = random.choice(("10.0.0.53, 10.1.0.53", "fd00:0:0:1::53, 10.1.0.53", "fd00:1:0:1::53"))
    network = re.sub(r"address 10\.(\d)\.0\.0/16", r"address 10.\1.0.0/16, fd00:\1::/48", network)
    network = re.sub(r"subnet s 10\.(\d)\.0\.0/24", r"subnet s 10.\1.0.0/24, fd00:\1:0:1::/64", network)
    network = re.sub(r"nic 10\.(\d)\.(\d)\.(\d+) in (\w)\.s", interface, network)
    return network.replace("dns 10.0.0.53, 10.1.0.53", f"dns {servers}")


def from_ipv6(sentence: str, random: Random) -> str:
    """Return a sentence of `sentences` said of hosts by their IPv6 addresses, as often as not."""
    hosts = random.choice(("fd00:0:0:1::/64", "fd00:1:0:1::/64", "fd00:1:0:1::99", "fd00:0:0:1::4"))
    said = re.sub(r"^.*?( never)? resolves", rf"{hosts}\1 resolves", sentence)
    return random.choice((sentence, said))


def _vnets(random: Random) -> Iterator[str]:
    for number, name in enumerate(_VNETS):
        group = random.choice(("", " nsg n1", " nsg n2"))
        servers = random.choice(("", "dns azure", "dns 10.0.0.53", "dns 10.1.0.53", "dns 10.0.0.53, 10.1.0.53",
                                 "dns 10.1.0.99", "dns 8.8.8.8", "dns 10.0.0.53, 168.63.129.16"))  # fmt: skip
        model = "model classic  " if random.random() < 0.1 else ""
        yield (
            f"vnet {name} {{ {model}address 10.{number}.0.0/16  {servers}  "
            f"subnet s 10.{number}.0.0/24{group}  subnet t 10.{number}.1.0/24 }}"
        )


def _peerings(random: Random) -> Iterator[str]:
    for one, other in (("a", "b"), ("b", "c"), ("a", "c")):
        if random.random() < 0.7:
            yield f"peering {one} -> {other}"
            yield f"peering {other} -> {one}"


def _groups(random: Random) -> Iterator[str]:
    for group in ("n1", "n2"):
        lines = [
            f"{random.choice(('outbound', 'outbound', 'inbound'))} {100 + number} r{number} "
            + random.choice(_RULES).format(server=random.choice(("10.0.0.53", "10.1.0.53", "10.0.0.0/16")))
            for number in range(random.randrange(4))
        ]
        kept = [line for line in lines if not (line.startswith("inbound") and "AzurePlatform" in line)]
        yield f"nsg {group} {{ {'  '.join(kept)} }}"


def _machines(random: Random) -> Iterator[str]:
    own = random.choice(("", "", " dns 10.1.0.53"))
    second = random.choice(("", "  nic 10.2.0.4 in c.s"))
    yield f"vm web {{ nic 10.0.0.4 in a.s{own} }}"
    yield f"vm db {{ nic 10.1.0.4 in b.s{second} }}"
    for number, (vnet, address) in enumerate((("a", "10.0.0.53"), ("b", "10.1.0.53")), 1):
        said = random.choice((
            "", 'serves "corp.internal"  record "web.corp.internal" 10.0.0.4', "forwards-dns to azure",
            f"forwards-dns to 10.{2 - number}.0.53", "forwards-dns to 10.0.0.53, 10.1.0.53",
            'serves "corp.internal"  record "*.corp.internal" 10.9.9.9  forwards-dns to azure',
            "forwards-dns to 8.8.8.8",
        ))  # fmt: skip
        yield f"vm dns{number} {{ nic {address} in {vnet}.s  {said} }}"


def _zones(random: Random) -> Iterator[str]:
    registering: set[str] = set()
    for zone in ("corp.internal", "sub.corp.internal", "privatelink.blob.core.windows.net"):
        items = []
        for vnet in _VNETS:
            if random.random() < 0.5:
                registers = vnet not in registering and random.random() < 0.4
                registering |= {vnet} if registers else set()
                items.append(f"link {vnet}{' registration' if registers else ''}")
        for record, address in (("web", "10.0.0.4"), ('"*"', "10.9.9.9"), ("acct", "10.1.0.4"), ('"a.b"', "10.1.0.9")):
            if random.random() < 0.4:
                items.append(f"record {record} {address}")
        yield f'dns-zone "{zone}" {{ {"  ".join(items)} }}'


@dataclass(frozen=True, slots=True)
class DrawnFacts(Mapping[str, bool]):
    """A value for every fact, the same for the same name and seed."""

    seed: int

    def __getitem__(self, fact: str) -> bool:
        return Random(f"{self.seed} {fact}").random() < 0.5

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
