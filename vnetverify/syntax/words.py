"""How names are written: bare where that cannot be mistaken, else in quotes."""

from __future__ import annotations

import re

# Every word that the grammar spells out; a name that is one of them is safe in quotes wherever it stands.
RESERVED = frozenset({
    "address", "allow", "allow-forwarded-traffic", "allow-gateway-transit", "allow-remote-vnets",
    "allow-virtual-network-access", "any", "appliance", "asg", "asn", "assume", "basic", "because", "behind",
    "bgp", "circuit", "connected", "connection", "default-outbound", "default-site", "deny", "disconnected",
    "drops", "each", "era", "except", "expect", "expressroute", "for", "forwards", "from", "gateway", "group",
    "hop", "in", "inbound", "initiated", "intent", "internet", "ip-forwarding", "is", "isolated", "model",
    "nat-gateway", "never", "next", "nic", "none", "not", "nsg", "of", "off", "on", "only", "outbound", "peering",
    "port", "prefixes", "propagate-gateway-routes", "public-ip", "reaches", "reading", "region", "route-table",
    "routes", "service", "service-tag", "site", "sometimes", "source-nat", "standard", "state", "stateful",
    "stateless", "subnet", "subscription", "tag", "through", "to", "transitive", "use", "use-remote-gateways",
    "via", "vm", "vnet", "vnet-local", "vpn", "where",
})  # fmt: skip

_BARE = re.compile(r"([0-9][0-9-]*)?[A-Za-z_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")


def quoted(text: str) -> str:
    """Return `text` in quotes, as the grammar's STRING."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(name: str) -> str:
    """Return `name` as it can stand in any place for a name."""
    if _BARE.fullmatch(name) and name.casefold() not in RESERVED:
        return name
    return quoted(name)
