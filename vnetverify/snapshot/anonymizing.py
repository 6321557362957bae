"""Other names for everything in a snapshot that somebody has named: the same for the same, so that verdicts stay.

Addresses, prefixes, regions, Azure's own words and the subnets that Azure knows by their name stay. Private zones and
their records are left out, since their names are what they are about: sentences about names are `unknown` then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vnetverify.ingest.properties import words_of
from vnetverify.ingest.resources import key_of, kind_of

_OF_AZURE = frozenset(
    ("gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "azurebastionsubnet", "routeserversubnet")
)
_NAMES = words_of("name localSubnetNames remoteSubnetNames computerName alias privateLinkServiceId")
_DOMAINS = words_of("fqdn fqdns targetFqdns destinationFqdns targetUrls")
_SAID = words_of("description")
_ZONES = "privatednszones"


class Pseudonyms:
    """Gives each name, whatever its letter case, one other name, by the order in which names are met."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._subscriptions: dict[str, str] = {}

    def of_all(self, bodies: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return `bodies` under other names, without private zones."""
        return [self._of(body, "") for body in bodies if kind_of(key_of(str(body["id"]))).split("/")[0] != _ZONES]

    def of_name(self, name: str) -> str:
        if not name or name.lower() in _OF_AZURE:
            return name
        return self.names.setdefault(name.lower(), f"n{len(self.names) + 1}")

    def of_id(self, identity: str) -> str:
        """Return an id whose subscription, resource group and names are others; its types stay."""
        parts = identity.split("/")
        is_name = False
        for position, part in enumerate(parts):
            before = parts[position - 1].lower() if position else ""
            if before == "subscriptions":
                number = len(self._subscriptions) + 1
                parts[position] = self._subscriptions.setdefault(part.lower(), f"00000000-0000-0000-0000-{number:012}")
            elif before == "resourcegroups" and not is_name:
                parts[position] = self.of_name(part)
            elif part.lower() == "providers" or before == "providers":
                is_name = False
            elif "providers" in (one.lower() for one in parts[:position]):
                parts[position] = self.of_name(part) if is_name else part
                is_name = not is_name
        return "/".join(parts)

    def _of(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            if key == "tags":
                return {self.of_name(name): self.of_name(str(said)) if said else said for name, said in value.items()}
            inside = "sku." if key == "sku" else ""
            return {name: self._of(item, inside + name.lower()) for name, item in value.items()}
        if isinstance(value, list):
            return [self._of(item, key) for item in value]
        return self._of_text(value, key) if isinstance(value, str) else value

    def _of_text(self, text: str, key: str) -> str:
        if text.startswith("/") and ("/providers/" in text.lower() or text.lower().startswith("/subscriptions/")):
            return self.of_id(text)
        if key in _NAMES:
            return self.of_name(text)
        if key in _DOMAINS:
            return text if text == "*" else f"{self.of_name(text)}.example"
        return "" if key in _SAID else text
