"""One host looks up one name in one world: whom it asks, who hears it, what that knows (specs/contract/names.md).

F-DNS-1, F-DNS-2, F-DNS-3, F-DNS-4, F-DNS-5, F-DNS-6, F-META-3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from vnetverify.facts import Uncertainty, World, uncertainty
from vnetverify.header import TCP, UDP, Family, Flow, address_text, family_of, parse_address
from vnetverify.model.intents import INTERNET, Place
from vnetverify.model.network import DeploymentModel, Network
from vnetverify.model.zones import DnsRecord, DnsZone
from vnetverify.simulator.positions import Delivered, LeftToInternet, ToPlatform
from vnetverify.simulator.walk import converse, trace

_RESOLVER = parse_address("168.63.129.16")
_PORT = 53
_OCTETS = {str(number) for number in range(256)}
_RESERVED = (".internal", ".local", ".test", ".invalid", ".home.arpa")


@dataclass(frozen=True, slots=True)
class Lookup:
    """A question as one host asks it, from a port of its own; `asked` are the machines that passed it on so far."""

    network: Network
    world: World
    name: str
    wanted: tuple[int, ...]
    place: Place
    address: int
    port: int = 49152
    asked: tuple[str, ...] = ()

    @property
    def vnet(self) -> str:
        return self.network.subnet(self.place.name).vnet


def resolves(lookup: Lookup) -> bool:
    """Tell whether the host gets the name's address: from the first server that answers it at all."""
    for server in _servers(lookup):
        if server == _RESOLVER:
            if all(_gets_to_azure(lookup, protocol) for protocol in (UDP, TCP)):
                return _azure_knows(lookup)
            continue
        receiver = _receiver(lookup, server, surely=True)
        if receiver is not None and receiver.answers:
            return _knows(lookup, receiver, surely=True)
    return False


def may_resolve(lookup: Lookup) -> bool:
    """Tell whether the host's question may come to a server that knows the name, answered or not (F-META-3)."""
    for server in _servers(lookup):
        if server == _RESOLVER:
            over = [_gets_to_azure(lookup, protocol) for protocol in (UDP, TCP)]
            if any(over) and _azure_knows(lookup):
                return True
            if all(over):
                return False
            continue
        receiver = _receiver(lookup, server, surely=False)
        if receiver is not None and _knows(lookup, receiver, surely=False):
            return True
        if receiver is not None and receiver.answers:
            return False
    return False


def _servers(lookup: Lookup) -> tuple[int, ...]:
    """Return the servers of the interface, else of the network, else Azure's resolver.

    A machine that passes questions on asks others.
    """
    if lookup.asked:
        declared = lookup.network.name_servers[lookup.asked[-1]]
        return (_RESOLVER,) if declared.asks_azure else declared.forwarders
    for nic in lookup.network.nics():
        if nic.subnet_id == lookup.place.name and lookup.address in nic.addresses and nic.dns_servers:
            return nic.dns_servers
    return lookup.network.vnets[lookup.vnet].dns_servers or (_RESOLVER,)


# -- who gets the question ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Receiver:
    """Where a question came to, at the server's address; `machine` has it, None where no interface does."""

    machine: str | None
    place: Place
    address: int
    answers: bool


def _gets_to_azure(lookup: Lookup, protocol: int) -> bool:
    source = _address_in(lookup, Family.IPV4)  # Azure has its resolver in IPv4 alone
    if source is None:
        return False
    flow = Flow(protocol, source, lookup.port, _RESOLVER, _PORT)
    return isinstance(trace(lookup.network, lookup.place, flow, lookup.world).outcome, ToPlatform)


