"""Deployments inside deployments: where expressions are evaluated, where resources go, and what comes back."""

from __future__ import annotations

import pytest

from tests.unit.arm_templates import (
    GROUP,
    NETWORK,
    NOBODY,
    SUBSCRIPTION_SCHEMA,
    codes,
    deployed,
    nested,
    resource,
    resources_of,
    subnet,
    template,
    typed,
    vnet,
)
from vnetverify.diagnostic import Severity
from vnetverify.ingest.arm.given import Given
from vnetverify.ingest.arm.reading import deploy
from vnetverify.ingest.arm.templates import Template
from vnetverify.ingest.unknown import RuntimeProperty, Unknown

_OTHER = "22222222-2222-2222-2222-222222222222"
_NAMED = {"name": {"type": "string", "defaultValue": "of-the-template"}}


def test_an_inner_template_has_its_own_parameters() -> None:
    inner = template(vnet("[parameters('name')]"), parameters=_NAMED)
    content = template(nested("d", inner, parameters={"name": "[toLower('PASSED')]"}), parameters=typed(name="string"))

    assert list(resources_of(content, name="outer")) == ["virtualNetworks/passed"]


def test_an_outer_template_has_those_around_it() -> None:
    inner = template(vnet("[parameters('name')]"), parameters=_NAMED)
    content = template(nested("d", inner, scope="outer"), parameters=typed(name="string"))

    assert list(resources_of(content, name="outer")) == ["virtualNetworks/outer"]


def test_without_a_word_older_templates_evaluate_outside_and_newer_ones_inside() -> None:
    inner = template(vnet("[parameters('name')]"), parameters=_NAMED)
    plain = nested("d", inner)
    del plain["properties"]["expressionEvaluationOptions"]
    old = template(plain, parameters=typed(name="string"))
    new = template({"d": plain}, parameters=typed(name="string"), languageVersion="2.0")

    assert list(resources_of(old, name="outer")) == ["virtualNetworks/outer"]
    assert list(resources_of(new, name="outer")) == ["virtualNetworks/of-the-template"]


def test_what_an_outer_template_escapes_is_evaluated_inside() -> None:
    inner = template(vnet("[[parameters('name')]"), parameters=_NAMED)

    assert list(resources_of(template(nested("d", inner, scope="outer")))) == ["virtualNetworks/of-the-template"]


def test_an_inner_template_within_an_outer_one_may_be_escaped_or_not() -> None:
    for name in ("[parameters('name')]", "[[parameters('name')]"):
        innermost = template(vnet(name), parameters=typed(name="string"))
        inner = template(nested("e", innermost, parameters={"name": "[parameters('name')]"}))
        content = template(nested("d", inner, scope="outer"), parameters=typed(name="string"))

        assert list(resources_of(content, name="deep")) == ["virtualNetworks/deep"]


def test_the_turns_of_a_loop_around_an_outer_template_count_in_it() -> None:
    inner = template(vnet("[concat('v', copyIndex())]"))
    loop = {"name": "many", "count": 2}

    found = resources_of(template(nested("[concat('d', copyIndex())]", inner, scope="outer", copy=loop)))

    assert list(found) == ["virtualNetworks/v0", "virtualNetworks/v1"]


def test_a_nested_deployment_goes_where_it_says() -> None:
    inner = template(vnet("v"), resource("a.b/c", "d", {"id": "[resourceId('e.f/g', 'h')]"}))
    content = template(nested("d", inner, subscriptionId=_OTHER, resourceGroup="rg"))

    root = f"/subscriptions/{_OTHER}/resourceGroups/rg"
    found = deployed(content).resources
    assert [one.id for one in found] == [
        f"{root}/providers/Microsoft.Network/virtualNetworks/v",
        f"{root}/providers/a.b/c/d",
    ]
    assert found[1].body["properties"] == {"id": f"{root}/providers/e.f/g/h"}


def test_ids_in_an_outer_template_are_those_of_what_is_around_it() -> None:
    inner = template(resource("a.b/c", "d", {"id": "[resourceId('e.f/g', 'h')]"}))

    (one,) = deployed(template(nested("d", inner, scope="outer", resourceGroup="rg"))).resources

    assert one.id == f"/subscriptions/{NOBODY}/resourceGroups/rg/providers/a.b/c/d"
    assert one.body["properties"] == {"id": f"{GROUP}/providers/e.f/g/h"}


def test_a_template_to_a_subscription_deploys_into_its_groups() -> None:
    inner = template(vnet("v"))
    content = template(nested("d", inner, resourceGroup="rg"), schema=SUBSCRIPTION_SCHEMA)

    (one,) = deployed(content).resources

    assert one.id == f"/subscriptions/{NOBODY}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v"


