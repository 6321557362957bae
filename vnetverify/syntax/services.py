"""From what stands after `on` to services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from vnetverify.header import PROTOCOL_NUMBERS, TCP, UDP, IntervalSet
from vnetverify.model.network import Service
from vnetverify.model.services import WELL_KNOWN, ServicePart, service_of
from vnetverify.syntax.names import text_of
from vnetverify.syntax.parts import ServiceItem, ServicesNode
from vnetverify.syntax.problems import did_you_mean, shown
from vnetverify.syntax.scope import ANY_WORDS, NotUnderstood, Scope

if TYPE_CHECKING:
    from lark import Token

_WITH_PORTS = frozenset({None, TCP, UDP})


def service(scope: Scope, declared: Mapping[str, Service], node: ServicesNode, every: Service) -> Service:
    """Return what `node` asks for, by its own words as a name; `every` is what `any` means.

    `declared` is by case-folded name. What is unknown is reported and left out.
    """
    return service_of(scope.text(node.first, node.last), _parts(scope, declared, node, every))


def check_meaning(scope: Scope, name: Token, made: Service) -> None:
    """Warn of a declared service that takes the name of a well-known one, other than a protocol's, and is another."""
    word = text_of(name).casefold()
    known = None if word in PROTOCOL_NUMBERS else WELL_KNOWN.get(word)
    if known is not None and known.parts != made.parts:
        message = f"service {shown(name)} is declared, and is not what it is elsewhere"
        label = f"stands for {made.name} wherever this text says it"
        scope.problems.warning("not-the-well-known", message, scope.span(name), label)


def _parts(scope: Scope, declared: Mapping[str, Service], node: ServicesNode, every: Service) -> Iterator[ServicePart]:
    protocol: int | NotUnderstood | None = None
    for position, item in enumerate(node.items):
        if item.word is not None and item.ports is None:
            yield from _named(scope, declared, item.word, every)
            continue
        if item.word is not None:
            protocol = scope.protocol(item.word)
        elif position == 0 or node.items[position - 1].ports is None:
            _no_protocol(scope, item)
            continue
        assert item.ports is not None
        if not isinstance(protocol, NotUnderstood) and protocol not in _WITH_PORTS:
            _without_ports(scope, item)
            continue
        interval = scope.port_range(item.ports)
        if interval is not None and not isinstance(protocol, NotUnderstood):
            yield protocol, IntervalSet((interval,))


def _named(scope: Scope, declared: Mapping[str, Service], word: Token, every: Service) -> tuple[ServicePart, ...]:
    name = text_of(word).casefold()
    if name in ANY_WORDS:
        return every.parts
    found = declared.get(name) or WELL_KNOWN.get(name)
    if found is not None:
        return found.parts
    known = [*(known.name for known in declared.values()), *WELL_KNOWN]
    scope.problems.error(
        "unknown-service",
        f"no service is called {shown(word)}",
        scope.span(word),
        "not declared, and not one of the well-known",
        (),
        did_you_mean(word, known) or "write a protocol with its ports: `tcp/8443`",
    )
    return ()


def _without_ports(scope: Scope, item: ServiceItem) -> None:
    """Report ports of a protocol that has none: no packet could match them, and anything would hold of none."""
    scope.problems.error("bad-port", "this protocol has no ports", scope.span(item.last), "tcp and udp have")


def _no_protocol(scope: Scope, item: ServiceItem) -> None:
    ports = item.ports
    assert ports is not None
    help_text = f"write `tcp/{ports}` or `udp/{ports}`" if len(ports) < 12 else None
    scope.problems.error("bad-port", "a port needs a protocol", scope.span(ports), "tcp or udp?", (), help_text)
