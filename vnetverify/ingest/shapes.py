"""What is known of each property of each kind of resource: modelled, without effect on packets, or a doubt.

A property that stands in no table is a doubt as well: it may be newer than this program.
"""

from __future__ import annotations

from vnetverify.ingest.properties import Suspect, shape, words_of
from vnetverify.ingest.resources import SCALE_SETS

POOLS_OF_NAT = "pools of inbound NAT are not modelled"
_GATEWAY_BALANCED = Suspect("gateway load balancers are not modelled", with_peers=True)

_TRACKED = Suspect("tracking of connections by a load balancer is not modelled", (False,))
# No document tells these two of rules; Azure's answers say of ordinary rules that they are off.
_TUNNELLED = Suspect("rules for the tunnels of service endpoints are not modelled", (False,))
_SHARING_PORTS = Suspect("rules that share a port of their members are not modelled", (False,))

_ENCRYPTION_THAT_DROPS_NOTHING = (
    {"enabled": False},
    {"enabled": False, "enforcement": "AllowUnencrypted"},
    {"enabled": True, "enforcement": "AllowUnencrypted"},
)

VNET = shape(
    "addressSpace subnets virtualNetworkPeerings summarizedGatewayPrefixes dhcpOptions flowTimeoutInMinutes",
    "enableDdosProtection ddosProtectionPlan enableVmProtection bgpCommunities flowLogs newSubnetPrefix newSubnetName",
    privateEndpointVNetPolicies=Suspect("private endpoints in large numbers are not modelled", ("disabled",)),
    encryption=Suspect("encryption between hosts can drop packets", _ENCRYPTION_THAT_DROPS_NOTHING),
    ipAllocations=Suspect("reserved allocations are not modelled"),
    defaultPublicNatGateway=Suspect("a default NAT gateway is not modelled"),
)

SUBNET = shape(
    "addressPrefix addressPrefixes networkSecurityGroup routeTable natGateway defaultOutboundAccess ipConfigurations"
    " serviceEndpoints privateEndpointNetworkPolicies privateEndpoints applicationGatewayIPConfigurations",
    "privateLinkServiceNetworkPolicies ipConfigurationProfiles purpose sharingScope"
    " networkIntentPolicies ipamPoolPrefixAllocations",
    serviceEndpointPolicies=Suspect("service endpoint policies are not modelled"),
    delegations=Suspect("a delegated subnet holds machines of a service that is not modelled"),
    resourceNavigationLinks=Suspect("the subnet holds machines of a service that is not modelled"),
    serviceAssociationLinks=Suspect("the subnet holds machines of a service that is not modelled"),
    ipAllocations=Suspect("reserved allocations are not modelled"),
    serviceGateway=Suspect("service gateways are not modelled"),
)

PEERING = shape(
    "allowVirtualNetworkAccess allowForwardedTraffic allowGatewayTransit useRemoteGateways peeringState"
    " remoteVirtualNetwork remoteAddressSpace remoteVirtualNetworkAddressSpace peeringSyncLevel peerCompleteVnets"
    " localSubnetNames remoteSubnetNames enableOnlyIPv6Peering",
    "doNotVerifyRemoteGateways remoteBgpCommunities remoteVirtualNetworkEncryption localAddressSpace"
    " localVirtualNetworkAddressSpace routeServiceVips didVerifyRemoteGateways remoteGateways",
)

NSG = shape("securityRules subnets networkInterfaces", "defaultSecurityRules flowLogs flushConnection")

RULE = shape(
    "protocol sourcePortRange sourcePortRanges destinationPortRange destinationPortRanges sourceAddressPrefix"
    " sourceAddressPrefixes destinationAddressPrefix destinationAddressPrefixes sourceApplicationSecurityGroups"
    " destinationApplicationSecurityGroups access priority direction",
    "description",
)

ROUTE_TABLE = shape(
    "routes subnets disableBgpRoutePropagation",
    disablePeeringRoute=Suspect("a table that drops the routes of peerings is not modelled", ("none",)),
)

ROUTE = shape(
    "addressPrefix nextHopType nextHopIpAddress",
    nextHop=Suspect("a route with several next hops is not modelled"),
    hasBgpOverride=Suspect("a route that goes before learned ones whatever their length is not modelled", (False,)),
)