def test_a_group_that_is_not_known_is_none_of_the_others() -> None:
    inner = template(vnet("v"))
    content = template(vnet("v"), nested("d", inner, resourceGroup="[parameters('rg')]"), parameters=typed(rg="string"))

    ids = [one.id for one in deployed(content).resources]

    assert ids[0] == f"{NETWORK}/virtualNetworks/v"
    assert ids[1] == f"/subscriptions/{NOBODY}/resourceGroups/<rg>/providers/Microsoft.Network/virtualNetworks/v"


def test_a_scope_may_be_an_id() -> None:
    inner = template(resource("a.b/c", "d", {}))
    found = deployed(template(nested("d", inner, scope="inner") | {"scope": "/"})).resources

    assert [one.id for one in found] == ["/providers/a.b/c/d"]


def _network_module() -> dict[str, object]:
    outputs = {
        "id": {"type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks', parameters('name'))]"},
        "space": {
            "type": "array",
            "value": "[reference(parameters('name')).addressSpace.addressPrefixes]",
        },
        "subnets": {
            "type": "array",
            "copy": {"count": 2, "input": "[concat('s', copyIndex())]"},
        },
    }
    return template(vnet("[parameters('name')]"), parameters=typed(name="string"), outputs=outputs)


def test_outputs_are_what_a_reference_to_the_deployment_gives() -> None:
    module = nested("net", _network_module(), parameters={"name": "v"})
    deployment = "reference(resourceId('Microsoft.Resources/deployments', 'net'), '2022-09-01').outputs"
    user = resource(
        "x.y/z",
        "a",
        {
            "id": f"[{deployment}.id.value]",
            "space": f"[{deployment}.space.value]",
            "second": f"[{deployment}.subnets.value[1]]",
        },
    )

    found = resources_of(template(user, module))["z/a"].body["properties"]

    assert found == {"id": f"{NETWORK}/virtualNetworks/v", "space": ["10.0.0.0/16"], "second": "s1"}


def test_outputs_pass_from_module_to_module_by_symbol() -> None:
    user = template(resource("x.y/z", "a", {"id": "[parameters('id')]"}), parameters=typed(id="string"))
    symbols = {
        "user": nested("user", user, parameters={"id": "[reference('net').outputs.id.value]"}),
        "net": nested("net", _network_module(), parameters={"name": "v"}),
    }

    found = resources_of(template(symbols, languageVersion="2.0"))

    assert found["z/a"].body["properties"] == {"id": f"{NETWORK}/virtualNetworks/v"}


def test_a_loop_of_modules_is_referred_to_by_index_and_as_a_whole() -> None:
    module = nested(
        "[format('net-{0}', copyIndex())]",
        _network_module(),
        parameters={"name": "[format('v{0}', copyIndex())]"},
        copy={"name": "nets", "count": 2},
    )
    user = resource(
        "x.y/z",
        "a",
        {
            "one": "[reference(format('nets[{0}]', 1)).outputs.id.value]",
            "all": "[map(references('nets'), lambda('n', lambdaVariables('n').outputs.id.value))]",
        },
    )

    found = resources_of(template({"user": user, "nets": module}, languageVersion="2.0"))["z/a"].body["properties"]

    ids = [f"{NETWORK}/virtualNetworks/v{number}" for number in range(2)]
    assert found == {"one": ids[1], "all": ids}


def test_a_module_whose_parameter_is_not_known_names_things_by_it() -> None:
    content = template(
        nested("net", _network_module(), parameters={"name": "[parameters('name')]"}), parameters=typed(name="string")
    )

    assert list(resources_of(content)) == ["virtualNetworks/<name>"]


def test_a_deployment_that_may_not_be_there_makes_its_resources_uncertain() -> None:
    content = template(
        nested("net", _network_module(), parameters={"name": "v"}, condition="[parameters('wanted')]"),
        parameters=typed(wanted="bool"),
    )

    assert [one.uncertain is not None for one in deployed(content).resources] == [True]


def test_a_deployment_that_is_not_there_makes_nothing() -> None:
    content = template(nested("net", _network_module(), parameters={"name": "v"}, condition="[false()]"), vnet("w"))

    assert list(resources_of(content)) == ["virtualNetworks/w"]


def test_pointers_lead_into_the_nested_template() -> None:
    content = template(vnet("a"), nested("d", template(vnet("b"))))

    pointers = [one.pointer for one in deployed(content).resources]

    assert pointers == ["/resources/0", "/resources/1/properties/template/resources/0"]


