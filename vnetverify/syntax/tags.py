"""Azure's service tags by name: which words can stand where an address is expected in a security rule."""

from __future__ import annotations

SERVICE_TAGS = (
    "ActionGroup", "ApiManagement", "ApplicationInsightsAvailability", "AppConfiguration", "AppService",
    "AppServiceManagement", "AutonomousDevelopmentPlatform", "AzureActiveDirectory",
    "AzureActiveDirectoryDomainServices", "AzureAdvancedThreatProtection", "AzureAPIForFHIR", "AzureArcInfrastructure",
    "AzureAttestation", "AzureBackup", "AzureBotService", "AzureCloud", "AzureCognitiveSearch", "AzureConnectors",
    "AzureContainerAppsService", "AzureContainerRegistry", "AzureCosmosDB", "AzureDatabricks",
    "AzureDataExplorerManagement", "AzureDataLake", "AzureDeviceUpdate", "AzureDevOps", "AzureDevSpaces",
    "AzureDigitalTwins", "AzureEventGrid", "AzureFrontDoor.Backend", "AzureFrontDoor.FirstParty",
    "AzureFrontDoor.Frontend", "AzureHealthcareAPIs", "AzureInformationProtection", "AzureIoTHub", "AzureKeyVault",
    "AzureLoadBalancer", "AzureLoadTestingInstanceManagement", "AzureMachineLearning", "AzureMachineLearningInference",
    "AzureManagedGrafana", "AzureMonitor", "AzureOpenDatasets", "AzurePlatformDNS", "AzurePlatformIMDS",
    "AzurePlatformLKM", "AzureResourceManager", "AzureSentinel", "AzureSignalR", "AzureSiteRecovery", "AzureSphere",
    "AzureSpringCloud", "AzureStack", "AzureTrafficManager", "AzureUpdateDelivery", "AzureVideoAnalyzerForMedia",
    "AzureWebPubSub", "BatchNodeManagement", "ChaosStudio", "CognitiveServicesFrontend", "CognitiveServicesManagement",
    "DataFactory", "DataFactoryManagement", "Dynamics365BusinessCentral", "Dynamics365ForMarketingEmail",
    "EOPExternalPublishedIPs", "EventHub", "GatewayManager", "Grafana", "GuestAndHybridManagement", "HDInsight",
    "Internet", "KustoAnalytics", "LogicApps", "LogicAppsManagement", "Marketplace", "MicrosoftAzureFluidRelay",
    "MicrosoftCloudAppSecurity", "MicrosoftContainerRegistry", "MicrosoftDefenderForEndpoint",
    "MicrosoftPurviewPolicyDistribution", "OneDsCollector", "PowerBI", "PowerPlatformInfra", "PowerPlatformPlex",
    "PowerQueryOnline", "Scuba", "SecurityCopilot", "ServiceBus", "ServiceFabric", "Sql", "SqlManagement", "Storage",
    "StorageMover", "StorageSyncService", "TrafficManager", "VideoIndexer", "VirtualDesktop", "VirtualNetwork",
    "WindowsAdminCenter", "WindowsVirtualDesktop",
)  # fmt: skip

# Tags whose addresses follow from the network or from the platform, so that no list of prefixes can say them.
DEFINED_TAGS = frozenset(
    {"VirtualNetwork", "Internet", "AzureLoadBalancer", "AzurePlatformDNS", "AzurePlatformIMDS", "AzurePlatformLKM"}
)

_REGIONS = (
    "AustraliaCentral", "AustraliaCentral2", "AustraliaEast", "AustraliaSoutheast", "BrazilSouth", "BrazilSoutheast",
    "CanadaCentral", "CanadaEast", "CentralFrance", "CentralIndia", "CentralUS", "CentralUSEUAP", "EastAsia", "EastUS",
    "EastUS2", "EastUS2EUAP", "FranceCentral", "FranceSouth", "GermanyNorth", "GermanyWestCentral", "IsraelCentral",
    "ItalyNorth", "JapanEast", "JapanWest", "JioIndiaCentral", "JioIndiaWest", "KoreaCentral", "KoreaSouth",
    "MexicoCentral", "NorthCentralUS", "NorthEurope", "NorwayEast", "NorwayWest", "PolandCentral", "QatarCentral",
    "SouthAfricaNorth", "SouthAfricaWest", "SouthCentralUS", "SouthIndia", "SoutheastAsia", "SpainCentral",
    "SwedenCentral", "SwedenSouth", "SwitzerlandNorth", "SwitzerlandWest", "UAECentral", "UAENorth", "UKSouth",
    "UKWest", "WestCentralUS", "WestEurope", "WestIndia", "WestUS", "WestUS2", "WestUS3",
)  # fmt: skip

_TAG_BY_FOLD = {tag.casefold(): tag for tag in SERVICE_TAGS}
_REGION_BY_FOLD = {region.casefold(): region for region in _REGIONS}


def tag_spelling(word: str) -> str | None:
    """Return Azure's spelling of the service tag `word`, with or without a region; None if it is no known tag.

    A region that is not in the list keeps the spelling it has, since Azure opens regions faster than lists follow.
    """
    whole = _TAG_BY_FOLD.get(word.casefold())
    if whole is not None:
        return whole
    tag, dot, region = word.partition(".")
    known = _TAG_BY_FOLD.get(tag.casefold())
    if known is None or not dot or not region.isalnum():
        return None
    return f"{known}.{_REGION_BY_FOLD.get(region.casefold(), region)}"
