"""The networks of subscriptions as a file: asked of Azure, without secrets, and without names where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vnetverify.ingest.resources import resource_of
from vnetverify.snapshot.anonymizing import Pseudonyms
from vnetverify.snapshot.calls import Caller, NotTaken, checked_endpoint
from vnetverify.snapshot.graph import rows_of
from vnetverify.snapshot.pruning import pruned

__all__ = ["Caller", "NotTaken", "Snapshot", "checked_endpoint", "take"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`silent` are the subscriptions of which Resource Graph gave nothing: empty, or not for us to read."""

    document: dict[str, Any]
    count: int
    silent: tuple[str, ...]


def take(caller: Caller, subscriptions: Sequence[str], anonymous: bool = False) -> Snapshot:
    """Return what `subscriptions` hold, as far as the readers want it. Raises `NotTaken`."""
    bodies, seen = [], set()
    for row in rows_of(caller, subscriptions):
        resource = resource_of(row, "", "")
        if resource is None:
            raise NotTaken("Resource Graph gives a row that is not a resource")
        bodies.append(pruned(resource))
        seen.add(resource.key.split("/")[2])
    silent = tuple(one for one in subscriptions if one.lower() not in seen)
    if anonymous:
        bodies = Pseudonyms().of_all(bodies)
    bodies.sort(key=lambda body: str(body["id"]).lower())
    return Snapshot({"value": bodies}, len(bodies), silent)
