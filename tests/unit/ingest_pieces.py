"""Pieces of exports that several tests read."""

from __future__ import annotations

from typing import Any

from tests.unit.azure_resources import subnet, subnet_id, vnet

WEB = subnet_id("hub", "web")
HUB = vnet("hub", "10.0.0.0/16", subnet("web"), location="westeurope")


def with_top(body: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {**body, **top}
