"""Sets of endpoints: which addresses at which places a vnet, a machine, a site or a prefix stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, reduce
from operator import itemgetter

from vnetverify.header import (
    ALL_IPV4,
    Interval,
    IntervalSet,
    Prefix,
    address_text,
    addresses_of,
    family_of,
    interval_set,
    parse_prefix,
    set_of,
)
from vnetverify.model.balancers import Frontend, LoadBalancer, PublicAddress, PublicFrontend
from vnetverify.model.firewalls import FirewallRuleKind
from vnetverify.model.intents import INTERNET, EndpointSet, Place, PlaceKind
from vnetverify.model.network import (
    SUBNETS_OF_SERVICES,
    SUBNETS_WITHOUT_HOSTS,
    Machine,
    Network,
    Nic,
    Site,
    Subnet,
    Vnet,
)
from vnetverify.model.pieces import Pieces
from vnetverify.model.planes import has_ipv6
from vnetverify.model.private_links import PrivateEndpoint

_NOT_PUBLIC = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/3", "168.63.129.16/32",
)  # fmt: skip
PUBLIC_ADDRESSES = ALL_IPV4 - addresses_of(parse_prefix(text) for text in _NOT_PUBLIC)
PUBLIC_IPV6_ADDRESSES = addresses_of((parse_prefix("2000::/3"),))


def place_of(subnet_id: str) -> Place:
    return Place(PlaceKind.SUBNET.value, subnet_id)


def place_of_site(site: str) -> Place:
    return Place(PlaceKind.SITE.value, site)


def place_of_frontend(balancer: LoadBalancer, frontend: PublicFrontend) -> Place:
    return Place(PlaceKind.PUBLIC.value, f"{balancer.name}/{frontend.name}")


def place_of_translation(firewall: Machine, public: PublicAddress) -> Place:
    """Return the place of a public address of a managed firewall at which it has NAT rules."""
    return Place(PlaceKind.PUBLIC.value, f"{firewall.name}/{public.name}")


def place_of_address(address: int) -> Place:
    """Return the place of an interface's public address, at which addresses and prefixes name the interface."""
    return Place(PlaceKind.PUBLIC.value, address_text(address))


def translated_addresses(machine: Machine) -> tuple[PublicAddress, ...]:
    """Return the public addresses of a managed firewall at which it has NAT rules."""
    if machine.firewall is None:
        return ()
    at = {rule.at for rule in machine.firewall.of_kind(FirewallRuleKind.NAT)}
    return tuple(public for public in machine.public_addresses if public.name in at)


def endpoint_set(
    parts: Iterable[tuple[Place, IntervalSet]], text: str = "", unknown: Iterable[Place] = ()
) -> EndpointSet:
    """Return the set of `parts`, which may name a place several times or with no address."""
    by_place: dict[Place, IntervalSet] = {}
    several: dict[Place, list[Interval]] = {}
    for place, addresses in parts:
        if addresses and by_place.setdefault(place, addresses) is not addresses:
            several.setdefault(place, [*by_place[place]]).extend(addresses)
    by_place.update((place, interval_set(intervals)) for place, intervals in several.items())
    known = tuple(sorted(by_place.items(), key=itemgetter(0)))
    return EndpointSet(known, text, tuple(sorted(set(unknown))))


def union(sets: Iterable[EndpointSet], text: str = "") -> EndpointSet:
    """Return the endpoints that lie in some of `sets`."""
    members = tuple(sets)
    unknown = (place for endpoints in members for place in endpoints.unknown)
    return endpoint_set((part for endpoints in members for part in endpoints.parts), text, unknown)


def without(endpoints: EndpointSet, excluded: EndpointSet, text: str = "") -> EndpointSet:
    """Return the endpoints that lie in `endpoints` and not in `excluded`."""
    holes = dict(excluded.parts)
    return endpoint_set(
        ((place, addresses - holes.get(place, IntervalSet())) for place, addresses in endpoints.parts),
        text,
        set(endpoints.unknown) - set(excluded.unknown),
    )


def size(endpoints: EndpointSet) -> int:
    """Return how many pairs of a place and an address `endpoints` holds."""
    return sum(addresses.size for _, addresses in endpoints.parts)


def are_disjoint(sets: Iterable[EndpointSet]) -> bool:
    """Tell whether no endpoint lies in two of `sets`."""
    members = tuple(sets)
    return sum(size(member) for member in members) == size(union(members))


def assignable(prefix: Prefix) -> IntervalSet:
    """Return the addresses of a subnet's `prefix` that a host can have: not the first four and the last (R-ADDR-4)."""
    return IntervalSet((Interval(prefix.value + 4, prefix.last - 1),)) if prefix.size > 5 else IntervalSet()


