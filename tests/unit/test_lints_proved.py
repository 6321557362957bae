"""Lints that a proof or a packet stands behind."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from vnetverify.cli import main, status
from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.inspection import proved_lints
from vnetverify.model.network import Network
from vnetverify.source import Source
from vnetverify.syntax import read


def lints(text: str) -> list[Diagnostic]:
    document = read([Source("t.vnet", text)], Network())
    assert not document.diagnostics, document.diagnostics
    return list(proved_lints(document.network))


def found(text: str) -> list[tuple[str, int]]:
    """Return the codes with their lines."""
    return sorted((lint.code, lint.span.line) for lint in lints(text))


def at_web(rules: str, more: str = "") -> str:
    return f"vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }}\nnsg g {{\n{rules}\n}}\n{more}"


# -- rules that change nothing --------------------------------------------------------------------------


def test_two_rules_that_together_take_all_shadow_a_third() -> None:
    (lint,) = lints(
        at_web("""\
inbound 100 low  deny  tcp from any to any port 0-1000
inbound 110 high allow tcp from any to any port 1001-65535
inbound 120 web  allow tcp from any to any port 80, 8080""")
    )

    assert ("rule-shadowed", 5) == (lint.code, lint.span.line)
    assert [3, 4] == sorted(span.line for span, _ in lint.others)


def test_a_rule_that_only_most_is_taken_of_still_decides() -> None:
    assert not found(
        at_web("""\
inbound 100 low  deny  tcp from any to any port 0-1000
inbound 110 high deny  tcp from any to any port 1002-65535
inbound 120 web  allow tcp from any to any port 80, 1001""")
    )


def test_a_rule_about_addresses_that_are_elsewhere_matches_nothing() -> None:
    assert [("rule-never-matches", 3)] == found(at_web("inbound 100 far allow tcp from any to 10.9.0.0/16 port 80"))


def test_where_something_forwards_addresses_elsewhere_are_matched() -> None:
    fw = "appliance fw { nic 10.0.1.4 in v.web }"

    assert not found(at_web("inbound 100 far allow tcp from 10.7.0.0/16 to 10.9.0.0/16 port 80", fw))


@pytest.mark.parametrize(
    ("told", "what_stands_there"),
    [
        ("for v", []),
        ("for w, v", []),
        ("", []),
        ("for w", [("rule-never-matches", 3)]),
        ("for v at v.web", [("rule-never-matches", 3)]),
    ],
)
def test_what_is_not_modelled_may_forward_in_the_networks_that_it_is_about(
    told: str, what_stands_there: list[tuple[str, int]]
) -> None:
    unknown = f'vnet w {{ address 10.5.0.0/16 }}\nnot-modelled "x" because "it is new" {told}'

    assert what_stands_there == found(
        at_web("inbound 100 far allow tcp from 10.7.0.0/16 to 10.9.0.0/16 port 80", unknown)
    )


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ("enabled", []),
        ("security-groups", []),
        ("disabled", [("rule-never-matches", 3)]),
        ("route-tables", [("rule-never-matches", 3)]),
    ],
)
def test_a_rule_about_a_private_endpoint_matches_where_groups_hold_for_it(
    policies: str, expected: list[tuple[str, int]]
) -> None:
    text = f"""\
vnet v {{ address 10.0.0.0/16  subnet pe 10.0.5.0/24 nsg g private-endpoint-policies {policies}  subnet q 10.0.6.0/24 }}
nsg g {{
inbound 100 vault allow tcp from any to 10.0.5.4/32 port 443
inbound 110 other deny  tcp from any to 10.0.6.4/32 port 443
}}
private-endpoint vault 10.0.5.4 in v.pe
private-endpoint else  10.0.6.4 in v.q
"""
    assert sorted([*expected, ("rule-never-matches", 4)]) == found(text)


def test_a_group_in_the_way_of_private_endpoints_judges_nothing_that_they_send() -> None:
    text = """\
vnet v { address 10.0.0.0/16  subnet pe 10.0.5.0/29 nsg g private-endpoint-policies enabled }
nsg g { outbound 100 vault allow tcp from 10.0.5.4/32 to any port 443 }
private-endpoint vault 10.0.5.4 in v.pe
"""
    assert [("rule-never-matches", 2)] == found(text)


def test_a_rule_is_alive_if_it_decides_at_one_of_the_places_of_its_group() -> None:
    text = """\
vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g  subnet db 10.0.2.0/24 nsg g }
nsg g { inbound 100 db deny tcp from any to 10.0.2.0/24 port 22 }
"""
    assert not found(text)


def test_what_an_open_fact_may_bring_to_life_is_not_said_to_be_dead() -> None:
    """Whether the learned default route belongs to VirtualNetwork is open, so `late` may decide."""
    text = """\
vnet v { address 10.0.0.0/16  subnet fw 10.0.2.0/24  subnet web 10.0.1.0/24 nsg g routes r }
route-table r { d 0.0.0.0/0 -> appliance 10.0.2.4 }
nsg g {
inbound 100 inside deny  tcp from VirtualNetwork to any port 80
inbound 110 late   allow tcp from 198.51.100.0/24 to any port 80
}
"""
    assert "rule-shadowed" not in {lint.code for lint in lints(text)}


def test_a_rule_without_which_the_rest_decides_alike_is_redundant() -> None:
    assert [("rule-redundant", 3)] == found(
        at_web("""\
inbound 100 some deny tcp from 10.0.0.0/8 to any port 80
inbound 110 all  deny tcp from any to any""")
    )


@pytest.mark.parametrize(("where", "codes"), [("v", ["lint-undecided"]), ("w", ["rule-redundant"])])
def test_nothing_is_said_of_rules_beside_some_of_which_not_all_is_known(where: str, codes: list[str]) -> None:
    """A rule between the two may do otherwise with the packets of the first."""
    gap = f'not-known "`sourceAddressPrefix` of rule `r`" because "parameter `p` has no value" for {where}'
    rules = "inbound 100 one deny tcp from any to any port 80\ninbound 200 all deny any from any to any"

    assert codes == [code for code, _ in found(at_web(rules, f"vnet w {{ address 10.9.0.0/16 }}\n{gap}"))]


def test_a_rule_that_comes_first_is_not_said_to_decide_alike() -> None:
    text = at_web("""\
inbound 100 inside   allow any from VirtualNetwork to VirtualNetwork
inbound 200 internet deny  any from Internet to any""")

    (told,) = lints(text)

    assert "the default rules would decide alike, after what `inside` decides" in told.message
    assert [label for _, label in told.others] == ["decides before"]


def test_of_two_rules_that_each_could_go_one_is_named() -> None:
    """The group of the subnet and that of the interface stop the same; without both it would get in."""
    text = """\
vnet v { address 10.0.0.0/28  subnet web 10.0.0.0/29 nsg g }
nsg g { inbound 100 deny-ssh deny tcp from any to 10.0.0.4 port 22 }
nsg n { inbound 100 no-ssh deny tcp from any to any port 22 }
vm a { nic 10.0.0.4 in v.web nsg n }
"""
    assert 1 == len(found(text))


def test_an_allowance_that_the_other_level_denies_is_overruled() -> None:
    text = """\
vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }
nsg g { inbound 100 none deny any from any to any }
nsg n { inbound 100 https allow tcp from any to any port 443 }
vm a { nic 10.0.1.4 in v.web nsg n }
"""
    assert [("rule-overruled", 3)] == found(text)


def test_rules_about_host_services_are_left_alone() -> None:
    assert not found(at_web("outbound 100 dns deny any from any to AzurePlatformDNS"))


def test_a_rule_of_one_family_lives_by_it() -> None:
    text = """\
