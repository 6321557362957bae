"""Two versions of rules whose names matter: ports in rules for ICMP, and what private endpoints read otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.changes import SHUT, changes, needed, of_rules
from vnetverify.report.changes import Changes


@pytest.mark.parametrize("ports", ["from any port 80 to any", "from any to any port 80"])
def test_what_a_rule_with_ports_does_to_icmp_goes_by_its_name(ports: str) -> None:
    old = f"inbound 100 a allow icmp {ports}\n{SHUT}"
    new = f"inbound 100 b allow icmp {ports}\ninbound 110 a allow udp from any to any\n{SHUT}"

    assert {"U-ICMPPORT(g/a) is true", "U-ICMPPORT(g/b) is true"} == needed(of_rules(old, new))


ENDPOINT = """\
vnet v { address 10.0.0.0/16  subnet pe 10.0.1.0/24 nsg g private-endpoint-policies enabled }
private-endpoint p 10.0.1.9 in v.pe
"""


def at_endpoint(*versions: str) -> Changes:
    found = changes(*(f"{ENDPOINT}nsg g {{ {rules} }}" for rules in versions))
    return replace(found, found=tuple(change for change in found.found if change.places == ("p",)))


def test_what_a_rule_with_several_ranges_does_at_an_endpoint_goes_by_its_name() -> None:
    several = "inbound 100 {} deny tcp from any to any port 80, 443"
    found = at_endpoint(several.format("a"), several.format("b") + " inbound 200 a deny udp from any to any port 53")

    assert {"U-PEDENY(g/b) is true", "U-PEPORT(g/b) is false"} == needed(found)
    assert not at_endpoint(several.format("a"), several.format("b")).found


def test_at_an_endpoint_a_denial_may_match_more_than_an_allowance_of_the_same_ports() -> None:
    allows = "inbound 100 a allow tcp from any to any port 80, 443"
    found = at_endpoint(allows, f"{allows} inbound 110 b deny tcp from any to any port 80, 443")

    assert {"U-PEDENY(g/b) is true"} == needed(found)


def test_admin_rules_change_nothing_at_an_endpoint() -> None:
    """None acts there (F-ADM-12), be it that of one version alone."""
    shut = "admin-rules base by corp for v { inbound 10 Block deny tcp from any to any port 443 }"
    found = changes(f"{ENDPOINT}nsg g {{ }}", f"{ENDPOINT}nsg g {{ }}\n{shut}").found

    assert {("v.pe",)} == {change.places for change in found}


def test_source_ports_tell_no_rules_apart_at_an_endpoint() -> None:
    """They are not looked at there (F-PE-3), so that an earlier rule takes all that the later one names."""
    one, other = (
        f"inbound 10{n} r{n} {does} tcp from any port {n}000 to any" for n, does in ((1, "allow"), (2, "deny"))
    )

    assert not at_endpoint(one, f"{one} {other}").found
