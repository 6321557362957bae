"""Ids that a plan does not know yet, resolved through its configuration or left unknown with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    ASSOCIATION,
    LATER,
    SUBNETS,
    Module,
    Planned,
    block,
    call,
    doubts,
    group_by_subnet,
    groups_called,
    identity,
    plan,
    planned,
    read,
    read_network,
    refers,
    subnet,
    vnet,
)
from vnetverify.ingest.terraform import candidates


def _each(kind: str, name: str, keys: tuple[str | int, ...], **more: Any) -> list[Planned]:
    """Return the instances of a block with `for_each`, each called like its key."""
    return [planned(kind, name, key=key, **({"name": str(key)} | more)) for key in keys]


_KEYED = _each("network_security_group", "g", ("a", "b"), security_rule=[])


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (refers('azurerm_network_security_group.g["b"].id'), "b"),
        (refers("azurerm_network_security_group.g", "each.key"), "a"),
        ({"references": ["azurerm_network_security_group.g"]}, None),
        (refers("azurerm_network_security_group.g", "each.value.group"), "b"),
        (refers("azurerm_network_security_group.g", "each.key", "each.value.group"), None),
        (refers("azurerm_network_security_group.g", "local.key"), None),
        (refers("azurerm_network_security_group.g", "var.which"), "b"),
        (refers("local.group"), None),
    ],
    ids=["stated", "each.key", "nothing", "each.value", "two", "local", "variable", "only local"],
)
def test_an_instance_is_chosen_by_a_key_that_is_known(
    tmp_path: Path, reference: dict[str, Any], expected: str | None
) -> None:
    at = planned(ASSOCIATION, "x", key="a", later=LATER)
    written = block(
        ASSOCIATION,
        "x",
        for_each={"constant_value": {"a": {"group": "b"}}},
        subnet_id=refers("azurerm_subnet.s", "each.key"),
        network_security_group_id=reference,
    )
    document = plan(
        vnet("hub"),
        *SUBNETS,
        *_KEYED,
        at,
        configuration=Module([written]),
        variables={"which": {"value": "b"}},
    )

    network = read_network(tmp_path, document)

    assert group_by_subnet(network) == {"a": expected, "b": None}
    assert bool(network.unmodelled) is (expected is None)


def test_a_reason_lists_the_candidates(tmp_path: Path) -> None:
    document = plan(
        vnet("hub"),
        *SUBNETS,
        *_KEYED,
        planned(ASSOCIATION, "x", later=LATER),
        configuration=Module(
            [
                block(
                    ASSOCIATION,
                    "x",
                    subnet_id=refers('azurerm_subnet.s["a"].id'),
                    network_security_group_id=refers("azurerm_network_security_group.g", "each.value"),
                )
            ]
        ),
    )

    said = doubts(read_network(tmp_path, document))

    assert any(
        '`azurerm_network_security_group.g["a"]`, `azurerm_network_security_group.g["b"]`' in one for one in said
    )


def test_the_instances_of_a_chained_for_each_are_those_with_the_same_key(tmp_path: Path) -> None:
    document = plan(
        vnet("hub"),
        *SUBNETS,
        *_KEYED,
        *(planned(ASSOCIATION, "x", key=key, later=LATER) for key in ("a", "b")),
        configuration=Module(
            [
                block(
                    ASSOCIATION,
                    "x",
                    for_each=refers("azurerm_subnet.s"),
                    subnet_id=refers("each.value.id"),
                    network_security_group_id=refers("azurerm_network_security_group.g", "each.key"),
                )
            ]
        ),
    )

    assert group_by_subnet(read_network(tmp_path, document)) == {"a": "a", "b": "b"}


@pytest.mark.parametrize(("keys", "is_known"), [(("a", "a-x", "b"), True), (("a", "a-x", "b", "b-x"), False)])
def test_a_text_with_the_key_in_it_may_be_meant_where_it_is_a_key_for_all(
    tmp_path: Path, keys: tuple[str, ...], is_known: bool
) -> None:
    """A plan tells the same of `g[each.key]` and of `g["${each.key}-x"]`."""
    groups = _each("network_security_group", "g", keys, security_rule=[])
    association = block(
        ASSOCIATION,
        "x",
        for_each={"constant_value": {"a": 1, "b": 1}},
        subnet_id=refers("azurerm_subnet.s", "each.key"),
        network_security_group_id=refers("azurerm_network_security_group.g", "each.key"),
    )
    fastened = [planned(ASSOCIATION, "x", key=key, later=LATER) for key in ("a", "b")]
    document = plan(vnet("hub"), *SUBNETS, *groups, *fastened, configuration=Module([association]))

    found = group_by_subnet(read_network(tmp_path, document))

    assert found == ({"a": "a", "b": "b"} if is_known else {"a": None, "b": None})


def _by_value(members: dict[str, dict[str, str]], **written: Any) -> dict[str, Any]:
    """Return a plan whose associations `x` and `y` name their groups by `each.value.group`."""
    association = block(
        ASSOCIATION,
        "x",
        for_each=refers("var.m"),
        subnet_id=refers("azurerm_subnet.s", "each.key"),
        network_security_group_id=refers("azurerm_network_security_group.g", "each.value.group"),
        **written,
    )
    fastened = [planned(ASSOCIATION, "x", key=key, later=LATER, name=f"to-{key}") for key in ("a", "b")]
    variables = {"m": {"value": members}}
    return plan(vnet("hub"), *SUBNETS, *_KEYED, *fastened, configuration=Module([association]), variables=variables)


_CROSSED = {"a": {"group": "b", "name": "A"}, "b": {"group": "a", "name": "B"}}


def test_a_member_of_the_variable_that_is_repeated_says_which_instance_is_meant(tmp_path: Path) -> None:
    imported = read(tmp_path, _by_value(_CROSSED, name=refers("each.value.name")))

    assert group_by_subnet(imported.network) == {"a": "b", "b": "a"}
    assert [found.code for found in imported.diagnostics if found.code.startswith("terraform")] == ["terraform-value"]


@pytest.mark.parametrize(
    ("members", "written"),
    [
        ({"A": {"group": "b"}, "B": {"group": "a"}}, {}),  # the keys are others
        (_CROSSED, {"name": refers("each.value.group")}),  # what the plan tells is made of something else
        (_CROSSED, {"for_each": refers("var.m", "var.n")}),
    ],
    ids=["other keys", "other values", "two variables"],
)
def test_it_says_nothing_where_for_each_may_have_made_something_else_of_it(
    tmp_path: Path, members: dict[str, dict[str, str]], written: dict[str, Any]
) -> None:
    said = written.pop("for_each", None)
    document = _by_value(members, **written)
    if said is not None:
        document["configuration"]["root_module"]["resources"][0]["for_each_expression"] = said

    network = read_network(tmp_path, document)

    assert set(group_by_subnet(network).values()) == {None}
    assert network.unmodelled != ()


def test_instances_of_two_counts_of_one_size_go_together(tmp_path: Path) -> None:
    subnets = [subnet("s", "hub", f"10.0.{at}.0/24", key=at, name=f"s{at}") for at in (0, 1)]
    groups = [planned("network_security_group", "g", key=at, name=f"g{at}", security_rule=[]) for at in (0, 1)]
    written = block(
        ASSOCIATION,
        "x",
        subnet_id=refers("azurerm_subnet.s", "count.index"),
        network_security_group_id=refers("azurerm_network_security_group.g", "count.index"),
    )
    fastened = [planned(ASSOCIATION, "x", key=at, later=LATER) for at in (0, 1)]
    document = plan(vnet("hub"), *subnets, *groups, *fastened, configuration=Module([written]))

    imported = read(tmp_path, document)

    assert group_by_subnet(imported.network) == {"s0": "g0", "s1": "g1"}
    assert [found.message for found in imported.diagnostics if found.code == "terraform-count"] != []


def test_instances_of_counts_of_different_sizes_do_not_go_together(tmp_path: Path) -> None:
    subnets = [subnet("s", "hub", f"10.0.{at}.0/24", key=at, name=f"s{at}") for at in (0, 1, 2)]
    written = block(
        ASSOCIATION,
        "x",
        subnet_id=refers("azurerm_subnet.s", "count.index"),
        network_security_group_id=refers("azurerm_network_security_group.g.id"),
    )
    fastened = [planned(ASSOCIATION, "x", key=at, later=LATER) for at in (0, 1)]
    document = plan(vnet("hub"), *subnets, *groups_called("g"), *fastened, configuration=Module([written]))

    network = read_network(tmp_path, document)

    assert set(group_by_subnet(network).values()) == {None}
    assert network.unmodelled != ()


def test_a_peering_is_never_with_its_own_network(tmp_path: Path) -> None:
    """`element(azurerm_virtual_network.v.*.id, 1 - count.index)` reads in a plan like `count.index` itself."""
    networks = [vnet("v", f"10.{at}.0.0/16", key=at, name=f"v{at}") for at in (0, 1)]
    halves = [
        planned(
            "virtual_network_peering",
            "p",
            key=at,
            name=f"p{at}",
            virtual_network_name=f"v{at}",
            later={"remote_virtual_network_id": True},
        )
        for at in (0, 1)
    ]
    written = block(
        "virtual_network_peering", "p", remote_virtual_network_id=refers("azurerm_virtual_network.v", "count.index")
    )

    network = read_network(tmp_path, plan(*networks, *halves, configuration=Module([written])))

    assert {(half.local, half.remote) for half in network.peerings} == {("v0", "v1"), ("v1", "v0")}


def test_an_id_that_an_association_hands_on_is_followed(tmp_path: Path) -> None:
    table = planned("subnet_route_table_association", "t", later={"subnet_id": True, "route_table_id": True})
    first = block(
        "subnet_route_table_association",
        "t",
        subnet_id=refers("azurerm_subnet.app.id"),
        route_table_id=refers("azurerm_route_table.t.id"),
    )
    second = block(
        ASSOCIATION,
        "x",
        subnet_id=refers("azurerm_subnet_route_table_association.t.subnet_id"),
        network_security_group_id=refers("azurerm_network_security_group.g.id"),
    )
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        *groups_called("g"),
        planned("route_table", "t", route=[]),
        table,
        planned(ASSOCIATION, "x", later=LATER),
        configuration=Module([first, second]),
    )

    assert group_by_subnet(read_network(tmp_path, document)) == {"app": "g"}


def test_what_a_local_hands_on_is_the_only_thing_that_it_can_be(tmp_path: Path) -> None:
    written = block(ASSOCIATION, "x", subnet_id=refers("local.subnet"), network_security_group_id=refers("local.group"))
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        *groups_called("g"),
        planned(ASSOCIATION, "x", later=LATER),
        configuration=Module([written]),
    )

    assert group_by_subnet(read_network(tmp_path, document)) == {"app": "g"}


def test_a_subnet_inside_a_network_is_found_where_it_is_the_only_one(tmp_path: Path) -> None:
    inline = {"name": "app", "address_prefixes": ["10.0.0.0/24"]}
    written = block(
        ASSOCIATION,
        "x",
        subnet_id=refers("azurerm_virtual_network.hub.subnet"),
        network_security_group_id=refers("azurerm_network_security_group.g.id"),
    )
    document = plan(
        vnet("hub", subnet=[inline]),
        *groups_called("g"),
        planned(ASSOCIATION, "x", later=LATER),
        configuration=Module([written]),
    )

    assert group_by_subnet(read_network(tmp_path, document)) == {"app": "g"}


def test_references_of_old_plans_name_the_resource_alone(tmp_path: Path) -> None:
    written = block(
        ASSOCIATION,
        "x",
        subnet_id={"references": ["azurerm_subnet.app"]},
        network_security_group_id={"references": ["azurerm_network_security_group.g"]},
    )
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        *groups_called("g"),
        planned(ASSOCIATION, "x", later=LATER),
        configuration=Module([written]),
    )

    assert group_by_subnet(read_network(tmp_path, document)) == {"app": "g"}


def test_references_that_go_in_circles_come_to_an_end(tmp_path: Path) -> None:
    inner = Module(outputs={"one": refers("var.given")}, variables={"given": {}})
    root = Module(
        [block(ASSOCIATION, "x", subnet_id=refers("module.m.one"), network_security_group_id=refers("local.group"))],
        calls={"m": call(inner, given=refers("module.m.one"))},
    )
    document = plan(
        vnet("hub"), *SUBNETS, *groups_called("g"), planned(ASSOCIATION, "x", later=LATER), configuration=root
    )

    assert doubts(read_network(tmp_path, document)) != []


def test_references_are_followed_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_MOST_OF_ALL", 3)
    written = block(ASSOCIATION, "x", subnet_id=refers("azurerm_subnet.app.id", "local.a", "local.b", "local.c"))
    fastened = planned(
        ASSOCIATION,
        "x",
        later={"subnet_id": True},
        network_security_group_id=identity("networkSecurityGroups", "g"),
    )
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        subnet("db", "hub", "10.0.1.0/24"),
        *groups_called("g"),
        fastened,
        configuration=Module([written]),
    )

    assert any("more references than are followed" in said for said in doubts(read_network(tmp_path, document)))


def test_the_next_hop_of_a_route_says_where_it_comes_from(tmp_path: Path) -> None:
    own = planned(
        "route",
        "r",
        route_table_name="t",
        address_prefix="0.0.0.0/0",
        next_hop_type="VirtualAppliance",
        later={"next_hop_in_ip_address": True},
    )
    at = planned(
        "subnet_route_table_association",
        "a",
        subnet_id=f"{identity('virtualNetworks', 'hub')}/subnets/app",
        route_table_id=identity("routeTables", "t"),
    )
    written = block("route", "r", next_hop_in_ip_address=refers("azurerm_lb.gone.private_ip_address"))
    document = plan(
        vnet("hub"),
        subnet("app", "hub"),
        planned("route_table", "t", route=[]),
        own,
        at,
        configuration=Module([written]),
    )

    said = doubts(read_network(tmp_path, document))

    assert any("`nextHopIpAddress` of route `r`" in one for one in said)