vnet v { address 10.0.0.0/16, fd00:db8::/48  subnet web 10.0.1.0/24, fd00:db8:0:1::/64 nsg g }
nsg g {
inbound 100 six  deny tcp from fd00:db8:0:2::/64 to any port 22
inbound 110 four deny tcp from 10.0.2.0/24 to any port 22
inbound 120 six2 deny tcp from fd00:db8:0:2::4 to any port 22
}
"""
    assert [("rule-shadowed", 5)] == found(text)


def test_taking_out_all_that_is_said_to_change_nothing_changes_nothing() -> None:
    """Of all lists of three out of a few rules: what is reported goes, and every verdict stays, says brute force."""
    pool = (
        "allow tcp from any to any port 80",
        "deny tcp from 10.0.0.0/8 to any port 80-81",
        "deny any from VirtualNetwork to any",
        "allow tcp from 10.0.1.0/24 to any",
    )
    for lines in itertools.permutations(pool, 3):
        rules = [f"inbound {100 + number} r{number} {line}" for number, line in enumerate(lines)]
        idle = {lint.span.line - 3 for lint in lints(at_web("\n".join(rules))) if lint.code.startswith("rule-")}
        kept = [line for number, line in enumerate(lines) if number not in idle]

        assert _verdicts(lines) == _verdicts(kept)
        assert all(_verdicts(kept) != _verdicts([*kept[:n], *kept[n + 1 :]]) for n in range(len(kept)))


SOURCES = (("10.0.0.0/8", "10.0.1.0/24", "VirtualNetwork"), ("10.0.0.0/8", "VirtualNetwork"), ("10.0.0.0/8",), ())
"""What addresses in the subnet, the vnet, elsewhere in 10.0.0.0/8 and on the Internet are called by rules."""


def _verdicts(lines: Sequence[str]) -> list[bool]:
    """Return what the lines and the default rules say to packets at every bound of them."""
    services = (("tcp", 80), ("tcp", 81), ("tcp", 9), ("udp", 80))
    return [_verdict(lines, (*names, "any"), *service) for names in SOURCES for service in services]


def _verdict(lines: Sequence[str], names: tuple[str, ...], protocol: str, port: int) -> bool:
    for line in lines:
        access, spoken, _, source, _, _, *ports = line.split()
        low, _, high = ports[1].partition("-") if ports else ("0", "-", "65535")
        if spoken in ("any", protocol) and source in names and int(low) <= port <= int(high or low):
            return access == "allow"
    return "VirtualNetwork" in names


# -- filters that do otherwise than they read -----------------------------------------------------------

FORCED = """\
vnet v { address 10.0.0.0/16  subnet fw 10.0.2.0/24  subnet web 10.0.1.0/24 nsg g routes r }
route-table r { d 0.0.0.0/0 -> appliance 10.0.2.4 }
nsg g {
  inbound  100 in     allow tcp from VirtualNetwork to any port 443
  inbound  110 no     deny  any from any to any
  outbound 100 inside allow any from any to VirtualNetwork port 443
  outbound 110 shut   deny  any from any to Internet
}
"""


def test_a_default_route_to_an_appliance_makes_a_rule_about_virtual_network_one_about_all() -> None:
    named = {lint.span.line: lint for lint in lints(FORCED) if lint.code == "virtual-network-is-everything"}

    assert {3: Severity.NOTE, 4: Severity.WARNING, 6: Severity.WARNING} == {n: f.severity for n, f in named.items()}
    assert [2] == [span.line for span, _ in named[4].others]
    assert "tcp 8.8.8.8:49152 -> 10.0.1.4:443" == named[4].example


def test_a_rule_about_the_internet_comes_too_late_behind_one_about_virtual_network() -> None:
    assert ("internet-taken-first", 7) in found(FORCED)


LEARNED = """\
vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g routes r  subnet GatewaySubnet 10.0.2.0/27  gateway vpn g }
site hq { address 192.168.0.0/16 }
connection plain: hq -- v.g { bgp  prefixes 192.168.0.0/16 }
connection every: hq -- v.g { bgp  prefixes 0.0.0.0/0 }
nsg g { inbound 100 in allow tcp from VirtualNetwork to any port 443  inbound 110 no deny any from any to any }
route-table r {
  near 10.9.0.0/16 -> gateway
DEFAULT
}
"""


@pytest.mark.parametrize(
    ("default", "lines"), [("", [4]), ("  d 0.0.0.0/0 -> gateway", [4, 8]), ("  d 0.0.0.0/0 -> internet", [4])]
)
def test_a_tag_that_is_everything_is_shown_with_the_default_routes_that_make_it_so(
    default: str, lines: list[int]
) -> None:
    text = LEARNED.replace("DEFAULT", default)
    found = [lint for lint in lints(text) if lint.code == "virtual-network-is-everything"]

    assert found
    assert all(sorted(span.line for span, _ in lint.others) == lines for lint in found)


def test_without_a_default_route_the_tag_is_what_it_seems() -> None:
    assert not {"virtual-network-is-everything", "internet-taken-first"} & {
        code for code, _ in found(FORCED.replace("0.0.0.0/0", "10.9.0.0/16"))
    }


@pytest.mark.parametrize("rules", ["", "inbound 100 spoke allow any from 10.1.0.0/16 to any"])
def test_an_access_flag_holds_nobody_back_who_has_no_group_or_a_rule_of_his_own(rules: str) -> None:
    attached = "nsg g" if rules else ""
    text = f"""\
