"""Azure Firewalls, with policies, groups of addresses and the collections of a firewall without policy."""

from __future__ import annotations

from vnetverify.ingest.terraform.fields import (
    Block,
    Blocks,
    Field,
    Kind,
    One,
    Parent,
    Plain,
    Reference,
    References,
    Table,
    Word,
    kind,
    table,
)
from vnetverify.ingest.terraform.tables.networks import PUBLIC_IP, SUBNET

RULE_GROUP = ("azurerm_firewall_policy_rule_collection_group",)
FIREWALL, POLICY, IP_GROUP = ("azurerm_firewall",), ("azurerm_firewall_policy",), ("azurerm_ip_group",)

_CONFIGURATION = table(
    "name:^name private_ip_address:privateIPAddress",
    "id",
    subnet_id=Reference("subnet", SUBNET),
    public_ip_address_id=Reference("publicIPAddress", PUBLIC_IP),
)
_GROUPS: dict[str, Field] = {
    "source_ip_groups": References("sourceIpGroups", IP_GROUP, wrapped=False),
    "destination_ip_groups": References("destinationIpGroups", IP_GROUP, wrapped=False),
}
_PROTOCOL = table("type:protocolType port")
_NAT = (
    "name description source_addresses destination_addresses destination_ports translated_address translated_fqdn"
    " translated_port"
)
_NETWORK = "name description source_addresses destination_addresses destination_fqdns destination_ports"
_APPLICATION = "name description source_addresses destination_addresses fqdn_tags target_fqdns"

_OWN_NAT = table(f"{_NAT} protocols", more=_GROUPS)
_OWN_NETWORK = table(f"{_NETWORK} protocols", more=_GROUPS)
_OWN_APPLICATION = table(_APPLICATION, protocol=Blocks("protocols", _PROTOCOL, flat=True), more=_GROUPS)
_POLICY_NAT = table(f"{_NAT} protocols:ipProtocols", destination_address=One("destinationAddresses"), more=_GROUPS)
_POLICY_NETWORK = table(f"{_NETWORK} protocols:ipProtocols", more=_GROUPS)
_POLICY_APPLICATION = table(
    "name description source_addresses destination_addresses destination_fqdns:targetFqdns"
    " destination_urls:targetUrls destination_fqdn_tags:fqdnTags web_categories terminate_tls:terminateTLS",
    "http_headers",
    protocols=Blocks("protocols", _PROTOCOL, flat=True),
    more=_GROUPS,
)


def _collection_of_policy(rule: str, rules: Table, sort: str) -> Blocks:
    """Return the collections of one sort, with rules of type `rule`, in a group of a policy."""
    within = Blocks("rules", rules, flat=True, fixed={"ruleType": rule})
    collection = table("name priority action:action.type", rule=within)
    fixed = {"ruleCollectionType": f"FirewallPolicy{sort}RuleCollection"}
    return Blocks("ruleCollections", collection, flat=True, fixed=fixed)


def _collection_of_firewall(segment: str, rules: Field) -> Kind:
    """Return the collections of one sort in a firewall without policy."""
    parent = Parent("azure_firewall_name", FIREWALL[0], by_name=True)
    return kind(segment, "priority action:action.type", parent=parent, part=segment, rule=rules)


FIREWALL_KINDS: dict[str, Kind] = {
    "azurerm_firewall": kind(
        "azureFirewalls",
        "threat_intel_mode sku_tier:sku.tier",
        "sku_name dns_servers dns_proxy_enabled private_ip_ranges",
        whole="natRuleCollections networkRuleCollections applicationRuleCollections",
        firewall_policy_id=Reference("firewallPolicy", POLICY),
        ip_configuration=Blocks("ipConfigurations", _CONFIGURATION),
        management_ip_configuration=Block("managementIpConfiguration", _CONFIGURATION),
        virtual_hub=Block(
            "",
            table(
                "public_ip_addresses:hubIPAddresses.publicIPs",
                "private_ip_address public_ip_count",
                virtual_hub_id=Reference("virtualHub", ("azurerm_virtual_hub",)),
            ),
        ),
    ),
    "azurerm_firewall_nat_rule_collection": _collection_of_firewall(
        "natRuleCollections", Blocks("rules", _OWN_NAT, flat=True)
    ),
    "azurerm_firewall_network_rule_collection": _collection_of_firewall(
        "networkRuleCollections", Blocks("rules", _OWN_NETWORK, flat=True)
    ),
    "azurerm_firewall_application_rule_collection": _collection_of_firewall(
        "applicationRuleCollections", Blocks("rules", _OWN_APPLICATION, flat=True)
    ),
    "azurerm_firewall_policy": kind(
        "firewallPolicies",
        "threat_intelligence_mode:threatIntelMode private_ip_ranges:snat.privateRanges sku:sku.tier"
        " sql_redirect_allowed:sql.allowSqlRedirect",
        "child_policies firewalls insights threat_intelligence_allowlist tls_certificate",
        rule_collection_groups=References("ruleCollectionGroups", RULE_GROUP),
        base_policy_id=Reference("basePolicy", POLICY),
        auto_learn_private_ranges_enabled=Word("snat.autoLearnPrivateRanges", {True: "Enabled", False: "Disabled"}),
        dns=Block(
            "dnsSettings",
            table("servers proxy_enabled:enableProxy network_rule_fqdn_enabled:requireProxyForNetworkRules"),
        ),
        intrusion_detection=Block(
            "intrusionDetection",
            table(
                "mode",
                signature_overrides=Blocks("configuration.signatureOverrides", table("id state:mode"), flat=True),
                traffic_bypass=Blocks(
                    "configuration.bypassTrafficSettings",
                    table(
                        "name description protocol source_addresses destination_addresses destination_ports",
                        more=_GROUPS,
                    ),
                    flat=True,
                ),
                private_ranges=Plain("configuration.privateRanges"),
            ),
        ),
        explicit_proxy=Block(
            "explicitProxy",
            table("enabled:enableExplicitProxy", "http_port https_port enable_pac_file pac_file_port pac_file"),
        ),
    ),
    "azurerm_firewall_policy_rule_collection_group": kind(
        "ruleCollectionGroups",
        "priority",
        parent=Parent("firewall_policy_id", POLICY[0]),
        whole="ruleCollections",
        nat_rule_collection=_collection_of_policy("NatRule", _POLICY_NAT, "Nat"),
        network_rule_collection=_collection_of_policy("NetworkRule", _POLICY_NETWORK, "Filter"),
        application_rule_collection=_collection_of_policy("ApplicationRule", _POLICY_APPLICATION, "Filter"),
    ),
    "azurerm_ip_group": kind(
        "ipGroups", "cidrs:ipAddresses", "firewall_ids firewall_policy_ids", whole="ipAddresses", untold=""
    ),
}
