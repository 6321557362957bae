"""What Azure accepts and hardly anybody means, as far as a network can be read without following packets.

Faults of this kind that a single statement shows are warnings of `model.wellformed`.
"""

from __future__ import annotations

from vnetverify.diagnostic import Diagnostic
from vnetverify.model.lints.groups import group_lints, route_table_lints
from vnetverify.model.lints.publics import public_lints
from vnetverify.model.lints.services import service_lints
from vnetverify.model.network import Network

__all__ = ["plain_lints"]


def plain_lints(network: Network) -> tuple[Diagnostic, ...]:
    """Return the warnings and notes about a well-formed `network` that need no proof, by kind."""
    return (*group_lints(network), *route_table_lints(network), *public_lints(network), *service_lints(network))