vnet hub {{ address 10.0.0.0/16  subnet a 10.0.1.0/24 {attached} }}
vnet spoke {{ address 10.1.0.0/16  subnet a 10.1.1.0/24 }}
peering hub -> spoke {{ allow-virtual-network-access off }}
peering spoke -> hub {{}}
nsg g {{ {rules} }}
"""
    assert [("access-flag-does-not-block", 3)] == found(text)


def test_an_access_flag_holds_back_where_default_rules_judge() -> None:
    text = """\
vnet hub { address 10.0.0.0/16  subnet a 10.0.1.0/24 nsg g }
vnet spoke { address 10.1.0.0/16  subnet a 10.1.1.0/24 }
peering hub -> spoke { allow-virtual-network-access off }
peering spoke -> hub {}
nsg g {}
"""
    assert not found(text)


@pytest.mark.parametrize(("option", "expected"), [("", [("rule-never-matches", 3)]), ("floating-ip", [])])
def test_a_rule_for_a_frontend_matches_at_a_member_that_may_see_the_frontends_address(
    option: str, expected: list[tuple[str, int]]
) -> None:
    elsewhere = f"""\
vm a {{ nic 10.0.1.4 in v.web }}
vnet w {{ address 10.9.0.0/16  subnet s 10.9.1.0/24 }}
load-balancer lb standard {{ frontend f 10.9.1.100 in w.s  rule r tcp 80 -> a {option} }}
peering v -> w
peering w -> v
"""
    rules = "inbound 100 front allow tcp from any to 10.9.1.100/32 port 80\ninbound 200 none deny any from any to any"

    assert expected == found(at_web(rules, elsewhere))


@pytest.mark.parametrize(
    ("address", "option", "expected"),
    [
        ("20.0.0.1", "floating-ip", [("rule-never-matches", 4)]),
        ("", "floating-ip", []),
        ("20.0.0.1", "", [("rule-never-matches", 3), ("rule-never-matches", 4)]),
        ("", "", [("rule-never-matches", 3), ("rule-never-matches", 4)]),
    ],
)
def test_a_rule_for_a_public_frontend_matches_at_a_member_that_may_see_its_address(
    address: str, option: str, expected: list[tuple[str, int]]
) -> None:
    balancer = f"""\
vm a {{ nic 10.0.1.4 in v.web }}
load-balancer lb standard {{ frontend f public-ip {address}  rule r tcp 80 -> a {option} }}
"""
    rules = """\
inbound 100 front  allow tcp from any to 20.0.0.1/32 port 80
inbound 110 beside allow tcp from any to 20.0.0.2/32 port 80
inbound 200 none   deny  any from any to any"""

    assert expected == found(at_web(rules, balancer))


BALANCED = """\
load-balancer lb standard in v.web { frontend 10.0.1.100  rule sql tcp 1433 -> a probe 1434 }
vm a { nic 10.0.1.4 in v.web }
"""


def test_a_group_that_denies_all_stops_the_probe_of_a_load_balancer() -> None:
    rules = "inbound 100 sql allow tcp from 10.0.0.0/8 to any port 1433\ninbound 4000 shut deny any from any to any"
    (lint,) = lints(at_web(rules, BALANCED))

    assert ("probe-denied", 4) == (lint.code, lint.others[0][0].line)
    assert "tcp 168.63.129.16:49152 -> 10.0.1.4:1434" == lint.example


def test_default_rules_let_probes_in() -> None:
    assert not found(at_web("inbound 100 ssh deny tcp from any to any port 22", BALANCED))


# -- check ----------------------------------------------------------------------------------------------


def test_check_warns_of_rules_without_effect_and_finds_no_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.vnet"
    path.write_text(at_web("inbound 100 far allow tcp from any to 10.9.0.0/16 port 80"))

    assert main(["check", "--output-format", "concise", str(path)]) == status.AS_EXPECTED

    out = capsys.readouterr().out
    assert "warning[rule-never-matches]" in out
    assert out.splitlines()[-1].startswith("no errors: ")


# -- security admin rules -------------------------------------------------------------------------------


def managed(rules: str, more: str = "", group: str = "") -> str:
    nsg = " nsg g" if group else ""
    groups = f"nsg g {{\n{group}\n}}\n" if group else ""
    return (
        f"vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24{nsg} }}\n"
        f"admin-rules base by corp for v {{\n{rules}\n}}\n{groups}{more}"
    )


def of_admin_rules(text: str) -> list[Diagnostic]:
    network = read([Source("t.vnet", text)], Network()).network
    return [lint for lint in proved_lints(network) if "admin" in lint.code]


def test_an_admin_rule_is_shadowed_by_two_together() -> None:
    (lint,) = of_admin_rules(
        managed("""\