def _address_in(lookup: Lookup, family: Family, *, surely: bool = False) -> int | None:
    """Return the address by which the host asks servers of a family, None where it has none.

    Of a host that is not declared it is one that no interface has: of IPv4 it has one, of IPv6 it may (R-ADDR-6).
    """
    if family_of(lookup.address) is family:
        return lookup.address
    subnet = lookup.network.subnet(lookup.place.name)
    beside = [nic for nic in lookup.network.nics() if nic.subnet_id == subnet.id]
    for nic in beside:
        if lookup.address in nic.addresses:
            return next((address for address in nic.addresses if family_of(address) is family), None)
    if surely and family is Family.IPV6:
        return None
    held = {address for nic in beside for address in nic.addresses}
    prefixes = [prefix for prefix in subnet.prefixes if prefix.family is family]
    return next((a for prefix in prefixes for a in range(prefix.value + 4, prefix.last) if a not in held), None)


def _receiver(lookup: Lookup, server: int, *, surely: bool) -> _Receiver | None:
    """Return who gets a question sent to `server`, over UDP or TCP, and answers both; None where it is lost on the way.

    Both come to one place, since no route looks at protocols.
    """
    source = _address_in(lookup, family_of(server), surely=surely)
    if source is None:
        return None
    holders = {(nic.subnet_id, address): nic.machine for nic in lookup.network.nics() for address in nic.addresses}
    if server == source:
        return _Receiver(holders.get((lookup.place.name, server)), lookup.place, server, True)
    found = []
    for protocol in (UDP, TCP):
        flow = Flow(protocol, source, lookup.port, server, _PORT)
        conversation = converse(lookup.network, lookup.place, flow, lookup.world)
        match conversation.forward.outcome:
            case Delivered(place, address):
                machine = holders.get((place.name, server)) if address == server else None
                found.append(_Receiver(machine, place, server, conversation.established))
            case LeftToInternet():
                found.append(_Receiver(None, INTERNET, server, conversation.established))
    return replace(found[0], answers=[one.answers for one in found] == [True, True]) if found else None


def _knows(lookup: Lookup, receiver: _Receiver, *, surely: bool) -> bool:
    """Tell whether a server has the name: in a domain it serves, by passing the question on, or as the world says."""
    if receiver.place == INTERNET and _is_reserved(lookup.name):
        return False
    declared = None if receiver.machine is None else lookup.network.name_servers.get(receiver.machine)
    if declared is None:
        return _untold(lookup, receiver.machine or address_text(receiver.address))
    served = sorted((domain for domain in declared.serves if _ends_in(lookup.name, domain)), key=len)
    if served:
        found = _in_zone(_by_name(declared.records), lookup.name, served[-1])
        return found is not None and _is_wanted(lookup, found)
    if not (declared.asks_azure or declared.forwarders):
        return _untold(lookup, declared.machine)
    if declared.machine in lookup.asked:
        return False
    asked = (*lookup.asked, declared.machine)
    passed_on = replace(lookup, place=receiver.place, address=receiver.address, asked=asked)
    return resolves(passed_on) if surely else may_resolve(passed_on)


def _untold(lookup: Lookup, who: str) -> bool:
    """Return what the world says of a server that nothing is declared of; no address is ever told."""
    return not lookup.wanted and lookup.world.holds(uncertainty("U-DNSANSWERS", who, lookup.name))


# -- what Azure knows -----------------------------------------------------------------------------------


def _azure_knows(lookup: Lookup) -> bool:
    """Tell whether Azure's resolver has the name for hosts of the vnet, at the addresses that are wanted."""
    network, name, vnet = lookup.network, lookup.name, lookup.vnet
    reverse = _reversed(name)
    if reverse is not None and _is_private(reverse):
        return any(reverse in found for found in _hosts(lookup, vnet).values())
    if "." not in name:
        found = _hosts(lookup, vnet).get(name)
        return found is not None and _is_wanted(lookup, found)
    zone = _zone(network, vnet, name)
    if zone is not None:
        return _zone_has(lookup, zone, name)
    label, _, rest = name.partition(".")
    private = f"{label}.privatelink.{rest}"
    zone = None if name.startswith("privatelink.") or rest.startswith("privatelink.") else _zone(network, vnet, private)
    if zone is not None:
        is_there = _zone_has(replace(lookup, wanted=()), zone, private)
        if lookup.world.holds(Uncertainty("U-DNSLINK", (name,), True if is_there else None)):
            return _zone_has(lookup, zone, private)
    elif _is_reserved(name):
        return False
    return not lookup.wanted and lookup.world.holds(uncertainty("U-DNS", name))


