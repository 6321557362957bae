"""What of an input the model does not follow, by what it could change: a network, or its security rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

from vnetverify.model.network import Network, Unmodelled

# What the lists are made of, as `ingest` names it, also in a text that it has written.
_OF_RULES = re.compile(
    r"(?:^|of )(?:nsg|rule|asg|admin rules?|network manager|network group) "
    r"|applicationSecurityGroups|networkSecurityGroup"
)


def untold_of_rules(network: Network) -> tuple[Unmodelled, ...]:
    """Return what may add to the rules, or change which packets they match: a rule of which not all is known is none
    in the network, wherever it is tried; and what a tag or a group holds turns on ranges, members and places."""
    return tuple(item for item in network.unmodelled if item.is_unknown or _OF_RULES.search(item.what))


def untold_of_routes(network: Network) -> tuple[Unmodelled, ...]:
    """Return what is not modelled but for security rules alone."""
    return tuple(item for item in network.unmodelled if not _OF_RULES.search(item.what))


def about(items: Iterable[Unmodelled], vnet: str) -> tuple[Unmodelled, ...]:
    """Return those of `items` that could change the traffic of `vnet`."""
    return tuple(item for item in items if not item.vnets or vnet in item.vnets)


def vnets_untold(network: Network) -> frozenset[str]:
    """Return the names of the networks that what is untold of rules concerns."""
    items = untold_of_rules(network)
    is_anywhere = any(not item.vnets for item in items)
    return frozenset(network.vnets if is_anywhere else (vnet for item in items for vnet in item.vnets))


def lists_untold(network: Network) -> frozenset[str]:
    """Return the names of the security groups, and of the managers of admin rules, that this concerns: those of the
    networks where they are attached or in force."""
    vnets = vnets_untold(network)
    held = [(subnet.nsg, subnet.vnet) for subnet in network.subnets()]
    held += [(nic.nsg, nic.vnet) for nic in network.nics()]
    held += [(own.manager, vnet) for own in network.admin_rules for vnet in own.vnets]
    return frozenset(name for name, vnet in held if name is not None and vnet in vnets)
