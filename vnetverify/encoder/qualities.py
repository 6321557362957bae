"""What the way of a delivered flow is like: how narrow, how far, and across how many peerings.

I-BOTTLENECK, I-LATENCY, I-CROSSINGS, R-LINT-2, R-LINT-3, F-PE-10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from vnetverify.encoder.circuit import GATEWAYS, MACHINES, Devices
from vnetverify.encoder.delivery import Delivery
from vnetverify.encoder.ends import Parts, Wanted
from vnetverify.encoder.facts import Bearing, Ground
from vnetverify.encoder.journeys import Journey, Stage
from vnetverify.encoder.nodes import (
    ANYWHERE,
    Anywhere,
    Arrival,
    AtPublicAddress,
    AtSite,
    Exchanged,
    FromTunnel,
    Inside,
    OutOfTunnel,
    Returned,
    Target,
    ToInterface,
    ToInternet,
    ToSite,
    ToVnet,
    Translated,
)
from vnetverify.encoder.terms import FALSE, TRUE, Term, all_of, any_of, at_most, equals, negate
from vnetverify.header import IntervalSet
from vnetverify.model.intents import Claim, Place, PlaceKind, Verb
from vnetverify.model.network import Gateway, Machine, Nic
from vnetverify.model.private_links import PrivateEndpoint


@dataclass(slots=True)
class Qualities:
    """The way of a claim's flows, their `journey`, as the claim judges it; `delivery` knows its ends."""

    claim: Claim
    delivery: Delivery
    journey: Journey

    def is_bad(self, left: Parts) -> Term:
        """Hold when the way of a packet that is delivered is not as the claim says, whatever it ends at.

        Where a line does not count the packet may come by any way, so by a bad one as well.
        """
        astray = any_of(*(self.journey.reaches(end) for end in ANYWHERE))
        match self.claim.verb:
            case Verb.BOTTLENECK:
                return any_of(astray, self._begins_slowly(left), self._meets_something_slow())
            case Verb.LOCAL_LATENCY:
                return any_of(astray, self._begins_outside(left), self._goes_far())
            case Verb.CROSSES_AT_MOST:
                return any_of(astray, self._crosses_more())
            case other:
                raise ValueError(f"`{other.value}` does not speak of the qualities of ways")

    def ends_badly(self, right: Parts) -> Term:
        """Hold when the packet is delivered in `right` to an end that is not as the claim says."""
        match self.claim.verb:
            case Verb.BOTTLENECK:
                return self.journey.ends_where(right, self._ends_slowly)
            case Verb.LOCAL_LATENCY:
                return self.journey.ends_where(right, self._ends_outside)
            case _:
                return FALSE

    def _ends_slowly(self, stage: Stage, right: Parts) -> Term:
        slow = Wanted(
            partial(self._is_slow_end, stage),
            self._is_slow_host,
            self._is_slow_host,
            lambda endpoint, nic: self._is_slow_host(nic),
        )
        return stage.delivery.delivered_where(stage.circuit, right, slow)

    def _ends_outside(self, stage: Stage, right: Parts) -> Term:
        far = Wanted(_is_outside, lambda nic: TRUE, lambda nic: FALSE, self._is_linked_far)
        return stage.delivery.delivered_where(stage.circuit, right, far)

    # -- bandwidth ----------------------------------------------------------------------------------------

    def _is_slow(self, element: Machine | Gateway) -> Term:
        """Hold when the cap of `element` is below the limit, or nobody says what it is (R-LINT-2)."""
        limit = self.claim.limit
        assert limit is not None
        if element.bandwidth is None:
            return negate(self.delivery.hops.facts.holds("U-BANDWIDTH", element.name))
        if element.bandwidth < limit:
            return TRUE
        kind = "gateway" if isinstance(element, Gateway) else "machine"
        carries = Ground(f"{kind} {element.name}", "carries as much as is asked", "R-LINT-2", element.span)
        return negate(self.delivery.hops.grounds.counts(Bearing.STOPS, carries))

    def _begins_slowly(self, left: Parts) -> Term:
        terms = []
        for place, addresses in sorted(left.items()):
            begins = self.delivery.ends.begins_at(place)
            for nic, held in self._standing(place, addresses):
                sends = any_of(*(equals(self.delivery.ends.header.source, address) for address in held))
                terms.append(all_of(begins, sends, self._is_slow_host(nic)))
        return any_of(*terms)

    def _meets_something_slow(self) -> Term:
        network = self.delivery.hops.estate.network
        met = {machine.name: machine for machine in self.journey.machines()}
        gateways = [network.gateways[name] for name in self.journey.devices() if name in network.gateways]
        elements: list[tuple[Machine | Gateway, Devices]]
        elements = [*((each, MACHINES) for each in met.values()), *((each, GATEWAYS) for each in gateways)]
        return any_of(*(all_of(self.journey.meets(each.name, of), self._is_slow(each)) for each, of in elements))

    def _is_slow_end(self, stage: Stage, place: Place, addresses: IntervalSet) -> Term:
        return any_of(
            *(
                all_of(
                    any_of(*(equals(stage.header.destination, address) for address in held)),
                    self._is_slow_host(nic),
                )
                for nic, held in self._standing(place, addresses)
            )
        )

    def _is_slow_host(self, nic: Nic) -> Term:
        return self._is_slow(self.delivery.hops.estate.machine_of[nic.name])

    def _standing(self, place: Place, addresses: IntervalSet) -> Iterable[tuple[Nic, list[int]]]:
        """Yield the declared interfaces at a place, each with those of its addresses that are asked about."""
        if place.kind == PlaceKind.SUBNET.value:
            for nic in self.delivery.hops.estate.nics_in[place.name]:
                held = [address for address in nic.addresses if address in addresses]
                if held:
                    yield nic, held

    # -- latency ------------------------------------------------------------------------------------------

    def _begins_outside(self, left: Parts) -> Term:
        return any_of(*(self.delivery.ends.begins_at(place) for place in left if _is_outside(place) == TRUE))

    def _goes_far(self) -> Term:
        """Hold when a hop leads into another region, or the packet meets a gateway or a site that relays."""
        met = self.journey.passes(Inside | OutOfTunnel | Exchanged | AtSite)
        entered = self.journey.enters_by_public_address()
        return any_of(met, entered, *self.journey.hops_where(self._changes_region))

    def _changes_region(self, vnet: str, target: Target) -> Term:
        other = self._vnet_of(target)
        if other in (None, vnet):
            return FALSE
        one, two = sorted((vnet, str(other)))
        regions = [self.delivery.hops.estate.network.vnets[name].region for name in (one, two)]
        if None in regions:
            return negate(self.delivery.hops.facts.holds("U-REGION", one, two))
        if len({str(region).casefold() for region in regions}) > 1:
            return TRUE
        together = Ground(f"networks {one} and {two}", "are in one region", "R-LINT-2")
        return negate(self.delivery.hops.grounds.counts(Bearing.STOPS, together))

    def _is_linked_far(self, endpoint: PrivateEndpoint, nic: Nic) -> Term:
        """Hold when a private link service carries the packet into another region (F-PE-10)."""
        return self._changes_region(endpoint.vnet, ToVnet(nic.vnet))

    # -- crossings ----------------------------------------------------------------------------------------

    def _crosses_more(self) -> Term:
        """Hold when more hops than the limit cross a peering. A packet that arrives passes each device once."""
        limit = self.claim.limit
        assert limit is not None
        crossings = self.journey.hops_where(self._crosses_peering)
        return negate(at_most(limit, [self.delivery.share(crossing) for crossing in crossings]))

    def _crosses_peering(self, vnet: str, target: Target) -> Term:
        return TRUE if self._vnet_of(target) in self.delivery.hops.estate.peers(vnet) else FALSE

    def _vnet_of(self, target: Target) -> str | None:
        """Return the network that a hop to `target` leads into, None where it leads into none."""
        match target:
            case ToVnet(vnet):
                return vnet
            case Arrival(machine, name):
                return next(nic.vnet for nic in self.delivery.hops.machine(machine).nics if nic.name == name)
            case Inside(gateway):
                return self.delivery.hops.estate.network.gateways[gateway].vnet
            case FromTunnel() | OutOfTunnel() | Exchanged() | AtSite():
                return None
            case ToInterface() | ToSite() | ToInternet() | AtPublicAddress() | Anywhere() | Translated() | Returned():
                return None
            case unreachable:
                assert_never(unreachable)


def _is_outside(place: Place, addresses: IntervalSet | None = None) -> Term:
    return FALSE if place.kind == PlaceKind.SUBNET.value else TRUE