NIC = shape(
    "ipConfigurations networkSecurityGroup enableIPForwarding virtualMachine privateEndpoint dnsSettings"
    " privateLinkService",
    "macAddress primary enableAcceleratedNetworking vnetEncryptionSupported hostedWorkloads"
    " allowPort25Out defaultOutboundConnectivityEnabled auxiliaryMode auxiliarySku workloadType dscpConfiguration"
    " migrationPhase virtualNetworkTapProvisioningState tapConfigurations ipConfigurationsSummary",
    disableTcpStateTracking=Suspect("untracked TCP is not modelled", (False,)),
    nicType=Suspect("this type of network interface is not modelled", ("standard",)),
)

IP_CONFIGURATION = shape(
    "privateIPAddress privateIPAddressVersion subnet publicIPAddress applicationSecurityGroups"
    " loadBalancerBackendAddressPools loadBalancerInboundNatRules applicationGatewayBackendAddressPools",
    "privateIPAllocationMethod primary virtualNetworkTaps privateLinkConnectionProperties loadBalancerProbeStatus",
    gatewayLoadBalancer=_GATEWAY_BALANCED,
    privateIPAddressPrefixLength=Suspect("blocks of addresses are not modelled", (32, 128)),
)

PUBLIC_ADDRESS = shape(
    "ipAddress publicIPAddressVersion sku ipConfiguration",
    "publicIPAllocationMethod idleTimeoutInMinutes ipTags dnsSettings ddosSettings publicIPPrefix deleteOption"
    " migrationPhase servicePublicIPAddress natGateway upgradedToV2",
    linkedPublicIPAddress=Suspect("linked public addresses are not modelled"),
)

NAT_GATEWAY = shape(
    "subnets publicIpAddresses publicIpPrefixes",
    "idleTimeoutInMinutes",
    nat64=Suspect("translation between the families is not modelled", ("none", "disabled")),
    publicIpAddressesV6=Suspect("a NAT gateway for IPv6 is not modelled"),
    publicIpPrefixesV6=Suspect("a NAT gateway for IPv6 is not modelled"),
    sourceVirtualNetwork=Suspect("a NAT gateway of a whole network is not modelled"),
    serviceGateway=Suspect("service gateways are not modelled"),
)

ASG = shape("")

# What a scale set says of the interfaces of its instances; what is irrelevant here changes flows of theirs alone.
SCALE_SET_INTERFACE = shape(
    "enableIPForwarding ipConfigurations",
    "primary enableAcceleratedNetworking enableFpga networkSecurityGroup dnsSettings deleteOption auxiliaryMode"
    " auxiliarySku disableTcpStateTracking",
)

SCALE_SET_CONFIGURATION = shape(
    "subnet loadBalancerBackendAddressPools loadBalancerInboundNatPools",
    "primary privateIPAddressVersion publicIPAddressConfiguration applicationSecurityGroups"
    " applicationGatewayBackendAddressPools",
)

LOAD_BALANCER = shape(
    "frontendIPConfigurations backendAddressPools loadBalancingRules probes sku inboundNatRules outboundRules",
    "scope",
    mode=Suspect("an advanced load balancer is not modelled", with_peers=True),
    inboundNatPools=Suspect(POOLS_OF_NAT, with_peers=True),
)

FRONTEND = shape(
    "privateIPAddress privateIPAddressVersion subnet publicIPAddress publicIPPrefix",
    "privateIPAllocationMethod loadBalancingRules inboundNatRules inboundNatPools outboundRules ddosSettings",
    gatewayLoadBalancer=_GATEWAY_BALANCED,
    enableConnectionTracking=_TRACKED,
)

BACKEND_POOL = shape(
    "backendIPConfigurations loadBalancerBackendAddresses virtualNetwork",
    "loadBalancingRules outboundRule outboundRules inboundNatRules drainPeriodInSeconds syncMode",
    tunnelInterfaces=_GATEWAY_BALANCED,
)

BACKEND_ADDRESS = shape(
    "ipAddress virtualNetwork subnet networkInterfaceIPConfiguration adminState",
    "inboundNatRulesPortMapping",
    loadBalancerFrontendIPConfiguration=Suspect("load balancers behind load balancers are not modelled"),
)

BALANCING_RULE = shape(
    "frontendIPConfiguration backendAddressPool backendAddressPools probe protocol frontendPort backendPort"
    " enableFloatingIP disableOutboundSnat",
    "idleTimeoutInMinutes enableTcpReset loadDistribution",
    enableConnectionTracking=_TRACKED,
    enableDestinationServiceEndpoint=_TUNNELLED,
    allowBackendPortConflict=_SHARING_PORTS,
)

