"""Halves of peerings as Azure's JSON tells them, and which vnets they join."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vnetverify.header import Prefix
from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.properties import read
from vnetverify.ingest.resources import Resource, certain_first, key_of, parent_of
from vnetverify.ingest.shapes import PEERING
from vnetverify.ingest.values import Malformed, address_space_of, as_flag, as_list, as_reference, as_text, shown
from vnetverify.model.network import LinkState, Peering

_PEERINGS = "virtualnetworks/virtualnetworkpeerings"


@dataclass(frozen=True, slots=True)
class _Link:
    """A peering as read, with the ranges of the remote vnet: its present ones and those that this half has seen.

    Each is None where it is not told; `level` is Azure's word for whether the halves are in sync.
    """

    resource: Resource
    local: str
    remote: str
    remote_ranges: tuple[Prefix, ...] | None
    seen: tuple[Prefix, ...] | None
    level: str
    peering: Peering


class Halves:
    """The halves of peerings of an input. Vnets are called by their keys, and `peers` are those of each.

    `told_ranges` are the ranges of remote vnets that a half tells.
    """

    def __init__(
        self,
        inventory: Inventory,
        findings: Findings,
        names: Mapping[str, str],
        subnets: Mapping[str, str],
    ) -> None:
        """Read them; `names` and `subnets` are the names of vnets and subnets by key."""
        self._inventory = inventory
        self._findings = findings
        self._names = names
        self._subnets = subnets
        self._links = tuple(self._read_links())
        self.peers = _peers(self._links)
        self.told_ranges = {link.remote: link.remote_ranges for link in self._links if link.remote_ranges}
        self._users = _users(self._links)

    def users_of(self, vnet: str) -> tuple[str, ...]:
        """Return the keys of the vnets that use the gateways of `vnet` as their remote ones."""
        return self._users.get(vnet, ())

    def peerings(
        self, spaces: Mapping[str, tuple[Prefix, ...]], is_stand_in: Callable[[str], bool]
    ) -> tuple[Peering, ...]:
        """Return the halves, having noted what is in doubt about them.

        `spaces` are the ranges of the vnets by key; a vnet `is_stand_in` that is only mentioned.
        """
        halves = {(link.local, link.remote): _with_view(link, spaces) for link in self._links}
        for link in self._links:
            other = halves.get((link.remote, link.local))
            self._doubt_remote(link, other is not None, is_stand_in(link.remote))
            views = (halves[link.local, link.remote].remote_space, other and other.remote_space)
            if link.level.lower() != "fullyinsync" and views == (None, None):
                what = f"{link.resource.subject} in sync level `{shown(link.level)}`"
                why = "which ranges its halves have last seen is not in the input"
                self._findings.doubt_about(link.resource, what, why, is_outside=True)
        return tuple(_with_view(link, spaces) for link in self._links)

    def _doubt_remote(self, link: _Link, has_other_half: bool, is_stand_in: bool) -> None:
        subject = f"the remote end of {link.resource.subject}"
        if is_stand_in:
            if link.peering.state in (None, LinkState.CONNECTED):
                what = f"{subject}, vnet `{link.peering.remote}`"
                self._findings.doubt_about(link.resource, what, NOT_HERE, is_outside=True)
        elif not has_other_half and link.peering.state is LinkState.CONNECTED:
            why = "the peering is Connected, so its other half exists, but it is not in the input"
            self._findings.doubt_about(link.resource, subject, why, is_outside=True)

    def _read_links(self) -> Iterator[_Link]:
        known: set[tuple[str, str]] = set()
        for resource in certain_first(self._inventory.of(_PEERINGS)):
            try:
                link = self._read_link(resource)
                if resource.uncertain is None or (link.local, link.remote) not in known:
                    known.add((link.local, link.remote))
                    yield link
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")

    def _read_link(self, resource: Resource) -> _Link:
        values, doubts = read(resource.body, resource.pointer, PEERING)
        local = parent_of(resource.key)
        remote_id = as_reference(values.get("remotevirtualnetwork"), "remoteVirtualNetwork")
        if remote_id is None:
            raise Malformed("`remoteVirtualNetwork` is missing")
        remote = key_of(remote_id)
        if remote not in self._names:
            raise Malformed("`remoteVirtualNetwork` names no virtual network")
        self._findings.concern(resource.key, local, remote)
        self._findings.doubts(resource, doubts, resource.key)
        told = values.get("remotevirtualnetworkaddressspace") or values.get("remoteaddressspace")
        return _Link(
            resource,
            local,
            remote,
            address_space_of(told, "remoteVirtualNetworkAddressSpace") if told else None,
            address_space_of(seen, "remoteAddressSpace") if (seen := values.get("remoteaddressspace")) else None,
            as_text(values.get("peeringsynclevel") or "FullyInSync", "peeringSyncLevel"),
            self._peering(values, local, remote, resource),
        )

    def _peering(self, values: dict[str, Any], local: str, remote: str, resource: Resource) -> Peering:
        def flag(name: str, default: bool) -> bool:
            value = as_flag(values.get(name.lower()), name)
            return default if value is None else value

        state = values.get("peeringstate")
        local_subnets = remote_subnets = None
        if not flag("peerCompleteVnets", True):
            local_subnets = self._participants(values, "localSubnetNames", local)
            remote_subnets = self._participants(values, "remoteSubnetNames", remote)
            if local_subnets is None or remote_subnets is None:
                what = f"a subnet that takes part in {resource.subject}, a peering of subnets,"
                self._findings.doubt_about(resource, what, NOT_HERE)
        only_ipv6 = flag("enableOnlyIPv6Peering", False)
        if only_ipv6 and flag("peerCompleteVnets", True):
            why = "only of a peering of subnets it is known what it does (R-PEER-20)"
            self._findings.doubt_about(resource, f"`enableOnlyIPv6Peering` of {resource.subject}", why)
        return Peering(
            self._names[local],
            self._names[remote],
            flag("allowVirtualNetworkAccess", True),
            flag("allowForwardedTraffic", False),
            flag("allowGatewayTransit", False),
            flag("useRemoteGateways", False),
            None if state is None else _state(as_text(state, "peeringState")),
            local_subnets=local_subnets,
            remote_subnets=remote_subnets,
            only_ipv6=only_ipv6,
            span=resource.span,
        )

    def _participants(self, values: dict[str, Any], field: str, vnet: str) -> tuple[str, ...] | None:
        """Return the subnets of `vnet` that take part in a peering of subnets; None where one is not known."""
        names = [as_text(name, field) for name in as_list(values.get(field.lower()), field)]
        found = [self._subnets.get(f"{vnet}/subnets/{name.lower()}") for name in names]
        return tuple(subnet for subnet in found if subnet is not None) if all(found) and found else None


def _with_view(link: _Link, spaces: Mapping[str, tuple[Prefix, ...]]) -> Peering:
    """Return the half with the remote space that it last saw, where that is not the present one (R-PEER-17)."""
    present = spaces.get(link.remote, link.remote_ranges)
    if link.peering.is_of_subnets or link.seen is None or present is None or set(present) == set(link.seen):
        return link.peering
    return replace(link.peering, remote_space=link.seen)


def _peers(links: tuple[_Link, ...]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for link in links:
        found[link.local][link.remote] = None
        found[link.remote][link.local] = None
    return {vnet: tuple(peers) for vnet, peers in found.items()}


def _users(links: tuple[_Link, ...]) -> dict[str, tuple[str, ...]]:
    """Return, for each vnet whose gateways others use as their remote ones, the keys of those others."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for link in links:
        if link.peering.use_remote_gateways:
            found[link.remote].append(link.local)
    return {vnet: tuple(users) for vnet, users in found.items()}


def _state(text: str) -> LinkState:
    try:
        return LinkState(text.lower())
    except ValueError as error:
        raise Malformed(f"`peeringState` is `{shown(text)}`") from error
