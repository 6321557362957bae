"""The judge of certificates: no solver, no search, no trust in who made them.

A certificate is accepted when its trees part exactly what the claim speaks of and every leaf is judged to hold no
violation (engines.md, "Claims"). What is judged is the network, not a formula about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vnetverify.certificate.regions import Region
from vnetverify.certificate.shared import Shared
from vnetverify.certificate.tree import SETTLED, WALKED, Token, parted
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.rules import Undetermined
from vnetverify.simulator.addressing import Impossible, Mixed
from vnetverify.simulator.claims import violates


class Refused(Exception):
    """A certificate does not show what it should; the message says why."""


def check(network: Network, claim: Claim, regions: Iterable[Region], tokens: Sequence[Token]) -> None:
    """Return where the tokens show that no flow of `regions` violates the claim. Raises `Refused` where they do not."""
    shared, pending = Shared(network, claim), list(regions)[::-1]
    for number, token in enumerate(tokens, 1):
        if not pending:
            raise Refused(f"node {number} belongs to no region")
        region = pending.pop()
        if token in (WALKED, SETTLED):
            why = _flaw(network, claim, shared, region, token)
            if why is not None:
                raise Refused(f"node {number}: {why}")
            continue
        parts = parted(region, claim, token)
        if parts is None:
            raise Refused(f"node {number} does not part its region")
        pending.extend(reversed(parts))
    if pending:
        raise Refused("some regions are not covered")


def _flaw(network: Network, claim: Claim, shared: Shared, region: Region, token: Token) -> str | None:
    """Return why the leaf does not show that its region holds no violation, None where it does."""
    try:
        if token == SETTLED:
            return None if shared.settles(region.packet, region.world) else "the region is not settled"
        if region.origin is None:
            return "a walk needs an origin"
        found = violates(network, claim, region.origin, region.packet, region.world)
    except Impossible:
        return None  # the region is empty
    except (Mixed, Undetermined) as doubt:
        return f"its flows differ: {doubt}"
    return None if found is None else f"its flows violate the claim: {found.why}"
