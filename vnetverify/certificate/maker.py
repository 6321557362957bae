"""Who makes certificates: it asks the judge about ever smaller regions, and parts them where the judge is in doubt.

Nothing here is believed: the checker judges each leaf again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vnetverify.certificate.regions import Region
from vnetverify.certificate.shared import Shared
from vnetverify.certificate.tree import ORIGINS, SETTLED, WALKED, Token, ask, cut, parted
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.rules import Undetermined
from vnetverify.simulator.addressing import Field, Impossible, Mixed
from vnetverify.simulator.claims import violates


@dataclass(frozen=True, slots=True)
class NoCover:
    """Why there is no certificate: a bound was reached, a region cannot be parted, or its flows violate the claim."""

    why: str
    region: Region | None = None


def cover(network: Network, claim: Claim, regions: Iterable[Region], budget: int) -> tuple[Token, ...] | NoCover:
    """Return a certificate that no flow of `regions` violates the claim, of at most `budget` nodes."""
    shared, pending = Shared(network, claim), list(regions)[::-1]
    tokens: list[Token] = []
    while pending:
        if len(tokens) >= budget:
            return NoCover(f"a certificate would have more than {budget} nodes")
        region = pending.pop()
        token = _node(network, claim, shared, region)
        if isinstance(token, NoCover):
            return token
        tokens.append(token)
        if token in (WALKED, SETTLED):
            continue
        parts = parted(region, claim, token)
        if parts is None:
            return NoCover(f"`{token}` does not part a region", region)
        pending.extend(reversed(parts))
    return tuple(tokens)


def _node(network: Network, claim: Claim, shared: Shared, region: Region) -> Token | NoCover:
    try:
        if region.origin is None:
            return SETTLED if shared.settles(region.packet, region.world) else ORIGINS
        found = violates(network, claim, region.origin, region.packet, region.world)
    except Mixed as doubt:
        if not isinstance(doubt.interval, Field):
            return NoCover("what an address is translated to differs", region)
        return cut(doubt.interval.name, doubt.cut)
    except Undetermined as doubt:
        return ask(str(doubt.fact))
    except Impossible:
        return WALKED
    return WALKED if found is None else NoCover(f"flows violate the claim: {found.why}", region)
