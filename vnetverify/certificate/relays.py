"""What a proof of absence has to show where appliances may take one flow and send another (F-ADDR-8, F-META-7).

Such an appliance is taken to be come to, and then nothing that it sends of its own may break the claim; or nothing
comes to it, of what the claim speaks of or of what those send that are come to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from vnetverify.certificate.shared import OF_DELIVERY
from vnetverify.facts import SettledFacts, uncertainty
from vnetverify.header import Interval, address_text, interval_set
from vnetverify.model.endpoints import place_of
from vnetverify.model.intents import Claim, EndpointSet, Verb
from vnetverify.model.network import Machine, Network
from vnetverify.model.services import EVERY_PACKET
from vnetverify.simulator.addressing import host_subnet, point


@dataclass(frozen=True, slots=True)
class Relay:
    """An appliance of which nobody says what it forwards, with the addresses it has of its own."""

    name: str
    addresses: EndpointSet
    vnets: tuple[str, ...]


def relays(network: Network, claim: Claim, assumed: SettledFacts) -> tuple[Relay, ...]:
    """Return the appliances that may break the claim by flows of their own, but those that it lets pass."""
    if claim.verb not in OF_DELIVERY:
        return ()
    passing = claim.via if claim.verb is Verb.ONLY_VIA else claim.excused
    return tuple(
        each
        for each in _relays_in(network)
        if each.name not in passing and assumed.get(str(uncertainty("U-REWRITES", each.name))) is not False
    )


_latest: list[tuple[Network, tuple[Relay, ...]]] = []


def _relays_in(network: Network) -> tuple[Relay, ...]:
    """Return all appliances of which nobody says what they forward. Those of the network asked about last are kept."""
    kept = next((relays for of, relays in tuple(_latest) if of is network), None)
    if kept is None:
        declared = (
            machine for machine in network.machines.values() if machine.policy is None and not machine.is_managed
        )
        kept = tuple({each.name: each for each in (*map(_declared, declared), *_implied(network))}.values())
        _latest[:] = [(network, kept)]
    return kept


def _declared(machine: Machine) -> Relay:
    parts: dict[str, list[Interval]] = {}
    for nic in machine.nics:
        parts.setdefault(nic.subnet_id, []).extend(map(point, nic.addresses))
    held = tuple((place_of(subnet), interval_set(pieces)) for subnet, pieces in sorted(parts.items()) if pieces)
    return Relay(machine.name, EndpointSet(held, machine.name), tuple(nic.vnet for nic in machine.nics))


def _implied(network: Network) -> Iterator[Relay]:
    """Yield what routes imply at addresses that nobody is declared to hold, in whichever network that may be."""
    taken = {(nic.vnet, address) for nic in network.nics() for address in nic.addresses}
    taken |= {(front.vnet, front.address) for each in network.load_balancers.values() for front in each.frontends}
    taken |= {(each.vnet, address) for each in network.private_endpoints.values() for address in each.addresses}
    routes = (route for table in network.route_tables.values() for route in table.routes)
    hops = {route.next_hop_address for route in routes}
    hops |= {peer.next_hop for server in network.route_servers for peer in server.peers}
    for address in sorted(hop for hop in hops if hop is not None):
        for vnet in network.vnets.values():
            subnet = host_subnet(vnet, point(address))
            if subnet is not None and (vnet.name, address) not in taken:
                name = f"{address_text(address)} in {subnet.id}"
                held = EndpointSet(((place_of(subnet.id), interval_set((point(address),))),), name)
                yield Relay(name, held, (vnet.name,))


def may_break(relay: Relay, claim: Claim) -> bool:
    """Hold when a flow that the relay sends may break the claim: for a hub or a way, if it stands there."""
    if claim.verb is Verb.NOT_TRANSITIVE:
        return any(vnet in claim.via for vnet in relay.vnets)
    return claim.verb is not Verb.NOT_VIA or relay.name in claim.via


def onward(relay: Relay, claim: Claim) -> Claim:
    """Return the claim that nothing the relay sends from its own addresses is delivered on a right side."""
    verb = Verb.ONLY_VIA if claim.verb is Verb.ONLY_VIA else Verb.NEVER_REACHES
    rights = dict.fromkeys(right for _, right in claim.pairs)
    return replace(claim, verb=verb, pairs=tuple((relay.addresses, right) for right in rights), apart=())


def addressed(relay: Relay, claim: Claim) -> Claim:
    """Return the claim that nothing a left side sends is delivered to the relay itself."""
    verb = Verb.ONLY_VIA if claim.verb is Verb.ONLY_VIA else Verb.NEVER_REACHES
    lefts = dict.fromkeys(left for left, _ in claim.pairs)
    pairs = tuple((left, relay.addresses) for left in lefts)
    return replace(claim, verb=verb, pairs=pairs, service=EVERY_PACKET, arriving=None, apart=())
