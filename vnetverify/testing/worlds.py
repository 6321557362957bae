"""Strategies for worlds: a value for every fact, an address for every name, and what sites announce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from random import Random

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.facts import SettledFacts, World
from vnetverify.header import EVERY_IPV4, EVERY_IPV6, Family, Prefix, host_prefix, parse_address
from vnetverify.model.intents import Advertising, Claim
from vnetverify.model.network import Network, Subnet
from vnetverify.simulator.advertising import open_connections

_EVERYTHING = (EVERY_IPV4, EVERY_IPV6)
_POOLS = {Family.IPV4: parse_address("41.0.0.0"), Family.IPV6: parse_address("2001:db8:41::")}
_EGRESS = {Family.IPV4: parse_address("42.0.0.9"), Family.IPV6: parse_address("2001:db8:42::9")}


@dataclass(frozen=True, slots=True)
class Choices(Mapping[str, bool]):
    """A value for every fact there could be, drawn from a seed by its name; `fixed` come first.

    Few elements are down at once, so that claims about few failures have worlds.
    """

    seed: int
    fixed: tuple[tuple[str, bool], ...] = ()

    def __getitem__(self, name: str) -> bool:
        for fixed, value in self.fixed:
            if fixed == name:
                return value
        drawn = blake2b(f"{self.seed} {name}".encode(), digest_size=1).digest()[0]
        return drawn & 7 == 0 if name.startswith("U-DOWN") else drawn & 1 == 1

    def __iter__(self) -> Iterator[str]:
        return iter(name for name, _ in self.fixed)

    def __len__(self) -> int:
        return len(self.fixed)


@dataclass(frozen=True, slots=True)
class Assumed(Mapping[str, bool]):
    """What `settled` says of facts, by name or by kind, and else what `choices` do."""

    settled: SettledFacts
    choices: Mapping[str, bool]

    def __getitem__(self, name: str) -> bool:
        try:
            return self.settled[name]
        except KeyError:
            return self.choices[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.settled, *self.choices))

    def __len__(self) -> int:
        return len(self.settled) + len(self.choices)


@dataclass(frozen=True, slots=True)
class Addresses(Mapping[str, int]):
    """A public address for every name, outside all pools of declared ones; no two names share one in practice.

    A flow leaves by one sender, so that one address stands for whoever that is. Names say their family: those of
    IPv6 begin with it, or end as the strategies call public addresses of IPv6. What stands under a name in `own`
    is one of the addresses there.
    """

    seed: int
    own: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def __getitem__(self, name: str) -> int:
        for held, addresses in self.own:
            if held == name:
                return addresses[self.seed % len(addresses)]
        family = Family.IPV6 if name.startswith("IPv6 ") or name.endswith("-ip6") else Family.IPV4
        if name.removeprefix("IPv6 ").startswith(("egress of ", "subnet egress of ", "site egress of ")):
            return _EGRESS[family]
        digest = blake2b(f"{self.seed} {name}".encode(), digest_size=3).digest()
        return _POOLS[family] + int.from_bytes(digest, "big")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@st.composite
def worlds(draw: DrawFn, network: Network | None = None, claim: Claim | None = None) -> World:
    """Draw the documented world, or one in which every fact is as a seed has it.

    With a claim that leaves open what a site announces in `network`, it announces something of what it may.
    """
    seed = draw(st.just(0) | st.integers(1, 2**16))
    world = World(Choices(seed) if seed else {}, Addresses(seed, _own_addresses(network) if network else ()))
    if network is None or claim is None or claim.advertising is None:
        return world
    return replace(world, advertised=draw(announcements(network, claim.advertising, world)))


def world_of_documents(network: Network) -> World:
    """Return the documented world, with an address for every name."""
    return World({}, Addresses(0, _own_addresses(network)))


def seeded_world(network: Network, claim: Claim, seed: int, settled: SettledFacts | None = None) -> World:
    """Return the documented world where `seed` is 0, else one in which every fact is as the seed has it.

    What is `settled` is so in each of them. Sites announce something of what the claim leaves open.
    """
    choices: Mapping[str, bool] = Choices(seed) if seed else {}
    facts = choices if settled is None else Assumed(settled, choices)
    world = World(facts, Addresses(seed, _own_addresses(network)))
    if claim.advertising is None or seed == 0:
        return world
    around, random = announced_around(network, claim.advertising, world), Random(seed)
    announced = {
        connection.name: tuple(random.sample(around, random.randint(1, min(4, len(around)))))
        for connection in open_connections(network, claim.advertising)
        if around and random.randrange(8) > 0
    }
    return replace(world, advertised=announced)


def _own_addresses(network: Network) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return what firewalls and private link services may put in place of a source, by the names of these choices."""
    firewalls = [
        (f"address of {machine.name}", _assignable(network.subnet(nic.subnet_id)))
        for machine in network.machines.values()
        if machine.firewall is not None
        for nic in machine.nics[:1]
    ]
    links = [(f"link address of {name}", service.addresses) for name, service in network.private_link_services.items()]
    return (*firewalls, *links)


