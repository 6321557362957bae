"""What no table says: values that Azure puts together otherwise, or that follow from other resources."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from vnetverify.ingest.endpoint_addresses import has_one_address
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import key_of, kind_of, parent_of
from vnetverify.ingest.terraform.configuration import Configuration
from vnetverify.ingest.terraform.folding import Folding
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.links import Links
from vnetverify.ingest.terraform.tables import FASTENINGS
from vnetverify.ingest.terraform.tables.networks import VNET
from vnetverify.ingest.terraform.translation import Draft
from vnetverify.ingest.unknown import Unknown

_POLICY, _RULE_GROUP = "firewallpolicies", "firewallpolicies/rulecollectiongroups"
_ZONE, _ENDPOINT, _FIREWALL = "azurerm_private_dns_zone", "azurerm_private_endpoint", "azurerm_firewall"
_PUBLIC = "azurerm_public_ip"
_MACHINES = ("azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine", "azurerm_virtual_machine")
# Types that tell values of a resource that has a type of its own.
DNS_SERVERS, CIDR = "azurerm_virtual_network_dns_servers", "azurerm_ip_group_cidr"


def completed(draft: Draft, links: Links, configuration: Configuration) -> Iterator[Draft]:
    """Yield what `draft` stands for besides itself, having put in what no table says."""
    instance = draft.instance
    if instance.type in _MACHINES:
        _name_host(draft)
    elif instance.type in ("azurerm_subnet", "azurerm_virtual_network"):
        _prefixes(draft)
    elif instance.type == _PUBLIC and isinstance(draft.properties.get("ipAddress"), Unknown):
        del draft.properties["ipAddress"]  # one that is not told is any with those who read it
    elif instance.type == _FIREWALL:
        _settings(draft, configuration)
    elif instance.type == _ENDPOINT:
        yield from _endpoint(draft, links)


def _prefixes(draft: Draft) -> None:
    """Of the two spellings of the prefixes of a subnet one is computed from the other."""
    inline = draft.properties.get("subnets")
    holders = [draft.body, *(item for item in (inline if isinstance(inline, list) else ()) if isinstance(item, dict))]
    for holder in holders:
        inner = holder.get("properties")
        if isinstance(inner, dict):
            for one, other in (("addressPrefix", "addressPrefixes"), ("addressPrefixes", "addressPrefix")):
                if isinstance(inner.get(one), Unknown) and inner.get(other) and not isinstance(inner[other], Unknown):
                    del inner[one]


def _name_host(draft: Draft) -> None:
    """A host is called like its machine where nothing else is written."""
    profiles = draft.properties.pop("osProfiles", None)
    if isinstance(profiles, list) and profiles and isinstance(profiles[0], dict):
        draft.properties["osProfile"] = {"computerName": profiles[0].get("computer_name")}
    named = draft.properties.setdefault("osProfile", {})
    if draft.instance.type != "azurerm_virtual_machine" and draft.instance.text("name") is not None:
        named.setdefault("computerName", draft.instance.text("name"))


def _settings(draft: Draft, configuration: Configuration) -> None:
    """A firewall without policy has its settings in a list of words."""
    values, settings = draft.instance.values, {}
    ranges, answers, servers = (values.get(name) for name in ("private_ip_ranges", "dns_proxy_enabled", "dns_servers"))
    is_written = configuration.is_written(draft.instance, "dns_proxy_enabled")
    if isinstance(answers, Unknown) and not is_written and not isinstance(servers, Unknown):
        answers = bool(servers)  # who names servers has it asked, unless the contrary is written
    if isinstance(ranges, list) and ranges:
        is_known = all(isinstance(item, str) for item in ranges)
        later = next((item for item in ranges if isinstance(item, Unknown)), None)
        settings["Network.SNAT.PrivateRanges"] = ",".join(ranges) if is_known else later
    if isinstance(answers, (bool, Unknown)):
        settings["Network.DNS.EnableProxy"] = answers if isinstance(answers, Unknown) else str(answers).lower()
    if settings:
        draft.properties["additionalProperties"] = settings


# -- private endpoints ------------------------------------------------------------------------------------


def _endpoint(draft: Draft, links: Links) -> Iterator[Draft]:
    """Write the connections of an endpoint, and yield the interface that it has."""
    instance = draft.instance
    connections = instance.values.get("private_service_connection")
    for position, item in enumerate(connections if isinstance(connections, list) else ()):
        if isinstance(item, dict):
            _connect(draft, item, position, links)
    if isinstance(connections, Unknown):
        draft.properties["privateLinkServiceConnections"] = [connections]
    addresses = list(dict.fromkeys(_addresses(instance.values)))
    if addresses or (has_one_address(draft.properties) and not draft.properties.get("ipConfigurations")):
        yield _interface(draft, addresses)


def _connect(draft: Draft, item: dict[str, Any], position: int, links: Links) -> None:
    path = ("private_service_connection", position)
    target = links.anything(draft.instance, (*path, "private_connection_resource_id"))
    alias = item.get("private_connection_resource_alias")
    is_manual = item.get("is_manual_connection")
    # One that nobody has to approve is approved when Terraform is done with it.
    waits = Unknown("whether the owner of the service has approved is not told", draft.instance.pointer)
    state = {"status": "Approved" if is_manual is False else waits}
    field = "manualPrivateLinkServiceConnections" if is_manual is True else "privateLinkServiceConnections"
    inner = {
        "privateLinkServiceId": target or alias,
        "groupIds": item.get("subresource_names"),
        "privateLinkServiceConnectionState": state,
    }
    draft.properties.setdefault(field, []).append({"name": item.get("name"), "properties": inner})


def _addresses(values: Any) -> Iterator[str]:
    """Yield the addresses that an endpoint is known to have."""
    for field in ("private_service_connection", "custom_dns_configs", "private_dns_zone_configs"):
        yield from _told(values.get(field))


def _told(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            single, several = item.get("private_ip_address"), item.get("ip_addresses")
            listed = several if isinstance(several, list) else []
            yield from (text for text in (single, *listed) if isinstance(text, str) and text)
            yield from _told(item.get("record_sets"))


def _interface(draft: Draft, addresses: list[str]) -> Draft:
    told = draft.instance.values.get("network_interface")
    first = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else {}
    identity = first.get("id")
    if not isinstance(identity, str):
        group = draft.identity.split("/providers/")[0]
        identity = f"{group}/providers/Microsoft.Network/networkInterfaces/{draft.body['name']}-nic"
    made = Draft(draft.instance, identity, identity)
    subnet = draft.properties.get("subnet")
    made.properties["privateEndpoint"] = {"id": draft.identity}
    made.properties["ipConfigurations"] = [
        {"name": f"address{number}", "properties": {"subnet": subnet, "privateIPAddress": address}}
        for number, address in enumerate(addresses or [None])
    ]
    draft.properties["networkInterfaces"] = [{"id": identity}]
    return made


# -- across resources -------------------------------------------------------------------------------------


def tell_of_others(instance: Instance, folding: Folding, links: Links) -> bool:
    """Put what `instance` tells of another resource there, and return whether the document holds that."""
    if instance.type == DNS_SERVERS:
        at = links.reference(instance, ("virtual_network_id",), VNET)
        vnet = folding.find(at) if isinstance(at, str) else None
        if vnet is not None:
            vnet["properties"].setdefault("dhcpOptions", {})["dnsServers"] = instance.values.get("dns_servers") or []
        return vnet is not None
    at = links.reference(instance, ("ip_group_id",), ("azurerm_ip_group",))
    group = folding.find(at) if isinstance(at, str) else None
    if group is not None:
        listed = group["properties"].setdefault("ipAddresses", [])
        if isinstance(listed, list) and instance.values.get("cidr") not in listed:
            listed.append(instance.values.get("cidr"))
    return group is not None


def settle_tables(folding: Folding, gone: Iterable[Instance]) -> None:
    """Believe the list of subnets of a route table, which Azure told, where no association says otherwise."""
    released = {
        (key_of(subnet), key_of(table))
        for one in gone
        if one.type in FASTENINGS
        for subnet in ids_in(one.values.get("subnet_id"))
        for table in ids_in(one.values.get("route_table_id"))
    }
    for draft in folding.drafts:
        listed = draft.properties.get("subnets") if draft.instance.type == "azurerm_route_table" else None
        if not isinstance(listed, list):
            continue
        kept = []
        for item in listed:
            identity = item.get("id") if isinstance(item, dict) else None
            subnet = folding.find(identity) if isinstance(identity, str) else None
            if isinstance(identity, str) and (key_of(identity), key_of(draft.identity)) in released:
                continue
            if subnet is None:
                kept.append(item)
            else:
                subnet.setdefault("properties", {}).setdefault("routeTable", {"id": draft.identity})
        draft.properties["subnets"] = kept


def list_groups(folding: Folding, gone: Iterable[Instance]) -> None:
    """Complete the list of groups that a firewall policy has, which Terraform tells of what was there before."""
    staying = {key_of(draft.identity) for draft in folding.drafts}
    released = {key_of(one.identity) for one in gone if one.identity is not None} - staying
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for draft in folding.drafts:
        if kind_of(key_of(draft.identity)) == _RULE_GROUP:
            groups[parent_of(key_of(draft.identity))].append(draft.identity)
    for draft in folding.drafts:
        if kind_of(key_of(draft.identity)) == _POLICY and isinstance(draft.body["properties"], dict):
            listed = draft.properties.get("ruleCollectionGroups") or []
            told = {} if isinstance(listed, Unknown) else {key_of(one): one for item in listed for one in ids_in(item)}
            told |= {key_of(one): one for one in groups[key_of(draft.identity)]}
            known = [{"id": one} for key, one in told.items() if key not in released]
            draft.properties["ruleCollectionGroups"] = listed if isinstance(listed, Unknown) else known


def count_in_zones(folding: Folding, instances: Iterable[Instance]) -> None:
    """Tell how much a zone holds that the document creates: all that it tells, but for what groups of endpoints add."""
    zones = {key_of(draft.identity): draft for draft in folding.drafts if draft.instance.type == _ZONE}
    grouped = {
        key_of(identity)
        for one in instances
        if one.type == _ENDPOINT
        for identity in ids_in(one.values.get("private_dns_zone_group"))
    }
    is_open = any(
        one.type == _ENDPOINT and any(True for _ in _unknown_zones(one.values.get("private_dns_zone_group")))
        for one in instances
    )
    links: Counter[str] = Counter()
    records: Counter[str] = Counter()
    for draft in folding.drafts:
        zone = key_of(draft.identity).rpartition("/")[0].rpartition("/")[0]
        if zone in zones:
            (links if draft.instance.type.endswith("_virtual_network_link") else records)[zone] += 1
    for key, draft in zones.items():
        if draft.instance.is_new:
            draft.properties["numberOfVirtualNetworkLinks"] = links[key]
            if key not in grouped and not is_open:
                draft.properties["numberOfRecordSets"] = records[key] + 1


def _unknown_zones(groups: Any) -> Iterator[Unknown]:
    for group in groups if isinstance(groups, list) else [groups]:
        listed = group.get("private_dns_zone_ids") if isinstance(group, dict) else group
        for item in listed if isinstance(listed, list) else [listed]:
            if isinstance(item, Unknown):
                yield item
