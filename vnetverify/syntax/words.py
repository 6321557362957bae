"""How names are written: bare where that cannot be mistaken, else in quotes."""

from __future__ import annotations

import re

from vnetverify.spelling import is_invisible

# Every word that the grammar spells out; a name that is one of them is safe in quotes wherever it stands.
RESERVED = frozenset({
    "active-active", "address", "admin-rules", "admin-scope", "advertises", "all-when-none", "allow",
    "allow-forwarded-traffic", "allow-gateway-transit", "allow-remote-vnets", "allow-virtual-network-access", "alone",
    "always-allow", "any", "appliance", "application-gateway", "as", "asg", "asn", "assume", "at", "azure", "bandwidth",
    "basic", "bastion", "because", "behind", "bgp", "bottleneck", "branch-to-branch", "by", "circuit", "collection",
    "connected", "connected-group", "connection", "default", "default-outbound", "default-site", "deny", "developer",
    "disconnected", "dns", "dns-zone", "down", "drops", "each", "egress", "enable-only-ipv6-peering", "era",
    "establish", "except", "expect", "expressroute", "failure", "failures", "fastpath", "firewall", "floating-ip",
    "flow-timeout", "for", "forwards", "forwards-dns", "from", "frontend", "gateway", "global", "group", "hop", "in",
    "inbound", "initiated", "intent", "internet", "intrusion-detection", "ip-forwarding", "ipv6", "is", "isolated",
    "latency", "least", "link", "listens", "load-balancer", "local", "local-subnets", "loses", "may", "members",
    "model", "most", "names", "nat", "nat-gateway", "never", "next", "nic", "no", "no-egress", "none", "not",
    "not-known", "not-modelled", "nsg", "of", "off", "on", "only", "outbound", "outside", "over", "packets", "parent",
    "peer",
    "peering", "peerings", "pending", "point-to-site", "port", "prefixes", "principal", "private-endpoint",
    "private-address", "private-endpoint-policies", "private-link-service", "private-ranges", "probe",
    "propagate-gateway-routes",
    "public-ip", "reaches", "reading", "record", "region", "registration", "remote-space", "remote-subnets", "resolves",
    "route-server", "route-table", "routes", "rule", "serves", "service", "service-endpoints", "service-tag",
    "service-tags", "site", "sometimes", "source-nat", "standard", "state", "stateful", "stateless", "strict", "subnet",
    "subscription", "summarized-gateway-prefixes", "symmetrically", "tag", "tenant", "threat-intelligence", "through",
    "to", "transitive", "under", "up", "use", "use-remote-gateways", "via", "vm", "vnet", "vnet-local", "vpn",
    "whatever", "where", "within", "write",
})  # fmt: skip

_BARE_FACT = re.compile(r"U-[A-Z0-9]+(-[A-Z0-9]+)*(\([^)\n]*\))?")
_BARE = re.compile(r"([0-9][0-9-]*)?[A-Za-z_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")


def visible(text: str) -> str:
    """Return `text` with what cannot be seen, and no text of ours may hold, by its number."""
    if text.isprintable():
        return text
    return "".join(f"U+{ord(one):04X}" if one != " " and is_invisible(one) else one for one in text)


def quoted(text: str) -> str:
    """Return `text` in quotes, as the grammar's STRING."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(name: str) -> str:
    """Return `name` as it can stand in any place for a name."""
    if _BARE.fullmatch(name) and name.casefold() not in RESERVED:
        return name
    return quoted(name)


def written_service(name: str) -> str:
    """Return the name of a service or its tag, which may have dots without quotes."""
    return name if all(written(word) == word for word in name.split(".")) else quoted(name)


def written_fact(name: str) -> str:
    """Return the name of an open fact as it can stand behind `assume`."""
    return name if _BARE_FACT.fullmatch(name) else quoted(name)