def _assignable(subnet: Subnet) -> tuple[int, ...]:
    """Return the first, second and last address of IPv4 that a host of `subnet` can have."""
    prefix = next(prefix for prefix in subnet.prefixes if prefix.family is Family.IPV4)
    return (prefix.value + 4, prefix.value + 5, prefix.last - 1)


@st.composite
def announcements(
    draw: DrawFn, network: Network, advertising: Advertising, world: World
) -> dict[str, tuple[Prefix, ...]]:
    """Draw what each open connection announces: ranges, hosts and halves of what is around, or nothing."""
    around = announced_around(network, advertising, world)
    announced = {}
    for connection in open_connections(network, advertising):
        if around and draw(st.integers(0, 7)) > 0:
            prefixes = draw(st.lists(st.sampled_from(around), max_size=4, unique=True))
            announced[connection.name] = tuple(prefixes)
    return announced


def announced_around(network: Network, advertising: Advertising, world: World) -> tuple[Prefix, ...]:
    """Return prefixes that the claim allows, near what the network names."""
    ranges = [
        *(prefix for vnet in network.vnets.values() for prefix in vnet.address_space),
        *(prefix for subnet in network.subnets() for prefix in subnet.prefixes),
        *(prefix for site in network.sites.values() for prefix in site.prefixes),
        *(route.prefix for table in network.route_tables.values() for route in table.routes),
    ]
    hosts = [host_prefix(prefix.value + 4) for prefix in ranges if prefix.length <= prefix.family.bits - 3]
    held = [public for nic in network.nics() for public in (nic.public_address, nic.public_ipv6) if public is not None]
    known = [world.addresses[p.name] if p.address is None else p.address for p in held]
    halves = [Prefix(p.value, p.length + 1) for p in (*advertising.within, *ranges) if p.length < p.family.bits]
    every = (*advertising.within, *ranges, *hosts, *map(host_prefix, known), *halves)
    return tuple(dict.fromkeys(prefix for prefix in every if _is_within(prefix, advertising.within)))


def _is_within(prefix: Prefix, wholes: tuple[Prefix, ...]) -> bool:
    return any(w.length <= prefix.length and w.value <= prefix.value <= w.last for w in wholes)


def advertisings(network: Network) -> SearchStrategy[Advertising] | None:
    """Return a strategy for sites of `network` that may announce what they like; None where none speaks BGP."""
    speaking = [site for site in network.sites if open_connections(network, Advertising(site, ()))]
    if not speaking:
        return None
    spaces = [prefix for vnet in network.vnets.values() for prefix in vnet.address_space]
    sites = [prefix for site in network.sites.values() for prefix in site.prefixes]
    within = st.sampled_from((*((prefix,) for prefix in (*spaces, *sites)), *((_EVERYTHING,) * 4), _EVERYTHING[:1]))
    return st.builds(Advertising, st.sampled_from(speaking), within)
