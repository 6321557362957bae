"""What is known of the properties of each kind of resource and of its parts: one table over all shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vnetverify.ingest import shapes
from vnetverify.ingest.properties import Shape, shape, words_of
from vnetverify.ingest.resources import ACTIVE_RULES, MANAGERS, NIC_KINDS, SCALE_SETS


@dataclass(frozen=True, slots=True)
class Tree:
    """What is known of the properties of an object and of those of its parts, by lower-case name.

    The members of `apart` are resources of their own. With `only` nothing else of the object is ever looked at. What is
    `open` the network itself leaves open where it is not known: every proof then holds for all values.
    """

    shape: Shape
    parts: Mapping[str, Tree] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()

    def heeds(self, name: str) -> bool:
        """Hold when what the property called `name` says can matter."""
        if self.only:
            return name in self.only
        return name in self.shape.modelled or name not in self.shape.irrelevant


def _tree(kind: Shape, **parts: Tree | Shape) -> Tree:
    made = {name.lower(): part if isinstance(part, Tree) else Tree(part) for name, part in parts.items()}
    return Tree(kind, made)


def _holder(kind: Shape, *apart: str) -> Tree:
    return Tree(kind, {}, frozenset(name.lower() for name in apart))


def _within(name: str, part: Tree) -> Tree:
    """Return what is known of an object of which one member alone is looked at."""
    return Tree(shape(name), {name.lower(): part}, only=frozenset((name.lower(),)))


_SCALE_SET_INTERFACES = _within(
    "networkInterfaceConfigurations",
    _tree(shapes.SCALE_SET_INTERFACE, ipConfigurations=shapes.SCALE_SET_CONFIGURATION),
)
_FIREWALL_RULES = (shapes.FIREWALL_NAT_RULE, shapes.FIREWALL_NETWORK_RULE, shapes.FIREWALL_APPLICATION_RULE)
_COLLECTION = _tree(
    shapes.FIREWALL_COLLECTION,
    # Whatever names a rule asks for, which flows are for them is open (`U-FQDN`).
    rules=Tree(
        shape(
            " ".join(name for rule in _FIREWALL_RULES for name in (*rule.modelled, *rule.suspects, "ruleType")),
            "description httpHeadersToInsert",
        ),
        open=shapes.NAMES_ASKED_FOR,
    ),
)
_LISTENERS = {"httpListeners": shapes.LISTENER, "listeners": shapes.LISTENER}
_LINKS = {
    "privateLinkServiceConnections": shapes.PRIVATE_LINK,
    "manualPrivateLinkServiceConnections": shapes.PRIVATE_LINK,
}
_OWN_COLLECTIONS = {
    "natRuleCollections": _COLLECTION,
    "networkRuleCollections": _COLLECTION,
    "applicationRuleCollections": _COLLECTION,
}
# An interface that may forward is one of an appliance of which nothing is declared (`U-FORWARDS`).
_NIC = Tree(shapes.NIC, {"ipconfigurations": Tree(shapes.IP_CONFIGURATION)}, open=words_of("enableIPForwarding"))
# An address that is not known is any public one. Its SKU is no such thing: one reading takes it as documented.
_PUBLIC_ADDRESS = Tree(shapes.PUBLIC_ADDRESS, open=words_of("ipAddress"))
TREES: Mapping[str, Tree] = {
    "virtualnetworks": _holder(shapes.VNET, "subnets", "virtualNetworkPeerings"),
    "virtualnetworks/subnets": _tree(shapes.SUBNET),
    "virtualnetworks/virtualnetworkpeerings": _tree(shapes.PEERING),
    "networksecuritygroups": _holder(shapes.NSG, "securityRules"),
    "networksecuritygroups/securityrules": _tree(shapes.RULE),
    "routetables": _holder(shapes.ROUTE_TABLE, "routes"),
    "routetables/routes": _tree(shapes.ROUTE),
    **dict.fromkeys(NIC_KINDS, _NIC),
    **dict.fromkeys((f"{kind}/ipconfigurations" for kind in NIC_KINDS), _tree(shapes.IP_CONFIGURATION)),
    "publicipaddresses": _PUBLIC_ADDRESS,
    f"{NIC_KINDS[1]}/ipconfigurations/publicipaddresses": _PUBLIC_ADDRESS,
    "natgateways": _tree(shapes.NAT_GATEWAY),
    "virtualnetworkgateways": _tree(
        shapes.GATEWAY,
        ipConfigurations=shapes.GATEWAY_CONFIGURATION,
        vpnClientConfiguration=shapes.VPN_CLIENTS,
        bgpSettings=shapes.BGP_SETTINGS,
    ),
    "localnetworkgateways": _tree(shapes.LOCAL_GATEWAY),
    "connections": _tree(shapes.CONNECTION),
    "applicationsecuritygroups": _tree(shapes.ASG),
    "microsoft.compute/virtualmachines": Tree(shape(""), only=frozenset(("networkprofile", "virtualmachinescaleset"))),
    SCALE_SETS: _within("virtualMachineProfile", _within("networkProfile", _SCALE_SET_INTERFACES)),
    "loadbalancers": _tree(
        shapes.LOAD_BALANCER,
        frontendIPConfigurations=shapes.FRONTEND,
        backendAddressPools=_tree(shapes.BACKEND_POOL, loadBalancerBackendAddresses=shapes.BACKEND_ADDRESS),
        loadBalancingRules=shapes.BALANCING_RULE,
        inboundNatRules=shapes.INBOUND_NAT_RULE,
        outboundRules=shapes.OUTBOUND_RULE,
        probes=shapes.PROBE,
    ),
    "privateendpoints": _tree(shapes.PRIVATE_ENDPOINT, **_LINKS),
    "privatelinkservices": _tree(shapes.LINK_SERVICE, ipConfigurations=shapes.LINK_CONFIGURATION),
    "applicationgateways": _tree(
        shapes.APPLICATION_GATEWAY,
        gatewayIPConfigurations=shapes.GATEWAY_CONFIGURATION,
        frontendIPConfigurations=shapes.PROXY_FRONTEND,
        frontendPorts=shapes.PORT_OF_LISTENERS,
        **_LISTENERS,
    ),
    "bastionhosts": _tree(shapes.BASTION, ipConfigurations=shapes.PROXY_FRONTEND),
    "azurefirewalls": _tree(
        shapes.FIREWALL,
        ipConfigurations=shapes.FIREWALL_CONFIGURATION,
        **_OWN_COLLECTIONS,
    ),
    "firewallpolicies": _tree(shapes.FIREWALL_POLICY),
    "firewallpolicies/rulecollectiongroups": _tree(shapes.RULE_COLLECTION_GROUP, ruleCollections=_COLLECTION),
    "ipgroups": _tree(shapes.IP_GROUP),
    MANAGERS: _tree(shapes.MANAGER),
    f"{MANAGERS}/networkgroups": _tree(shapes.NETWORK_GROUP),
    f"{MANAGERS}/networkgroups/staticmembers": _tree(shapes.STATIC_MEMBER),
    ACTIVE_RULES: _tree(shapes.ADMIN_RULE),
}
# Of kinds that are in doubt as a whole only the place is asked for. What these hold names none, at whatever depth.
_PLACELESS = (
    "adminUsername adminPassword customData userData osProfile storageProfile capacity extensionProfile securityProfile"
    " diagnosticsProfile hardwareProfile applicationProfile billingProfile scheduledEventsProfile upgradePolicy"
    " licenseType priority evictionPolicy dnsSettings sharedKey authorizationKey ipsecPolicies radiusServerSecret"
    " vpnClientRootCertificates"
)
PLACELESS_IN_ANY = words_of(_PLACELESS)
ANY = Tree(shape("", _PLACELESS))