inbound 10 low  deny  tcp from any to any port 0-1000
inbound 20 high always-allow tcp from any to any port 1001-65535
inbound 30 web  deny tcp from any to any port 80, 8080""")
    )

    assert ("admin-rule-shadowed", 5, [3, 4]) == (
        lint.code, lint.span.line, sorted(span.line for span, _ in lint.others)
    )  # fmt: skip


def test_an_admin_rule_that_names_nothing_where_it_is_in_force_never_matches() -> None:
    (lint,) = of_admin_rules(managed("outbound 10 r deny tcp from 10.7.0.0/16 to any"))

    assert "admin-rule-never-matches" == lint.code


ALLOW = "inbound 10 a allow tcp from 10.0.0.0/8 to any port 80"


@pytest.mark.parametrize(
    ("behind", "codes"),
    [
        ("", ["idle-admin-rule"]),
        ("inbound 20 b deny udp from any to any", ["idle-admin-rule"]),
        ("inbound 20 b deny tcp from 10.9.0.0/16 to any port 79-81", []),
        ("inbound 20 b always-allow any from 10.9.0.0/16 to any", []),
        ("inbound 20 b allow tcp from any to any", ["idle-admin-rule", "idle-admin-rule"]),
        ("inbound 5 b deny tcp from 10.9.0.0/16 to any", ["idle-admin-rule"]),
        ("inbound 20 b deny tcp from VirtualNetwork to any port 80", []),
        ("inbound 20 b deny tcp from AzureLoadBalancer to any port 80", ["idle-admin-rule"]),
    ],
)
def test_an_exception_is_idle_unless_a_rule_behind_it_could_take_its_packets(behind: str, codes: list[str]) -> None:
    assert codes == [lint.code for lint in of_admin_rules(managed(f"{ALLOW}\n{behind}"))]


def test_an_exception_keeps_packets_from_a_manager_of_lower_scope() -> None:
    team = "admin-rules t by team for v { inbound 1 no deny tcp from 10.2.0.0/16 to any port 80 }"

    assert not of_admin_rules(managed(ALLOW, team))


def test_tied_rules_are_shown_with_a_packet_that_each_would_decide() -> None:
    (lint,) = of_admin_rules(
        managed("inbound 10 a deny tcp from 10.9.0.0/16 to any\ninbound 10 b always-allow tcp from any to any port 80")
    )

    assert ("tied-admin-rules", 4, "F-ADM-15") == (lint.code, lint.span.line, lint.rule)
    assert lint.example is not None
    assert lint.example.endswith(":80")


def test_rules_that_tie_only_for_what_an_earlier_one_takes_do_not() -> None:
    rules = "inbound 5 first deny tcp from any to any port 80\ninbound 10 a deny tcp from 10.9.0.0/16 to any port 80-90"
    tied = "inbound 10 b always-allow tcp from any to any port 80"

    assert ["admin-rule-shadowed"] == [lint.code for lint in of_admin_rules(managed(f"{rules}\n{tied}"))]


def test_a_group_rule_whose_packets_admin_rules_take_never_decides() -> None:
    text = managed("inbound 10 no-ssh deny tcp from any to any port 22", group=(
        "inbound 100 ssh allow tcp from any to any port 22\ninbound 110 web allow tcp from any to any port 80"
    ))  # fmt: skip
    (lint,) = lints(text)

    assert ("rule-shadowed", 6, [3]) == (lint.code, lint.span.line, [span.line for span, _ in lint.others])


def test_a_tag_that_an_admin_rule_takes_first_is_no_surprise() -> None:
    """The group's rule about VirtualNetwork, which a default route makes everything, decides nothing."""
    text = """\
vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g routes r  subnet fw 10.0.2.0/24 }
appliance fw { nic 10.0.2.4 in v.fw }
route-table r { default 0.0.0.0/0 -> appliance 10.0.2.4 }
nsg g {
outbound 100 all allow any from any to VirtualNetwork }
admin-rules base by corp for v { outbound 10 shut always-allow any from any to any }
"""

    assert "virtual-network-is-everything" not in {lint.code for lint in lints(text) if lint.span.line == 5}
    assert "rule-shadowed" in {lint.code for lint in lints(text) if lint.span.line == 5}