def _linked(uri: str) -> dict[str, object]:
    properties = {"mode": "Incremental", "templateLink": {"uri": uri}, "parameters": {"name": {"value": "v"}}}
    return resource("Microsoft.Resources/deployments", "linked", properties)


def test_a_linked_template_that_is_not_in_the_input_could_hold_anything() -> None:
    found = deployed(template(_linked("https://example.org/net.json?token=x"), vnet("w")))

    assert [gap.what for gap in found.gaps] == ["nested deployment `linked`"]
    assert found.gaps[0].unknown.why == "its template `net.json` is linked, and not in the input"


def test_what_a_deployment_stack_deploys_is_not_known() -> None:
    stack = resource("Microsoft.Resources/deploymentStacks", "s", {"template": template(vnet("inside"))})
    found = deployed(template(stack, vnet("v")))

    assert [one.name for one in found.resources] == ["v"]
    assert found.gaps[0].unknown.why == "what a deployment stack deploys, and where, is not followed"


@pytest.mark.parametrize("kind", ["string", "securestring"])
def test_a_linked_template_of_the_input_is_deployed_by_the_one_that_links_to_it(kind: str) -> None:
    uri = "[uri(deployment().properties.templateLink.uri, concat('nested/net.json', parameters('token')))]"
    main = Template(template(_linked(uri), parameters=typed(token=kind)), "in/main.json")
    net = Template(dict(_network_module()), "in/nested/net.json")

    found = deploy([main, net], [], [], Given())

    assert [(one.name, one.file, one.pointer) for one in found.resources] == [
        ("v", "in/nested/net.json", "/resources/0")
    ]
    assert not found.gaps


@pytest.mark.parametrize("held", [{"condition": False}, {"copy": {"name": "turns", "count": 0}}])
def test_a_linked_template_deploys_nothing_by_itself_if_the_link_is_not_taken(held: dict[str, object]) -> None:
    main = Template(template({**_linked("nested/net.json"), **held}, vnet("w")), "in/main.json")
    net = Template(dict(_network_module()), "in/nested/net.json")

    found = deploy([main, net], [], [], Given())

    assert [one.name for one in found.resources] == ["w"]
    assert not found.gaps
    assert not found.diagnostics


def test_a_relative_link_is_followed() -> None:
    link = _linked("")
    link["properties"]["templateLink"] = {"relativePath": "nested/net.json"}  # type: ignore[index]
    files = [Template(dict(_network_module()), f"{folder}/net.json") for folder in ("other", "in/nested")]

    found = deploy([Template(template(link), "in/main.json"), *files], [], [], Given())

    assert {one.file for one in found.resources if one.name == "v"} == {"in/nested/net.json"}


def test_templates_that_link_to_each_other_end_at_a_bound() -> None:
    one = Template(template(_linked("x/b.json")), "x/a.json")
    other = Template(template(_linked("x/a.json")), "x/b.json")

    found = deploy([one, other], [], [], Given())

    assert codes(found) == ["expansion-too-large"]


def test_a_reference_to_a_declared_resource_gives_what_it_says() -> None:
    hub = vnet("hub", "10.0.0.0/16", subnet("AzureBastionSubnet", "10.0.1.0/26"))
    by_id = (
        "reference(resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'AzureBastionSubnet'), '2024-05-01')"
    )
    whole = "reference(resourceId('Microsoft.Network/virtualNetworks', 'hub'), '2024-05-01', 'Full')"
    user = resource(
        "x.y/z",
        "a",
        {
            "prefix": f"[{by_id}.addressPrefix]",
            "name": "[reference('hub').subnets[0].name]",
            "id": "[reference('hub').subnets[0].id]",
            "type": f"[{whole}.type]",
            "guid": "[reference('hub').resourceGuid]",
        },
    )

    found = resources_of(template(hub, user))["z/a"].body["properties"]

    guid = found.pop("guid")
    assert found == {
        "prefix": "10.0.1.0/26",
        "name": "AzureBastionSubnet",
        "id": f"{NETWORK.lower()}/virtualnetworks/hub/subnets/AzureBastionSubnet",
        "type": "Microsoft.Network/virtualNetworks",
    }
    assert isinstance(guid, Unknown)
    assert guid.of == RuntimeProperty(f"{NETWORK.lower()}/virtualnetworks/hub", "resourceguid")


