"""Public addresses of the network: which address each is, who gets a packet there, and how filters see it.

F-ADDR-1, F-ADDR-7, F-PIP-1, F-PIP-2, F-PIP-3, F-PIP-4, F-PIP-5, F-PIP-6, F-LB-7, F-OUT-2, F-ADM-18, R-TRAF-10,
R-ADDR-6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import assert_never

from vnetverify.encoder.addressing import Entrance, Published
from vnetverify.encoder.appliances import from_own_address
from vnetverify.encoder.circuit import Circuit
from vnetverify.encoder.facts import Bearing, Ground
from vnetverify.encoder.filters import Spot
from vnetverify.encoder.frontends import Chosen
from vnetverify.encoder.headers import Header
from vnetverify.encoder.nodes import Anywhere, AtPublicAddress, ToInternet
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Field,
    Script,
    Term,
    all_of,
    any_of,
    either,
    equals,
    is_among,
    negate,
)
from vnetverify.encoder.walk import Hops
from vnetverify.header import Family, IntervalSet, interval_set
from vnetverify.model.balancers import Sku
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Nic
from vnetverify.model.security import Direction


class EgressOf(Enum):
    """What an address on the Internet is of, and how its name begins: things of two kinds may have one name."""

    INTERFACE = ""
    SUBNET = "subnet "
    SITE = "site "


_Sender = tuple[EgressOf, str]


@dataclass(frozen=True, slots=True)
class Openness:
    """The SKU that decides at an interface without a group, and the open fact and the ground where it does."""

    sku: Sku | None
    name: str
    closed: Ground


@dataclass(slots=True)
class Entrances:
    """The public addresses of an estate, as the flows with this first `header` meet them.

    `begins_at` tells when a flow begins at a place. What must hold of addresses that a world chooses is added to
    `premises`, their names to `addresses`.
    """

    hops: Hops
    script: Script
    header: Header
    begins_at: Callable[[Place], Term]
    premises: list[Term]
    addresses: dict[Term, tuple[str, ...]] = field(default_factory=dict)
    _unknown: dict[str, Field] = field(default_factory=dict)
    _host_egress: Field | None = None
    _egresses: dict[_Sender | None, Field] = field(default_factory=dict)
    _is_first: bool = True

    def __post_init__(self) -> None:
        self.hops.firewalls.names = self.names

    def after(self, header: Header) -> Entrances:
        """Return the entrances as the packet meets them that comes after a translation: by others than its origin.

        What a world chooses is the same for every packet of the flow, so both share it.
        """
        return replace(self, header=header, _is_first=False)

    # -- addresses ----------------------------------------------------------------------------------------

    def own(self, nic: Nic) -> Entrance:
        """Return the public address of an interface that has one."""
        return self.hops.estate.entrance_of[nic.name]

    def at(self, place: Place) -> Entrance:
        """Return the public address that a PUBLIC place is."""
        return self.hops.estate.entrance_at[place]

    def names(self, entrance: Entrance, destination: Field) -> Term:
        """Hold when `destination` is the address of `entrance`: a constant, or a variable where it is not known."""
        known = entrance.public.address
        if known is None:
            return f"(= {destination.term} {self._unknown_address(entrance).term})"
        if equals(destination, known) == FALSE:
            return FALSE
        # Asked of the whole address: what a claim narrows it to is no premise where any destination will do.
        return equals(self.hops.estate.address(destination.term), known)

    def names_none(self, destination: Field) -> Term:
        """Hold when `destination` is no public address of the network."""
        return all_of(*(negate(self.names(entrance, destination)) for entrance in self.hops.estate.entrances()))

    def _unknown_address(self, entrance: Entrance) -> Field:
        """Return the public address of `entrance`, which a world chooses: one that nobody else here has."""
        if entrance.name not in self._unknown:
            estate = self.hops.estate
            symbol = self.script.declare(f"p{len(self._unknown)}", estate.family.bits)
            anything = estate.address(symbol)
            known = (other.known for other in estate.entrances())
            held = interval_set(interval for address in known if address is not None for interval in address)
            self.premises.append(is_among(anything, estate.realm.public - held))
            self.premises += [negate(f"(= {symbol} {other.term})") for other in self._unknown.values()]
            self._unknown[entrance.name] = anything.narrowed(estate.realm.public)
            self.addresses[symbol] = (entrance.name,)
        return self._unknown[entrance.name]

    # -- who gets in --------------------------------------------------------------------------------------

    def from_internet(self, circuit: Circuit, entrance: Entrance) -> list[Chosen]:
        """Return when each interface gets an Internet host's packet by this address (F-PIP-1 to F-PIP-5)."""
        reached = circuit.reaches(AtPublicAddress())
        named = FALSE if reached == FALSE else self.names(entrance, circuit.header.destination)
        there = all_of(reached, named)
        if there == FALSE:
            return []
        return [(nic, all_of(there, term)) for nic, term in self._takers(entrance, circuit.header)]

    def from_inside(self, circuit: Circuit, entrance: Entrance) -> list[Chosen]:
        """Return when each interface gets by this address what left the model for the Internet (R-TRAF-10)."""
        named = self.names(entrance, circuit.header.destination)
        if named == FALSE:
            return []
        ways: dict[str, list[Term]] = {}
        for end in circuit.ends():
            if (isinstance(end, ToInternet) and not end.for_service) or end == Anywhere():
                reached = circuit.reaches(end)
                left_by = end if isinstance(end, ToInternet) else ToInternet()
                for name, term in self._takers_from_inside(entrance, circuit.header, left_by).items():
                    ways.setdefault(name, []).append(all_of(reached, term))
        comes_back = self.hops.facts.holds("U-R-TRAF-10") if ways else FALSE
        return [
            (self.hops.estate.nic_named[name], all_of(named, comes_back, any_of(*terms)))
            for name, terms in ways.items()
        ]

    def seen_from_inside(self, header: Header, end: ToInternet) -> Iterator[tuple[Term, Header]]:
        """Yield how a receiver may see a packet that left by `end` and came back in, each with when (F-ADDR-7)."""
        public = self.hops.facts.holds("U-HAIRPUB")
        for condition, source in self._seen_sources(header, end):
            yield all_of(public, condition), replace(header, source=source)
        yield negate(public), self._as_sent(header, end)

    def _takers_from_inside(self, entrance: Entrance, header: Header, end: ToInternet) -> dict[str, Term]:
        """Return when each interface gets a packet that left by `end`, whichever source it sees (F-ADDR-7)."""
        plain = self._by_name(entrance, self._as_sent(header, end))
        shown: dict[str, list[Term]] = {}
        for condition, source in self._seen_sources(header, end):
            for name, term in self._by_name(entrance, replace(header, source=source)).items():
                shown.setdefault(name, []).append(all_of(condition, term))
        public = self.hops.facts.holds("U-HAIRPUB")
        names = dict.fromkeys((*plain, *shown))
        return {name: either(public, any_of(*shown.get(name, ())), plain.get(name, FALSE)) for name in names}

    def _by_name(self, entrance: Entrance, packet: Header) -> dict[str, Term]:
        return {nic.name: term for nic, term in self._takers(entrance, packet)}

    def _takers(self, entrance: Entrance, packet: Header) -> list[Chosen]:
        """Return when each interface takes in a packet that has come to this address."""
        match entrance.at:
            case Nic() as nic:
                return [(nic, self._admits(nic, packet))] if nic.addresses else []
            case Published() as published:
                known = entrance.known
                return self.hops.frontends.deliveries(
                    published, packet if known is None else packet.to(known), self._opens_by(published)
                )
            case unreachable:
                assert_never(unreachable)

    def keeps(self, circuit: Circuit, entrance: Entrance) -> Term:
        """Hold when a packet comes to a public frontend that answers it by itself (F-LB-9), or has no rule for it, if
        that is not to count."""
        if not isinstance(entrance.at, Published):
            return FALSE
        named = self.names(entrance, circuit.header.destination)
        frontends = self.hops.frontends
        kept = any_of(
            frontends.refuses(entrance.at, circuit.header), frontends.answers_itself(entrance.at, circuit.header)
        )
        if named == FALSE or kept == FALSE:
            return FALSE
        left = [end for end in circuit.ends() if isinstance(end, ToInternet) and not end.for_service]
        comes_back = all_of(self.hops.facts.holds("U-R-TRAF-10"), any_of(*map(circuit.reaches, left)))
        return all_of(named, kept, any_of(circuit.reaches(AtPublicAddress()), comes_back))

    # -- filters ------------------------------------------------------------------------------------------

    def _admits(self, nic: Nic, packet: Header) -> Term:
        """Hold when `nic` takes a packet in by its public address."""
        return all_of(self._works(nic, packet, self.own(nic).name), self.is_open(nic, packet))

    def _works(self, nic: Nic, packet: Header, at: str | None) -> Term:
        machine = self.hops.estate.machine_of[nic.name]
        works = all_of(self.hops.is_up(machine), negate(self.hops.turns_away(machine, packet, at)))
        return all_of(works, self.hops.gateways.works_in(nic.vnet))

    def is_open(self, nic: Nic, packet: Header) -> Term:
        """Hold when the filters of `nic` let in a packet for its public address (F-ADDR-1, F-PIP-1 to F-PIP-3)."""
        public = nic.public_address
        assert public is not None
        what = "Standard, without a group, so closed"
        closed = Ground(f"interface {nic.name}", what, "F-PIP-1", public.span, of_filter=True)
        return self._opens(nic, self._behind_own_address(nic, packet), Openness(public.sku, public.name, closed))

    def _opens_by(self, published: Published) -> Callable[[Nic, Header], Term]:
        """Return what tells when a member lets in a packet that it sees so (F-LB-7)."""
        balancer = published.balancer
        name = f"load balancer {balancer.name}"

        def opens(nic: Nic, seen: Header) -> Term:
            what = f"Standard, so closed where {nic.name} has no group"
            closed = Ground(name, what, "F-LB-7", balancer.span, of_filter=True)
            return all_of(self._works(nic, seen, None), self._opens(nic, seen, Openness(balancer.sku, name, closed)))

        return opens

    def _opens(self, nic: Nic, seen: Header, openness: Openness) -> Term:
        """Hold when `nic` lets in a packet of the Internet that its filters see so."""
        if self.hops.by_routes_alone:
            return TRUE
        spot = Spot(self.hops.estate.subnets[nic.subnet_id], nic)
        admitted = self.hops.filters.allow(seen, spot, Direction.INBOUND)
        if spot.subnet.nsg is not None or nic.nsg is not None:
            return admitted
        opened = self._opens_standard(nic, seen, spot)
        if openness.sku is None:
            return either(self.hops.facts.holds("U-SKU", openness.name), admitted, all_of(admitted, opened))
        if openness.sku is Sku.BASIC:
            return admitted
        return all_of(admitted, any_of(opened, negate(self.hops.grounds.counts(Bearing.STOPS, openness.closed))))

    def _opens_standard(self, nic: Nic, packet: Header, spot: Spot) -> Term:
        """Hold when admin rules let a packet in at a Standard address without a group, or it is ICMPv6 and passes
        (F-PIP-6, F-NSG-16)."""
        filters = self.hops.filters
        always = filters.always_allow(packet, spot, Direction.INBOUND)
        if always != FALSE:
            always = all_of(always, self.hops.facts.holds("U-AAPIP", nic.name))
        if packet.family is Family.IPV4:
            return always
        if packet.is_icmp == FALSE:
            return always
        ruled = filters.admin_rules_stand(spot, Direction.INBOUND)  # which have asked the same fact of ICMPv6
        passes = self.hops.facts.holds("U-ICMPV6", nic.name, Direction.INBOUND.value) if ruled != TRUE else TRUE
        return any_of(always, all_of(packet.is_icmp, any_of(ruled, passes)))

    def lets_answer_out(self, entrance: Entrance, nic: Nic) -> Term:
        """Hold when `nic`, which got the packet by this address, lets the answer out (F-ADM-18)."""
        if isinstance(entrance.at, Published):
            header = self.header if entrance.known is None else self.header.to(entrance.known)
            return self.hops.frontends.lets_answer_out(entrance.at, nic, header)
        spot = Spot(self.hops.estate.subnets[nic.subnet_id], nic)
        packet = self._behind_own_address(nic, self.header)
        return self.hops.filters.lets_answer_out(packet, spot)

    def _behind_own_address(self, nic: Nic, packet: Header) -> Header:
        """Return how a packet for the public address of `nic` looks there."""
        return replace(packet, destination=self.hops.estate.known_address(nic.addresses[0]))

    # -- what the receiver sees of the sender ---------------------------------------------------------------

    def _as_sent(self, header: Header, end: ToInternet) -> Header:
        """Return a packet as who sent it out by `end` did: an appliance from its own address (R-UDR-17)."""
        machines = (*self.hops.estate.network.machines.values(), *self.hops.implied_machines())
        for machine in machines if end.nic is not None else ():
            for nic in machine.nics if machine.firewall is None else ():
                if nic.name == end.nic:
                    return from_own_address(self.hops.estate, nic, header)
        return header

    def _seen_sources(self, header: Header, end: ToInternet) -> Iterator[tuple[Term, Field]]:
        """Yield the addresses that the receiver may see of who sent the packet out, each with when (F-ADDR-7)."""
        if end == ToInternet() and self._is_first:
            yield TRUE, self._host_egress_address()
            return
        nic = None if end.nic is None else self.hops.estate.nic_named.get(end.nic)
        known = None if nic is None else self._only_known_address(nic)
        if nic is None or known is None:
            yield TRUE, self._egress_address(_sender_at(end))
            return
        shared = self.hops.egress.by_nat_gateway(self.hops.estate.subnets[nic.subnet_id], header)
        yield negate(shared), self.hops.estate.known_address(known)
        if shared != FALSE:
            yield shared, self._egress_address((EgressOf.INTERFACE, nic.name))

    def _host_egress_address(self) -> Field:
        """Return the public address of the source host: its known one by premise, else whatever the world says."""
        if self._host_egress is None:
            self._host_egress = self._public_variable("eh")
            for nic in self.hops.estate.network.nics():
                self._tie_host_egress(nic, self._host_egress)
        return self._host_egress

    def _tie_host_egress(self, nic: Nic, egress: Field) -> None:
        place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
        sends = all_of(self.begins_at(place), any_of(*(equals(self.header.source, a) for a in nic.addresses)))
        if sends == FALSE:
            return
        known, chosen = self._only_known_address(nic), TRUE
        if known is not None:
            chosen = self.hops.egress.by_nat_gateway(self.hops.estate.subnets[nic.subnet_id], self.header)
            self.premises.append(any_of(negate(sends), chosen, equals(egress, known)))
        if nic.ip_forwarding and chosen != FALSE:
            # Its name is one sender's, whether it sends its own packets or others'.
            other = self._egress_address((EgressOf.INTERFACE, nic.name))
            self.premises.append(any_of(negate(sends), negate(chosen), f"(= {egress.term} {other.term})"))

    def _only_known_address(self, nic: Nic) -> int | None:
        """Return the public address by which `nic` sends, None where it is not known or one of several."""
        publics = self.hops.estate.publics_of(nic)
        return publics[0].address if len(publics) == 1 else None

    def _egress_address(self, sender: _Sender | None) -> Field:
        """Return the public address of an appliance's interface or a site, where it is not known: the same wherever it
        sends the packet out. None is whoever does where a line does not count."""
        if sender not in self._egresses:
            self._egresses[sender] = self._public_variable(f"eo{len(self._egresses)}")
        return self._egresses[sender]

    def _public_variable(self, symbol: Term) -> Field:
        return self.chosen_among(symbol, self.hops.estate.realm.public)

    def chosen_among(self, symbol: Term, addresses: IntervalSet) -> Field:
        """Declare an address that a world chooses of `addresses`, and return it."""
        estate = self.hops.estate
        anything = estate.address(self.script.declare(symbol, estate.family.bits))
        self.premises.append(is_among(anything, addresses))
        return anything.narrowed(addresses)

    def chosen_addresses(self) -> dict[Term, tuple[str, ...]]:
        """Return the names of the addresses that a world chooses, by symbol."""
        chosen = dict(self.addresses)
        if self._host_egress is not None:
            nics = self.hops.estate.network.nics()
            subnets = [(EgressOf.SUBNET, name) for name in self.hops.estate.subnets]
            hosts = [*subnets, *((EgressOf.INTERFACE, nic.name) for nic in nics if not nic.ip_forwarding)]
            chosen[self._host_egress.term] = tuple(self._egress_name(*sender) for sender in hosts)
        for sender, egress in self._egresses.items():
            if sender is not None:
                chosen[egress.term] = (self._egress_name(*sender),)
        return chosen

    def _egress_name(self, kind: EgressOf, sender: str) -> str:
        """Return the name of the address that `sender` has on the Internet where it has none declared."""
        return egress_name(kind, sender, self.hops.estate.family)


def _sender_at(end: ToInternet) -> _Sender | None:
    if end.nic is not None:
        return EgressOf.INTERFACE, end.nic
    return None if end.site is None else (EgressOf.SITE, end.site)


def egress_name(kind: EgressOf, sender: str, family: Family) -> str:
    """Return the name under which a world chooses the address that `sender` has on the Internet."""
    return f"{kind.value}egress of {sender}" if family is Family.IPV4 else f"IPv6 {kind.value}egress of {sender}"
