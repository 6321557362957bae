"""From what may stand behind a sentence to what it has to hold in spite of: failures, and what a site advertises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from vnetverify.header import EVERY_IPV4, EVERY_IPV6
from vnetverify.model.intents import Advertising, FailureKind, Failures
from vnetverify.model.network import GatewayKind, Network
from vnetverify.syntax.problems import shown
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import AdvertisingNode, ClaimNode, FailuresNode

Node = TypeVar("Node", FailuresNode, AdvertisingNode)

_MOST_FAILURES = 1000  # elements that may be down at once
# A flow that works is found in the network as it is declared.
_OF_SOME_FLOW = {"SOMETIMES_REACHES": "sometimes reaches"}
# What routes say is asked with everything up.
_WITHOUT_FAILURES = {**_OF_SOME_FLOW, "NEXT_HOP": "next hop of", "GATEWAY": "gateway of", "EGRESS": "egress of"}


def failures(scope: Scope, sentence: ClaimNode) -> Failures | None:
    """Return what may be down; None where the sentence names nothing, or says it wrongly."""
    node = _the_one(scope, "under", (each for each in sentence.conditions if isinstance(each, FailuresNode)))
    if node is None:
        return None
    if sentence.verb in _WITHOUT_FAILURES:
        _out_of_place(scope, "failures-out-of-place", sentence, "failures", node)
        return None
    kinds = [FailureKind(str(kind)) for kind in node.kinds]
    for at, token in enumerate(node.kinds):
        if kinds[at] in kinds[:at]:
            scope.problems.error("said-twice", f"{shown(token)} is given twice here", scope.span(token), "said again")
    most = scope.number(node.most, 1, _MOST_FAILURES, "count")
    return None if most is None else Failures(most, frozenset(kinds))


def advertising(scope: Scope, network: Network, sentence: ClaimNode) -> Advertising | None:
    """Return what a site may announce; None where the sentence names none, or says it wrongly."""
    node = _the_one(scope, "whatever", (each for each in sentence.conditions if isinstance(each, AdvertisingNode)))
    if node is None:
        return None
    if sentence.verb in _OF_SOME_FLOW:
        _out_of_place(scope, "advertising-out-of-place", sentence, "what a site advertises", node)
        return None
    site = scope.find("site", node.site)
    within = scope.prefixes(node.prefixes) if node.prefixes else (EVERY_IPV4, EVERY_IPV6)
    if site is None or not within:
        return None
    if not announces(network, site):
        message = f"no connection of {shown(site)} speaks BGP, so that it advertises nothing"
        scope.problems.warning("advertises-nothing", message, scope.span(node.first, node.last), "changes nothing")
    return Advertising(site, within)


def announces(network: Network, site: str) -> bool:
    """Tell whether a connection of the site speaks BGP; those of ExpressRoute always do."""
    kinds = {gateway.name: gateway.kind for gateway in network.gateways.values()}
    return any(
        connection.site == site and (connection.bgp or kinds.get(connection.gateway) is GatewayKind.EXPRESSROUTE)
        for connection in network.connections
    )


def _the_one(scope: Scope, word: str, nodes: Iterable[Node]) -> Node | None:
    """Return the first of `nodes`; a further one is a mistake."""
    said = list(nodes)
    for node in said[1:]:
        span = scope.span(node.first, node.last)
        scope.problems.error("said-twice", f"{shown(word)} is given twice here", span, "said again")
    return said[0] if said else None


def _out_of_place(
    scope: Scope, code: str, sentence: ClaimNode, what: str, node: FailuresNode | AdvertisingNode
) -> None:
    message = f"{shown(_WITHOUT_FAILURES[sentence.verb])} goes without {what}"
    scope.problems.error(code, message, scope.span(node.first, node.last), "not here")