def test_an_address_that_azure_assigns_is_known_to_be_that_of_its_interface() -> None:
    configuration = {
        "name": "c",
        "properties": {"privateIPAllocationMethod": "Dynamic", "privateIPAddress": "10.0.0.9"},
    }
    nic = resource("networkInterfaces", "nic", {"ipConfigurations": [configuration]})
    asked = "[reference('nic').ipConfigurations[0].properties.privateIPAddress]"

    found = resources_of(template(nic, resource("x.y/z", "a", {"hop": asked})))["z/a"].body["properties"]["hop"]

    path = "ipconfigurations[0].properties.privateipaddress"
    assert found.of == RuntimeProperty(f"{NETWORK.lower()}/networkinterfaces/nic", path)


def test_a_resource_that_refers_to_itself_is_a_mistake() -> None:
    found = deployed(template(resource("x.y/z", "a", {"b": "[reference('a').b]"})))

    assert codes(found) == ["bad-template"]


@pytest.mark.parametrize("group", ["", "resourceGroup().name, "])
def test_a_subnet_may_be_deployed_again_as_what_it_is(group: str) -> None:
    """As templates do that add a security group to a subnet which is there."""
    asked = f"[reference(resourceId({group}'Microsoft.Network/virtualNetworks/subnets', 'v', 's'), '2020-05-01')"
    again = template(resource("virtualNetworks/subnets", "v/s", {"addressPrefix": f"{asked}.addressPrefix]"}))

    together = resources_of(template(vnet("v", "10.0.0.0/16", subnet("s", "10.0.1.0/24")), nested("d", again)))
    alone = resources_of(again)

    assert together["virtualNetworks/v/subnets/s"].body["properties"]["addressPrefix"] == "10.0.1.0/24"
    assert isinstance(alone["virtualNetworks/v/subnets/s"].body["properties"]["addressPrefix"], Unknown)


@pytest.mark.parametrize("is_beside", [True, False])
def test_what_a_deployment_is_passed_may_come_from_what_is_read_after_it(is_beside: bool) -> None:
    asked = "[reference(resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's'), '2020-05-01').addressPrefix]"
    again = template(
        resource("virtualNetworks/subnets", "v/s", {"addressPrefix": "[parameters('prefix')]"}),
        parameters=typed(prefix="string"),
    )
    asking = nested("a", again, parameters={"prefix": asked})
    network = template(vnet("v", "10.0.0.0/16", subnet("s", "10.0.1.0/24")))
    contents = [template(asking, nested("b", network))] if is_beside else [template(asking), network]

    found = deploy([Template(one, f"{number}.json") for number, one in enumerate(contents)], [], [], Given())

    (again_there,) = [one for one in found.resources if one.name == "s"]
    assert again_there.body["properties"]["addressPrefix"] == "10.0.1.0/24"


def test_a_list_is_known_only_with_the_children_that_are_read_after_it() -> None:
    first = "parameters('all')[0]"
    said = {"n": "[length(parameters('all'))]", "id": f"[{first}.id]", "prefix": f"[{first}.properties.addressPrefix]"}
    inner = template(resource("x.y/z", "z", said), parameters=typed(all="array"))
    asked = "[reference(resourceId('Microsoft.Network/virtualNetworks', 'v')).subnets]"
    network = vnet("v", "10.0.0.0/16", subnet("s", "10.0.1.0/24"))

    def told(child: str) -> dict[str, object]:
        after = nested("b", template(resource("virtualNetworks/subnets", child, {"addressPrefix": "10.0.2.0/24"})))
        content = template(nested("a", inner, parameters={"all": asked}), after, network)
        return dict(resources_of(content)["z/z"].body["properties"])

    assert all(isinstance(value, Unknown) for value in told("v/t").values())
    again = told("v/s")
    assert again["n"] == 1
    assert str(again["id"]).endswith("/virtualnetworks/v/subnets/s")
    assert isinstance(again["prefix"], Unknown)


@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_what_a_template_takes_to_exist_may_be_deployed_by_another(is_elsewhere: bool) -> None:
    hub = {**resource("virtualNetworks", "hub", None), "existing": True, "resourceGroup": "hubs"}
    asked = {"prefix": "[reference('hub').addressSpace.addressPrefixes[0]]"}
    module = template(resource("x.y/z", "z", {"p": "[parameters('p')]"}), parameters=typed(p="string"))
    spoke = template(
        {"hub": hub, "z": resource("x.y/z", "own", asked), "m": nested("m", module, parameters={"p": asked["prefix"]})},
        languageVersion="2.0",
    )
    scope = f"/subscriptions/{NOBODY}/resourceGroups/{'hubs' if is_elsewhere else 'resource-group'}"
    files = [Template(spoke, "a.json"), Template(template(vnet("hub", "10.0.0.0/16")), "b.json")]

    found = deploy(files, [], [], Given(scopes=(("b.json", scope),)))

    told = {one.name: one.body["properties"] for one in found.resources if one.name in ("own", "z")}
    if is_elsewhere:
        assert (told["own"]["prefix"], told["z"]["p"]) == ("10.0.0.0/16", "10.0.0.0/16")
    else:
        assert isinstance(told["own"]["prefix"], Unknown)


