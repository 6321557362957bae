"""What reading texts yields: a network, what it must do, and what is wrong with the texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vnetverify.diagnostic import Diagnostic
from vnetverify.model.intents import Assumption, EndpointSet, Intent
from vnetverify.model.network import Network, Service


@dataclass(frozen=True, slots=True)
class Document:
    """`network` and the rest hold what could be understood; whoever proves something must first see no errors.

    `groups` and `services` are the ones declared, by declared name. Where only sentences are wrong the network
    `is_sound`, and what Azure would refuse of it can be told as well.
    """

    network: Network
    intents: tuple[Intent, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    documented_reading: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    groups: Mapping[str, EndpointSet] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    is_sound: bool = True
