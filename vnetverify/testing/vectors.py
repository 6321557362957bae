"""Test vectors in JSON, of the two formats that networks are exchanged in: read into networks and questions.

A *routing* vector spells keys `like_this`, a *filtering* vector `likeThis`. What a vector holds beyond the model
raises `NotApplicable` with the key that was not understood, so that no vector is answered by leaving something out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vnetverify.header import NotAPrefix
from vnetverify.model.network import Network
from vnetverify.testing import filtering_vectors, routing_vectors
from vnetverify.testing.questions import Asked, NotAQuestion
from vnetverify.testing.records import NotApplicable

__all__ = ["NotApplicable", "Vector", "read_vector", "vectors_in"]


@dataclass(frozen=True, slots=True)
class Vector:
    """A network with a question and its answer, several where the answer depends on a fact."""

    id: str
    rules: tuple[str, ...]
    network: Network
    asked: tuple[Asked, ...]


def vectors_in(document: object) -> Sequence[Mapping[str, Any]]:
    """Return the vectors of a file: its list, or the list called `vectors`. Raises `NotApplicable`."""
    vectors = document.get("vectors") if isinstance(document, dict) else document
    if not isinstance(vectors, list) or not all(isinstance(vector, dict) for vector in vectors):
        raise NotApplicable("no list of vectors")
    return vectors


def read_vector(vector: Mapping[str, Any]) -> Vector:
    """Return the network and questions of `vector`. Raises `NotApplicable`."""
    try:
        form = filtering_vectors if _spells_like_filtering(vector) else routing_vectors
        network = form.network_of(vector)
        asked = form.asked_of(vector, network)
    except (NotAPrefix, NotAQuestion, KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise NotApplicable(f"malformed: {type(error).__name__} {error}") from error
    return Vector(str(vector.get("id", "")), tuple(vector.get("rules", ())), network, asked)


_FILTERING_KINDS = frozenset({"filter", "validate", "connect-new-flow", "reply"})
_FILTERING_KEYS = frozenset({"nsgs", "securityAdmin", "firewall", "loadBalancers", "publishedTags", "methods"})


def _spells_like_filtering(vector: Mapping[str, Any]) -> bool:
    network = vector.get("network", {})
    return (
        vector.get("question", {}).get("kind") in _FILTERING_KINDS
        or bool(_FILTERING_KEYS & set(network))
        or any("addressSpace" in vnet for vnet in network.get("vnets", ()))
    )