INBOUND_NAT_RULE = shape(
    "frontendIPConfiguration backendIPConfiguration protocol frontendPort backendPort enableFloatingIP"
    " frontendPortRangeStart frontendPortRangeEnd backendAddressPool",
    "idleTimeoutInMinutes enableTcpReset",
    enableDestinationServiceEndpoint=_TUNNELLED,
    allowBackendPortConflict=_SHARING_PORTS,
)

OUTBOUND_RULE = shape(
    "frontendIPConfigurations backendAddressPool protocol",
    "allocatedOutboundPorts idleTimeoutInMinutes enableTcpReset",
)

PROBE = shape(
    "protocol port noHealthyBackendsBehavior",
    "requestPath intervalInSeconds numberOfProbes probeThreshold loadBalancingRules",
)

PRIVATE_ENDPOINT = shape(
    "subnet networkInterfaces privateLinkServiceConnections manualPrivateLinkServiceConnections customDnsConfigs"
    " ipConfigurations",
    "customNetworkInterfaceName ipVersionType billingSku",
    isIPv6EnabledPrivateEndpoint=Suspect("private endpoints of both families are not modelled", (False,)),
    applicationSecurityGroups=Suspect("private endpoints in application security groups are not modelled"),
)

# What a proxy does with what it takes is its own affair: it drops, or begins a flow of its own.
APPLICATION_GATEWAY = shape(
    "gatewayIPConfigurations frontendIPConfigurations frontendPorts httpListeners listeners",
    "sslPolicy operationalState authenticationCertificates trustedRootCertificates trustedClientCertificates"
    " sslCertificates probes backendAddressPools backendHttpSettingsCollection backendSettingsCollection sslProfiles"
    " urlPathMaps requestRoutingRules routingRules rewriteRuleSets redirectConfigurations enableHttp2 enableFips"
    " webApplicationFirewallConfiguration firewallPolicy autoscaleConfiguration customErrorConfigurations"
    " forceFirewallPolicyAssociation loadDistributionPolicies globalConfiguration defaultPredefinedSslPolicy"
    " advancedRoutingMaps advancedRoutingConditionSets reservedCapacity entraJWTValidationConfigs",
    privateLinkConfigurations=Suspect("private links to application gateways are not modelled", with_peers=True),
    privateEndpointConnections=Suspect("private links to application gateways are not modelled", with_peers=True),
)

BASTION = shape(
    "ipConfigurations virtualNetwork",
    "dnsName scaleUnits disableCopyPaste enableTunneling enableIpConnect enableFileCopy enableKerberos"
    " enableShareableLink enableSessionRecording sessionRecordingConfiguration enablePrivateOnlyBastion networkAcls",
)

PROXY_FRONTEND = shape(
    "subnet publicIPAddress",
    "privateIPAddress privateIPAddressVersion privateIPAllocationMethod httpListeners listeners",
    privateLinkConfiguration=Suspect("private links to application gateways are not modelled"),
)

PORT_OF_LISTENERS = shape("port", "httpListeners listeners")

LISTENER = shape(
    "frontendPort",
    "frontendIPConfiguration protocol hostName hostNames sslCertificate sslProfile requireServerNameIndication"
    " requestRoutingRules routingRules redirectConfiguration urlPathMaps customErrorConfigurations firewallPolicy",
    enableHttp3=Suspect("listeners for UDP are not modelled", (False,)),
)

LINK_SERVICE = shape(
    "loadBalancerFrontendIpConfigurations ipConfigurations networkInterfaces privateEndpointConnections alias",
    "visibility autoApproval fqdns enableProxyProtocol accessMode",
    destinationIPAddress=Suspect("private link services without a load balancer are not modelled"),
)

LINK_CONFIGURATION = shape("privateIPAddress subnet", "privateIPAllocationMethod privateIPAddressVersion primary")

PRIVATE_LINK = shape("privateLinkServiceId privateLinkServiceConnectionState", "groupIds requestMessage")

FIREWALL = shape(
    "ipConfigurations firewallPolicy additionalProperties managementIpConfiguration threatIntelMode"
    " natRuleCollections networkRuleCollections applicationRuleCollections",
    "autoscaleConfiguration ipGroups presumedAddress",
    aiSecurityAddOn=Suspect("what a firewall looks for in payload is not modelled", (False,)),
    afcConfiguration=Suspect("a firewall for containers is not modelled"),
    virtualHub=Suspect("Virtual WAN is not modelled"),
    hubIPAddresses=Suspect("Virtual WAN is not modelled"),
)

