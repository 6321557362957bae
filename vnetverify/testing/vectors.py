"""Test vectors in JSON, of the two formats that networks are exchanged in: read into networks and questions.

A *routing* vector spells keys `like_this`, a *filtering* vector `likeThis`. What a vector holds beyond the model
raises `NotApplicable` with the key that was not understood, so that no vector is answered by leaving something out.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vnetverify.header import NotAPrefix
from vnetverify.model.network import Era, Network, NextHopType
from vnetverify.model.security import AsgMembers
from vnetverify.testing import (
    filtering_questions,
    filtering_vectors,
    routing_questions,
    routing_vectors,
    vector_changes,
    vector_egress,
    vector_firewalls,
    vector_names,
)
from vnetverify.testing.questions import Asked, Contested, IsValid, NotAQuestion
from vnetverify.testing.records import NotApplicable, Refused, rules_of

_NetworkOf = Callable[[Mapping[str, Any]], Network]
_AskedOf = Callable[[Mapping[str, Any], Network], Asked | Contested]

__all__ = ["NotApplicable", "Vector", "read_vector", "vectors_in"]


@dataclass(frozen=True, slots=True)
class Vector:
    """A network with a question and its answer.

    Where `refused` names a rule, that forbids something in the vector, which asks whether it is valid: the network
    is then empty, since none can hold it.
    """

    id: str
    rules: tuple[str, ...]
    network: Network
    asked: Asked | Contested
    refused: str = ""


def vectors_in(document: object) -> Sequence[Mapping[str, Any]]:
    """Return the vectors of a file: its list, or the list called `vectors`. Raises `NotApplicable`."""
    vectors = document.get("vectors") if isinstance(document, dict) else document
    if not isinstance(vectors, list) or not all(isinstance(vector, dict) for vector in vectors):
        raise NotApplicable("no list of vectors; to compare recordings, name their network with `--network`")
    return vectors


def read_vector(vector: Mapping[str, Any]) -> Vector:
    """Return the network and questions of `vector`. Raises `NotApplicable`."""
    try:
        _refuse_unknown_keys(vector)
        network_of, asked_of = _form_of(vector)
        rules, refused = rules_of(vector), ""
        try:
            network = replace(network_of(vector), era=Era(vector.get("era") or Era.CURRENT.value))
        except Refused as refusal:
            if vector["question"].get("kind") not in _VALIDITY:
                raise
            network, refused = Network(), refusal.rule
        except NotAPrefix:
            if vector["question"].get("kind") not in _VALIDITY:
                raise
            network, refused = Network(), _OF_RANGES
        asked = asked_of(vector, network)
    except (NotAPrefix, NotAQuestion, LookupError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise NotApplicable(f"malformed: {type(error).__name__} {error}") from error
    missing = next(dangling(network), None)
    if missing is not None:
        raise NotApplicable(f"malformed: there is no {missing}")
    if not isinstance(asked.question, IsValid):
        _refuse_undefined(network)
    return Vector(str(vector.get("id", "")), rules, network, asked, refused)


# What a vector says in words, and what asks something; either may stand there and be empty.
_REMARKS = frozenset((
    "assumedDetails", "basis", "comment", "confidence", "date", "description", "explanation", "filled_in", "note",
    "notes", "rationale", "reason", "references", "source", "sources", "title", "url",
))  # fmt: skip
_TOLD = frozenset((
    "answer", "era", "fixed_atoms", "fixedAtoms", "id", "ignore_prefixes", "network", "question", "rules",
))  # fmt: skip


def _refuse_unknown_keys(vector: Mapping[str, Any]) -> None:
    for key in ("network", "question"):
        if not isinstance(vector.get(key), dict):
            raise NotApplicable(f"malformed: no object `{key}` in a vector")
    for key, value in vector.items():
        if key not in _REMARKS | _TOLD and value not in (None, [], {}):
            raise NotApplicable(f"`{key}` of a vector")


def _form_of(vector: Mapping[str, Any]) -> tuple[_NetworkOf, _AskedOf]:
    """Return the readers of the vector's network and of its question."""
    match vector.get("question", {}).get("kind"):
        case "firewall":
            return vector_firewalls.network_of, vector_firewalls.asked_of
        case "egress-method":
            return vector_egress.network_of, vector_egress.asked_of
        case "dns-reverse" | "dns-forward" | "dns-lookup" | "dns-resolve" | "dns":
            return filtering_vectors.network_of, vector_names.asked_of
        case "established-after-change":
            return vector_changes.network_of, vector_changes.asked_of
        case _ if _spells_like_filtering(vector):
            return filtering_vectors.network_of, filtering_questions.asked_of
        case _:
            return routing_vectors.network_of, routing_questions.asked_of


