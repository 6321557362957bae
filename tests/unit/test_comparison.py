"""Two versions of security groups: proved equal, or the packets that fare otherwise."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.changes import PLACE, SHUT, changes, of_rules, told
from vnetverify.cli import main, status
from vnetverify.encoder import comparing
from vnetverify.encoder.comparing import Deciding, Reach, common_subsequence, may_meet
from vnetverify.header import ALL_PORTS, ICMP, TCP, UDP, Interval, IntervalSet
from vnetverify.model.security import Direction
from vnetverify.report.changes import Changes, render_changes


def test_a_new_allowance_is_shown_with_what_denied_before() -> None:
    found = of_rules(SHUT, f"inbound 100 web allow tcp from 10.0.0.0/8 to any port 80\n{SHUT}")

    assert ["v.web inbound: tcp 80 from 10.0.0.0/8; g/shut -> g/web"] == told(found)
    assert "tcp 10.0.0.4:49152 -> 10.0.1.4:80" == str(found.found[0].example)
    assert not found.found[0].was_allowed


def test_what_earlier_rules_take_is_cut_out() -> None:
    no_seven = "inbound 100 no-seven deny tcp from 10.7.0.0/16 to any"
    web = "inbound 110 web allow tcp from 10.6.0.0/15 to any port 80"

    assert ["v.web inbound: tcp 80 from 10.6.0.0/16; g/shut -> g/web"] == told(
        of_rules(f"{no_seven}\n{SHUT}", f"{no_seven}\n{web}\n{SHUT}")
    )


def test_the_same_is_found_where_more_rules_change_than_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [f"inbound {100 + n} r{n} allow tcp from 10.{n}.0.0/16 to any port 80" for n in range(3)]
    few = told(of_rules(SHUT, "\n".join([*rules, SHUT])))
    monkeypatch.setattr(comparing, "_MANY", 2)

    assert few == told(of_rules(SHUT, "\n".join([*rules, SHUT])))


def test_what_a_tag_takes_is_named() -> None:
    found = of_rules("", "inbound 100 web allow tcp from any to any port 80")
    named = "but for what `g/AllowVNetInBound`, `g/AllowAzureLoadBalancerInBound` take first"

    assert [f"v.web inbound: tcp 80, {named}; g/DenyAllInBound -> g/web"] == told(found)


def test_each_pair_of_deciding_rules_is_shown_once() -> None:
    old = f"inbound 100 a allow tcp from 10.0.0.0/8 to any port 80\n{SHUT}"
    new = "inbound 100 a deny tcp from 10.0.0.0/9 to any port 80\ninbound 4000 shut deny any from any to any"

    assert [
        "v.web inbound: tcp 80 from 10.0.0.0/9; g/a -> g/a",
        "v.web inbound: tcp 80 from 10.128.0.0/9; g/a -> g/shut",
    ] == sorted(told(of_rules(old, new)))


ALIKE = (
    (
        f"inbound 100 a allow tcp from any to any port 80-81\n{SHUT}",
        f"inbound 100 a allow tcp from any to any port 80\ninbound 110 b allow tcp from any to any port 81\n{SHUT}",
    ),
    (
        f"inbound 100 a allow any from any to any port 80\n{SHUT}",
        f"inbound 200 renamed allow any from any to any port 80\n{SHUT}",
    ),
    ("inbound 100 a allow tcp from VirtualNetwork to any port 80", ""),
    (
        f"inbound 100 a deny tcp from any to any port 1\ninbound 110 b deny udp from any to any\n{SHUT}",
        SHUT,
    ),
)


@pytest.mark.parametrize(("old", "new"), ALIKE)
def test_what_reads_otherwise_and_does_the_same_is_proved_equal(old: str, new: str) -> None:
    assert Changes(()) == of_rules(old, new)
    assert Changes(()) == of_rules(new, old)


def test_the_order_of_rules_that_meet_counts() -> None:
    rules = ("allow tcp from 10.0.0.0/8 to any port 80", "deny tcp from any to any port 80")
    found = of_rules(*(f"inbound 100 a {x}\ninbound 110 b {y}\n{SHUT}" for x, y in (rules, rules[::-1])))

    assert ["v.web inbound: tcp 80 from 10.0.0.0/8; g/a -> g/a"] == told(found)


def test_a_difference_that_hangs_on_an_open_fact_says_so() -> None:
    """A rule with ports may apply to ICMP or not."""
    old, new = "inbound 100 a allow icmp from any to any port 80", "inbound 100 b allow icmp from any to any port 80-81"
    found = of_rules(f"{old}\n{SHUT}", f"{new}\n{SHUT}")

    assert found.found
    assert all(change.needed for change in found.found)


# -- attachments ----------------------------------------------------------------------------------------


def test_a_group_taken_off_an_interface_changes_what_the_other_level_let_pass() -> None:
    text = """\
vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }}
nsg g {{ inbound 100 ssh allow tcp from any to any port 22
inbound 4000 shut deny any from any to any }}
nsg n {{ inbound 100 no deny any from any to any }}
vm a {{ nic 10.0.1.4 in v.web {} }}
"""
    found = changes(text.format("nsg n"), text.format(""))

    assert ["a inbound: tcp 22; g/ssh n/no -> g/ssh"] == [line for line in told(found) if "inbound" in line]


def test_what_one_level_lets_through_now_is_found_where_the_other_changed_elsewhere() -> None:
    text = """\
vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }}
nsg g {{ inbound 100 web allow tcp from any to any port 80
{}
inbound 4000 shut deny any from any to any }}
nsg n {{ {}
inbound 4000 shut deny any from any to any }}
vm a {{ nic 10.0.1.4 in v.web nsg n }}
"""
    dns, web = "inbound 200 dns allow udp from any to any port 53", "inbound 100 web allow tcp from any to any port 80"
    found = changes(text.format("", ""), text.format(dns, web))

    assert ["a inbound: tcp 80; g/web n/shut -> g/web n/web"] == [line for line in told(found) if line.startswith("a ")]


def test_a_group_taken_off_closes_a_standard_public_address() -> None:
    text = """\
vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 }}
nsg n {{ inbound 100 all allow any from any to any }}
vm a {{ nic 10.0.1.4 in v.web public-ip standard {} }}
"""
    found = [change for change in changes(text.format("nsg n"), text.format("")).found if change.was_allowed]

    assert [("a by its public address",)] == [change.places for change in found]


def test_a_group_put_on_opens_a_standard_public_address() -> None:
    text = """\
vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 }}
nsg n {{ inbound 100 all allow any from any to any }}
vm a {{ nic 10.0.1.4 in v.web public-ip standard {} }}
"""
    found = [change for change in changes(text.format(""), text.format("nsg n")).found if not change.was_allowed]

    assert [("a by its public address",)] == [change.places for change in found]


def test_with_a_group_in_both_versions_a_public_address_is_no_place_of_its_own() -> None:
    more = "vm a { nic 10.0.1.4 in v.web public-ip standard }"
    found = of_rules(*(f"inbound 100 web allow tcp from 192.0.2.0/24 to any port {port}" for port in (80, 81)), more)

    assert {("v.web",)} == {change.places for change in found.found}


def test_what_is_compared_at_an_interface_is_what_passes_it_in_both_versions() -> None:
    """One that forwards sends whatever it forwards; one behind floating IP only gets what is for the frontend."""
    text = """\
vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }}
nsg g {{ outbound 100 out deny tcp from any to any port {}  inbound 100 in deny tcp from any to any port {} }}
vm a {{ nic 10.0.1.4 in v.web {} }}
load-balancer lb standard {{ frontend f 10.0.1.20 in v.web  rule r tcp 443 -> a floating-ip }}
"""
    forwarding, floating = text.format(80, 80, "ip-forwarding on"), text.format(81, 81, "")
    for old, new in ((forwarding, floating), (floating, forwarding)):
        found = changes(old, new).found

        assert {Direction.INBOUND} == {
            change.direction for change in found if "a for what it forwards" in change.places
        }
        assert {change.direction for change in found if "v.web" in change.places} == set(Direction)


def test_a_group_taken_off_closes_a_standard_public_frontend() -> None:
    text = """\
vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 }}
nsg n {{ inbound 100 all allow any from any to any }}
vm a {{ nic 10.0.1.4 in v.web {} }}
load-balancer lb standard {{ frontend f public-ip 20.0.0.1  rule r tcp 443 -> a }}
"""
    found = [change for change in changes(text.format("nsg n"), text.format("")).found if change.was_allowed]

    assert [("a by load balancer lb",)] == [change.places for change in found]


PUBLIC = """\
vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 }}
nsg shut {{ inbound 100 none deny any from any to any }}
nsg open {{ inbound 100 all allow any from any to any }}
vm a {{ nic 10.0.1.4 in v.web {public} {group} }}
{more}
"""


def of_public_address(public: str, group: str, more: str = "") -> list[tuple[bool, list[str]]]:
    """Return what is found of TCP by the public address where a group is taken off: whether it was let in, and the
    facts that this needs."""
    old, new = (PUBLIC.format(public=public, group=each, more=more) for each in (f"nsg {group}", ""))
    return [
        (one.was_allowed, [f"{fact} = {value}" for fact, value in one.needed])
        for one in changes(old, new).found
        if "a by its public address" in one.places and one.example.protocol == TCP
    ]


def test_a_group_taken_off_opens_a_basic_public_address() -> None:
    assert [] == of_public_address("public-ip basic", "open")
    assert [(False, [])] == of_public_address("public-ip basic", "shut")
    assert [] == of_public_address("public-ip standard", "shut")


def test_what_a_public_address_of_no_stated_sku_lets_in_without_a_group_is_open() -> None:
    assert [(True, [])] == of_public_address("public-ip", "open")
    assert [(False, ["U-SKU(a-ip) = True"])] == of_public_address("public-ip", "shut")


def test_whether_an_admin_rule_opens_a_standard_public_address_is_open() -> None:
    always = "admin-rules r for v { inbound 10 all always-allow any from any to any }"

    assert [] == of_public_address("public-ip basic", "shut", always)
    assert [(True, [])] == of_public_address("public-ip standard", "shut", always)


@pytest.mark.parametrize(("address", "found"), [("10.0.1.4", ["a"]), ("", [])])
def test_nothing_comes_in_by_a_public_address_of_an_interface_that_has_none(address: str, found: list[str]) -> None:
    old, new = (
        PUBLIC.format(public="public-ip basic", group=group, more="").replace("10.0.1.4", address)
        for group in ("nsg shut", "")
    )
    of_tcp = [one.places for one in changes(old, new).found if one.example.protocol == TCP and not one.was_allowed]

    assert [place for places in of_tcp for place in places if place.endswith("public address")] == [
        f"{name} by its public address" for name in found
    ]


def test_members_are_entered_by_the_public_frontends_of_rules_that_lead_to_them() -> None:
    text = """\
vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 }}
nsg n {{ inbound 100 all allow any from any to any }}
vm a {{ nic 10.0.1.4 in v.web {0} }}
vm b {{ nic 10.0.1.5 in v.web {0} }}
vm c {{ nic 10.0.1.6 in v.web {0} }}
vm d {{ nic in v.web {0} }}
load-balancer one standard in v.web {{
  frontend inner 10.0.1.100
  frontend outer public-ip 20.0.0.1
  rule r tcp 443 at outer -> a, d
  rule q tcp 443 at inner -> b
}}
load-balancer two standard {{ frontend inner public-ip 20.0.0.2  rule r tcp 443 -> c }}
"""
    found = [change for change in changes(text.format("nsg n"), text.format("")).found if change.was_allowed]

    assert [("a by load balancer one", "c by load balancer two")] == [change.places for change in found]


def test_places_at_which_the_same_differs_are_listed_together() -> None:
    text = "vnet v {{ address 10.0.0.0/16  subnet a 10.0.1.0/24 nsg g  subnet b 10.0.2.0/24 nsg g }}\nnsg g {{ {} {} }}"
    found = changes(text.format("", SHUT), text.format("inbound 100 web allow tcp from any to any port 80", SHUT))

    assert [("v.a", "v.b")] == [change.places for change in found.found]


# -- families and what else differs ----------------------------------------------------------------------


def test_ipv6_is_compared_as_well() -> None:
    text = """\