class Endpoints:
    """The sets of endpoints that the elements of one network stand for."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._addresses_of_nics: dict[str, list[int]] = {}
        for nic in network.nics():
            self._addresses_of_nics.setdefault(nic.subnet_id, []).extend(nic.addresses)
        balanced = union(map(self.of_load_balancer, network.load_balancers.values())).parts
        self._frontends = {place: numbers for place, numbers in balanced if place.kind == PlaceKind.SUBNET.value}
        self._at_subnets = {subnet.id: self._hosts(subnet) for subnet in network.subnets()}

    def of_subnet(self, subnet: Subnet, text: str = "") -> EndpointSet:
        """Return every address a host of `subnet` can have; of Azure's own subnets, what is declared there.

        Frontends of load balancers are no hosts; private endpoints count as some.
        """
        place = place_of(subnet.id)
        unknown = () if subnet.prefixes else (place,)
        return endpoint_set([(place, self._at_subnets[subnet.id])], text or subnet.id, unknown)

    def of_vnet(self, vnet: Vnet, text: str = "") -> EndpointSet:
        """Return every host of `vnet`; one without subnets may be an import's that only its name is known of."""
        unknown = () if vnet.subnets else (EndpointSet((), "", (place_of(vnet.name),)),)
        return union((*map(self.of_subnet, vnet.subnets), *unknown), text or vnet.name)

    def of_machine(self, machine: Machine, text: str = "") -> EndpointSet:
        """Return the addresses of `machine`; where an interface has none, they are not known.

        Of a translating firewall the public addresses at which it has NAT rules are among them.
        """
        own = ((place_of(nic.subnet_id), set_of(nic.addresses)) for nic in machine.nics)
        translated = translated_addresses(machine)
        return endpoint_set(
            (*own, *((place_of_translation(machine, public), _addresses(public)) for public in translated)),
            text or machine.name,
            (place_of(nic.subnet_id) for nic in machine.nics if not nic.addresses),
        )

    def of_load_balancer(self, balancer: LoadBalancer, text: str = "") -> EndpointSet:
        """Return the addresses of the frontends of `balancer`, in subnets and on the Internet."""
        internal = ((place_of(frontend.subnet_id), set_of((frontend.address,))) for frontend in balancer.frontends)
        public = (
            (place_of_frontend(balancer, frontend), _addresses(frontend.public_address))
            for frontend in balancer.public_frontends
        )
        return endpoint_set((*internal, *public), text or balancer.name)

    def part_of(self, whole: LoadBalancer | Machine, name: str, text: str = "") -> EndpointSet | None:
        """Return a frontend of a load balancer, or a public address at which a firewall translates, by its name.

        None where there is none of this name.
        """
        if isinstance(whole, Machine):
            firewall = ((place_of_translation(whole, public), public) for public in translated_addresses(whole))
            named = [(place, _addresses(public)) for place, public in firewall if _is_called(public, name)]
            return endpoint_set(named, text) if named else None
        frontends: tuple[Frontend | PublicFrontend, ...] = (*whole.frontends, *whole.public_frontends)
        found = next((frontend for frontend in frontends if _is_called(frontend, name)), None)
        if found is None:
            return None
        if isinstance(found, PublicFrontend):
            return endpoint_set([(place_of_frontend(whole, found), _addresses(found.public_address))], text)
        return endpoint_set([(place_of(found.subnet_id), set_of((found.address,)))], text)

    def with_other_names(self, endpoints: EndpointSet) -> EndpointSet:
        """Return `endpoints` with the frontends in subnets of which it holds every host, and the public addresses that
        lead to hosts that it holds."""
        held = dict(endpoints.parts)
        public = (
            (place, addresses)
            for host, place, addresses in self._of_interfaces()
            if host[1] in held.get(host[0], IntervalSet())
        )
        frontends = (
            (place, addresses)
            for place, addresses in self._frontends.items()
            if (hosts := self._at_subnets.get(place.name)) and not hosts - held.get(place, IntervalSet())
        )
        return endpoint_set((*endpoints.parts, *frontends, *public), endpoints.text, endpoints.unknown)

    def of_private_endpoint(self, endpoint: PrivateEndpoint, text: str = "") -> EndpointSet:
        """Return the addresses of `endpoint`; where it has none, they are not known."""
        place = place_of(endpoint.subnet_id)
        unknown = () if endpoint.addresses else (place,)
        return endpoint_set([(place, set_of(endpoint.addresses))], text or endpoint.name, unknown)

    def of_site(self, site: Site, text: str = "") -> EndpointSet:
        place = place_of_site(site.name)
        unknown = () if site.prefixes else (place,)
        return endpoint_set([(place, addresses_of(site.prefixes))], text or site.name, unknown)

    def of_internet(self, text: str = "internet") -> EndpointSet:
        """Return the public addresses at the Internet, without those this network is known to hold.

        To a network without IPv6 there are only those of IPv4.
        """
        public = PUBLIC_ADDRESSES | PUBLIC_IPV6_ADDRESSES if has_ipv6(self._network) else PUBLIC_ADDRESSES
        return endpoint_set([(INTERNET, public - self._held_public_addresses())], text)

    def everywhere(self, text: str = "any") -> EndpointSet:
        """Return every endpoint there can be: hosts of all subnets, of all sites, of the Internet."""
        return EndpointSet(self._everywhere.parts, text, self._everywhere.unknown)

    def in_prefix(self, prefix: Prefix, text: str = "") -> EndpointSet:
        """Return the endpoints with an address in `prefix`, at whatever place.

        Frontends are among them, and public addresses of interfaces and those at which firewalls translate, where they
        are known.
        """
        met = self._pieces.meeting(Interval(prefix.value, prefix.last))
        parts = ((place, IntervalSet((piece,))) for place, piece in met)
        return endpoint_set(parts, text or str(prefix), self._everywhere.unknown)

    @cached_property
    def _pieces(self) -> Pieces:
        """The addresses of every place, piece by piece."""
        held = (*self._everywhere.parts, *self._frontends.items(), *self._known_public)
        return Pieces.of((place, piece) for place, addresses in held for piece in addresses)

    @cached_property
    def _known_public(self) -> tuple[tuple[Place, IntervalSet], ...]:
        """The public places whose addresses are known."""
        balancers = (
            (place_of_frontend(balancer, frontend), frontend.public_address)
            for balancer in self._network.load_balancers.values()
            for frontend in balancer.public_frontends
        )
        firewalls = (
            (place_of_translation(machine, public), public)
            for machine in self._network.machines.values()
            for public in translated_addresses(machine)
        )
        known = ((place, public) for place, public in (*balancers, *firewalls) if public.address is not None)
        interfaces = ((place, addresses) for _, place, addresses in self._of_interfaces())
        return (*((place, _addresses(public)) for place, public in known), *interfaces)

    def _of_interfaces(self) -> Iterator[tuple[tuple[Place, int], Place, IntervalSet]]:
        """Yield hosts with known public addresses that lead to them: at a firewall its rules decide that."""
        taken: set[int] = set()
        for machine in self._network.machines.values():
            for nic in machine.nics if machine.firewall is None else ():
                for public in (nic.public_address, nic.public_ipv6):
                    address = None if public is None else public.address
                    first = None if address is None else _first_of_family(nic, address)
                    if address is not None and first is not None and address not in taken:
                        taken.add(address)
                        yield (place_of(nic.subnet_id), first), place_of_address(address), set_of((address,))

    @cached_property
    def _everywhere(self) -> EndpointSet:
        vnets = (self.of_vnet(vnet) for vnet in self._network.vnets.values())
        sites = (self.of_site(site) for site in self._network.sites.values())
        return union((*vnets, *sites, self.of_internet()))

    def _hosts(self, subnet: Subnet) -> IntervalSet:
        name = subnet.name.casefold()
        if name in SUBNETS_WITHOUT_HOSTS:
            return IntervalSet()
        hosts = reduce(IntervalSet.__or__, map(assignable, subnet.prefixes), IntervalSet())
        hosts -= self._frontends.get(place_of(subnet.id), IntervalSet())
        if name in SUBNETS_OF_SERVICES:
            return hosts & set_of(self._addresses_of_nics.get(subnet.id, ()))
        return hosts

    def _held_public_addresses(self) -> IntervalSet:
        """Return the known public addresses of interfaces, of public frontends and of managed firewalls."""
        of_interfaces = (public for nic in self._network.nics() for public in (nic.public_address, nic.public_ipv6))
        of_firewalls = (public for machine in self._network.machines.values() for public in machine.public_addresses)
        of_balancers = (
            frontend.public_address
            for balancer in self._network.load_balancers.values()
            for frontend in balancer.public_frontends
        )
        held = (*of_interfaces, *of_firewalls, *of_balancers)
        return set_of(public.address for public in held if public is not None and public.address is not None)


def _first_of_family(nic: Nic, address: int) -> int | None:
    """Return the first address of `nic` that is of the family of `address`: a public address leads there."""
    return next((own for own in nic.addresses if family_of(own) is family_of(address)), None)


def _is_called(element: Frontend | PublicFrontend | PublicAddress, name: str) -> bool:
    return element.name.casefold() == name.casefold()


def _addresses(public: PublicAddress) -> IntervalSet:
    """Return the address, or every one of IPv4 that it may be where it is not known."""
    return PUBLIC_ADDRESSES if public.address is None else set_of((public.address,))
