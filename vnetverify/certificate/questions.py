"""The questions that a certificate answers for each region: that no flow of it does something, by the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from vnetverify.certificate.regions import Region, origins_of
from vnetverify.certificate.shared import OF_DELIVERY, Denial, Shared
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import Network
from vnetverify.model.pieces import Pieces
from vnetverify.simulator.advertising import as_claimed
from vnetverify.simulator.claims import Asks, has_too_much_down, in_question, may_violate, violates
from vnetverify.simulator.ends import begins
from vnetverify.simulator.walk import trace, trace_unfiltered


class Question(Protocol):
    """Something that has to be so of every flow of a region, whatever the world."""

    @property
    def origins(self) -> Pieces:
        """The places where flows begin, with the addresses they begin from."""

    @property
    def is_about_ways(self) -> bool:
        """Whether routes are likelier to tell than filters. For who cuts."""

    @property
    def targets(self) -> Pieces:
        """Addresses outside of which destinations settle most regions; none where that is not so. For who cuts."""

    def is_spoken_of(self, region: Region) -> bool:
        """Hold when it is asked of the region's headers, wherever they go; raises `Mixed`. For who cuts."""

    def is_settled(self, region: Region) -> bool:
        """Hold when it is so whoever sends; False where that is not known. Raises `Mixed` where parting may tell."""

    def flaw(self, region: Region, origin: Place) -> str | None:
        """Return what is not so of the region's flows, all of which begin at `origin`; None where it is so of all.

        Raises `Mixed` and `Undetermined` where it is so of some, and `Impossible` where there are none.
        """


@dataclass(frozen=True)
class Unviolated:
    """No flow violates `claim`; with `by_routing` none would if no filter and no policy refused it."""

    network: Network
    claim: Claim
    by_routing: bool = False

    @cached_property
    def origins(self) -> Pieces:
        return origins_of(self.claim)

    @cached_property
    def _shared(self) -> Shared:
        return Shared(self.network, self.claim)

    @property
    def is_about_ways(self) -> bool:
        return self.claim.verb in (Verb.ONLY_VIA, Verb.NOT_VIA, Verb.NOT_TRANSITIVE)

    @property
    def targets(self) -> Pieces:
        return self._shared.targets

    def is_spoken_of(self, region: Region) -> bool:
        return self._shared.is_spoken_of(region.packet)

    def is_settled(self, region: Region) -> bool:
        return self.denials(region) is not None

    def denials(self, region: Region) -> tuple[Denial, ...] | None:
        """Return what has to be denied for the region to be settled; None where it is not. Raises `Mixed`."""
        by_routing = self.by_routing or self.claim.unfiltered
        return self._shared.denials(region.packet, region.world, by_routing=by_routing)

    def is_about(self, region: Region, origin: Place) -> bool:
        """Hold unless the region's flows from there are none that the claim speaks of."""
        return not self._shared.is_of_one_member(origin, region.packet) and begins(
            self.network, self.claim, origin, region.packet
        )

    def flaw(self, region: Region, origin: Place) -> str | None:
        if self.claim.verb in OF_DELIVERY and not self.claim.unfiltered:
            return self._delivery(region, origin)
        if self._shared.is_of_one_member(origin, region.packet):
            return None
        found = violates(self.network, self.claim, origin, region.packet, region.world)
        return None if found is None else found.why

    def _delivery(self, region: Region, origin: Place) -> str | None:
        """Return how what is delivered violates."""
        if self._shared.is_of_one_member(origin, region.packet):
            return None
        lenient = self._shared.only_drops
        if self.by_routing and not lenient:
            return "what filters let pass may be led elsewhere"
        asks = Asks.NOTHING if self.by_routing else Asks.LAST if lenient else Asks.AT_ONCE
        wrong = may_violate(self.network, self.claim, origin, region.packet, region.world, asks)
        return "what is delivered violates it" if wrong else None


@dataclass(frozen=True)
class Unvisited:
    """No packet that a left side of `claim` sends, of whatever service, comes to the appliance `machine` (F-ADDR-8).

    One that the claim lets pass is not followed beyond what it may pass by.
    """

    network: Network
    claim: Claim
    machine: str

    @cached_property
    def origins(self) -> Pieces:
        return origins_of(self.claim)

    @property
    def is_about_ways(self) -> bool:
        return True

    @property
    def targets(self) -> Pieces:
        return Pieces(())

    def is_spoken_of(self, region: Region) -> bool:
        return True

    def is_settled(self, region: Region) -> bool:
        return False

    def flaw(self, region: Region, origin: Place) -> str | None:
        if has_too_much_down(self.network, self.claim, region.world):
            return None
        excused = self.claim.excused + (self.claim.via if self.claim.verb is Verb.ONLY_VIA else ())
        walked = trace_unfiltered if self.claim.unfiltered else trace
        world = as_claimed(self.network, self.claim.advertising, region.world)
        way = walked(self.network, origin, region.packet, world, self.claim.failures)
        came = any(visit.name == self.machine and not set(visit.met) & set(excused) for visit in way.visits)
        return f"it comes to {self.machine}" if came else None


@dataclass(frozen=True)
class Done:
    """A flow does what `claim` asks of some flow."""

    network: Network
    claim: Claim

    @property
    def origins(self) -> Pieces:
        return Pieces(())

    @property
    def is_about_ways(self) -> bool:
        return True

    @property
    def targets(self) -> Pieces:
        return Pieces(())

    def is_spoken_of(self, region: Region) -> bool:
        return True

    def is_settled(self, region: Region) -> bool:
        return False

    def flaw(self, region: Region, origin: Place) -> str | None:
        if not in_question(self.network, self.claim, origin, region.packet, region.world):
            return "the claim does not cover the flow in every world"
        found = violates(self.network, self.claim, origin, region.packet, region.world)
        return None if found is None else found.why
