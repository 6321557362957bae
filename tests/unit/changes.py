"""What `diff` finds between two texts, for tests of what is compared."""

from __future__ import annotations

from vnetverify.comparison import compare
from vnetverify.explanation.flowsets import in_words
from vnetverify.model.network import Network
from vnetverify.prover.solver import Limits
from vnetverify.report.changes import Changes
from vnetverify.source import Source
from vnetverify.syntax import read

PLACE = "vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }"


def network(text: str) -> Network:
    document = read([Source("t.vnet", text)], Network())
    assert not document.diagnostics, document.diagnostics
    return document.network


def changes(old: str, new: str) -> Changes:
    return compare(network(old), network(new), Limits(seconds=30))


def of_rules(old: str, new: str, more: str = "") -> Changes:
    return changes(*(f"{PLACE}\nnsg g {{\n{rules}\n}}\n{more}" for rules in (old, new)))


def told(found: Changes) -> list[str]:
    """Return for example `v.web inbound: tcp 80; g/deny -> g/web`."""
    return [
        f"{', '.join(change.places)} {change.direction.value}: {in_words(change.flows)}; "
        f"{' '.join(f'{nsg}/{rule.name}' for nsg, rule in change.old)} -> "
        f"{' '.join(f'{nsg}/{rule.name}' for nsg, rule in change.new)}"
        for change in found.found
    ]


SHUT = "inbound 4000 shut deny any from any to any"


def needed(found: Changes) -> set[str]:
    """Return the open facts that some change hangs on."""
    return {f"{fact} is {str(value).lower()}" for change in found.found for fact, value in change.needed}