def _refuse_undefined(network: Network) -> None:
    """Raise `NotApplicable` for what leaves undefined where packets go."""
    for table in network.route_tables.values():
        for route in table.routes:
            if route.next_hop is NextHopType.APPLIANCE and route.next_hop_address is None:
                raise NotApplicable(f"malformed: route `{route.name}` leads to an appliance without an address")
    for subnet in network.subnets():
        if not subnet.prefixes:
            raise NotApplicable(f"malformed: subnet `{subnet.id}` has no prefix")


_OF_RANGES = "R-ADDR-1"  # ranges and addresses are written in CIDR form
_VALIDITY = frozenset({"validate", "valid_config"})
_FILTERING_KINDS = frozenset({"filter", "frontend-reachable", "validate", "connect-new-flow", "reply"})
_FILTERING_KEYS = frozenset({"nsgs", "securityAdmin", "firewall", "loadBalancers", "publishedTags", "methods"})


def _spells_like_filtering(vector: Mapping[str, Any]) -> bool:
    network = vector.get("network", {})
    return (
        vector.get("question", {}).get("kind") in _FILTERING_KINDS
        or bool(_FILTERING_KEYS & set(network))
        or any("addressSpace" in vnet for vnet in network.get("vnets", ()))
    )


def _groups_in_rules(network: Network) -> Iterator[str]:
    for nsg in network.nsgs.values():
        for rule in nsg.rules:
            for side in (rule.source, rule.destination):
                yield from side.names if isinstance(side, AsgMembers) else ()


def dangling(network: Network) -> Iterator[str]:
    """Yield every vnet, subnet and so on that the network refers to and does not have."""
    subnets = {subnet.id for subnet in network.subnets()}
    machines = network.machines.values()
    vnets = [name for half in network.peerings for name in (half.local, half.remote)]
    vnets += [name for group in network.connected_groups for name in group.members]
    vnets += [gateway.vnet for gateway in network.gateways.values()]
    vnets += [server.vnet for server in network.route_servers]
    vnets += [name for collection in network.admin_rules for name in collection.vnets]
    parts = [(half.local, name) for half in network.peerings for name in half.local_subnets or ()]
    parts += [(half.remote, name) for half in network.peerings for name in half.remote_subnets or ()]
    named: Iterable[tuple[str, Iterable[str | None], Container[str]]] = (
        ("vnet", vnets, network.vnets),
        ("subnet", (nic.subnet_id for machine in machines for nic in machine.nics), subnets),
        ("subnet", (f"{vnet}.{name}" for vnet, name in parts), subnets),
        ("route table", (subnet.route_table for subnet in network.subnets()), network.route_tables),
        ("subnet", (endpoint.subnet_id for endpoint in network.private_endpoints.values()), subnets),
        ("nsg", (subnet.nsg for subnet in network.subnets()), network.nsgs),
        ("nsg", (nic.nsg for nic in network.nics()), network.nsgs),
        ("asg", _groups_in_rules(network), network.asgs),
        ("gateway", (way.gateway for way in network.connections), network.gateways),
        ("gateway", (way.remote_gateway for way in network.connections), network.gateways),
        ("site", (way.site for way in network.connections), network.sites),
        ("machine", (site.behind for site in network.sites.values()), network.machines),
        ("machine", (peer.machine for server in network.route_servers for peer in server.peers), network.machines),
    )
    for kind, names, known in named:
        yield from (f"{kind} `{name}`" for name in names if name is not None and name not in known)
