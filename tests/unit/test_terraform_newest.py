"""Version 5 of the provider: attributes that are kept nowhere, zones by their ids, service endpoints in blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.terraform_documents import (
    Module,
    Planned,
    block,
    identity,
    plan,
    planned,
    read_network,
    refers,
    state,
    subnet,
    vnet,
)

_GROUP = planned("network_security_group", "g", security_rule=[])
_ID = identity("networkSecurityGroups", "g")


def _network(tmp_path: Path, written: dict[str, Any], **values: Any) -> Any:
    names = ("virtual_network", "v"), ("network_security_group", "g")
    blocks = [*(block(kind, name) for kind, name in names), block("subnet", "s", **written)]
    content = plan(vnet("v", "10.0.0.0/16"), subnet("s", "v", **values), _GROUP, configuration=Module(blocks))
    return read_network(tmp_path, content)


@pytest.mark.parametrize("written", [refers("azurerm_network_security_group.g.id"), {"constant_value": _ID}])
def test_a_group_that_is_written_and_kept_nowhere_is_the_one_that_the_configuration_names(
    tmp_path: Path, written: dict[str, Any]
) -> None:
    found = _network(tmp_path, {"network_security_group_id_wo": written}, network_security_group_id_wo_version=1)

    assert found.subnet("v.s").nsg == "g"
    assert found.unmodelled == ()


def test_one_that_nobody_writes_is_none(tmp_path: Path) -> None:
    found = _network(tmp_path, {}, network_security_group_id_wo=None, network_security_group_id_wo_version=None)

    assert (found.subnet("v.s").nsg, found.unmodelled) == (None, ())


@pytest.mark.parametrize("attribute", ["network_security_group_id_wo", "route_table_id_wo"])
def test_of_a_state_its_version_tells_that_there_is_one(tmp_path: Path, attribute: str) -> None:
    own = subnet("s", "v", id=f"{identity('virtualNetworks', 'v')}/subnets/s", **{f"{attribute}_version": 2})

    found = read_network(tmp_path, state(vnet("v", "10.0.0.0/16", id=identity("virtualNetworks", "v")), own))

    (item,) = found.unmodelled
    assert "it is write-only" in item.why
    assert item.vnets == ("v",)


def test_service_endpoints_stand_in_blocks(tmp_path: Path) -> None:
    endpoints = [{"service": "Microsoft.Storage", "network_identifier": ""}]

    found = _network(tmp_path, {}, service_endpoint=endpoints)

    assert [item.what for item in found.unmodelled] == ["service endpoint `Microsoft.Storage` of subnet `s`"]


def test_a_record_and_a_link_may_name_their_zone_by_its_id(tmp_path: Path) -> None:
    zone = identity("privateDnsZones", "corp.internal")
    link = planned(
        "private_dns_zone_virtual_network_link",
        "l",
        private_dns_zone_id=zone,
        virtual_network_id=identity("virtualNetworks", "v"),
        registration_enabled=False,
    )
    record = planned("private_dns_a_record", "www", private_dns_zone_id=zone, records=["10.0.0.5"], ttl=300)
    content = plan(vnet("v", "10.0.0.0/16"), planned("private_dns_zone", "corp.internal", id=zone), link, record)

    (found,) = read_network(tmp_path, content).dns_zones.values()

    assert [one.name for one in found.records] == ["www.corp.internal"]
    assert [one.vnet for one in found.links] == ["v"]


_GROUP_OF_BODY = {"properties": {"networkSecurityGroup": {"id": _ID}}}


@pytest.mark.parametrize(
    ("written", "versions", "doubt"),
    [
        ({"constant_value": _GROUP_OF_BODY}, None, ["`networkSecurityGroup` of subnet `s`"]),
        ({"constant_value": {"properties": {"provisioningState": "x"}}}, None, []),
        (refers("var.secret"), None, ["`azapi.sensitive_body` of subnet `s`"]),
        (refers("var.secret"), {"properties.routeTable.id": "1"}, ["`routeTable` of subnet `s`"]),
        (None, {"properties.routeTable.id": "1"}, ["`routeTable` of subnet `s`"]),
        ({"constant_value": None}, None, []),
        (None, None, []),
    ],
)
def test_what_is_hidden_of_a_body_of_azures_own_is_in_doubt(
    tmp_path: Path, written: dict[str, Any] | None, versions: dict[str, str] | None, doubt: list[str]
) -> None:
    own = identity("virtualNetworks", "v")
    values = {
        "id": f"{own}/subnets/s",
        "name": "s",
        "parent_id": own,
        "type": "Microsoft.Network/virtualNetworks/subnets@2024-05-01",
        "body": {"properties": {"addressPrefix": "10.0.0.0/24"}},
        "sensitive_body": None,
        "sensitive_body_version": versions,
    }
    hidden = {} if written is None else {"sensitive_body": written}
    blocks = [block("virtual_network", "v"), block("", "s", **hidden) | {"type": "azapi_resource"}]
    content = plan(
        vnet("v", "10.0.0.0/16", id=own), Planned("azapi_resource", "s", values, {}), configuration=Module(blocks)
    )

    assert [one.what for one in read_network(tmp_path, content).unmodelled] == doubt


@pytest.mark.parametrize("kind", ["azapi_resource", "azapi_update_resource"])
def test_what_is_known_of_a_body_does_not_make_the_rest_known(tmp_path: Path, kind: str) -> None:
    own = identity("virtualNetworks", "v")
    named = {"name": "s", "parent_id": own, "type": "Microsoft.Network/virtualNetworks/subnets@2024-05-01"}
    secret = {"sensitive_body_version": {"properties.provisioningState": "1"}} if kind == "azapi_resource" else {}
    update = {"id": f"{own}/subnets/s", **named, "body": {"properties": {"defaultOutboundAccess": False}}}
    content = plan(
        vnet("v", "10.0.0.0/16", id=own),
        Planned("azapi_resource", "s", {"id": f"{own}/subnets/s", **named, **secret}, {"body": True}),
        *([Planned(kind, "u", update, {})] if kind != "azapi_resource" else []),
    )

    assert [one.what for one in read_network(tmp_path, content).unmodelled] == ["`properties` of subnet `s`"]
