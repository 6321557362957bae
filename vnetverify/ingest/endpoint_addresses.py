"""How many addresses a private endpoint gets that is yet to be deployed, by the part of a service it leads to."""

from __future__ import annotations

from typing import Any

from vnetverify.ingest.resources import key_of, kind_of
from vnetverify.ingest.values import member

CONNECTIONS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
# Parts of services to which an endpoint leads by one address; others have one for each region, or for data.
_WITH_ONE_ADDRESS = frozenset(
    [
        "blob",
        "dfs",
        "file",
        "queue",
        "table",
        "web",
        "vault",
        "managedhsm",
        "sqlserver",
        "mysqlserver",
        "postgresqlserver",
        "mariadbserver",
        "sites",
        "namespace",
        "searchservice",
        "rediscache",
        "configurationstores",
    ]
)


def has_one_address(endpoint: dict[str, Any]) -> bool:
    """Hold where the part of a service that an endpoint with these properties leads to is known to take one address."""
    found = [inner for field in CONNECTIONS for inner in connections_of(endpoint, field)]
    if len(found) != 1:
        return False
    groups, service = member(found[0], "groupIds"), member(found[0], "privateLinkServiceId")
    if isinstance(service, str) and kind_of(key_of(service)) == "privatelinkservices":
        return True
    is_one = isinstance(groups, list) and len(groups) == 1 and isinstance(groups[0], str)
    return is_one and groups[0].lower() in _WITH_ONE_ADDRESS


def connections_of(endpoint: dict[str, Any], field: str) -> list[dict[str, Any]]:
    """Return the properties of the connections in one list of an endpoint, as far as they are known."""
    listed = member(endpoint, field)
    inner = [
        member(item, "properties") for item in (listed if isinstance(listed, list) else ()) if isinstance(item, dict)
    ]
    return [one for one in inner if isinstance(one, dict)]