FIREWALL_CONFIGURATION = shape("privateIPAddress subnet publicIPAddress", "privateIPAllocationMethod")

# Who is kept off the lists of threat intelligence changes nothing: what is on them is an open fact.
FIREWALL_POLICY = shape(
    "basePolicy ruleCollectionGroups snat threatIntelMode dnsSettings explicitProxy intrusionDetection",
    "threatIntelWhitelist insights transportSecurity childPolicies firewalls size",
    afcManaged=Suspect("a firewall for containers is not modelled", (False,)),
    sql=Suspect("redirection of SQL is not modelled", ({"allowSqlRedirect": False},)),
)

RULE_COLLECTION_GROUP = shape("ruleCollections priority", "size")

# By these a rule of a firewall asks for names of domains, sorts of them, or every one.
NAMES_ASKED_FOR = words_of("destinationFqdns targetFqdns targetUrls fqdnTags webCategories")

FIREWALL_COLLECTION = shape("ruleCollectionType priority action rules")

FIREWALL_NAT_RULE = shape(
    "protocols ipProtocols sourceAddresses sourceIpGroups destinationAddresses destinationPorts translatedAddress"
    " translatedPort",
    "ruleType description",
    translatedFqdn=Suspect("translation to a name is not modelled"),
)

FIREWALL_NETWORK_RULE = shape(
    "protocols ipProtocols sourceAddresses sourceIpGroups destinationAddresses destinationIpGroups destinationFqdns"
    " destinationPorts",
    "ruleType description",
)

FIREWALL_APPLICATION_RULE = shape(
    "protocols sourceAddresses sourceIpGroups destinationAddresses targetFqdns targetUrls fqdnTags webCategories",
    "ruleType description httpHeadersToInsert",
    terminateTLS=Suspect("a firewall that looks into TLS is not modelled", (False,)),
    # No document tells these; Azure's answers say them of rules in a firewall's own collections, always the same.
    direction=Suspect("a direction of application rules is not modelled", ("inbound",)),
    priority=Suspect("an order of application rules within a collection is not modelled", (0,)),
    actions=Suspect("actions of application rules are not modelled"),
)

IP_GROUP = shape("ipAddresses", "firewalls firewallPolicies")

GATEWAY = shape(
    "ipConfigurations gatewayType gatewayDefaultSite allowRemoteVnetTraffic activeActive bgpSettings"
    " vpnClientConfiguration",
    "enableBgp active activeActiveMode vpnGatewayGeneration gatewayIpAddresses"
    " disableIPSecReplayProtection enablePrivateIpAddress enableDnsForwarding inboundDnsForwardingEndpoint"
    " virtualNetworkGatewayMigrationStatus packetCaptureDiagnosticState resiliencyModel autoScaleConfiguration"
    " enableHighBandwidthVpnGateway virtualNetworkGatewayPolicyGroups"
    # What Azure's answers say beyond its documents: of what a gateway is built, and the halves of those who use it.
    " isMigrateToCSES isMigratedLegacySKU blockUpgradeOfMigratedLegacyGateways vpnStack remoteVirtualNetworkPeerings",
    vpnType=Suspect("gateways with static traffic selectors are not modelled", ("routebased",)),
    customRoutes=Suspect("routes for point-to-site clients are not modelled", members=("addressPrefixes",)),
    natRules=Suspect("translation at a gateway is not modelled"),
    enableBgpRouteTranslationForNat=Suspect("translation at a gateway is not modelled", (False,)),
    allowVirtualWanTraffic=Suspect("Virtual WAN is not modelled", (False,)),
    adminState=Suspect("a gateway that is switched off is not modelled", ("enabled",)),
    vNetExtendedLocationResourceId=Suspect("gateways outside a region are not modelled"),
)

GATEWAY_CONFIGURATION = shape("subnet", "privateIPAllocationMethod privateIPAddress publicIPAddress")

VPN_CLIENTS = shape(
    "vpnClientAddressPool",
    "vpnClientProtocols vpnAuthenticationTypes vpnClientRootCertificates vpnClientRevokedCertificates"
    " vpnClientIpsecPolicies radiusServerAddress radiusServerSecret radiusServers aadTenant aadAudience aadIssuer"
    " vpnClientConnectionHealth",
    vngClientConnectionConfigurations=Suspect("pools for groups of point-to-site clients are not modelled"),
)

