"""Public addresses that exported templates record, and that Azure gives no resource which is deployed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vnetverify.ingest.publics import PUBLIC_KINDS
from vnetverify.ingest.resources import Resource
from vnetverify.ingest.values import key_called


def without_records(deployed: Iterable[Resource]) -> list[Resource]:
    """Return what templates deploy with public addresses that are any, but where one is chosen out of a prefix."""
    return [_without_record(one) if one.kind in PUBLIC_KINDS else one for one in deployed]


def _without_record(public: Resource) -> Resource:
    if public.stated("publicIPPrefix") or not public.stated("ipAddress"):
        return public
    body = {key: _without(value) if key.lower() == "properties" else value for key, value in public.body.items()}
    return replace(public, body=body)


def _without(properties: Any) -> Any:
    if not isinstance(properties, dict):
        return properties
    passed = key_called("ipAddress", properties)
    return {key: value for key, value in properties.items() if key != passed}