vnet v {{ address 10.0.0.0/16, fd00:db8::/48  subnet a 10.0.1.0/24, fd00:db8:0:1::/64 nsg g }}
nsg g {{ {} {} }}
"""
    six = "inbound 100 six allow tcp from fd00:db8:9::/48 to any port 22"

    assert ["v.a inbound: tcp 22 from fd00:db8:9::/48; g/shut -> g/six"] == told(
        changes(text.format("", SHUT), text.format(six, SHUT))
    )


def test_what_comes_in_by_a_public_address_of_ipv6_is_compared() -> None:
    text = """\
vnet v {{ address 10.0.0.0/16, fd00:db8::/48  subnet s 10.0.0.0/24, fd00:db8::/64 }}
vm a {{ nic 10.0.0.4, fd00:db8::4 in v.s {}  public-ip six standard ipv6 }}
nsg open {{ inbound 100 all allow any from any to any }}
"""
    found = changes(text.format("nsg open"), text.format("")).found

    assert [("a by its public address",)] == [change.places for change in found if change.was_allowed]


def test_what_else_differs_is_named_and_what_tags_hold_by_it_is_compared() -> None:
    text = f"{PLACE}\nnsg g {{ {SHUT} }}"
    found = changes(text, f"{text}\nvnet w {{ address 10.9.0.0/16 }}\npeering v -> w {{}}\npeering w -> v {{}}")

    assert ("vnets and subnets", "peerings") == found.not_compared
    assert {("g", "AllowVnetOutBound")} == {(nsg, rule.name) for change in found.found for nsg, rule in change.new}


_NOT_KNOWN = 'not-known "`sourceAddressPrefix` of rule `r`" because "parameter `p` has no value" for {}'


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        (_NOT_KNOWN.format("v"), ("`sourceAddressPrefix` of rule `r`",)),
        ('not-known "a linked template" because "it is not in the input"', ("a linked template",)),
        ('not-modelled "rule `r`" because "its protocol is not modelled" for v', ("rule `r`",)),
        ('not-modelled "`applicationSecurityGroups` of private endpoint `e`" because "no" for v', None),
        ('not-modelled "a scale set" because "it is not in the input" for v', ()),
    ],
)
def test_lists_of_which_not_all_is_known_are_not_called_equal(beside: str, named: tuple[str, ...] | None) -> None:
    """What both versions do not tell of may stand before a rule in one of them, and behind it in the other."""
    found = changes(f"{PLACE} nsg g {{ {SHUT} }} {beside}", f"{PLACE} nsg g {{ {SHUT} }} {beside}")

    assert found.not_known == named if named is not None else found.not_known
    assert found.are_equal is (named == ())


def test_a_difference_where_not_all_is_known_is_marked() -> None:
    places = f"{PLACE}\nvnet w {{ address 10.9.0.0/16  subnet far 10.9.1.0/24 nsg g }}\n{_NOT_KNOWN.format('w')}"
    found = changes(f"{places}\nnsg g {{ {SHUT} }}", f"{places}\nnsg g {{}}")

    assert {(place, change.is_open) for change in found.found for place in change.places} == {
        ("v.web", False),
        ("w.far", True),
        ("something not modelled in w.far for what it forwards", True),
    }
    assert "as far as is known" in render_changes(found)


# -- laws -----------------------------------------------------------------------------------------------

POOL = (
    "allow tcp from any to any port 80",
    "deny tcp from 10.0.0.0/8 to any port 80-81",
    "deny any from 10.9.0.0/16 to any",
    "allow any from 10.0.0.0/9 to any",
)


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        ("", ()),
        (
            'not-modelled "a scale set" because "it is not in the input" for v',
            ("nsg `loose`, which what is not modelled may have",),
        ),
    ],
)
def test_a_group_that_something_not_modelled_may_have_is_named_where_it_differs(
    beside: str, named: tuple[str, ...]
) -> None:
    loose = "nsg loose { inbound 100 web allow tcp from any to any port 80 }"

    found = of_rules("", "", beside), changes(f"{PLACE} nsg g {{}} {beside}", f"{PLACE} nsg g {{}} {loose} {beside}")

    assert [one.not_compared for one in found] == [(), named]


def test_lists_are_equal_iff_no_packet_at_a_bound_of_their_rules_tells_them_apart() -> None:
    lists = list(itertools.permutations(POOL, 2))
    for old, new in itertools.product(lists[:6], lists):
        texts = [
            "\n".join([f"inbound {100 + n} r{n} {line}" for n, line in enumerate(lines)] + [SHUT])
            for lines in (old, new)
        ]

        assert (_verdicts(old) == _verdicts(new)) is not bool(of_rules(*texts).found)


def _verdicts(lines: tuple[str, ...]) -> list[bool]:
    sources = (
        {"any", "10.0.0.0/8", "10.0.0.0/9", "10.9.0.0/16"},
        {"any", "10.0.0.0/8", "10.0.0.0/9"},
        {"any", "10.0.0.0/8"},
        {"any"},
    )
    services = (("tcp", 80), ("tcp", 81), ("tcp", 9), ("udp", 80))
    return [_verdict(lines, names, *service) for names in sources for service in services]


def _verdict(lines: tuple[str, ...], names: set[str], protocol: str, port: int) -> bool:
    for line in lines:
        access, spoken, _, source, _, _, *ports = line.split()
        low, _, high = ports[1].partition("-") if ports else ("0", "-", "65535")
        if spoken in ("any", protocol) and source in names and int(low) <= port <= int(high or low):
            return access == "allow"
    return False


@pytest.mark.parametrize(
    ("protocol", "meet"), [(None, True), (ICMP, True), (TCP, False), (UDP, False)], ids=["any", "icmp", "tcp", "udp"]
)
@pytest.mark.parametrize("side", ["source_ports", "destination_ports"])
def test_rules_of_other_ports_meet_in_packets_without_ports_alone(side: str, protocol: int | None, meet: bool) -> None:
    rules = Reach(protocol, None, None, ALL_PORTS, ALL_PORTS)
    one, other = (replace(rules, **{side: IntervalSet((Interval(port, port),))}) for port in (80, 81))

    assert may_meet(one, other) is meet
    assert may_meet(one, one)


@pytest.mark.parametrize("side", ["sources", "destinations"])
def test_rules_meet_where_they_share_addresses_on_each_side(side: str) -> None:
    near, far = IntervalSet((Interval(1, 9),)), IntervalSet((Interval(20, 29),))
    one = Reach(TCP, near, far, ALL_PORTS, ALL_PORTS)

    assert may_meet(one, one)
    assert may_meet(one, replace(one, **{side: None}))
    assert may_meet(replace(one, **{side: None}), one)
    assert not may_meet(one, replace(one, **{side: IntervalSet((Interval(10, 19),))}))


def test_a_decision_by_a_rule_that_never_decides_has_no_literals() -> None:
    deciding = Deciding({("g", "a"): "s1"}, (("s2", frozenset({("corp", "Block")})),))

    assert deciding.literals((("g", "a"),)) == ["s1", "-s2"]
    assert deciding.literals((("g", "a"), ("h", "b"))) is None


def test_a_common_subsequence_rises_in_both() -> None:
    assert [(0, 1), (1, 3), (3, 4)] == common_subsequence("abcd", "xacbd")
    assert not common_subsequence("abc", "")
    assert [(1, 1)] == common_subsequence("ab", "cb")


# -- the command ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "ends"),
    [
        (f"{PLACE}\nnsg g {{ {SHUT} }}", status.AS_EXPECTED),
        (f"{PLACE}\nnsg g {{ }}", status.DIFFERENT),
        (f"{PLACE}\nnsg g {{ {SHUT} }}\nvm a {{ nic 10.0.1.4 in v.web }}", status.UNDECIDED),
        (f"{PLACE}\nnsg g {{ {SHUT} }}\n{_NOT_KNOWN.format('v')}", status.UNDECIDED),
        (f"{PLACE}\nnsg g {{ }}\n{_NOT_KNOWN.format('v')}", status.UNDECIDED),
        ("vnet", status.BAD_INPUT),
    ],
)
def test_the_exit_status_tells_whether_anything_differs(new: str, ends: int, tmp_path: Path) -> None:
    paths = [tmp_path / "old.vnet", tmp_path / "new.vnet"]
    paths[0].write_text(f"{PLACE}\nnsg g {{ {SHUT} }}")
    paths[1].write_text(new)

    assert ends == main(["diff", *map(str, paths)])
