"""Who stands at which address: interfaces, frontends of load balancers, private links (R-ADDR-2, 4, 6 to 9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import Family, address_text, family_of
from vnetverify.model.balancers import PublicAddress
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, PUBLIC_IPV6_ADDRESSES
from vnetverify.model.network import SUBNETS_WITHOUT_HOSTS, Network, Nic, Subnet
from vnetverify.model.wellformed.incompleteness import incomplete_vnets, untold_vnets
from vnetverify.source import Span

# Subnets of Azure's own, where nothing but their one service may stand, and the rules that say so.
_FOR_ONE_SERVICE = {
    "gatewaysubnet": "R-ADDR-7",
    "routeserversubnet": "R-ADDR-8",
    "azurefirewallsubnet": "R-ADDR-8",
    "azurefirewallmanagementsubnet": "R-ADDR-8",
    "azurebastionsubnet": "R-ADDR-8",
}
_PUBLIC = PUBLIC_ADDRESSES | PUBLIC_IPV6_ADDRESSES


@dataclass(frozen=True, slots=True)
class Occupant:
    """What takes addresses of a subnet; `what` names it in a message. `word` begins the code of its faults."""

    word: str
    what: str
    vnet: str
    subnet_id: str
    addresses: tuple[int, ...]
    span: Span


def occupants(network: Network) -> Iterator[Occupant]:
    """Yield everything declared that has addresses in a subnet: interfaces first."""
    for nic in network.nics():
        yield Occupant("nic", f"nic `{nic.name}`", nic.vnet, nic.subnet_id, nic.addresses, nic.span)
    for balancer in network.load_balancers.values():
        for frontend in balancer.frontends:
            what = f"frontend `{frontend.name}` of load balancer `{balancer.name}`"
            place = (frontend.vnet, frontend.subnet_id)
            yield Occupant("frontend", what, *place, (frontend.address,), frontend.span)
    for endpoint in network.private_endpoints.values():
        what = f"private endpoint `{endpoint.name}`"
        yield Occupant("endpoint", what, endpoint.vnet, endpoint.subnet_id, endpoint.addresses, endpoint.span)
    for service in network.private_link_services.values():
        what = f"private link service `{service.name}`"
        yield Occupant("link-service", what, service.vnet, service.subnet_id, service.addresses, service.span)


def occupant_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with addresses and with where they stand."""
    subnets = {subnet.id: subnet for subnet in network.subnets()}
    untold = untold_vnets(network)
    holders: dict[tuple[str, int], Occupant] = {}
    for occupant in occupants(network):
        subnet = subnets.get(occupant.subnet_id)
        if subnet is None:
            message = f"{occupant.what} stands in `{occupant.subnet_id}`, which is not a subnet"
            yield Diagnostic("unknown-subnet", message, occupant.span)
            continue
        yield from _place_faults(occupant, subnet)
        for address in occupant.addresses:
            yield from _address_faults(occupant, address, subnet, occupant.vnet in untold)
            holder = holders.setdefault((occupant.vnet, address), occupant)
            if holder is not occupant or occupant.addresses.count(address) > 1:
                yield Diagnostic(
                    "address-taken",
                    f"{occupant.what} has the address {address_text(address)}, which {holder.what} has",
                    occupant.span,
                    "taken",
                    ((holder.span, "has this address"),),
                    rule="R-ADDR-9",
                )
    incomplete = incomplete_vnets(network).union(*(network.vnets for item in network.unmodelled if not item.vnets))
    for nic in network.nics():
        yield from _family_faults(nic, nic.vnet in untold)
        yield from () if nic.vnet in incomplete else _unaddressed(nic)
    yield from _public_faults(network)


def _place_faults(occupant: Occupant, subnet: Subnet) -> Iterator[Diagnostic]:
    """Yield an occupant of a subnet that is Azure's own; an interface is tolerated where a service's may be meant."""
    name = subnet.name.lower()
    rule = _FOR_ONE_SERVICE.get(name)
    if rule is not None and (occupant.word != "nic" or name in SUBNETS_WITHOUT_HOSTS):
        message = f"{occupant.what} may not stand in `{subnet.id}`, which holds nothing of the user's"
        yield Diagnostic(f"{occupant.word}-in-special-subnet", message, occupant.span, rule=rule)


