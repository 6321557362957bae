"""Templates for tests: the smallest that show one thing, and what they deploy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vnetverify.diagnostic import Severity
from vnetverify.ingest import Given, Imported, read_paths
from vnetverify.ingest.arm.reading import Deployed, deploy
from vnetverify.ingest.arm.templates import Template
from vnetverify.ingest.resources import Resource

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION_SCHEMA = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
TENANT_SCHEMA = "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#"
PARAMETERS_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
NOBODY = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{NOBODY}/resourceGroups/resource-group"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
ELSEWHERE = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/hub/providers/Microsoft.Network"


def template(*resources: Any, schema: str = SCHEMA, **sections: Any) -> dict[str, Any]:
    """Return a template with `resources`; a single mapping without a type is one by symbolic names."""
    listed: Any = list(resources)
    if len(resources) == 1 and "type" not in resources[0]:
        (listed,) = resources
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": listed, **sections}


def resource(kind: str, name: str, properties: Any = None, **members: Any) -> dict[str, Any]:
    type_name = kind if "." in kind else f"Microsoft.Network/{kind}"
    said = {} if properties is None else {"properties": properties}
    return {"type": type_name, "apiVersion": "2024-05-01", "name": name, **said, **members}


def vnet(name: str, prefix: str = "10.0.0.0/16", *subnets: Any, **members: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {"addressSpace": {"addressPrefixes": [prefix]}}
    if subnets:
        properties["subnets"] = list(subnets)
    return resource("virtualNetworks", name, properties, **members)


def subnet(name: str, prefix: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": {"addressPrefix": prefix, **properties}}


def nested(name: str, inner: Mapping[str, Any], scope: str = "inner", parameters: Any = None, **members: Any) -> Any:
    properties: dict[str, Any] = {
        "mode": "Incremental",
        "expressionEvaluationOptions": {"scope": scope},
        "template": inner,
    }
    if parameters is not None:
        properties["parameters"] = {key: {"value": value} for key, value in parameters.items()}
    return resource("Microsoft.Resources/deployments", name, properties, **members)


def typed(**types: str) -> dict[str, Any]:
    """Return parameters without defaults."""
    return {name: {"type": type_name} for name, type_name in types.items()}


def deployed(content: Mapping[str, Any], **values: str) -> Deployed:
    """Return what a template deploys with parameters as the command line gives them."""
    return deploy([Template(dict(content), "main.json")], [], [], Given(tuple(values.items())))


def resources_of(content: Mapping[str, Any], **values: str) -> dict[str, Resource]:
    """Return what a template without a mistake deploys, by the end of the ids."""
    found = deployed(content, **values)
    assert [one.message for one in found.diagnostics if one.severity is Severity.ERROR] == []
    return {one.id.rpartition("/providers/")[2].partition("/")[2]: one for one in found.resources}


def codes(found: Deployed | Imported) -> list[str]:
    return [one.code for one in found.diagnostics if one.severity is Severity.ERROR]


def properties_of(content: Mapping[str, Any], **values: str) -> Any:
    """Return the properties of the one resource that a template deploys."""
    (one,) = resources_of(content, **values).values()
    return one.body["properties"]


def read(folder: Path, content: Mapping[str, Any], **values: str) -> Imported:
    """Return the network of a template in a file."""
    path = folder / "main.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return read_paths((path,), given=Given(tuple(values.items())))
