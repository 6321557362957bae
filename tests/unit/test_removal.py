"""Networks without one line: what goes, and what cannot go by itself."""

from __future__ import annotations

import pytest

from vnetverify.model.network import Network
from vnetverify.model.removal import without_line
from vnetverify.source import NOWHERE, Source, Span
from vnetverify.syntax import read

TEXT = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24 nsg g routes r
  subnet AzureFirewallSubnet 10.0.3.0/26
}
vnet w { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
peering v -> w
peering w -> v
nsg g {
  inbound 100 sql allow tcp from any to any port 1433
  inbound 200 rest deny any from any to any
}
service-tag Storage 13.65.107.32/28, 13.65.160.16/28
route-table r {
  default 0.0.0.0/0 -> appliance 10.0.1.9
  storage Storage -> internet
}
admin-rules top by manager for v {
  inbound 10 no-ssh deny tcp from any to any port 22
}
appliance fw {
  nic 10.0.1.9 in v.web
  forwards tcp from any to any port 443
}
firewall az {
  nic 10.0.3.4 in v.AzureFirewallSubnet public-ip entry standard 203.0.113.5
  collection nat 100 inbound { rule in tcp from any at entry port 80 -> 10.0.1.4 port 80 }
  collection network 200 some allow { rule out tcp from any to any port 443 }
}
load-balancer lb standard {
  frontend f 10.0.1.20 in v.web
  rule www tcp 80 at f -> fw port 80
}
"""


def network() -> Network:
    document = read([Source("t.vnet", TEXT)], Network())
    assert not [found for found in document.diagnostics if found.severity.value == "error"], document.diagnostics
    return document.network


def on_line(whole: Network, words: str) -> Span:
    """Return the span of the line of `whole` that holds `words`."""
    number = next(index for index, line in enumerate(TEXT.splitlines(), 1) if words in line)
    lines = (
        *(rule for nsg in whole.nsgs.values() for rule in nsg.rules),
        *(route for table in whole.route_tables.values() for route in table.routes),
        *(rule for machine in whole.machines.values() for rule in machine.policy or ()),
        *(rule for machine in whole.machines.values() if machine.firewall for rule in machine.firewall.rules),
        *(rule for one in whole.admin_rules for rule in one.rules),
        *(rule for balancer in whole.load_balancers.values() for rule in balancer.rules),
        *whole.peerings,
    )
    return next(line.span for line in lines if line.span.line == number)


def count(whole: Network) -> dict[str, int]:
    firewalls = [machine.firewall for machine in whole.machines.values() if machine.firewall]
    return {
        "rules": sum(len(nsg.rules) for nsg in whole.nsgs.values()),
        "routes": sum(len(table.routes) for table in whole.route_tables.values()),
        "policy lines": sum(len(machine.policy or ()) for machine in whole.machines.values()),
        "firewall rules": sum(len(firewall.rules) for firewall in firewalls),
        "admin rules": sum(len(one.rules) for one in whole.admin_rules),
        "balancing rules": sum(len(balancer.rules) for balancer in whole.load_balancers.values()),
        "halves": len(whole.peerings),
    }


@pytest.mark.parametrize(
    ("words", "what", "fewer"),
    [
        ("inbound 200 rest", "rules", 1),
        ("default 0.0.0.0/0", "routes", 1),
        ("storage Storage", "routes", 2),
        ("forwards tcp", "policy lines", 1),
        ("rule out", "firewall rules", 1),
        ("no-ssh", "admin rules", 1),
        ("rule www", "balancing rules", 1),
        ("peering w -> v", "halves", 1),
    ],
)
def test_a_line_goes_and_nothing_else(words: str, what: str, fewer: int) -> None:
    whole = network()
    left = without_line(whole, on_line(whole, words))

    assert left is not None
    assert count(left) == {**count(whole), what: count(whole)[what] - fewer}


def test_a_policy_without_its_last_line_still_is_one() -> None:
    whole = network()
    left = without_line(whole, on_line(whole, "forwards tcp"))

    assert left is not None
    assert left.machines["fw"].policy == ()


def test_a_nat_rule_does_not_go() -> None:
    whole = network()

    assert without_line(whole, on_line(whole, "rule in tcp")) is None


def test_groups_networks_and_what_is_built_in_do_not_go() -> None:
    whole = network()

    assert without_line(whole, whole.nsgs["g"].span) is None
    assert without_line(whole, whole.vnets["v"].span) is None
    assert without_line(whole, NOWHERE) is None
