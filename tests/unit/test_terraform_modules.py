"""References of a plan that lead into modules and out of them: variables, outputs, instances of modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    ASSOCIATION,
    LATER,
    SUBNETS,
    Module,
    block,
    call,
    group_by_subnet,
    groups_called,
    plan,
    planned,
    read_network,
    refers,
    subnet,
    vnet,
)


def _in_module(outputs: dict[str, Any], consumer: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a plan whose module `net` has the subnets a and b, and whose root fastens the group `g` to one of them."""
    inner = Module([block("subnet", "s")], outputs=outputs)
    subnets = [
        subnet("s", "hub", f"10.0.{at}.0/24", key=key, module="module.net", name=f"snet-{key}")
        for at, key in enumerate(("a", "b"))
    ]
    written = block(
        ASSOCIATION, "x", subnet_id=consumer, network_security_group_id=refers("azurerm_network_security_group.g.id")
    )
    root = Module([written], calls={"net": call(inner)}, **more)
    return plan(
        vnet("hub", module="module.net"),
        *subnets,
        *groups_called("g"),
        planned(ASSOCIATION, "x", later=LATER),
        configuration=root,
    )


@pytest.mark.parametrize(
    ("outputs", "consumer", "expected"),
    [
        ({"b": refers('azurerm_subnet.s["b"].id')}, refers("module.net.b"), {"a": None, "b": "g"}),
        ({"ids": refers("azurerm_subnet.s")}, refers('module.net.ids["b"]'), {"a": None, "b": "g"}),
        ({"ids": refers("azurerm_subnet.s")}, refers("module.net.ids.b"), {"a": None, "b": "g"}),
        ({"ids": refers("azurerm_subnet.s")}, refers('module.net.ids["c"]'), {"a": None, "b": None}),
        ({"ids": refers("azurerm_subnet.s")}, refers('module.net.ids["snet-b"]'), {"a": None, "b": "g"}),
        ({"ids": refers("azurerm_subnet.s")}, refers("module.net.ids[1]"), {"a": None, "b": None}),
        ({"ids": refers("local.ids")}, refers('module.net.ids["b"]'), {"a": None, "b": None}),
        ({"all": refers("azurerm_subnet.s")}, refers('module.net.all["a"].id'), {"a": "g", "b": None}),
    ],
    ids=["one", "map", "dotted", "no such key", "name", "position", "local", "whole resources"],
)
def test_outputs_of_modules_lead_to_what_they_hand_out(
    tmp_path: Path, outputs: dict[str, Any], consumer: dict[str, Any], expected: dict[str, str | None]
) -> None:
    network = read_network(tmp_path, _in_module(outputs, consumer))

    assert group_by_subnet(network) == {f"snet-{key}": group for key, group in expected.items()}
    assert bool(network.unmodelled) is (set(expected.values()) == {None})


def test_variables_of_modules_lead_to_what_the_call_hands_in(tmp_path: Path) -> None:
    written = block(
        ASSOCIATION,
        "x",
        subnet_id=refers("var.network.subnet"),
        network_security_group_id=refers("azurerm_network_security_group.g.id"),
    )
    deep = Module([written, block("network_security_group", "g")])
    middle = Module(calls={"deep": call(deep, network=refers("var.given"))})
    root = Module(calls={"middle": call(middle, given=refers("azurerm_subnet.app.id"))})
    where = "module.middle.module.deep"
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        *groups_called("g", module=where),
        planned(ASSOCIATION, "x", module=where, later=LATER),
        configuration=root,
    )

    assert group_by_subnet(read_network(tmp_path, document)) == {"app": "g"}


def test_modules_with_for_each_keep_to_their_own_instance(tmp_path: Path) -> None:
    inner = Module(
        [
            block(
                ASSOCIATION,
                "x",
                subnet_id=refers("var.subnet"),
                network_security_group_id=refers("azurerm_network_security_group.g.id"),
            )
        ],
    )
    root = Module(calls={"guard": call(inner, for_each=refers("azurerm_subnet.s"), subnet=refers("each.value.id"))})
    modules = ('module.guard["a"]', 'module.guard["b"]')
    named = [
        planned("network_security_group", "g", module=where, name=f"g-{where[-3]}", security_rule=[])
        for where in modules
    ]
    document = plan(
        vnet("hub"),
        *SUBNETS,
        *named,
        *(planned(ASSOCIATION, "x", module=where, later=LATER) for where in modules),
        configuration=root,
    )

    assert group_by_subnet(read_network(tmp_path, document)) == {"a": "g-a", "b": "g-b"}


def test_an_output_of_a_module_instance_that_a_key_chooses_is_found(tmp_path: Path) -> None:
    """`module.net[each.key].subnet` loses the name of the output in a plan: the only subnet of the module is meant."""
    inner = Module(
        [block("subnet", "s")],
        outputs={"subnet": refers("azurerm_subnet.s.id"), "vnet": refers("azurerm_virtual_network.v.id")},
    )
    modules = ('module.net["a"]', 'module.net["b"]')
    networks = [vnet("v", f"10.{at}.0.0/16", module=where, name=f"v{at}") for at, where in enumerate(modules)]
    subnets = [
        subnet("s", f"v{at}", f"10.{at}.0.0/24", module=where, name=f"s{at}") for at, where in enumerate(modules)
    ]
    written = block(
        ASSOCIATION,
        "x",
        for_each={},
        subnet_id=refers("module.net", "each.key"),
        network_security_group_id=refers("azurerm_network_security_group.g.id"),
    )
    document = plan(
        *networks,
        *subnets,
        *groups_called("g"),
        planned(ASSOCIATION, "x", key="b", later=LATER),
        configuration=Module([written], calls={"net": call(inner)}),
    )

    assert group_by_subnet(read_network(tmp_path, document)) == {"s0": None, "s1": "g"}