@pytest.mark.parametrize("is_first", [True, False])
def test_an_output_may_ask_for_a_list_while_others_ask_for_the_output(is_first: bool) -> None:
    """As a hub does that gives the ids of its subnets to its spokes, and has a subnet by a module of its own."""
    asked = "[reference(resourceId('Microsoft.Network/virtualNetworks', 'hub')).subnets[0].id]"
    outputs = {"id": {"type": "string", "value": asked}}
    hub = nested("hub", template(vnet("hub", "10.0.0.0/16", subnet("s", "10.0.1.0/24")), outputs=outputs))
    inner = template(
        resource("x.y/z", "[parameters('name')]", {"id": "[parameters('id')]"}),
        parameters=typed(name="string", id="string"),
    )
    passed = {"id": "[reference('hub').outputs.id.value]"}
    spokes = [nested(name, inner, parameters={**passed, "name": name}) for name in ("one", "two")]

    found = resources_of(template(*((hub, *spokes) if is_first else (*spokes, hub))))

    for name in ("one", "two"):
        assert found[f"z/{name}"].body["properties"]["id"].lower().endswith("/virtualnetworks/hub/subnets/s")


def test_parts_of_a_load_balancer_have_ids() -> None:
    balancer = resource("loadBalancers", "lb", {"backendAddressPools": [{"name": "p"}], "probes": [{"name": "h"}]})
    pool = nested("d", template(resource("loadBalancers/backendAddressPools", "lb/p", {})))
    asked = {
        "pool": "[reference('lb').backendAddressPools[0].id]",
        "probe": "[reference('lb').probes[0].id]",
    }

    found = resources_of(template(balancer, pool, resource("x.y/z", "z", asked)))["z/z"].body["properties"]

    assert found["pool"].lower().endswith("/providers/microsoft.network/loadbalancers/lb/backendaddresspools/p")
    assert found["probe"].lower().endswith("/loadbalancers/lb/probes/h")


@pytest.mark.parametrize("asked", ["reference('one').outputs.all.value", "parameters('none')"])
def test_what_asks_for_another_resource_is_deployed_after_it(asked: str) -> None:
    """As templates do that deploy a network again with one more subnet."""
    outputs = {"all": {"type": "array", "value": [subnet("s", "10.0.1.0/24")]}}
    network = resource("virtualNetworks", "v", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})
    more = resource("virtualNetworks", "v", {**network["properties"], "subnets": "[parameters('before')]"})
    deployments = (
        nested("two", template(more, parameters=typed(before="array")), parameters={"before": f"[{asked}]"}),
        nested("one", template(network, outputs=outputs)),
    )

    (found,) = deployed(template(*deployments, parameters={"none": {"type": "array", "defaultValue": []}})).resources

    assert (found.uncertain is None) is ("reference" in asked)


def test_a_wrong_output_is_told_where_it_stands_and_only_if_it_is_asked_for() -> None:
    inner = template(vnet("v"), outputs={"bad": {"type": "int", "value": "[div(1, 0)]"}})
    unused = deployed(template(nested("d", inner)))
    used = deployed(template(nested("d", inner), resource("x.y/z", "a", {"b": "[reference('d').outputs.bad.value]"})))

    assert [one for one in unused.diagnostics if one.severity is Severity.ERROR] == []
    assert [one.span.pointer for one in used.diagnostics if one.severity is Severity.ERROR] == [
        "/resources/0/properties/template/outputs/bad/value"
    ]


def test_what_is_passed_may_be_one_expression() -> None:
    inner = template(vnet("[parameters('name')]"), parameters=_NAMED)
    plain = nested("d", inner)
    plain["properties"]["parameters"] = "[createObject('name', createObject('value', '[[v]'))]"

    assert list(resources_of(template(plain))) == ["virtualNetworks/[[v]"]


def test_of_what_is_passed_and_not_known_no_default_is_taken() -> None:
    inner = template(vnet("[parameters('name')]"), parameters=_NAMED)
    by_parameter, by_link = nested("d", inner), nested("e", inner)
    by_parameter["properties"]["parameters"] = "[parameters('all')]"
    by_link["properties"]["parametersLink"] = {"uri": "https://example.org/values.json"}

    found = resources_of(template(by_parameter, by_link, parameters=typed(all="object")))

    assert list(found) == ["virtualNetworks/<d.name>", "virtualNetworks/<e.name>"]
