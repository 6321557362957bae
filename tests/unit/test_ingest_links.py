"""Private link services of an export, and the endpoints that lead to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    doubts,
    identity,
    network,
    read,
    reference,
    resource,
    strange_variants,
    subnet,
    subnet_id,
    vnet,
)
from tests.unit.text_samples import without_spans
from vnetverify.header import parse_address
from vnetverify.model.private_links import PrivateLinkService
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text
from vnetverify.syntax.write import write

_PROVIDER = vnet("provider", "10.1.0.0/16", subnet("db", "10.1.0.0/24"), subnet("nat", "10.1.5.0/24"))
_CONSUMER = vnet("consumer", "10.9.0.0/16", subnet("pe", "10.9.0.0/24"))
_LB = identity("loadBalancers", "orders")
_POOL = {"id": f"{_LB}/backendAddressPools/pool"}
_ALIAS = "offer.6f1a.westeurope.azure.privatelinkservice"


def _part(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties}


_NIC = resource(
    "networkInterfaces",
    "db1",
    ipConfigurations=[
        _part(
            "c",
            privateIPAddress="10.1.0.4",
            subnet={"id": subnet_id("provider", "db")},
            loadBalancerBackendAddressPools=[_POOL],
        )
    ],
)


def _balancer(sku: str = "Standard") -> dict[str, Any]:
    rule = {
        "frontendIPConfiguration": {"id": f"{_LB}/frontendIPConfigurations/front"},
        "backendAddressPool": _POOL,
        "protocol": "Tcp",
        "frontendPort": 1433,
        "backendPort": 1433,
    }
    front = _part("front", privateIPAddress="10.1.0.100", subnet={"id": subnet_id("provider", "db")})
    body = resource(
        "loadBalancers",
        "orders",
        frontendIPConfigurations=[front],
        backendAddressPools=[_part("pool")],
        loadBalancingRules=[_part("sql", **rule)],
        inboundNatRules=[],
    )
    return {**body, "sku": {"name": sku}}


def _nat(name: str, address: str | None, place: str = subnet_id("provider", "nat")) -> dict[str, Any]:
    return _part(name, privateIPAddress=address, subnet={"id": place}, primary=name == "one")


def _service(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "loadBalancerFrontendIpConfigurations": [{"id": f"{_LB}/frontendIPConfigurations/FRONT"}],
        "ipConfigurations": [_nat("one", "10.1.5.4"), _nat("two", "10.1.5.5")],
        "networkInterfaces": [reference("networkInterfaces", "own")],
        "visibility": {"subscriptions": ["*"]},
        "enableProxyProtocol": False,
        "alias": _ALIAS,
    }
    return resource("privateLinkServices", "offer", **{**ordinary, **properties})


def _endpoint(target: str | None = None, status: str = "Approved", address: str = "10.9.0.5") -> dict[str, Any]:
    connection = _part(
        "link",
        privateLinkServiceId=identity("PrivateLinkServices", "offer") if target is None else target,
        privateLinkServiceConnectionState={"status": status},
    )
    return resource(
        "privateEndpoints",
        "toOffer",
        subnet={"id": subnet_id("consumer", "pe")},
        ipConfigurations=[_part("static", privateIPAddress=address)],
        privateLinkServiceConnections=[connection],
    )


_WHOLE = (_PROVIDER, _CONSUMER, _NIC, _balancer())


def test_an_endpoint_leads_to_the_frontend_behind_the_service_that_it_names(tmp_path: Path) -> None:
    found = network(tmp_path, *_WHOLE, _service(), _endpoint())

    service = found.private_link_services["offer"]
    addresses = (parse_address("10.1.5.4"), parse_address("10.1.5.5"))
    assert service == PrivateLinkService("offer", "orders", "front", "provider", "nat", addresses, service.span)
    assert found.private_endpoints["toOffer"].link_service == "offer"
    assert doubts(found) == []
    assert check(found) == ()
    assert without_spans(read_text(write(found)).network) == without_spans(found)


def test_an_endpoint_may_name_the_service_by_its_alias(tmp_path: Path) -> None:
    found = network(tmp_path, *_WHOLE, _service(), _endpoint(_ALIAS.upper()))

    assert found.private_endpoints["toOffer"].link_service == "offer"
    assert doubts(found) == []


def test_a_dynamic_address_is_told_by_the_interface_of_the_service(tmp_path: Path) -> None:
    own = resource(
        "networkInterfaces",
        "own",
        privateLinkService=reference("privateLinkServices", "offer"),
        ipConfigurations=[_part("one", privateIPAddress="10.1.5.9", subnet={"id": subnet_id("provider", "nat")})],
    )

    found = network(tmp_path, *_WHOLE, own, _service(ipConfigurations=[_nat("one", None)]))

    assert found.private_link_services["offer"].addresses == (parse_address("10.1.5.9"),)
    assert list(found.machines) == ["db1"]
    assert doubts(found) == []


def test_the_interface_of_a_service_that_is_not_in_the_input_is_in_doubt(tmp_path: Path) -> None:
    own = resource(
        "networkInterfaces",
        "own",
        privateLinkService=reference("privateLinkServices", "offer"),
        ipConfigurations=[_part("one", privateIPAddress="10.1.5.9", subnet={"id": subnet_id("provider", "nat")})],
    )

    found = network(tmp_path, _PROVIDER, own)

    assert found.machines == {}
    assert doubts(found) == [("private link service `offer` of nic `own`", ("provider",))]


_PUBLIC_FRONTEND = {"id": f"{_LB}/frontendIPConfigurations/gone"}


@pytest.mark.parametrize(
    "contents",
    [
        (_balancer(), _service(ipConfigurations=[_nat("one", None)])),
        (_balancer(), _service(ipConfigurations=[_nat("one", "10.1.5.4"), _nat("two", None)])),
        (_balancer(), _service(ipConfigurations=[])),
        (
            _balancer(),
            _service(ipConfigurations=[_nat("one", "10.1.5.4"), _nat("two", "10.1.0.9", subnet_id("provider", "db"))]),
        ),
        (_balancer(), _service(loadBalancerFrontendIpConfigurations=[])),
        (_balancer(), _service(loadBalancerFrontendIpConfigurations=[_PUBLIC_FRONTEND])),
        (_balancer(), _service(destinationIPAddress="10.1.0.4")),
        (_balancer(), _service(aPropertyOfTomorrow="x")),
        (_balancer("Basic"), _service()),
        (_service(),),
        (
            _balancer(),
            _service(
                privateEndpointConnections=[_part("c", privateEndpoint=reference("privateEndpoints", "stranger"))]
            ),
        ),
    ],
)
def test_a_service_with_more_than_the_model_holds_is_in_doubt(
    tmp_path: Path, contents: tuple[dict[str, Any], ...]
) -> None:
    found = network(tmp_path, _PROVIDER, vnet("lone", "10.8.0.0/16"), _NIC, *contents)

    assert doubts(found)
    assert {vnets for _, vnets in doubts(found)} == {("provider",)}


def test_what_is_in_doubt_of_a_service_concerns_those_who_lead_to_it(tmp_path: Path) -> None:
    found = network(tmp_path, *_WHOLE, _service(aPropertyOfTomorrow="x"), _endpoint())

    assert doubts(found) == [("`aPropertyOfTomorrow` of private link service `offer`", ("provider", "consumer"))]


def test_a_service_that_is_not_modelled_is_in_doubt_at_both_ends(tmp_path: Path) -> None:
    found = network(tmp_path, *_WHOLE, _service(ipConfigurations=[]), _endpoint())

    assert {vnets for _, vnets in doubts(found)} == {("provider",), ("consumer",)}
    assert found.private_endpoints["toOffer"].link_service is None


def test_a_service_without_its_properties_is_in_doubt(tmp_path: Path) -> None:
    bare = {
        "id": identity("privateLinkServices", "offer"),
        "name": "offer",
        "type": "Microsoft.Network/privateLinkServices",
    }

    assert [what for what, _ in doubts(network(tmp_path, *_WHOLE, bare))] == ["private link service `offer`"]


def test_a_strange_value_anywhere_in_a_service_is_no_traceback(tmp_path: Path) -> None:
    for body in strange_variants(_service()):
        imported = read(tmp_path, *_WHOLE, body, _endpoint())
        assert imported.network.private_endpoints or imported.diagnostics or imported.network.unmodelled
