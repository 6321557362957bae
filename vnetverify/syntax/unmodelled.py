"""What a text says that the network holds beside it, and that the model does not follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vnetverify.model.network import Network, Unmodelled
from vnetverify.spelling import is_invisible
from vnetverify.syntax.names import text_of
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import NotModelledNode, ReferenceNode
from vnetverify.syntax.words import quoted, written


def not_modelled(scope: Scope, node: NotModelledNode) -> Unmodelled:
    """Return what `node` says; verdicts that it could change are `unknown`."""
    return Unmodelled(
        text_of(node.what),
        text_of(node.why),
        scope.find_all("vnet", node.vnets),
        scope.span(node.first, node.last),
        tuple(_places(scope, node.places)),
    )


def _places(scope: Scope, references: Sequence[ReferenceNode]) -> Iterator[str]:
    for reference in references:
        found = scope.subnet(reference)
        if found is not None:
            yield ".".join(found)


def statements(network: Network) -> Iterator[str]:
    """Yield what of `network` is not modelled, as statements."""
    yield from (_statement(item, network, "") for item in network.unmodelled)
    yield from (_statement(item, network, "names ") for item in network.unmodelled_names)


def _statement(item: Unmodelled, network: Network, about: str) -> str:
    said = f"not-modelled {about}{_quoted(item.what)} because {_quoted(item.why)}"
    if item.vnets:
        said += f" for {', '.join(map(written, item.vnets))}"
    if item.places:
        subnets = (network.subnet(place) for place in item.places)
        said += f" at {', '.join(f'{written(subnet.vnet)}.{written(subnet.name)}' for subnet in subnets)}"
    return said


def _quoted(text: str) -> str:
    """Return `text` in quotes; what cannot be seen, which no text may hold, by its number."""
    if not text.isprintable():
        text = "".join(f"U+{ord(one):04X}" if one != " " and is_invisible(one) else one for one in text)
    return quoted(text)
