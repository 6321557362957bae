"""What stands for ids and names that a document does not know."""

from __future__ import annotations

from pathlib import Path

from tests.unit.terraform_documents import (
    ANY_VALUE,
    GROUP,
    Module,
    block,
    identity,
    plan,
    planned,
    read_network,
    refers,
    subnet,
    vnet,
)


def test_names_that_are_known_later_are_those_of_the_addresses(tmp_path: Path) -> None:
    document = plan(
        vnet("hub", later={"name": ANY_VALUE}),
        subnet("app", "", later={"virtual_network_name": ANY_VALUE}),
        configuration=Module([block("subnet", "app", virtual_network_name=refers("azurerm_virtual_network.hub.name"))]),
    )

    network = read_network(tmp_path, document)

    assert [subnet.id for subnet in network.subnets()] == ["hub.app"]


def test_keys_that_are_no_names_keep_apart_what_has_no_other_name(tmp_path: Path) -> None:
    document = plan(
        *(
            vnet("v", f"10.{at}.0.0/16", key=key, later={"name": ANY_VALUE})
            for at, key in enumerate(("a b", "a/b", "a"))
        )
    )

    found = sorted(read_network(tmp_path, document).vnets)

    assert found[0] == "v-a"
    assert [name[:6] for name in found[1:]] == ["v-a-b-", "v-a-b-"]


def test_a_stand_in_is_the_id_by_which_others_know_the_resource(tmp_path: Path) -> None:
    elsewhere = identity("virtualNetworks", "hub").replace("00000000-0000", "11111111-0000")
    half = planned("virtual_network_peering", "back", virtual_network_name="spoke", remote_virtual_network_id=elsewhere)

    network = read_network(tmp_path, plan(vnet("hub"), vnet("spoke", "10.1.0.0/16"), half))

    assert sorted(network.vnets) == ["hub", "spoke"]
    assert network.unmodelled == ()
    assert GROUP != elsewhere
