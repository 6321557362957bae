"""Which networks a resource has to do with, by the ids in it."""

from __future__ import annotations

from collections.abc import Container

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.references import ids_in, vnet_of
from vnetverify.ingest.resources import Resource, key_of, kind_of, parent_of

# Resources whose parts are named, and which have a place that their parts have not.
_WITH_PARTS = ("networkinterfaces/", "loadbalancers/")


def vnets_named_by(resource: Resource, findings: Findings, vnets: Container[str]) -> tuple[str, ...]:
    """Return the keys of those of `vnets` that `resource` names, or that what it names is known to concern."""
    found: dict[str, None] = {}
    for identity in ids_in(resource.body):
        key = key_of(identity)
        vnet = vnet_of(key)
        if vnet is not None:
            found[vnet] = None
        while kind_of(key).count("/") > 1 or kind_of(key).startswith(_WITH_PARTS):
            key = parent_of(key)
        found.update(dict.fromkeys(findings.concerned_by(key)))
    return tuple(sorted(vnet for vnet in found if vnet in vnets))
