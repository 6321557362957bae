"""Functions whose results are not in a template: each returns an `Unknown` that names it."""

from __future__ import annotations

from typing import Any

from vnetverify.ingest.arm.functions.catalogue import Function
from vnetverify.ingest.unknown import Unknown


def _asking(name: str, fewest: int, most: int | None, why: str) -> Function:
    answer = Unknown(f"{why} (`{name}`)")

    def asked(*_: Any) -> Unknown:
        return answer

    return Function(name, fewest, most, asked, is_strict=False, makes=False)


def only_azure_knows(name: str) -> Unknown:
    """Return what one of the functions whose names begin with `list` returns; keys and other secrets among it."""
    return Unknown(f"what `{name[:60]}` returns, only the deployed resource tells")


UNANSWERED = (
    _asking("providers", 1, 2, "which locations and versions a provider of resources has"),
    _asking("pickZones", 3, 5, "which availability zones a region has"),
    _asking("toLogicalZone", 3, 3, "how a subscription numbers availability zones"),
    _asking("toLogicalZones", 3, 3, "how a subscription numbers availability zones"),
    _asking("toPhysicalZone", 3, 3, "how a subscription numbers availability zones"),
    _asking("toPhysicalZones", 3, 3, "how a subscription numbers availability zones"),
    _asking("parseUri", 1, 1, "parts of an address of the web are not evaluated"),
    _asking("buildUri", 1, 1, "addresses of the web are not put together"),
    _asking("externalInput", 1, 2, "what the tool that deploys gives as input"),
    _asking("externalInputs", 1, 1, "what the tool that deploys gives as input"),
    _asking("readEnvironmentVariable", 1, 2, "what the environment of a deployment holds"),
    _asking("getSecret", 1, None, "secrets of a vault"),
)
