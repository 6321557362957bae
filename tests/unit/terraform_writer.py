"""Azure's resources written as a Terraform plan in which no id is known, so that both can be read and compared."""

from __future__ import annotations

from typing import Any

from tests.unit.terraform_documents import Module, Planned, block, plan, refers

_TYPES = {
    "virtualnetworks": "virtual_network",
    "networksecuritygroups": "network_security_group",
    "routetables": "route_table",
    "applicationsecuritygroups": "application_security_group",
    "natgateways": "nat_gateway",
    "publicipaddresses": "public_ip",
    "networkinterfaces": "network_interface",
    "virtualmachines": "linux_virtual_machine",
    "loadbalancers": "lb",
    "virtualnetworkgateways": "virtual_network_gateway",
    "localnetworkgateways": "local_network_gateway",
    "connections": "virtual_network_gateway_connection",
}
_RULE = {
    "priority": "priority",
    "direction": "direction",
    "access": "access",
    "protocol": "protocol",
    "sourcePortRanges": "source_port_ranges",
    "destinationPortRanges": "destination_port_ranges",
    "sourceAddressPrefix": "source_address_prefix",
    "sourceAddressPrefixes": "source_address_prefixes",
    "destinationAddressPrefix": "destination_address_prefix",
    "destinationAddressPrefixes": "destination_address_prefixes",
}
_ROUTE = {
    "addressPrefix": "address_prefix",
    "nextHopType": "next_hop_type",
    "nextHopIpAddress": "next_hop_in_ip_address",
}
_FASTENED = {
    "networkSecurityGroup": ("subnet_network_security_group_association", "network_security_group_id"),
    "routeTable": ("subnet_route_table_association", "route_table_id"),
    "natGateway": ("subnet_nat_gateway_association", "nat_gateway_id"),
}
_SUBNET = {
    "defaultOutboundAccess": "default_outbound_access_enabled",
    "privateEndpointNetworkPolicies": "private_endpoint_network_policies",
}
_PEERING = {
    "allowVirtualNetworkAccess": "allow_virtual_network_access",
    "allowForwardedTraffic": "allow_forwarded_traffic",
    "allowGatewayTransit": "allow_gateway_transit",
    "useRemoteGateways": "use_remote_gateways",
    "peerCompleteVnets": "peer_complete_virtual_networks_enabled",
    "enableOnlyIPv6Peering": "only_ipv6_peering_enabled",
    "localSubnetNames": "local_subnet_names",
    "remoteSubnetNames": "remote_subnet_names",
}
_SERVICE = {"protocol": "protocol", "frontendPort": "frontend_port", "backendPort": "backend_port"}


class NotWritten(Exception):
    """Something that this writer has no word for."""