def _hosts(lookup: Lookup, vnet: str) -> Mapping[str, tuple[int, ...]]:
    """Return the addresses of IPv4 of the host names that Azure knows in a vnet; of others no page speaks."""
    found: dict[str, tuple[int, ...]] = {}
    is_classic = lookup.network.vnets[vnet].model is DeploymentModel.CLASSIC
    for machine in lookup.network.machines.values():
        inside = [nic for nic in machine.nics if nic.vnet == vnet]
        if machine.is_managed or not inside:
            continue
        is_sure = not is_classic and inside[0] is machine.nics[0]
        if not is_sure and not lookup.world.holds(uncertainty("U-DNSHOST", machine.name, vnet)):
            continue
        found[machine.name.lower()] = tuple(a for a in inside[0].addresses if family_of(a) is Family.IPV4)
    return found


def _zone(network: Network, vnet: str, name: str) -> DnsZone | None:
    """Return the most specific zone around a name that the vnet is linked to."""
    here = [zone for zone in network.dns_zones.values() if vnet in [link.vnet for link in zone.links]]
    for domain in _parents(name):
        for zone in here:
            if zone.domain == domain:
                return zone
    return None


def _zone_has(lookup: Lookup, zone: DnsZone, name: str) -> bool:
    names = dict(_by_name(zone.records))
    for link in zone.links:
        for host, addresses in _hosts(lookup, link.vnet).items() if link.registration else ():
            names.setdefault(f"{host}.{zone.domain}", addresses)
    found = _in_zone(names, name, zone.domain)
    return found is not None and _is_wanted(lookup, found)


def _by_name(records: tuple[DnsRecord, ...]) -> Mapping[str, tuple[int, ...]]:
    return {record.name: record.addresses for record in records}


def _in_zone(names: Mapping[str, tuple[int, ...]], name: str, domain: str) -> tuple[int, ...] | None:
    """Return the addresses of a name, by a wildcard where neither it nor anything nearer than the wildcard is there."""
    if name in names:
        return names[name]
    for parent in _parents(name):
        if parent == name:
            if any(known.endswith(f".{name}") for known in names):
                return None  # the name is there, without an address
            continue
        if f"*.{parent}" in names:
            return names[f"*.{parent}"]
        if parent == domain or any(_ends_in(known, parent) for known in names):
            return None
    return None


def _parents(name: str) -> Iterator[str]:
    """Yield a name and the domains around it, the nearest first."""
    while name:
        yield name
        name = name.partition(".")[2]


def _ends_in(name: str, domain: str) -> bool:
    return f".{name}".endswith(f".{domain}")


def _is_reserved(name: str) -> bool:
    """Tell whether the public DNS has no such name: no domain, one for private use, or a private address reversed."""
    reverse = _reversed(name)
    if reverse is not None:
        return _is_private(reverse)
    return "." not in name or f".{name}".endswith(_RESERVED)


def _reversed(name: str) -> int | None:
    """Return the IPv4 address that a name for a reverse look-up is about, None for other names."""
    octets = name.removesuffix(".in-addr.arpa").split(".") if name.endswith(".in-addr.arpa") else []
    if len(octets) != 4 or not all(octet in _OCTETS for octet in octets):
        return None
    return sum(int(octet) << 8 * position for position, octet in enumerate(octets))


def _is_private(address: int) -> bool:
    return address >> 24 == 10 or address >> 20 == 0xAC1 or address >> 16 == 0xC0A8


def _is_wanted(lookup: Lookup, found: tuple[int, ...]) -> bool:
    families = {family_of(address) for address in lookup.wanted}
    return sorted(address for address in found if family_of(address) in families) == sorted(set(lookup.wanted))
