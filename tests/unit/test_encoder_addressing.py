"""What an estate looks up once: subnets by address, peers, public addresses that lead to hosts."""

from __future__ import annotations

import pytest

from tests.unit.verdicts import verdict_on
from vnetverify.encoder.addressing import Estate
from vnetverify.header import Family, Interval, parse_address
from vnetverify.model.network import Network
from vnetverify.model.planes import plane
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Vacuous
from vnetverify.syntax.read import read_text

TWO = """\
vnet v {
  address 10.0.0.0/16
  subnet first  10.0.1.0/24, 10.0.7.0/29
  subnet second 10.0.2.0/24
}
"""


def network(text: str) -> Network:
    return read_text(text, "t.vnet").network


@pytest.mark.parametrize(
    ("address", "subnet"),
    [
        ("10.0.0.255", None), ("10.0.1.0", "first"), ("10.0.1.255", "first"), ("10.0.2.0", "second"),
        ("10.0.2.255", "second"), ("10.0.3.0", None), ("10.0.6.255", None), ("10.0.7.0", "first"),
        ("10.0.7.7", "first"), ("10.0.7.8", None),
    ],
)  # fmt: skip
def test_a_subnet_is_found_by_the_first_and_the_last_of_its_addresses(address: str, subnet: str | None) -> None:
    found = Estate(network(TWO)).subnet_at("v", parse_address(address))

    assert (None if found is None else found.name) == subnet


def test_hosts_stand_where_azure_lets_them() -> None:
    text = """
        vnet v { address 10.0.0.0/16  subnet s 10.0.1.0/24, 10.0.7.0/29  subnet GatewaySubnet 10.0.2.0/27
                 subnet RouteServerSubnet 10.0.3.0/27  subnet azurefirewallsubnet 10.0.4.0/26 }
        firewall fw { nic 10.0.4.4 in v.azurefirewallsubnet  forwards any }
    """
    hosts = {name: [str(i) for i in held] for name, held in Estate(network(text)).hosts.items()}
    expected = {
        "s": ("10.0.1.4", "10.0.1.254", "10.0.7.4", "10.0.7.6"),
        "azurefirewallsubnet": ("10.0.4.4", "10.0.4.4"),
    }

    assert hosts == {
        f"v.{name}": [str(Interval(low, high)) for low, high in zip(numbers[::2], numbers[1::2], strict=True)]
        for name in ("s", "GatewaySubnet", "RouteServerSubnet", "azurefirewallsubnet")
        for numbers in (tuple(map(parse_address, expected.get(name, ()))),)
    }


@pytest.mark.parametrize(
    ("halves", "are_peers"),
    [
        ("peering a -> b { state connected }", False),
        ("peering a -> b", False),
        ("peering a -> b { state connected }\npeering b -> a { state connected }", True),
        ("peering a -> b { state connected }\npeering b -> a", True),
        ("peering a -> b { state connected }\npeering b -> a { state disconnected }", False),
        ("peering a -> b\npeering b -> a { state initiated }", False),
    ],
)
def test_vnets_are_peers_while_both_halves_are_connected(halves: str, are_peers: bool) -> None:
    estate = Estate(network(f"vnet a {{ address 10.0.0.0/16 }}\nvnet b {{ address 10.1.0.0/16 }}\n{halves}"))

    assert [estate.peers("a"), estate.peers("b")] == ([("b",), ("a",)] if are_peers else [(), ()])


def test_no_address_of_the_other_family_is_one_of_a_plane() -> None:
    both = network("vnet v { address 10.0.0.0/16, fd00:db8::/48 }")
    ipv4, ipv6 = (Estate(plane(both, family), family) for family in Family)

    assert ipv4.known_address(parse_address("10.0.0.4")).term == "#x0a000004"
    assert ipv6.known_address(parse_address("fd00:db8::4")).term == "#xfd000db8000000000000000000000004"
    with pytest.raises(ValueError, match="the other family"):
        ipv4.known_address(parse_address("fd00:db8::4"))
    with pytest.raises(ValueError, match="the other family"):
        ipv6.known_address(parse_address("10.0.0.4"))


def test_a_public_address_of_ipv6_leads_to_no_interface_that_has_none_of_its_own(solver: Solver) -> None:
    text = """
        vnet v { address 10.0.0.0/16, fd00:db8::/48  subnet s 10.0.0.0/24, fd00:db8::/64 nsg open }
        nsg open { inbound 100 all allow any from any to any }
        vm m { nic 10.0.0.4MORE in v.s  public-ip basic 2001:db9::9 }
    """
    asked = "internet reaches 2001:db9::9 on tcp/443"

    assert isinstance(verdict_on(text.replace("MORE", ""), asked, solver), Vacuous)
    assert isinstance(verdict_on(text.replace("MORE", ", fd00:db8::4"), asked, solver), Proved)