def as_plan(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the plan that deploys `resources`. Raises `NotWritten`."""
    writer = _Writer()
    for one in resources:
        writer.name(one)
    for one in resources:
        writer.write(one)
    return plan(*writer.planned, configuration=Module(writer.blocks))


class _Writer:
    def __init__(self) -> None:
        self.planned: list[Planned] = []
        self.blocks: list[dict[str, Any]] = []
        self._addresses: dict[str, str] = {}

    # -- names --------------------------------------------------------------------------------------------

    def name(self, one: dict[str, Any]) -> None:
        """Give a resource and its parts the names of their blocks."""
        kind = one["type"].rpartition("/")[2].lower()
        if kind not in _TYPES:
            raise NotWritten(kind)
        self._call(one["id"], _TYPES[kind])
        inner = one["properties"]
        if kind == "virtualnetworks":
            for item in inner["subnets"]:
                self._call(f"{one['id']}/subnets/{item['name']}", "subnet")
        if kind == "loadbalancers":
            for segment, what in (
                ("backendAddressPools", "lb_backend_address_pool"),
                ("probes", "lb_probe"),
                ("inboundNatRules", "lb_nat_rule"),
            ):
                for item in inner[segment]:
                    self._call(f"{one['id']}/{segment}/{item['name']}", what)

    def _call(self, identity: str, kind: str) -> None:
        self._addresses[identity.lower()] = f"azurerm_{kind}.r{len(self._addresses)}"

    def _to(self, reference: dict[str, str]) -> dict[str, Any]:
        return refers(f"{self._addresses[reference['id'].lower()]}.id")

    def _add(self, kind: str, identity: str, values: dict[str, Any], **written: Any) -> None:
        """Add a resource whose attributes in `written` are references that are known later."""
        address = self._addresses.get(identity.lower(), f"azurerm_{kind}.x{len(self.planned)}")
        name = address.rpartition(".")[2]
        later: dict[str, Any] = {"id": True, **dict.fromkeys(written, True)}
        own = {"name": identity.rpartition("/")[2], "resource_group_name": "rg", **values}
        self.planned.append(Planned(f"azurerm_{kind}", name, own, later))
        self.blocks.append(block(kind, name, **{key: {"references": []} for key in values}, **written))

    # -- resources ----------------------------------------------------------------------------------------

    def write(self, one: dict[str, Any]) -> None:
        kind = _TYPES[one["type"].rpartition("/")[2].lower()]
        getattr(self, f"_{kind}", self._plain)(one, one["properties"])

    def _plain(self, one: dict[str, Any], _inner: dict[str, Any]) -> None:
        self._add(_TYPES[one["type"].rpartition("/")[2].lower()], one["id"], {})

    def _virtual_network(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        minutes = inner.get("flowTimeoutInMinutes")
        values = {"address_space": inner["addressSpace"]["addressPrefixes"], "flow_timeout_in_minutes": minutes}
        self._add("virtual_network", one["id"], values | {"location": one.get("location")})
        for item in inner["subnets"]:
            self._subnet(one, item["name"], item["properties"])
        for item in inner["virtualNetworkPeerings"]:
            own = item["properties"]
            if own["peeringSyncLevel"] != "FullyInSync" or own["peeringState"] == "Disconnected":
                raise NotWritten("a peering that is not as a deployment makes it")
            values = {to: own[said] for said, to in _PEERING.items() if said in own} | {
                "virtual_network_name": one["name"]
            }
            at = f"{one['id']}/virtualNetworkPeerings/{item['name']}"
            self._add(
                "virtual_network_peering", at, values, remote_virtual_network_id=self._to(own["remoteVirtualNetwork"])
            )

    def _subnet(self, one: dict[str, Any], name: str, inner: dict[str, Any]) -> None:
        at = f"{one['id']}/subnets/{name}"
        values = {to: inner[said] for said, to in _SUBNET.items() if said in inner}
        values |= {"address_prefixes": inner["addressPrefixes"], "virtual_network_name": one["name"]}
        values["service_endpoints"] = [item["service"] for item in inner.get("serviceEndpoints", ())]
        self._add("subnet", at, values)
        for said, (kind, attribute) in _FASTENED.items():
            if said in inner:
                self._add(kind, at, {}, subnet_id=self._to({"id": at}), **{attribute: self._to(inner[said])})
                self.planned[-1].values.clear()

    def _network_security_group(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        """Write rules that name groups as resources of their own, since a block of a set hides what it refers to."""
        rules = inner["securityRules"]
        inline = [item for item in rules if not any("ApplicationSecurityGroups" in key for key in item["properties"])][
            ::2
        ]
        blocks = [{"name": item["name"]} | _named(item["properties"], _RULE) for item in inline]
        self._add("network_security_group", one["id"], {"security_rule": blocks})
        for item in rules:
            if item not in inline:
                own = item["properties"]
                values = _named(own, _RULE) | {"network_security_group_name": one["name"]}
                groups: dict[str, Any] = {}
                for side in ("source", "destination"):
                    said = own.get(f"{side}ApplicationSecurityGroups", [])
                    attribute = f"{side}_application_security_group_ids"
                    if len(said) == 1:
                        groups[attribute] = self._to(said[0])
                    elif said:  # a set of several ids that are known later hides which they are
                        values[attribute] = [each["id"] for each in said]
                self._add("network_security_rule", f"{one['id']}/securityRules/{item['name']}", values, **groups)

    def _route_table(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        routes = inner["routes"]
        blocks = [{"name": item["name"]} | _named(item["properties"], _ROUTE) for item in routes[::2]]
        propagates = not inner["disableBgpRoutePropagation"]
        self._add("route_table", one["id"], {"route": blocks, "bgp_route_propagation_enabled": propagates})
        for item in routes[1::2]:
            values = _named(item["properties"], _ROUTE) | {"route_table_name": one["name"]}
            self._add("route", f"{one['id']}/routes/{item['name']}", values)

    def _nat_gateway(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        self._add("nat_gateway", one["id"], {})
        for public in inner["publicIpAddresses"]:
            ends = {"nat_gateway_id": self._to(one), "public_ip_address_id": self._to(public)}
            self._add("nat_gateway_public_ip_association", f"{one['id']}/x", {}, **ends)

    def _public_ip(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        values = {"ip_version": inner["publicIPAddressVersion"], "ip_address": inner.get("ipAddress")}
        self._add("public_ip", one["id"], values | {"sku": one.get("sku", {}).get("name")})

    def _network_interface(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        if "privateEndpoint" in inner:
            raise NotWritten("an interface of an endpoint")
        configurations, written, later = [], [], []
        for item in inner["ipConfigurations"]:
            own = item["properties"]
            version = own["privateIPAddressVersion"]
            address = own["privateIPAddress"]
            configurations.append(
                {"name": item["name"], "private_ip_address": address, "private_ip_address_version": version}
            )
            references = {"subnet_id": self._to(own["subnet"])}
            if "publicIPAddress" in own:
                references["public_ip_address_id"] = self._to(own["publicIPAddress"])
            written.append(references)
            later.append(dict.fromkeys(references, True))
        self._add("network_interface", one["id"], {"ip_forwarding_enabled": inner["enableIPForwarding"]})
        self.planned[-1].values["ip_configuration"] = configurations
        self.planned[-1].later["ip_configuration"] = later
        self.blocks[-1]["expressions"]["ip_configuration"] = written
        own_id = {"network_interface_id": self._to(one)}
        if "networkSecurityGroup" in inner:
            group = {"network_security_group_id": self._to(inner["networkSecurityGroup"])}
            self._add("network_interface_security_group_association", f"{one['id']}/x", {}, **own_id, **group)
        asgs = {
            each["id"] for item in inner["ipConfigurations"] for each in item["properties"]["applicationSecurityGroups"]
        }
        for asg in sorted(asgs):
            joined = {"application_security_group_id": self._to({"id": asg})}
            self._add(
                "network_interface_application_security_group_association", f"{one['id']}/x", {}, **own_id, **joined
            )
        for item in inner["ipConfigurations"]:
            for field, kind, attribute in (
                ("loadBalancerBackendAddressPools", "backend_address_pool", "backend_address_pool_id"),
                ("loadBalancerInboundNatRules", "nat_rule", "nat_rule_id"),
            ):
                for each in item["properties"].get(field, ()):
                    values = {"ip_configuration_name": item["name"]}
                    ends = own_id | {attribute: self._to(each)}
                    self._add(f"network_interface_{kind}_association", f"{one['id']}/x", values, **ends)

    def _linux_virtual_machine(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        interfaces = [self._addresses[each["id"].lower()] for each in inner["networkProfile"]["networkInterfaces"]]
        self._add("linux_virtual_machine", one["id"], {})
        self.planned[-1].later["network_interface_ids"] = [True] * len(interfaces)
        self.blocks[-1]["expressions"]["network_interface_ids"] = refers(*(f"{each}.id" for each in interfaces))

    # -- load balancers and gateways ------------------------------------------------------------------------

    def _lb(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        frontends, written = [], []
        for item in inner["frontendIPConfigurations"]:
            own = item["properties"]
            frontends.append({"name": item["name"], "private_ip_address": own.get("privateIPAddress")})
            held = (("subnet", "subnet_id"), ("publicIPAddress", "public_ip_address_id"))
            written.append({attribute: self._to(own[said]) for said, attribute in held if said in own})
        self._add("lb", one["id"], {"sku": one["sku"]["name"]})
        self.planned[-1].values["frontend_ip_configuration"] = frontends
        self.planned[-1].later["frontend_ip_configuration"] = [dict.fromkeys(each, True) for each in written]
        self.blocks[-1]["expressions"]["frontend_ip_configuration"] = written
        of = {"loadbalancer_id": self._to(one)}
        for segment, kind in (("backendAddressPools", "lb_backend_address_pool"), ("inboundNatRules", "lb_nat_rule")):
            for item in inner[segment]:
                values = self._service(item["properties"]) if segment == "inboundNatRules" else {}
                self._add(kind, f"{one['id']}/{segment}/{item['name']}", values, **of)
        for item in inner["probes"]:
            if item["properties"]["noHealthyBackendsBehavior"] != "AllProbedDown":
                raise NotWritten("a probe that fails open")
            values = {"protocol": "Tcp", "port": item["properties"]["port"]}
            self._add("lb_probe", f"{one['id']}/probes/{item['name']}", values, **of)
        for item in inner["loadBalancingRules"]:
            own = item["properties"]
            further = {"probe_id": self._to(own["probe"])} if "probe" in own else {}
            values = self._service(own) | {"disable_outbound_snat": own["disableOutboundSnat"]}
            self._add("lb_rule", f"{one['id']}/loadBalancingRules/{item['name']}", values, **of, **further)
            self.planned[-1].later["backend_address_pool_ids"] = [True]
            self.blocks[-1]["expressions"]["backend_address_pool_ids"] = self._to(own["backendAddressPool"])
        for item in inner["outboundRules"]:
            own = item["properties"]
            named = [{"name": each["id"].rpartition("/")[2]} for each in own["frontendIPConfigurations"]]
            values = {"protocol": own["protocol"], "frontend_ip_configuration": named}
            pool = {"backend_address_pool_id": self._to(own["backendAddressPool"])}
            self._add("lb_outbound_rule", f"{one['id']}/outboundRules/{item['name']}", values, **of, **pool)

    def _service(self, own: dict[str, Any]) -> dict[str, Any]:
        frontend = own["frontendIPConfiguration"]["id"].rpartition("/")[2]
        further = {"frontend_ip_configuration_name": frontend, "floating_ip_enabled": own["enableFloatingIP"]}
        return _named(own, _SERVICE) | further

    def _virtual_network_gateway(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        subnets = [item["properties"]["subnet"] for item in inner["ipConfigurations"]]
        values = {"type": inner["gatewayType"], "vpn_type": "RouteBased", "active_active": inner["activeActive"]}
        values |= {"bgp_settings": [{"asn": inner["bgpSettings"]["asn"]}]}
        if "allowRemoteVnetTraffic" in inner:
            values["remote_vnet_traffic_enabled"] = inner["allowRemoteVnetTraffic"]
        default = inner.get("gatewayDefaultSite")
        further = {} if default is None else {"default_local_network_gateway_id": self._to(default)}
        self._add("virtual_network_gateway", one["id"], values, **further)
        self.planned[-1].values["ip_configuration"] = [{"name": "c"} for _ in subnets]
        self.planned[-1].later["ip_configuration"] = [{"subnet_id": True} for _ in subnets]
        self.blocks[-1]["expressions"]["ip_configuration"] = [{"subnet_id": self._to(each)} for each in subnets]

    def _local_network_gateway(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        self._add(
            "local_network_gateway", one["id"], {"address_space": inner["localNetworkAddressSpace"]["addressPrefixes"]}
        )

    def _virtual_network_gateway_connection(self, one: dict[str, Any], inner: dict[str, Any]) -> None:
        ends = {
            "virtualNetworkGateway1": "virtual_network_gateway_id",
            "virtualNetworkGateway2": "peer_virtual_network_gateway_id",
            "localNetworkGateway2": "local_network_gateway_id",
        }
        values = {"type": inner["connectionType"], "enable_bgp": inner["enableBgp"]}
        written = {to: self._to(inner[said]) for said, to in ends.items() if said in inner}
        self._add("virtual_network_gateway_connection", one["id"], values, **written)


def _named(properties: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {to: properties[said] for said, to in names.items() if said in properties}