BGP_SETTINGS = shape("asn", "bgpPeeringAddress bgpPeeringAddresses peerWeight")

LOCAL_GATEWAY = shape("localNetworkAddressSpace", "gatewayIpAddress fqdn bgpSettings")

CONNECTION = shape(
    "connectionType virtualNetworkGateway1 virtualNetworkGateway2 localNetworkGateway2 peer enableBgp connectionStatus"
    " expressRouteGatewayBypass",
    "sharedKey authorizationKey routingWeight ipsecPolicies connectionProtocol connectionMode dpdTimeoutSeconds"
    " egressBytesTransferred ingressBytesTransferred tunnelConnectionStatus useLocalAzureIpAddress"
    " gatewayCustomBgpIpAddresses authenticationType certificateAuthentication packetCaptureDiagnosticState",
    usePolicyBasedTrafficSelectors=Suspect("traffic selectors are not modelled", (False,)),
    trafficSelectorPolicies=Suspect("traffic selectors are not modelled"),
    enablePrivateLinkFastPath=Suspect("FastPath to private links is not modelled", (False,)),
    ingressNatRules=Suspect("translation at a gateway is not modelled"),
    egressNatRules=Suspect("translation at a gateway is not modelled"),
    tunnelProperties=Suspect("this form of tunnel is not modelled"),
)

MANAGER = shape("networkManagerScopes networkManagerScopeAccesses", "description displayName")

NETWORK_GROUP = shape(
    "",
    "description displayName",
    memberType=Suspect("groups of subnets are not modelled", ("virtualnetwork", "microsoft.network/virtualnetworks")),
    conditionalMembership=Suspect("which networks meet a condition is not followed"),
    groupMembers=Suspect("members that are not resources of their own are not followed"),
)

STATIC_MEMBER = shape("resourceId", "region")

# A rule as the list of active rules gives it.
ADMIN_RULE = shape(
    "protocol sources destinations sourcePortRanges destinationPortRanges access priority direction",
    "description displayName flag commitTime region configurationDescription configurationDisplayName"
    " ruleCollectionDescription ruleCollectionDisplayName ruleCollectionAppliesToGroups ruleGroups",
)

# Resource types of Microsoft.Network that carry no packet and change none.
WITHOUT_EFFECT = words_of(
    "privateendpoints/privatednszonegroups networkwatchers networkwatchers/flowlogs networkwatchers/connectionmonitors"
    " networkwatchers/packetcaptures privatednszones privatednszones/virtualnetworklinks dnszones"
    " dnsresolvers ddosprotectionplans ddoscustompolicies publicipprefixes expressroutecircuits"
    " expressroutecircuits/peerings expressroutecircuits/authorizations networkintentpolicies ipgroups"
    " firewallpolicies firewallpolicies/rulecollectiongroups"
    " applicationgatewaywebapplicationfirewallpolicies trafficmanagerprofiles"
    " networkinterfaces/ipconfigurations networksecuritygroups/defaultsecurityrules dscpconfigurations"
    " ipallocations customipprefixes vpnserverconfigurations frontdoors frontdoorwebapplicationfirewallpolicies"
    " routefilters routefilters/routefilterrules expressrouteports expressrouteports/authorizations"
    " networkmanagers/ipampools networkmanagers/ipampools/staticcidrs networkmanagers/scopeconnections"
    " networkmanagers/verifierworkspaces networkmanagers/verifierworkspaces/reachabilityanalysisintents"
    " networkmanagers/verifierworkspaces/reachabilityanalysisruns"
)
# Types all of whose children carry no packet either.
WITHOUT_EFFECT_AS_A_WHOLE = words_of(
    "privatednszones dnszones trafficmanagerprofiles frontdoors networkwatchers networksecurityperimeters"
)
# Types of other providers that put machines, and with them unknown interfaces, into subnets.
WITH_EFFECT = frozenset((SCALE_SETS, "microsoft.classicnetwork/virtualnetworks"))


def has_no_effect(kind: str) -> bool:
    """Hold for types of network resources that carry no packet and change none."""
    return kind in WITHOUT_EFFECT or kind.split("/")[0] in WITHOUT_EFFECT_AS_A_WHOLE


def is_no_network(kind: str) -> bool:
    """Hold for types of other providers that put nothing into subnets."""
    return "." in kind.split("/")[0] and kind not in WITH_EFFECT
