"""What a text says that the network holds beside it, and that the model does not follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vnetverify.model.network import Network, Unmodelled
from vnetverify.source import Span
from vnetverify.syntax.names import text_of
from vnetverify.syntax.parts import ReferenceNode
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import NotModelledNode
from vnetverify.syntax.words import quoted, visible, written

_NOT_KNOWN = "not-known"


def not_modelled(scope: Scope, node: NotModelledNode) -> Unmodelled:
    """Return what `node` says; verdicts that it could change are `unknown`."""
    return Unmodelled(
        text_of(node.what),
        text_of(node.why),
        scope.find_all("vnet", node.vnets),
        scope.span(node.first, node.last),
        tuple(_places(scope, node.places)),
        node.first == _NOT_KNOWN,
        node.alone is not None,
        node.outside is not None,
    )


def _places(scope: Scope, references: Sequence[ReferenceNode]) -> Iterator[str]:
    for reference in references:
        found = scope.subnet(reference)
        if found is not None:
            yield ".".join(found)


def statements(network: Network) -> Iterator[tuple[Span, str]]:
    """Yield what of `network` is not modelled, as statements with the place of each."""
    yield from ((item.span, _statement(item, network, "")) for item in network.unmodelled)
    yield from ((item.span, _statement(item, network, "names ")) for item in network.unmodelled_names)


def _statement(item: Unmodelled, network: Network, about: str) -> str:
    word = _NOT_KNOWN if item.is_unknown else "not-modelled"
    said = f"{word} {about}{quoted(visible(item.what))} because {quoted(visible(item.why))}"
    if item.vnets:
        said += f" for {', '.join(map(written, item.vnets))}"
        said += " outside" if item.is_outside else ""
    if item.places:
        subnets = (network.subnet(place) for place in item.places)
        said += f" at {', '.join(f'{written(subnet.vnet)}.{written(subnet.name)}' for subnet in subnets)}"
        said += " alone" if item.ends_there else ""
    return said