def _address_faults(occupant: Occupant, address: int, subnet: Subnet, may_have_more: bool) -> Iterator[Diagnostic]:
    if not subnet.prefixes:
        return
    holding = next((prefix for prefix in subnet.prefixes if prefix.value <= address <= prefix.last), None)
    if holding is None and may_have_more:
        return
    if holding is None:
        prefixes = ", ".join(map(str, subnet.prefixes[:5]))
        yield Diagnostic(
            "address-outside",
            f"{occupant.what} has the address {address_text(address)}, which is not in `{subnet.id}`",
            occupant.span,
            "not in the subnet",
            ((subnet.span, f"has {prefixes}"),),
            rule="R-ADDR-2",
            azure="PrivateIPAddressNotInSubnet",
        )
    elif address < holding.value + 4 or address == holding.last:
        yield Diagnostic(
            "address-reserved",
            f"{occupant.what} has the address {address_text(address)}, which Azure reserves in `{subnet.id}`",
            occupant.span,
            "reserved",
            help=f"the first four addresses and the last of {holding} are reserved",
            rule="R-ADDR-4",
            azure="PrivateIPAddressInReservedRange",
        )


def _family_faults(nic: Nic, may_have_more: bool) -> Iterator[Diagnostic]:
    """Yield an interface without an IPv4 address, or with two of IPv6 (R-ADDR-6)."""
    of_ipv6 = [address for address in nic.addresses if family_of(address) is Family.IPV6]
    if of_ipv6 and len(of_ipv6) == len(nic.addresses) and not may_have_more:
        message = f"nic `{nic.name}` has an IPv6 address alone, and every nic needs one of IPv4"
        yield Diagnostic("nic-without-ipv4", message, nic.span, rule="R-ADDR-6")
    if len(of_ipv6) > 1:
        message = f"nic `{nic.name}` has {len(of_ipv6)} IPv6 addresses, and a nic has at most one"
        yield Diagnostic("nic-ipv6-twice", message, nic.span, rule="R-ADDR-6")


def _unaddressed(nic: Nic) -> Iterator[Diagnostic]:
    """Yield an interface of which the text leaves out an address that it must have (R-ADDR-6).

    Of packets for an address that nobody knows of nothing would be said, and `never reaches` would hold.
    """
    if not nic.addresses:
        message = f"nic `{nic.name}` has no address, and every nic needs one of IPv4"
        yield Diagnostic("nic-without-address", message, nic.span, "write it here", rule="R-ADDR-6")
    elif nic.public_ipv6 is not None and all(family_of(address) is Family.IPV4 for address in nic.addresses):
        message = f"nic `{nic.name}` has a public IPv6 address, and no IPv6 address that it leads to"
        yield Diagnostic("nic-without-ipv6", message, nic.span, "write it here", rule="R-ADDR-6")


def _public_addresses(network: Network) -> Iterator[tuple[str, PublicAddress, Span]]:
    """Yield every public address with what it is of, and where that stands."""
    for nic in network.nics():
        for public in (nic.public_address, nic.public_ipv6):
            if public is not None:
                yield f"nic `{nic.name}`", public, nic.span
    for machine in network.machines.values():
        for public in () if machine.firewall is None else machine.firewall.public_addresses:
            yield f"firewall `{machine.name}`", public, public.span
    for balancer in network.load_balancers.values():
        for frontend in balancer.public_frontends:
            what = f"frontend `{frontend.name}` of load balancer `{balancer.name}`"
            yield what, frontend.public_address, frontend.span


def _public_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield a public address that cannot be one, and one that two interfaces, frontends or firewalls have."""
    holders: dict[int, tuple[str, Span]] = {}
    for what, public, span in _public_addresses(network):
        if public.address is None:
            continue
        address = address_text(public.address)
        if public.address not in _PUBLIC:
            message = f"the public address of {what} is {address}, which no packet from the Internet is for"
            yield Diagnostic("not-public", message, span, "has a private or reserved address as public one")
        own = (what, span)
        holder = holders.setdefault(public.address, own)
        if holder is not own:
            message = f"{what} has the public address {address}, which {holder[0]} has"
            yield Diagnostic("public-address-taken", message, span, "taken", ((holder[1], "has it"),))
