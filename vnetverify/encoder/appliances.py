"""What appliances forward by their policy and where their tunnels lead, and those of which nobody says what they do:
declared without a policy, or not at all.

R-META-3, R-UDR-9, R-UDR-11, R-UDR-17, R-UDR-19, F-ADDR-8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vnetverify.encoder.addressing import Estate, assignable
from vnetverify.encoder.facts import Bearing, Facts, Ground, Grounds
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import AtSite, ToSite
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, equals, is_among, negate
from vnetverify.header import ICMP, address_text, addresses_of
from vnetverify.model.network import SUBNETS_WITHOUT_HOSTS, Machine, Network, Nic, PolicyRule, Subnet
from vnetverify.model.security import Access


def machine_at(estate: Estate, vnet: str, address: int) -> Machine | None:
    """Return the machine that holds `address`; where nobody is declared to, an appliance of unknown behaviour.

    None where nothing can stand there that would take packets on: a frontend and a private endpoint are no machines.
    """
    nic = estate.nic_at.get((vnet, address))
    if nic is not None:
        return estate.machine_of[nic.name]
    if (vnet, address) in estate.balanced_at or (vnet, address) in estate.endpoint_at:
        return None
    subnet = estate.subnet_at(vnet, address)
    if subnet is None or subnet.name.casefold() in SUBNETS_WITHOUT_HOSTS or address not in assignable(subnet.prefixes):
        return None
    name = f"{address_text(address)} in {subnet.id}"
    implied = Nic(name, name, vnet, subnet.name, (address,), ip_forwarding=True)
    return Machine(name, (implied,), policy=None, stateful=None)


def policy_forwards(machine: Machine, policy: Sequence[PolicyRule], header: Header, grounds: Grounds) -> Term:
    """Hold when the first line of a machine's policy that matches forwards the packet (R-META-3)."""
    group, icmp = f"policy of {machine.name}", header.family.icmp
    last = Ground(group, "forwards nothing else", "R-META-3", machine.span, of_filter=True)
    result = negate(grounds.counts(Bearing.STOPS, last))
    for rule in reversed(policy):
        protocol = icmp if rule.protocol == ICMP else rule.protocol
        matches = all_of(
            TRUE if protocol is None else equals(header.protocol, protocol),
            is_among(header.source, rule.sources),
            is_among(header.destination, rule.destinations),
            is_among(header.destination_port, rule.destination_ports),
        )
        allows = rule.access is Access.ALLOW
        what = f"line {rule.span.line} {'forwards' if allows else 'drops'}"
        bearing = Bearing.PASSES if allows else Bearing.STOPS
        ground = Ground(group, what, "R-META-3", rule.span, of_filter=True)
        matches = all_of(matches, grounds.counts(bearing, ground))
        result = any_of(matches, result) if allows else all_of(negate(matches), result)
    return result


def from_own_address(estate: Estate, nic: Nic, header: Header) -> Header:
    """Return a packet as an appliance sends it to the Internet by `nic`: from its own address (R-UDR-17, F-ADDR-8)."""
    return replace(header, source=estate.known_address(nic.addresses[0])) if nic.addresses else header


def kept_for(machine: Machine, nic: Nic) -> list[Nic]:
    """Return the other interfaces for which a machine may keep what comes to it by one that forwards (R-UDR-10)."""
    if machine.firewall is not None or not nic.ip_forwarding:
        return []
    return [other for other in machine.nics if other.name != nic.name]


def exit_question(header: Header) -> str:
    """Return the kind of fact about where an appliance's own table sends a packet: one of its own for replies, which go
    elsewhere (R-UDR-11)."""
    return "U-EXITBACK" if header.is_reply else "U-EXIT"


def tunnels(
    estate: Estate, facts: Facts, machine: Machine, header: Header, *, is_own: bool = False
) -> Iterator[tuple[ToSite | AtSite, Term]]:
    """Yield where a machine's tunnels lead, each with when: to a site by the longest prefix, or by a default route for
    what is on the Internet (R-UDR-11).

    Where a network has a longer range, the machine's own table may know it or not; which of its ways has the default
    route is not known either, but for a managed firewall. Nor is whether a tunnel takes what `is_own`, the machine's.
    """
    behind = [site for site in estate.network.sites.values() if site.behind == machine.name]
    if not behind:
        return
    exit_fact = exit_question(header)
    ranges = [range_ for vnet in estate.network.vnets.values() for range_ in vnet.address_space]
    held = sorted(((prefix, site) for site in behind for prefix in site.prefixes), key=lambda h: -h[0].length)
    undecided = TRUE
    for prefix, site in held:
        here = all_of(undecided, is_among(header.destination, addresses_of((prefix,))))
        longer = addresses_of(range_ for range_ in ranges if range_.length > prefix.length)
        elsewhere = TRUE if is_own else is_among(header.destination.narrowed(addresses_of((prefix,))), longer)
        leads = TRUE if elsewhere == FALSE else facts.holds(exit_fact, machine.name, site.name, *header.called)
        yield ToSite(site.name), all_of(here, any_of(negate(elsewhere), leads))
        undecided = all_of(undecided, negate(here))
    outside = estate.realm.public - addresses_of((*ranges, *(prefix for prefix, _ in held)))
    undecided = is_among(header.destination, outside)
    for site in behind if undecided != FALSE and not machine.is_managed else ():
        leads = facts.holds(exit_fact, machine.name, site.name, *header.called)
        yield AtSite(site.name, f"tunnel of {machine.name}"), all_of(undecided, leads)
        undecided = all_of(undecided, negate(leads))


def own_tunnels(
    estate: Estate, facts: Facts, subnet: Subnet, header: Header, by: Nic | None = None
) -> Iterator[tuple[ToSite | AtSite, Term]]:
    """Yield where tunnels take what machines of a subnet send themselves, or what the one does that sends `by` an
    interface: past no security group (R-UDR-11)."""
    for nic in estate.nics_in[subnet.id] if by is None else [by]:
        machine = estate.machine_of[nic.name]
        sends = TRUE if by is not None else any_of(*(equals(header.source, address) for address in nic.addresses))
        if sends != FALSE and not machine.is_managed:
            for end, term in tunnels(estate, facts, machine, header, is_own=True):
                yield end, all_of(sends, term)


def undeclared_machines(network: Network) -> tuple[Machine, ...]:
    """Return the machines that forward nobody says what: declared without a policy, or implied by a route.

    A managed firewall is none of them: what it does with a flow is known, but for its rules (R-UDR-19).
    """
    estate = Estate(network)
    found = {name: machine for name, machine in network.machines.items() if _is_doubtful(machine)}
    for vnet, address in _next_hops(estate):
        owner = estate.owner(vnet, address)
        machine = None if owner is None else machine_at(estate, owner, address)
        if machine is not None and _is_doubtful(machine):
            found[machine.name] = machine
    return tuple(found.values())


def _next_hops(estate: Estate) -> Iterator[tuple[str, int]]:
    """Yield the next hops of routes, each with a network whose packets may go there."""
    for subnet in estate.subnets.values():
        table = None if subnet.route_table is None else estate.network.route_tables.get(subnet.route_table)
        for route in () if table is None else table.routes:
            if route.next_hop_address is not None:
                yield subnet.vnet, route.next_hop_address
    for server in estate.network.route_servers:
        addresses = [peer.next_hop for peer in server.peers if peer.next_hop is not None]
        yield from ((vnet, address) for vnet in estate.direct(server.vnet) for address in addresses)


def _is_doubtful(machine: Machine) -> bool:
    return machine.policy is None and not machine.is_managed
