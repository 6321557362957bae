"""A network that is written reads back as itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.unit.text_samples import BOTH_FAMILIES, DEVICES, EVERYTHING, without_spans
from vnetverify.model.network import Network
from vnetverify.model.security import AsgMembers, Direction, ServiceTag
from vnetverify.syntax import read_text
from vnetverify.syntax.layout import format_text
from vnetverify.syntax.write import write
from vnetverify.testing.estates import networks


def rewritten(network: Network) -> Network:
    return without_spans(read_text(write(network)).network)


@pytest.mark.parametrize("text", [EVERYTHING, BOTH_FAMILIES, DEVICES])
def test_a_network_of_everything_reads_back_as_itself(text: str) -> None:
    network = without_spans(read_text(text).network)

    assert rewritten(network) == network


@settings(max_examples=60, deadline=None)
@given(networks())
def test_any_network_reads_back_as_itself(network: Network) -> None:
    assert rewritten(network) == without_spans(network)


@settings(max_examples=30, deadline=None)
@given(networks())
def test_what_is_written_is_in_the_canonical_layout(network: Network) -> None:
    text = write(network)

    assert format_text(text) == text


def test_names_that_clash_with_the_language_are_written_in_quotes() -> None:
    text = 'vnet "my.vnet" { subnet "default gateway" 10.0.0.0/24 }\nvnet "vnet" {}\n'
    network = read_text(text).network

    assert list(network.vnets) == ["my.vnet", "vnet"]
    assert rewritten(network) == without_spans(network)


def test_quotes_and_backslashes_in_a_tag_survive() -> None:
    network = read_text(r'vnet a { tag note = "say \"hi\" \\ bye" }').network

    assert network.vnets["a"].tags == (("note", 'say "hi" \\ bye'),)
    assert rewritten(network).vnets["a"].tags == network.vnets["a"].tags


def test_a_tag_that_is_not_in_the_list_is_written_in_quotes() -> None:
    network = read_text('nsg a { inbound 100 new allow tcp from "Tomorrow" to asg b }\nasg b').network
    rule = rewritten(network).nsgs["a"].rules[0]

    assert (rule.direction, rule.source, rule.destination) == (
        Direction.INBOUND,
        ServiceTag("Tomorrow"),
        AsgMembers(("b",)),
    )


def test_an_interface_with_the_name_of_another_machine_is_written_behind_its_own() -> None:
    text = write(read_text(BOTH_FAMILIES).network)

    assert "rule sql tcp 1433 -> front, web1.back port 1434  probe 1433  floating-ip" in text


def test_a_firewall_without_rules_whose_checks_deny_reads_back_as_itself() -> None:
    lines = "threat-intelligence deny  intrusion-detection deny"
    text = f"""
    vnet v {{
      address 10.0.0.0/16
      subnet AzureFirewallSubnet 10.0.2.0/26
    }}
    firewall fw {{ nic 10.0.2.4 in v.AzureFirewallSubnet  {lines} }}
    """
    network = without_spans(read_text(text).network)

    assert rewritten(network) == network


def test_rules_of_load_balancers_without_members_read_back_as_they_are() -> None:
    text = """vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 }
load-balancer b standard in v.s { frontend 10.0.0.9  rule r tcp 80 -> none  port 8080  probe 80 }
load-balancer p standard { frontend public-ip  rule r tcp 80 -> none  outbound o any at frontend -> none }
"""
    network = without_spans(read_text(text).network)

    assert rewritten(network) == network
