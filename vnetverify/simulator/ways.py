"""What a gateway knows: prefixes and the ways they point (R-GW-2)."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.facts import Uncertainty
from vnetverify.header import Prefix


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of a gateway, by its name: a connection, or an ExpressRoute circuit it shares with `remote_gateway`."""

    name: str
    bgp: bool
    site: str | None = None
    remote_gateway: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A prefix that a gateway learns by `way` where all of `condition` hold."""

    prefix: Prefix
    way: Way
    condition: tuple[Uncertainty, ...] = ()

    @property
    def is_static(self) -> bool:
        return not self.way.bgp


def circuit_to(gateway: str) -> Way:
    """Return the way by a shared circuit to `gateway`."""
    return Way(f"circuit to {gateway}", True, remote_gateway=gateway)
