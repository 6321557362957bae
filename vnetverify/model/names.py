"""Who answers a question about a name, and what: the part that no packet decides (specs/contract/names.md).

F-DNS-1, F-DNS-2, F-DNS-3, F-DNS-4, F-DNS-6. Whether the question gets there is for `prover.names`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.header import address_text, parse_address
from vnetverify.model.network import DeploymentModel, Machine, Network, Nic
from vnetverify.model.zones import DnsRecord, DnsZone, lies_within
from vnetverify.source import Span

# Domains of which the public DNS knows nothing (RFC 6761, RFC 6762, RFC 8375 and ICANN's reservation of `internal`).
_NEVER_PUBLIC = ("internal", "local", "test", "invalid", "home.arpa")
_REVERSE = ".in-addr.arpa"
_OCTETS = frozenset(map(str, range(256)))
_PRIVATE_LINK = "privatelink."


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a name: `is_known` is None where `facts` leave it open. `addresses` is None where nobody says.

    `why` tells who knows it, or why nobody does, with the rule and the line. `of_host` says that Azure itself keeps the
    name of a machine: with which of its IPv6 addresses, if any, nobody says.
    """

    is_known: bool | None
    why: str
    rule: str
    span: Span | None = None
    addresses: tuple[int, ...] | None = ()
    facts: tuple[Uncertainty, ...] = ()
    of_host: bool = False


Settled = Callable[[Uncertainty], bool | None]
"""Returns the value of a fact where it is settled, None where it is open."""


def azure_answer(network: Network, vnet: str, name: str, settled: Settled) -> Answer:
    """Return what Azure's resolver tells hosts of `vnet` (F-DNS-1, F-DNS-2, F-DNS-3, F-DNS-4, F-DNS-6)."""
    reversed_address = _reversed(name)
    if reversed_address is not None and _is_private(reversed_address):
        return _reverse_answer(network, vnet, reversed_address, settled)
    if "." not in name:
        return _host_answer(network, vnet, name, settled)
    zone = _zone_of(network, vnet, name)
    if zone is not None:
        return _zone_answer(network, zone, name, settled)
    redirected = _private_link_zone(network, vnet, name)
    if redirected is not None:
        return _redirected_answer(network, *redirected, name, settled)
    return public_answer(network, vnet, name, settled)


def _host_answer(network: Network, vnet: str, name: str, settled: Settled) -> Answer:
    """Return what is known of a host's name in its own vnet, where it needs no suffix (F-DNS-2)."""
    for machine, nic in _hosts_called(network, vnet, name):
        return _registered(network, machine, nic, vnet, f"host name of {machine.name} in {vnet}", "F-DNS-2", settled)
    others = [other for other in network.vnets if any(_hosts_called(network, other, name))]
    if others:
        where = f"it is a host in {', '.join(others)}, and Azure tells host names inside their own network alone"
        machine, _ = next(_hosts_called(network, others[0], name))
        return Answer(False, f"Azure knows no `{name}` in {vnet}: {where}", "F-DNS-1", machine.span)
    return Answer(False, f"Azure knows no host `{name}` in {vnet}", "F-DNS-2", network.vnets[vnet].span)


def _hosts_called(network: Network, vnet: str, name: str) -> Iterator[tuple[Machine, Nic]]:
    """Yield the machines of the user's own called `name` with their first interface in `vnet`."""
    for machine in network.machines.values():
        if machine.name.lower() == name and not machine.is_managed:
            nic = next((nic for nic in machine.nics if nic.vnet == vnet), None)
            if nic is not None:
                yield machine, nic


def _registered(
    network: Network, machine: Machine, nic: Nic, vnet: str, what: str, rule: str, settled: Settled
) -> Answer:
    """Return that a host's name is known, which is sure of its first interface outside of classic networks."""
    found = Answer(True, what, rule, nic.span, nic.addresses, of_host=True)
    if nic is machine.nics[0] and network.vnets[vnet].model is not DeploymentModel.CLASSIC:
        return found
    fact = uncertainty("U-DNSHOST", machine.name, vnet)
    value = settled(fact)
    if value is None:
        return replace(found, is_known=None, facts=(fact,))
    return found if value else Answer(False, f"the name of {machine.name} is not registered in {vnet}", rule, nic.span)


