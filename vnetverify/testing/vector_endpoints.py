"""Private endpoints in test vectors: interfaces that say they are one, and what subnets say of them."""

from __future__ import annotations

from vnetverify.model.network import PrivateEndpointPolicies
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.testing.layout import Layout
from vnetverify.testing.records import NotApplicable, Record

_POLICIES = {
    "disabled": PrivateEndpointPolicies.DISABLED,
    "networksecuritygroupenabled": PrivateEndpointPolicies.SECURITY_GROUPS,
    "routetableenabled": PrivateEndpointPolicies.ROUTE_TABLES,
    "enabled": PrivateEndpointPolicies.ENABLED,
}
_STATES = {"approved": True, "pending": False, "rejected": False, "disconnected": False}


def policies_of(text: str | None) -> PrivateEndpointPolicies | None:
    """Return the policies that Azure calls so; None where they are not told (F-PE-2). Raises `NotApplicable`."""
    if text is not None and text.casefold() not in _POLICIES:
        raise NotApplicable(f"policies `{text}` for private endpoints")
    return _POLICIES[text.casefold()] if text is not None else None


def is_approved(state: str) -> bool:
    """Hold for the one state in which traffic flows (F-PE-5). Raises `NotApplicable` for a state there is not."""
    if state.casefold() not in _STATES:
        raise NotApplicable(f"a private endpoint in state `{state}`")
    return _STATES[state.casefold()]


def endpoint_of(record: Record, layout: Layout, state: str) -> PrivateEndpoint:
    """Return the private endpoint that an interface stands for, all of which `record` then has been asked."""
    name, vnet, addresses = record.need("name"), record.need("vnet"), record.addresses("ip")
    subnet = layout.place(vnet, addresses[0], record.take("subnet"))
    record.take("role")
    record.only("nsg")
    for switch in ("ip_forwarding", "ipForwarding", "stateful"):
        record.only(switch, False)
    record.finish()
    return PrivateEndpoint(name, vnet, subnet, addresses, is_approved(state))
