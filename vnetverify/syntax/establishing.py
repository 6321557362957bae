"""From `PRINCIPALS may establish A -> B` to what it asks."""

from __future__ import annotations

from vnetverify.model.intents import Establishment
from vnetverify.syntax.parts import EndpointsNode, ReferenceNode
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import EstablishmentNode


def establishment(scope: Scope, node: EstablishmentNode) -> tuple[Establishment, ...]:
    """Return the sentence; nothing where a name in it is unknown."""
    named = principals(scope, node.principals)
    local, remote = scope.find("vnet", node.local), scope.find("vnet", node.remote)
    if local is not None and local == remote:
        span = scope.span(node.local, node.remote)
        scope.problems.error("same-vnet", "a peering joins two vnets", span, "one and the same")
        return ()
    if local is None or remote is None or len(named) < len(node.principals.terms) or node.principals.excluded:
        return ()
    first, last = node.principals.first, node.remote
    names = tuple(dict.fromkeys(named))
    return (Establishment(names, (local, remote), scope.text(first, last), scope.span(first, last)),)


def principals(scope: Scope, node: EndpointsNode) -> list[str]:
    """Return the principals named; the grammar lets any set stand here, since a sentence about sets begins alike."""
    found = []
    for term in node.terms:
        if isinstance(term, ReferenceNode) and term.second is None:
            name = scope.find("principal", term.first)
            found += [name] if name is not None else []
        else:
            message = "only principals may establish a peering"
            scope.problems.error("unknown-principal", message, scope.span(term.first, term.last), "no principal")
    if node.excluded:
        span = scope.span(node.excluded[0].first, node.last)
        scope.problems.error("syntax", "did not expect `except` here", span, "expected names of principals")
    return found