def _reverse_answer(network: Network, vnet: str, address: int, settled: Settled) -> Answer:
    """Return whether Azure tells the name of a private address: of hosts of the vnet alone (F-DNS-4)."""
    text = address_text(address)
    for machine in network.machines.values():
        for nic in machine.nics if not machine.is_managed else ():
            if nic.vnet == vnet and address in nic.addresses:
                return _registered(network, machine, nic, vnet, f"{machine.name} at {text}", "F-DNS-4", settled)
    return Answer(False, f"Azure tells no name of {text} in {vnet}: no host of it has the address", "F-DNS-4")


# -- private zones --------------------------------------------------------------------------------------


def _zone_of(network: Network, vnet: str, name: str) -> DnsZone | None:
    """Return the zone linked to `vnet` that decides about `name`: the one with the longest suffix of it (F-DNS-3)."""
    linked = (zone for zone in network.dns_zones.values() if any(link.vnet == vnet for link in zone.links))
    return max(
        (zone for zone in linked if lies_within(name, zone.domain)), key=lambda zone: len(zone.domain), default=None
    )


def _zone_answer(network: Network, zone: DnsZone, name: str, settled: Settled) -> Answer:
    """Return what a zone holds of a name; what it lacks is nowhere else looked for."""
    if name == zone.domain:
        return _record_answer(zone, name, ())
    lowest = name.removesuffix(f".{zone.domain}").rpartition(".")[2]
    host = f"{lowest}.{zone.domain}"  # the only name at or above this one that a machine may register
    written = {record.name for record in zone.records}
    registered = [] if host in written else list(_registered_as(network, zone, lowest, settled))
    sure = [each for each in registered if each.is_known]
    facts = tuple(fact for each in registered for fact in each.facts)
    if name == host and sure:
        return sure[0] if len(registered) == 1 else replace(sure[0], addresses=None)
    without = _record_answer(zone, name, ())
    if not registered or (not sure and not facts):
        return without
    # A host's name hides a wildcard, from itself and from names below it.
    hidden = registered[0] if name == host else _record_answer(zone, name, (host,))
    if sure or hidden.is_known is without.is_known is False:
        return hidden
    if name == host and without.is_known:
        return replace(without, addresses=None)
    return hidden if hidden == without else replace(hidden, is_known=None, facts=facts)


def _record_answer(zone: DnsZone, name: str, others: tuple[str, ...]) -> Answer:
    record = record_of(zone.records, name, zone.domain, others)
    if record is not None:
        return Answer(True, f"record {record.name} of zone {zone.domain}", "F-DNS-3", record.span, record.addresses)
    return Answer(False, f"zone {zone.domain} has no record {name}, and decides", "F-DNS-3", zone.span)


def _registered_as(network: Network, zone: DnsZone, host: str, settled: Settled) -> Iterator[Answer]:
    """Yield the hosts called so that networks register in a zone, surely or perhaps."""
    for link in zone.links:
        for machine, nic in _hosts_called(network, link.vnet, host) if link.registration else ():
            what = f"{machine.name} of {link.vnet}, registered in zone {zone.domain}"
            found = _registered(network, machine, nic, link.vnet, what, "F-DNS-3", settled)
            if found.is_known is not False:
                yield found


def record_of(records: Iterable[DnsRecord], name: str, domain: str, others: Iterable[str] = ()) -> DnsRecord | None:
    """Return the record for `name` in a zone: its own, else the wildcard right below the nearest name that is there.

    The names of a zone are those of its records, and `others`, with all that they lie below; a server may have records
    of other zones beside.
    """
    by_name = {record.name: record for record in records}
    if name in by_name or name == domain:
        return by_name.get(name)
    there = {domain}
    for known in (known for known in (*by_name, *others) if lies_within(known, domain)):
        while known != domain:
            there.add(known)
            known = known.partition(".")[2]
    encloser = name
    while encloser not in there:
        encloser = encloser.partition(".")[2]
    return None if encloser == name else by_name.get(f"*.{encloser}")


