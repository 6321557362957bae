"""Functions of template expressions that ask for resources, ids and scopes."""

from __future__ import annotations

import pytest

from tests.unit.arm_place import SUBSCRIPTION, Place, of
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.surroundings import Level, Scope
from vnetverify.ingest.unknown import RuntimeProperty, Unknown

OTHER = "11111111-1111-1111-1111-111111111111"
HERE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{HERE}/resourceGroups/group"
IN_SUBSCRIPTION = Scope(Level.SUBSCRIPTION, SUBSCRIPTION)
VNET = "Microsoft.Network/virtualNetworks"


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        (f"{GROUP}/providers/{VNET}/v", f"resourceId('{VNET}', 'v')"),
        (f"{GROUP}/providers/{VNET}/v/subnets/s", f"resourceId('{VNET}/subnets', 'v', 's')"),
        (f"{HERE}/resourceGroups/rg/providers/{VNET}/v", f"resourceId('rg', '{VNET}', 'v')"),
        (f"/subscriptions/{OTHER}/resourceGroups/rg/providers/{VNET}/v", f"resourceId('{OTHER}', 'rg', '{VNET}', 'v')"),
        (f"/subscriptions/{OTHER}/resourceGroups/group/providers/{VNET}/v", f"resourceId('{OTHER}', '{VNET}', 'v')"),
        (f"{HERE}/providers/{VNET}/v", f"subscriptionResourceId('{VNET}', 'v')"),
        (f"/subscriptions/{OTHER}/providers/{VNET}/v", f"subscriptionResourceId('{OTHER}', '{VNET}', 'v')"),
        (f"{HERE}/resourceGroups/rg", "subscriptionResourceId('Microsoft.Resources/resourceGroups', 'rg')"),
        ("/providers/A.B/c/d", "tenantResourceId('A.B/c', 'd')"),
        ("/a/b/providers/A.B/c/d", "extensionResourceId('/a/b', 'A.B/c', 'd')"),
        (
            "/providers/Microsoft.Management/managementGroups/m/providers/A.B/c/d",
            "managementGroupResourceId('m', 'A.B/c', 'd')",
        ),
        ("westeurope", "resourceGroup().location"),
        (SUBSCRIPTION, "subscription().subscriptionId"),
        ("deployment", "deployment().name"),
        ("AzureCloud", "environment().name"),
        ("tenant", "tenant().tenantId"),
        ("mg", "managementGroup().name"),
        ("r", "resourceInfo('r').name"),
    ],
)
def test_ids_and_scopes(expected: str, expression: str) -> None:
    assert expected == of(expression)


@pytest.mark.parametrize(
    ("expected", "scope", "expression"),
    [
        (f"{HERE}/providers/A.B/c/d", IN_SUBSCRIPTION, "resourceId('A.B/c', 'd')"),
        (f"{HERE}/resourceGroups/r/providers/A.B/c/d", IN_SUBSCRIPTION, "resourceId('r', 'A.B/c', 'd')"),
        ("/providers/A.B/c/d", Scope(Level.TENANT), "resourceId('A.B/c', 'd')"),
        ("/providers/A.B/c/d", Scope(Level.MANAGEMENT_GROUP), "resourceId('A.B/c', 'd')"),
        (
            "/providers/Microsoft.Management/managementGroups/mg/providers/A.B/c/d",
            Scope(Level.MANAGEMENT_GROUP),
            "managementGroupResourceId('A.B/c', 'd')",
        ),
    ],
)
def test_ids_follow_the_level_of_the_deployment(expected: str, scope: Scope, expression: str) -> None:
    assert expected == of(expression, Place(scope=scope))


def test_an_id_in_a_subscription_that_is_not_known_is_not_known() -> None:
    place = Place(scope=Scope(Level.RESOURCE_GROUP, Unknown("which subscription"), "group"))

    assert Unknown("which subscription") == of("resourceId('A.B/c', 'd')", place)


@pytest.mark.parametrize(
    ("message", "expression"),
    [
        ("`resourceId` is given no type such as", "resourceId('a', 'b')"),
        ("`resourceId` needs 2 names for the type `A.B/c/d`, not 1", "resourceId('A.B/c/d', 'e')"),
        ("`resourceId` needs 1 name for the type `A.B/c`, not 2", "resourceId('A.B/c', 'd', 'e')"),
        ("`resourceId` takes at most a subscription and a resource group", "resourceId('a', 'b', 'c', 'A.B/c', 'd')"),
        ("`resourceId` takes a string as argument 2, not an int", "resourceId('A.B/c', 1)"),
        ("`subscriptionResourceId` takes at most a subscription", "subscriptionResourceId('a', 'b', 'A.B/c', 'd')"),
        ("`tenantResourceId` takes a type as argument 1", "tenantResourceId('a', 'A.B/c', 'd')"),
        ("`managementGroupResourceId` needs a management group", "managementGroupResourceId('A.B/c', 'd')"),
        ("`reference` takes a string as argument 1, not an array", "reference(createArray())"),
    ],
)
def test_a_wrong_id_is_told(message: str, expression: str) -> None:
    with pytest.raises(EvaluationError) as refusal:
        of(expression)

    assert refusal.value.message.startswith(message)


def test_a_subscription_is_missing_where_the_tenant_is_deployed_to() -> None:
    with pytest.raises(EvaluationError, match="needs a subscription, which a deployment to a tenant does not give"):
        of("subscriptionResourceId('A.B/c', 'd')", Place(scope=Scope(Level.TENANT)))


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        (RuntimeProperty("nic", ""), "reference('nic')"),
        (
            RuntimeProperty("nic", "ipconfigurations[0].properties.privateipaddress"),
            "reference('NIC', '2023-04-01').ipConfigurations[0].properties.privateIPAddress",
        ),
        (RuntimeProperty("nic", "full.properties.x"), "reference('nic', '2023-04-01', 'Full').properties.x"),
        (RuntimeProperty("nic", "full.location"), "reference('nic', 'full').location"),
        (RuntimeProperty("nics1", "a"), "references('nics')[1].a"),
        (RuntimeProperty("nic", "a.b"), "tryGet(reference('nic'), 'a', 'b')"),
        (RuntimeProperty("nic", "a"), "first(createArray(reference('nic').a))"),
        (RuntimeProperty("nic", "a"), "if(true(), reference('nic').a, '')"),
        (RuntimeProperty("nic", "a"), "coalesce(reference('nic').a)"),
        (None, "coalesce(reference('nic').a, '10.0.0.4')"),
        (None, "concat(reference('nic').a, '/32')"),
    ],
)
def test_a_property_of_a_deployed_resource_is_told_while_it_is_nothing_else(
    expected: RuntimeProperty | None, expression: str
) -> None:
    found = of(expression)

    assert isinstance(found, Unknown)
    assert expected == found.of


@pytest.mark.parametrize(
    ("word", "expression"),
    [
        ("listKeys", "listKeys('id', '2019-04-01').keys[0].value"),
        ("listAnything", "concat('a', listAnything('id').x)"),
        ("pickZones", "pickZones('Microsoft.Compute', 'virtualMachines', 'westeurope')[0]"),
        ("providers", "providers('Microsoft.Network', 'virtualNetworks').apiVersions[0]"),
        ("toPhysicalZone", "toPhysicalZone('s', 'westus2', '1')"),
        ("who deploys", "deployer().objectId"),
    ],
)
def test_what_only_azure_tells_is_not_known_and_says_who_asked(word: str, expression: str) -> None:
    found = of(expression)

    assert isinstance(found, Unknown)
    assert word in found.why
