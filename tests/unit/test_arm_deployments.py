"""Templates as what they deploy: loops, conditions, children, symbolic names, and names that are not known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import (
    ELSEWHERE,
    GROUP,
    NETWORK,
    NOBODY,
    SUBSCRIPTION_SCHEMA,
    TENANT_SCHEMA,
    codes,
    deployed,
    nested,
    properties_of,
    read,
    resource,
    resources_of,
    subnet,
    template,
    typed,
    vnet,
)
from vnetverify.ingest.unknown import RuntimeProperty, Unknown


def test_a_resource_has_its_id_in_the_group_that_is_not_said() -> None:
    (hub,) = resources_of(template(vnet("hub"))).values()

    assert hub.id == f"{NETWORK}/virtualNetworks/hub"
    assert (hub.kind, hub.name, hub.pointer) == ("virtualnetworks", "hub", "/resources/0")


def test_what_controls_a_deployment_is_no_part_of_the_resource() -> None:
    said = {"dependsOn": ["x"], "comments": "c", "condition": True, "metadata": {"a": 1}, "tags": {"a": "b"}}

    (hub,) = resources_of(template(vnet("hub", **said))).values()

    assert hub.body.keys() == {"id", "name", "type", "tags", "properties"}


def test_azure_fills_in_the_lists_that_a_template_leaves_out() -> None:
    assert properties_of(template(resource("networkSecurityGroups", "empty"))) == {"securityRules": []}


def test_a_loop_makes_a_resource_in_each_turn() -> None:
    loop = {"name": "vnets", "count": "[parameters('count')]"}
    content = template(
        vnet("[concat('v', copyIndex(1))]", "[format('10.{0}.0.0/16', copyIndex())]", copy=loop),
        parameters=typed(count="int"),
    )

    found = resources_of(content, count="3")

    assert list(found) == ["virtualNetworks/v1", "virtualNetworks/v2", "virtualNetworks/v3"]
    prefixes = [one.body["properties"]["addressSpace"]["addressPrefixes"] for one in found.values()]
    assert prefixes == [["10.0.0.0/16"], ["10.1.0.0/16"], ["10.2.0.0/16"]]
    assert {one.pointer for one in found.values()} == {"/resources/0"}


def test_a_count_may_be_a_number_in_quotes() -> None:
    assert len(resources_of(template(vnet("[concat('v', copyIndex())]", copy={"name": "c", "count": "2"})))) == 2


def test_a_loop_of_no_turns_makes_nothing() -> None:
    assert resources_of(template(vnet("v", copy={"name": "none", "count": 0}))) == {}


def test_a_loop_over_a_property_may_stand_in_a_loop_over_the_resource() -> None:
    rule = {"name": "[concat('r', copyIndex('securityRules'), copyIndex())]", "properties": {"priority": 100}}
    rules = {"copy": [{"name": "securityRules", "count": 2, "input": rule}]}
    found = resources_of(
        template(resource("networkSecurityGroups", "[concat('n', copyIndex())]", rules, copy=_twice()))
    )

    names = [[rule["name"] for rule in one.body["properties"]["securityRules"]] for one in found.values()]

    assert names == [["r00", "r10"], ["r01", "r11"]]


def _twice() -> dict[str, object]:
    return {"name": "twice", "count": 2}


def test_loops_over_properties_may_stand_in_each_other() -> None:
    inner = [{"name": "ports", "count": 2, "input": "[string(add(mul(copyIndex('rules'), 10), copyIndex('ports')))]"}]
    outer = [{"name": "rules", "count": 2, "input": {"copy": inner}}]

    found = properties_of(template(resource("x.y/z", "a", {"copy": outer})))

    assert found == {"rules": [{"ports": ["0", "1"]}, {"ports": ["10", "11"]}]}


def test_a_variable_may_be_made_by_a_loop() -> None:
    variables = {
        "copy": [{"name": "prefixes", "count": 2, "input": "[concat('10.0.', copyIndex('prefixes'), '.0/24')]"}],
        "nested": {"copy": [{"name": "names", "count": 2, "input": "[concat('s', copyIndex('names'))]"}]},
    }
    content = template(
        resource("x.y/z", "a", {"prefixes": "[variables('PREFIXES')]", "names": "[variables('nested').names]"}),
        variables=variables,
    )

    assert properties_of(content) == {"prefixes": ["10.0.0.0/24", "10.0.1.0/24"], "names": ["s0", "s1"]}


def test_what_is_called_copy_and_is_no_loop_is_a_property() -> None:
    assert properties_of(template(resource("x.y/z", "a", {"copy": ["b"]}))) == {"copy": ["b"]}


@pytest.mark.parametrize(("choice", "expected"), [("new", ["virtualNetworks/v"]), ("existing", [])])
def test_a_condition_decides_whether_a_resource_is_there(choice: str, expected: list[str]) -> None:
    parameters = {"choice": {"type": "string", "defaultValue": "new", "allowedValues": ["new", "existing"]}}
    content = template(vnet("v", condition="[equals(parameters('choice'), 'new')]"), parameters=parameters)

    assert list(resources_of(content, choice=choice)) == expected


def test_what_is_not_deployed_may_have_any_name() -> None:
    parameters = {"none": {"type": "array", "defaultValue": []}}
    left_out = resource(
        "virtualNetworks/subnets", "[concat('v/', first(parameters('none')).name)]", {}, condition=False
    )
    unnamed = resource("virtualNetworks/subnets", "[concat('v', '/')]", {}, condition=False)

    assert list(resources_of(template(left_out, unnamed, vnet("v"), parameters=parameters))) == ["virtualNetworks/v"]
    assert codes(deployed(template({**unnamed, "condition": True}))) == ["bad-template"]


def test_of_a_condition_that_is_not_known_the_resource_may_be_there() -> None:
    content = template(vnet("v", condition="[parameters('wanted')]"), parameters=typed(wanted="bool"))

    (one,) = resources_of(content).values()

    assert one.uncertain is not None
    assert one.uncertain.why == "parameter `wanted` has no value"


def test_of_a_loop_whose_count_is_not_known_one_stands_for_all() -> None:
    content = template(
        vnet("[concat('v', copyIndex())]", copy={"name": "c", "count": "[parameters('count')]"}),
        parameters=typed(count="int"),
    )

    (one,) = resources_of(content).values()

    assert one.uncertain is not None
    assert one.uncertain.why == "parameter `count` has no value"


def test_a_condition_on_a_parent_says_nothing_of_its_children() -> None:
    child = resource("subnets", "s", {"addressPrefix": "10.0.0.0/24"}) | {"type": "subnets"}

    assert list(resources_of(template(vnet("v", condition=False, resources=[child])))) == [
        "virtualNetworks/v/subnets/s"
    ]


@pytest.mark.parametrize(
    ("type_name", "name"),
    [
        ("subnets", "s"),
        ("Microsoft.Network/virtualNetworks/subnets", "v/s"),
        ("Microsoft.Network/virtualNetworks/subnets", "s"),
        ("subnets", "[concat(parameters('own'), '')]"),
    ],
)
def test_a_child_may_be_written_inside_its_parent(type_name: str, name: str) -> None:
    child = {"type": type_name, "apiVersion": "x", "name": name, "properties": {"addressPrefix": "10.0.0.0/24"}}
    content = template(vnet("v", resources=[child]), parameters={"own": {"type": "string", "defaultValue": "s"}})

    found = resources_of(content)["virtualNetworks/v/subnets/s"]

    assert (found.kind, found.pointer) == ("virtualnetworks/subnets", "/resources/0/resources/0")


def test_a_child_may_stand_beside_its_parent() -> None:
    child = resource("virtualNetworks/subnets", "v/s", {"addressPrefix": "10.0.0.0/24"})

    assert "virtualNetworks/v/subnets/s" in resources_of(template(child, vnet("v")))


def test_a_child_may_name_its_parent_by_symbol() -> None:
    child = resource("virtualNetworks/subnets", "s", {"addressPrefix": "10.0.0.0/24"}, parent="net")

    assert "virtualNetworks/v/subnets/s" in resources_of(
        template({"net": vnet("v"), "sub": child}, languageVersion="2.0")
    )


def test_a_resource_of_another_provider_inside_one_extends_it() -> None:
    lock = {"type": "Microsoft.Authorization/locks", "apiVersion": "x", "name": "keep", "properties": {}}

    found = deployed(template(vnet("v", resources=[lock]))).resources

    assert found[1].id == f"{NETWORK}/virtualNetworks/v/providers/Microsoft.Authorization/locks/keep"


@pytest.mark.parametrize(
    ("scope", "root"),
    [
        ("[resourceId('Microsoft.Network/virtualNetworks', 'v')]", f"{NETWORK}/virtualNetworks/v"),
        ("Microsoft.Network/virtualNetworks/v", f"{NETWORK}/virtualNetworks/v"),
        ("/", ""),
    ],
)
def test_a_resource_with_a_scope_extends_what_that_names(scope: str, root: str) -> None:
    found = deployed(template(resource("Microsoft.Authorization/locks", "keep", {}, scope=scope))).resources

    assert found[0].id == f"{root}/providers/Microsoft.Authorization/locks/keep"


@pytest.mark.parametrize("name", ["v", "v/s/t"])
def test_a_name_with_too_few_or_too_many_parts_is_a_mistake(name: str) -> None:
    found = deployed(template(resource("virtualNetworks/subnets", name, {})))

    assert codes(found) == ["bad-template"]
    assert found.diagnostics[0].span.pointer == "/resources/0/name"


def test_what_extends_a_resource_of_unknown_name_is_there_all_the_same() -> None:
    scope = "[resourceId('Microsoft.Network/virtualNetworks', parameters('v'))]"
    content = template(
        resource("Microsoft.Insights/diagnosticSettings", "d", {}, scope=scope), parameters=typed(v="string")
    )

    found = deployed(content)

    assert (len(found.resources), found.gaps) == (1, ())


def test_a_member_of_a_list_that_is_a_resource_as_well_counts_once_as_that() -> None:
    child = resource("virtualNetworks/subnets", "v/S", {"addressPrefix": "10.0.1.0/24"})
    inline = vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"), subnet("t", "10.0.2.0/24"))

    found = resources_of(template(inline, child))

    assert [one["name"] for one in found["virtualNetworks/v"].body["properties"]["subnets"]] == ["t"]
    assert found["virtualNetworks/v/subnets/S"].body["properties"]["addressPrefix"] == "10.0.1.0/24"


def test_of_two_deployments_of_one_resource_the_later_counts() -> None:
    first = vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"))
    second = resource(
        "virtualNetworks",
        "v",
        {"addressSpace": {"addressPrefixes": ["10.0.0.0/15"]}},
        dependsOn=["[resourceId('Microsoft.Network/networkSecurityGroups', 'n')]"],
    )
    between = resource("networkSecurityGroups", "n", {}, dependsOn=["first"])
    symbols = {"second": second, "first": first, "between": between}

    found = resources_of(template(symbols, languageVersion="2.0"))["virtualNetworks/v"]

    assert found.uncertain is None
    assert found.body["properties"]["addressSpace"] == {"addressPrefixes": ["10.0.0.0/15"]}
    assert [one["name"] for one in found.body["properties"]["subnets"]] == ["s"]


@pytest.mark.parametrize("is_later_first", [False, True])
def test_what_is_deployed_only_if_absent_changes_nothing_that_an_earlier_deployment_made(is_later_first: bool) -> None:
    first = vnet("v", "10.0.0.0/16")
    absent = vnet("v", "10.1.0.0/16", dependsOn=["between"], **{"@options": {"onlyIfNotExists": []}})
    between = resource("networkSecurityGroups", "n", {}, dependsOn=["first"])
    symbols = {"first": first, "between": between, "absent": absent}
    order = reversed(symbols) if is_later_first else iter(symbols)

    found = resources_of(template({name: symbols[name] for name in order}, languageVersion="2.0"))

    assert found["virtualNetworks/v"].uncertain is None
    assert found["virtualNetworks/v"].body["properties"]["addressSpace"] == {"addressPrefixes": ["10.0.0.0/16"]}


def test_what_is_deployed_only_if_absent_counts_where_nothing_else_makes_it() -> None:
    options = {"onlyIfNotExists": [], "retryOn": [["ResourceNotFound", 2]]}

    (found,) = resources_of(template(vnet("v", "10.1.0.0/16", **{"@options": options}))).values()

    assert found.uncertain is None
    assert found.body.keys() == {"id", "name", "type", "properties"}


@pytest.mark.parametrize(("options", "is_sure"), [({"onlyIfNotExists": []}, False), ({"retryOn": []}, True)])
def test_a_child_only_if_absent_that_its_parent_lists_is_in_doubt(options: dict[str, Any], is_sure: bool) -> None:
    inline = vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"))
    child = resource("virtualNetworks/subnets", "v/s", {"addressPrefix": "10.0.1.0/24"}, **{"@options": options})

    found = resources_of(template(inline, child))

    assert (found["virtualNetworks/v/subnets/s"].uncertain is None) is is_sure


def test_of_two_deployments_in_no_order_it_is_not_known_which_counts() -> None:
    found = resources_of(template(vnet("v", "10.0.0.0/16"), vnet("v", "10.1.0.0/16")))["virtualNetworks/v"]

    assert found.uncertain is not None


def test_parts_of_load_balancers_and_policies_belong_to_their_parents() -> None:
    policy = resource("firewallPolicies", "p", {})
    group = resource("firewallPolicies/ruleCollectionGroups", "p/g", {"priority": 100, "ruleCollections": []})
    balancer = resource("loadBalancers", "b", {"frontendIPConfigurations": []})
    pool = resource("loadBalancers/backendAddressPools", "b/pool", {})

    found = resources_of(template(policy, group, balancer, pool))

    groups = found["firewallPolicies/p"].body["properties"]["ruleCollectionGroups"]
    assert groups == [{"id": f"{NETWORK}/firewallPolicies/p/ruleCollectionGroups/g"}]
    assert [one["name"] for one in found["loadBalancers/b"].body["properties"]["backendAddressPools"]] == ["pool"]
    assert "loadBalancers/b/backendAddressPools/pool" not in found


def test_a_resource_that_exists_already_is_only_spoken_of() -> None:
    symbols = {
        "old": {"existing": True, "type": "Microsoft.Network/virtualNetworks", "apiVersion": "x", "name": "old"},
        "new": resource("x.y/z", "a", {"space": "[reference('old').addressSpace]", "id": "[resourceInfo('old').id]"}),
    }

    (one,) = resources_of(template(symbols, languageVersion="2.0")).values()

    space = one.body["properties"]["space"]
    assert isinstance(space, Unknown)
    assert space.of == RuntimeProperty(f"{NETWORK.lower()}/virtualnetworks/old", "addressspace")
    assert one.body["properties"]["id"] == f"{NETWORK}/virtualNetworks/old"


def test_a_name_that_is_not_known_is_one_and_the_same_everywhere() -> None:
    content = template(
        vnet("[parameters('name')]"),
        resource(
            "virtualNetworks/virtualNetworkPeerings",
            "[concat(parameters('name'), '/out')]",
            {"remoteVirtualNetwork": {"id": f"{ELSEWHERE}/virtualNetworks/hub"}},
        ),
        resource("x.y/z", "a", {"n": {"id": "[resourceId('Microsoft.Network/virtualNetworks', parameters('NAME'))]"}}),
        parameters=typed(name="string"),
    )

    found = resources_of(content)

    assert list(found)[:2] == ["virtualNetworks/<name>", "virtualNetworks/<name>/virtualNetworkPeerings/out"]
    assert found["z/a"].body["properties"]["n"] == {"id": f"{NETWORK}/virtualNetworks/<name>"}


def test_a_text_that_is_not_known_is_no_value_of_a_property() -> None:
    content = template(vnet("v", "[parameters('prefix')]"), parameters=typed(prefix="string"))

    (prefix,) = properties_of(content)["addressSpace"]["addressPrefixes"]

    assert prefix == Unknown("parameter `prefix` has no value", "/parameters/prefix")


def test_an_id_with_a_name_that_is_not_known_is_none_unless_the_template_deploys_the_resource() -> None:
    reference = "[resourceId('Microsoft.Network/virtualNetworks', parameters('other'))]"
    content = template(resource("x.y/z", "a", {"n": {"id": reference}}), parameters=typed(other="string"))

    assert isinstance(properties_of(content)["n"]["id"], Unknown)


def test_a_child_of_a_network_that_is_not_known_may_be_in_any() -> None:
    child = resource("virtualNetworks/subnets", "[concat(parameters('v'), '/s')]", {"addressPrefix": "10.0.0.0/24"})
    found = deployed(template(vnet("hub"), child, parameters=typed(v="string")))

    assert [one.name for one in found.resources] == ["hub"]
    assert [gap.what for gap in found.gaps] == ["subnet `s`, whose parent is not known,"]


def test_nothing_is_decided_by_a_text_that_is_not_known() -> None:
    content = template(
        resource(
            "x.y/z",
            "a",
            {
                "same": "[equals(parameters('n'), parameters('n'))]",
                "other": "[equals(parameters('n'), '<n>')]",
                "empty": "[empty(parameters('n'))]",
                "id": "[empty(resourceId('Microsoft.Network/virtualNetworks', parameters('n')))]",
                "length": "[length(parameters('n'))]",
                "starts": "[startsWith(parameters('n'), '<')]",
                "chosen": "[if(contains(parameters('n'), 'n'), 'yes', 'no')]",
                "listed": "[contains(createArray('<n>'), parameters('n'))]",
                "found": "[createObject('<n>', 1, 'm', 2)[parameters('n')]]",
            },
        ),
        parameters=typed(n="string"),
    )

    found = properties_of(content)

    assert found["same"] is True
    assert found["id"] is False
    left = {name for name, value in found.items() if isinstance(value, Unknown)}
    assert left == {"other", "empty", "length", "starts", "chosen", "listed", "found"}


def test_a_subscription_is_not_known_by_its_stand_in() -> None:
    content = template(
        resource(
            "x.y/z", "a", {"same": f"[equals(subscription().subscriptionId, '{NOBODY}')]", "id": "[subscription().id]"}
        )
    )

    found = properties_of(content)

    assert isinstance(found["same"], Unknown)
    assert found["id"] == f"/subscriptions/{NOBODY}"


def test_templates_of_other_levels_have_other_ids() -> None:
    group = resource("Microsoft.Resources/resourceGroups", "rg", location="here")
    policy = resource(
        "Microsoft.Authorization/policyAssignments", "p", {"id": "[subscriptionResourceId('a.b/c', 'd')]"}
    )

    (one,) = deployed(template(group, policy, schema=SUBSCRIPTION_SCHEMA)).resources

    assert one.id == f"/subscriptions/{NOBODY}/providers/Microsoft.Authorization/policyAssignments/p"
    assert one.body["properties"] == {"id": f"/subscriptions/{NOBODY}/providers/a.b/c/d"}
    (other,) = deployed(template(resource("a.b/c", "d", {}), schema=TENANT_SCHEMA)).resources
    assert other.id == "/providers/a.b/c/d"


def test_the_group_of_a_template_is_the_same_in_every_spelling() -> None:
    ids = {
        "made": "[resourceId('a.b/c', 'd')]",
        "joined": "[concat(resourceGroup().id, '/providers/a.b/c/d')]",
        "named": "[resourceId(resourceGroup().name, 'a.b/c', 'd')]",
        "whole": "[resourceId(subscription().subscriptionId, resourceGroup().name, 'a.b/c', 'd')]",
    }

    found = properties_of(template(resource("x.y/z", "a", ids)))

    assert set(found.values()) == {f"{GROUP}/providers/a.b/c/d"}


def test_functions_of_the_template_are_called() -> None:
    functions = [
        {
            "namespace": "own",
            "members": {
                "prefix": {
                    "parameters": [{"name": "n", "type": "int"}],
                    "output": {"type": "string", "value": "[concat('10.', parameters('n'), '.0.0/16')]"},
                }
            },
        }
    ]

    found = properties_of(template(vnet("v", "[own.prefix(7)]"), functions=functions))

    assert found["addressSpace"] == {"addressPrefixes": ["10.7.0.0/16"]}


def test_escaped_brackets_are_text() -> None:
    assert properties_of(template(resource("x.y/z", "a", {"t": "[[not('this')]"}))) == {"t": "[not('this')]"}


@pytest.mark.parametrize("word", ["extension", "import"])
def test_what_another_service_makes_is_named_by_its_symbol_and_no_network(tmp_path: Path, word: str) -> None:
    group = {word: "graph", "type": "Microsoft.Graph/groups@v1.0", "properties": {"displayName": "x"}}
    space = {word: "k8s", "type": "core/Namespace@v1", "properties": {"metadata": {"name": "n"}}}
    network = {**vnet("v", tags={"owner": "[reference('team').id]"}), "dependsOn": ["team", "apps"]}

    found = read(tmp_path, template({"team": group, "apps": space, "net": network}, languageVersion="2.0"))

    assert codes(found) == []
    assert list(found.network.vnets) == ["v"]
    (note,) = (one.message for one in found.diagnostics if one.code == "not-network")
    assert "extension.core.namespace/resources, extension.microsoft.graph.groups/resources" in note


_OF_HUB = {
    "bicep": "extensionResourceId(format('/subscriptions/{0}/resourceGroups/{1}',"
    " subscription().subscriptionId, 'far'), 'Microsoft.Resources/deployments', 'net')",
    "group": "resourceId('far', 'Microsoft.Resources/deployments', 'net')",
    "both": "resourceId(subscription().subscriptionId, 'far', 'Microsoft.Resources/deployments', 'net')",
}


def _told(network: str, name: str) -> dict[str, Any]:
    return template(vnet(network), outputs={"name": {"type": "string", "value": name}})


@pytest.mark.parametrize("identity", _OF_HUB.values(), ids=_OF_HUB)
def test_a_deployment_to_another_group_stands_there(identity: str) -> None:
    """One of the same name beside the template is another one, whichever is written first."""
    far = nested("net", _told("hub", "far"), resourceGroup="far")
    near = nested("net", _told("own", "near"))
    asking = resource("x.y/z", "a", {"far": f"[reference({identity}, '2022-09-01').outputs.name.value]"})
    beside = resource(
        "x.y/z", "b", {"near": "[reference(resourceId('Microsoft.Resources/deployments', 'net')).outputs.name.value]"}
    )

    for parts in ((far, near), (near, far)):
        found = resources_of(template(*parts, asking, beside))

        assert (found["z/a"].stated("far"), found["z/b"].stated("near")) == ("far", "near")


def test_a_deployment_to_another_group_may_be_named_as_if_it_stood_beside_the_template() -> None:
    far = nested("net", _told("hub", "far"), resourceGroup="far")
    asking = "[reference(resourceId('Microsoft.Resources/deployments', 'net')).outputs.name.value]"

    assert resources_of(template(far, resource("x.y/z", "a", {"v": asking})))["z/a"].stated("v") == "far"