def _private_link_zone(network: Network, vnet: str, name: str) -> tuple[DnsZone, str] | None:
    """Return the linked zone to which public DNS may lead a service's name, with the name there (F-DNS-6)."""
    host, _, service = name.partition(".")
    if not service or name.startswith(_PRIVATE_LINK) or service.startswith(_PRIVATE_LINK):
        return None
    private = f"{host}.{_PRIVATE_LINK}{service}"
    zone = _zone_of(network, vnet, private)
    return None if zone is None else (zone, private)


def _redirected_answer(network: Network, zone: DnsZone, private: str, name: str, settled: Settled) -> Answer:
    """Return what is known of a service's name that public DNS leads to its private one, or not (F-DNS-6)."""
    inside = _zone_answer(network, zone, private, settled)
    fact = Uncertainty("U-DNSLINK", (name,), True if inside.is_known else None)
    value = settled(fact)
    if value is True:
        return inside
    public = _public(name, settled)
    if value is False:
        return public
    if inside.is_known is False and public.is_known is False:
        return inside
    if inside.is_known is True and public.is_known is True:
        return Answer(True, f"{inside.why}, or the public address", "F-DNS-6", inside.span, None)
    return Answer(None, inside.why, "F-DNS-6", inside.span, inside.addresses, (fact, *inside.facts, *public.facts))


# -- the public DNS and servers of others ---------------------------------------------------------------


def public_answer(network: Network, vnet: str, name: str, settled: Settled) -> Answer:
    """Return what is known of a name that no zone of the network decides about."""
    elsewhere = [zone for zone in network.dns_zones.values() if lies_within(name, zone.domain)]
    if is_never_public(name):
        if elsewhere:
            domains = ", ".join(zone.domain for zone in elsewhere)
            why = f"no zone of `{name}` is linked to {vnet}: {domains} is linked to other networks"
            return Answer(False, why, "F-DNS-3", elsewhere[0].span)
        return Answer(False, f"no zone of `{name}` is linked to {vnet}, and the public DNS has none", "F-DNS-3")
    return _public(name, settled)


def _public(name: str, settled: Settled) -> Answer:
    fact = uncertainty("U-DNS", name)
    value = settled(fact)
    facts = (fact,) if value is None else ()
    why = f"the public DNS has no `{name}`" if value is False else f"the public DNS has `{name}`"
    return Answer(value, why, "F-DNS-1", None, None, facts)


def is_never_public(name: str) -> bool:
    """Tell whether the public DNS surely has no such name: one without dots, or in a domain kept for private use."""
    reversed_address = _reversed(name)
    if reversed_address is not None:
        return _is_private(reversed_address)
    return "." not in name or any(lies_within(name, domain) for domain in _NEVER_PUBLIC)


def untold_answer(server: str, name: str, settled: Settled) -> Answer:
    """Return what a server answers of which nothing is declared."""
    fact = uncertainty("U-DNSANSWERS", server, name)
    value = settled(fact)
    facts = (fact,) if value is None else ()
    return Answer(value, f"{server} {'knows no' if value is False else 'knows'} `{name}`", "F-DNS-3", None, None, facts)


def _reversed(name: str) -> int | None:
    """Return the IPv4 address that a name for a reverse lookup stands for; `010` is no label of such a name."""
    if not name.endswith(_REVERSE):
        return None
    labels = name.removesuffix(_REVERSE).split(".")
    return parse_address(".".join(reversed(labels))) if len(labels) == 4 and _OCTETS.issuperset(labels) else None


def _is_private(address: int) -> bool:
    first, second = address >> 24, address >> 16 & 255
    return first == 10 or (first, second) == (192, 168) or (first == 172 and second >> 4 == 1)
