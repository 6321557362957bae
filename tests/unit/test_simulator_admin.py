"""Security admin rules in the simulator: which stand, which decide, and what becomes of replies (F-ADM-1..18)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    at,
    balancer,
    balancing,
    endpoint,
    flow,
    frontend,
    machine,
    network,
    nic,
    nsg,
    port,
    public,
    rule,
    subnet,
    vnet,
    world,
)
from vnetverify.facts import World
from vnetverify.header import ALL_PORTS, ICMPV6, TCP, IntervalSet, parse_prefix
from vnetverify.model.balancers import Sku
from vnetverify.model.intents import INTERNET
from vnetverify.model.network import AdminScope, Network
from vnetverify.model.private_links import Proxy, ProxyKind
from vnetverify.model.security import (
    AddressField,
    AddressPrefixes,
    AdminAction,
    AdminRule,
    AdminRules,
    AnyAddress,
    Direction,
    ServiceTag,
)
from vnetverify.report.tables import rules_table
from vnetverify.simulator.effective_rules import effective_rules
from vnetverify.simulator.filters import Judgement, judge
from vnetverify.simulator.walk import Conversation, converse, trace

IN, OUT = Direction.INBOUND, Direction.OUTBOUND
ALLOW, ALWAYS, DENY = AdminAction.ALLOW, AdminAction.ALWAYS_ALLOW, AdminAction.DENY
INSIDE = flow("10.0.2.4", "10.0.1.4", 22)
DENIES_ALL = nsg("closed", rule(100, "deny", "inbound"), rule(100, "deny", "outbound"))
OPEN = nsg("open", rule(100, "allow", "inbound"), rule(100, "allow", "outbound"))


def admin(
    name: str,
    priority: int,
    action: AdminAction,
    direction: Direction = IN,
    *,
    protocol: int | None = TCP,
    source: AddressField | None = None,
    ports: IntervalSet = ALL_PORTS,
) -> AdminRule:
    """Return a rule for every destination, and every source unless one is given."""
    return AdminRule(
        name, priority, direction, action, protocol, source or AnyAddress(), ALL_PORTS, AnyAddress(), ports
    )


def by(manager: str, *rules: AdminRule, vnets: tuple[str, ...] = ("v",)) -> AdminRules:
    return AdminRules(f"of {manager}", manager, vnets, rules)


def lan(
    *collections: AdminRules, group: str | None = None, scope: AdminScope = AdminScope.ALL, where: str = "app"
) -> Network:
    """Return a vnet with machine `m` in a subnet that has the group `group`, machine `c` elsewhere, and admin rules."""
    here = subnet(where, "10.0.1.0/24", nsg=group)
    elements: tuple[Element, ...] = (
        vnet("v", "10.0.0.0/16", here, subnet("clients", "10.0.2.0/24"), admin_scope=scope),
        machine("m", nic("m-nic", f"v.{where}", "10.0.1.4")),
        machine("c", nic("c-nic", "v.clients", "10.0.2.4")),
        DENIES_ALL,
        OPEN,
    )
    return replace(network(*elements), admin_rules=collections)


def at_m(net: Network, facts: World | None = None, packet: object = INSIDE, direction: Direction = IN) -> Judgement:
    return judge(net, net.machines["m"].nics[0].subnet_id, "m-nic", direction, packet, facts or World())  # type: ignore[arg-type]


def said(judgement: Judgement) -> list[tuple[str, str, str]]:
    return [(stage.nsg, stage.rule, stage.rule_id) for stage in judgement.stages]


def test_a_denying_rule_drops_though_every_group_allows() -> None:
    judgement = at_m(lan(by("corp", admin("no-ssh", 10, DENY)), group="open"))

    assert not judgement.allowed
    assert said(judgement) == [("corp", "no-ssh", "F-ADM-4")]


def test_a_denying_rule_drops_where_no_group_is_attached() -> None:
    assert not at_m(lan(by("corp", admin("no-ssh", 10, DENY)))).allowed


def test_an_always_allowing_rule_lets_pass_what_a_group_denies_and_asks_none() -> None:
    judgement = at_m(lan(by("corp", admin("scan", 10, ALWAYS)), group="closed"))

    assert judgement.allowed
    assert judgement.always_allowed
    assert said(judgement) == [("corp", "scan", "F-ADM-5")]


def test_an_allowing_rule_leaves_it_to_the_groups() -> None:
    judgement = at_m(lan(by("corp", admin("may", 10, ALLOW)), group="closed"))

    assert not judgement.allowed
    assert said(judgement) == [("corp", "may", "F-ADM-6"), ("closed", "rule-100", "F-NSG-4")]


def test_an_allowing_rule_shields_from_a_denial_of_larger_number_alone() -> None:
    shielded = by("corp", admin("no", 11, DENY), admin("may", 10, ALLOW))
    late = by("corp", admin("no", 10, DENY), admin("may", 11, ALLOW))

    assert at_m(lan(shielded)).allowed
    assert not at_m(lan(late)).allowed


def test_what_no_rule_matches_is_left_to_the_groups() -> None:
    net = lan(by("corp", admin("no-web", 10, DENY, ports=port(80)), admin("no-out", 10, DENY, OUT)), group="open")

    assert said(at_m(net)) == [("open", "rule-100", "F-NSG-4")]


def test_collections_of_one_manager_are_one_list_by_priority() -> None:
    net = lan(by("corp", admin("no", 20, DENY)), by("corp", admin("may", 10, ALLOW)))

    assert at_m(net).allowed


def test_a_collection_for_other_vnets_does_not_stand() -> None:
    assert at_m(lan(by("corp", admin("no", 10, DENY), vnets=("other",)))).allowed


def test_a_tag_is_read_at_the_subnet() -> None:
    net = lan(by("corp", admin("no", 10, DENY, source=ServiceTag("VirtualNetwork"))))

    assert not at_m(net).allowed
    assert at_m(net, packet=flow("20.1.1.1", "10.0.1.4", 22)).allowed


def test_facts_of_matching_name_manager_and_rule() -> None:
    net = lan(by("corp", admin("no", 10, DENY, protocol=None, ports=port(22))))
    ping = flow("10.0.2.4", "10.0.1.4", 0, protocol=1)

    assert not at_m(net, world("U-ICMPPORT(corp/no)"), ping).allowed
    assert at_m(net, world(false=["U-ICMPPORT(corp/no)"]), ping).allowed


def test_of_equal_priorities_that_differ_a_fact_says_which_is_first() -> None:
    net = lan(by("corp", admin("no", 10, DENY), admin("may", 10, ALLOW)))

    assert not at_m(net, world("U-ADMTIE(corp/no)")).allowed
    assert at_m(net, world(false=["U-ADMTIE(corp/no)"])).allowed


def test_equal_priorities_that_do_the_same_need_no_fact() -> None:
    judgement = at_m(lan(by("corp", admin("no", 10, DENY), admin("neither", 10, DENY))), World())

    assert said(judgement) == [("corp", "no", "F-ADM-4")]
    assert judgement.facts == ()


def test_after_a_higher_managers_allow_a_fact_says_whether_the_lower_is_asked() -> None:
    net = lan(by("corp", admin("may", 10, ALLOW)), by("team", admin("no", 1, DENY)))

    assert at_m(net, world(false=["U-ADMNEST"])).allowed
    assert [str(fact) for fact in at_m(net, world(false=["U-ADMNEST"])).facts] == ["U-ADMNEST"]
    assert at_m(lan(by("corp", admin("may", 10, ALLOW)))).facts == ()
    assert said(at_m(net, world("U-ADMNEST"))) == [("corp", "may", "F-ADM-6"), ("team", "no", "F-ADM-4")]


def test_a_lower_manager_is_asked_where_the_higher_says_nothing() -> None:
    net = lan(by("corp", admin("may", 10, ALLOW, ports=port(80))), by("team", admin("no", 1, DENY)))

    judgement = at_m(net)

    assert not judgement.allowed
    assert judgement.facts == ()


def test_managers_are_ordered_as_the_network_first_names_them() -> None:
    first = by("corp", admin("elsewhere", 1, DENY), vnets=("other",))
    net = lan(first, by("team", admin("no", 1, DENY)), by("corp", admin("always", 9, ALWAYS)))

    assert at_m(net).allowed


@pytest.mark.parametrize(
    ("scope", "facts", "expected"),
    [
        (AdminScope.ALL, World(), "no"),
        (AdminScope.NONE, World(), None),
        (AdminScope.ALLOW_ONLY, world(false=["U-AANIP(v)"]), None),
        (AdminScope.ALLOW_ONLY, world("U-AANIP(v)"), "always"),
    ],
)
def test_services_may_keep_rules_out_of_a_vnet(scope: AdminScope, facts: World, expected: str | None) -> None:
    judgement = at_m(lan(by("corp", admin("no", 10, DENY), admin("always", 20, ALWAYS)), scope=scope), facts)

    assert [stage.rule for stage in judgement.stages] == ([] if expected is None else [expected])


@pytest.mark.parametrize("name", ["AzureBastionSubnet", "gatewaysubnet", "RouteServerSubnet", "AzureFirewallSubnet"])
def test_subnets_of_services_have_no_admin_rules(name: str) -> None:
    assert at_m(lan(by("corp", admin("no", 10, DENY)), where=name)).allowed


def test_private_endpoints_have_no_admin_rules() -> None:
    net = lan(by("corp", admin("no", 10, DENY)))
    net = replace(net, private_endpoints={"vault": endpoint("vault", "v.app", "10.0.1.9")})

    assert "F-PE-5" in [step.rule for step in trace(net, at("v.clients"), flow("10.0.2.4", "10.0.1.9"), World()).steps]


def test_icmpv6_is_a_fact_where_an_admin_rule_stands() -> None:
    dual = vnet("v", "10.0.0.0/16 fd00::/48", subnet("app", "10.0.1.0/24 fd00::/64"))
    net = replace(network(dual, machine("m", nic("m-nic", "v.app", "10.0.1.4 fd00::4"))), admin_rules=())
    ping = flow("fd00::9", "fd00::4", 0, protocol=ICMPV6)

    assert at_m(net, packet=ping).allowed
    ruled = replace(net, admin_rules=(by("corp", admin("no-web", 10, DENY, ports=port(80))),))
    assert not at_m(ruled, world(false=["U-ICMPV6(m-nic, inbound)"]), ping).allowed


def test_where_an_admin_rule_stands_icmpv6_from_outside_is_that_one_fact() -> None:
    dual = vnet("v", "10.0.0.0/16 fd00::/48", subnet("app", "10.0.1.0/24 fd00::/64"))
    held = nic("m-nic", "v.app", "10.0.1.4 fd00::4", public_ipv6=public("out", "2001:db8::4"))
    net = replace(network(dual, machine("m", held)), admin_rules=(by("corp", admin("no", 10, DENY, ports=port(80))),))
    ping = flow("2001:db8:1::9", "fd00::4", 0, protocol=ICMPV6)
    judgement = judge(
        net, "v.app", "m-nic", IN, ping, world("U-ICMPV6(m-nic, inbound)"), entered_by_public_address=True
    )

    assert judgement.allowed
    assert [stage.stage for stage in judgement.stages] == ["icmpv6"]
    assert [str(fact) for fact in judgement.facts] == ["U-ICMPV6(m-nic, inbound)"]


def test_host_services_are_exempt_from_admin_rules() -> None:
    net = lan(by("corp", admin("no", 10, DENY, OUT)))

    assert at_m(net, packet=flow("10.0.1.4", "168.63.129.16", 53), direction=OUT).exempt


# -- public addresses ------------------------------------------------------------------------------------


def faced(sku: Sku | None, *rules: AdminRule, group: str | None = None) -> Network:
    """Return machine `m` with a public address that a managed vnet holds."""
    net = lan(by("corp", *rules), group=group)
    interface = replace(net.machines["m"].nics[0], public_address=public("pip", "20.9.9.9", sku))
    return replace(net, machines={**net.machines, "m": machine("m", interface)})


def enters(net: Network, facts: World | None = None) -> Judgement:
    packet = flow("20.1.1.1", "10.0.1.4", 22)
    return judge(net, "v.app", "m-nic", IN, packet, facts or World(), entered_by_public_address=True)


def test_a_fact_says_whether_always_allow_opens_a_standard_address_without_group() -> None:
    net = faced(Sku.STANDARD, admin("always", 10, ALWAYS))

    assert enters(net, world("U-AAPIP(m-nic)")).allowed
    denied = enters(net, world(false=["U-AAPIP(m-nic)"]))
    assert not denied.allowed
    assert said(denied)[-1][2] == "F-PIP-6"


def test_allow_opens_no_standard_address_without_group() -> None:
    assert said(enters(faced(Sku.STANDARD, admin("may", 10, ALLOW))))[-1][2] == "F-PIP-1"


def test_a_basic_address_without_group_is_open_unless_denied() -> None:
    assert enters(faced(Sku.BASIC, admin("always", 10, ALWAYS))).allowed
    assert enters(faced(Sku.BASIC, admin("no", 10, DENY, ports=port(80)))).allowed
    assert not enters(faced(Sku.BASIC, admin("no", 10, DENY))).allowed


def test_always_allow_at_a_standard_address_with_a_group_needs_no_fact() -> None:
    assert enters(faced(Sku.STANDARD, admin("always", 10, ALWAYS), group="closed")).allowed


# -- replies ---------------------------------------------------------------------------------------------


def asked_of_m(net: Network, *true: str, false: tuple[str, ...] = ()) -> Conversation:
    return converse(net, at("v.clients"), INSIDE, world(*true, false=false))


def test_a_reply_passes_by_the_record_whatever_admin_rules_say() -> None:
    net = lan(by("corp", admin("may", 10, ALLOW), admin("no-out", 10, DENY, OUT, source=_only("10.0.1.0/24"))))

    assert asked_of_m(net).established


def _only(prefix: str) -> AddressPrefixes:
    return AddressPrefixes((parse_prefix(prefix),))


def test_without_a_record_of_an_always_allow_rule_the_reply_is_judged_as_new() -> None:
    net = lan(by("corp", admin("always", 10, ALWAYS)), group="closed")

    assert asked_of_m(net, false=("U-AASTATE",)).established
    lost = asked_of_m(net, "U-AASTATE")
    assert not lost.established
    assert "rule-100 of closed denies" in lost.why
    paired = lan(by("corp", admin("always", 10, ALWAYS), admin("back", 10, ALWAYS, OUT)), group="closed")
    assert asked_of_m(paired, "U-AASTATE").established


def test_a_reply_of_the_internet_to_what_always_allow_let_out_may_be_judged_as_new() -> None:
    net = lan(by("corp", admin("out", 10, ALWAYS, OUT)), group="closed")
    app = replace(net.subnet("v.app"), nat_gateway="nat")
    net = replace(net, vnets={"v": replace(net.vnets["v"], subnets=(app, net.subnet("v.clients")))})
    outward = flow("10.0.1.4", "20.1.1.1")

    assert converse(net, at("v.app"), outward, world(false=["U-AASTATE"])).established
    assert not converse(net, at("v.app"), outward, world("U-AASTATE")).established


def test_a_reply_to_the_internet_from_a_public_entry_by_always_allow_may_be_judged_as_new() -> None:
    net = faced(Sku.STANDARD, admin("always", 10, ALWAYS), group="closed")
    inward = flow("20.1.1.1", "20.9.9.9", 22)

    assert converse(net, INTERNET, inward, world(false=["U-AASTATE"])).established
    assert not converse(net, INTERNET, inward, world("U-AASTATE")).established


def test_a_members_reply_is_judged_as_the_member_sees_it() -> None:
    net = lan(
        by(
            "corp",
            admin("in", 10, ALWAYS),
            admin("back", 10, ALLOW, OUT, source=_only("10.0.1.4/32")),
            admin("no-other", 20, DENY, OUT, source=_only("10.0.1.0/24")),
        )
    )
    balanced = balancer("lb", (frontend("f", "v.app", "10.0.1.100"),), balancing("r", "f", TCP, 443, "m-nic"))
    net = replace(net, load_balancers={"lb": balanced})

    assert converse(net, at("v.clients"), flow("10.0.2.4", "10.0.1.100"), world("U-AASTATE", "U-LBOUT")).established


# -- stories and tables ----------------------------------------------------------------------------------


def test_a_story_names_manager_and_rule_and_that_no_group_is_asked() -> None:
    net = lan(by("corp", admin("scan", 10, ALWAYS)), group="closed")

    steps = trace(net, at("v.clients"), INSIDE, World()).steps

    told = [step.what for step in steps if step.rule == "F-ADM-5"]
    assert told == ["admin rule corp/scan (10) always allows, so that no security group is asked"]


def test_a_story_says_where_admin_rules_do_not_act() -> None:
    gateway = Proxy("gate", ProxyKind.APPLICATION_GATEWAY, "v", "app", IntervalSet())
    beside = replace(lan(by("corp", admin("no", 10, DENY))), proxies={"gate": gateway})

    def told(net: Network, facts: World) -> list[str]:
        return [step.what for step in trace(net, at("v.clients"), INSIDE, facts).steps if step.rule == "F-ADM-11"]

    assert told(beside, World()) == ["no admin rule acts in v.app, for what stands there"]
    assert told(beside, world(false=["U-ADMAGW(v.app)"])) == []
    bastion = "AzureBastionSubnet"
    assert told(lan(by("corp", admin("no", 10, DENY)), where=bastion), World()) != []
    assert told(lan(where=bastion), World()) == []


def test_the_table_of_rules_has_admin_rules_in_front_of_the_groups() -> None:
    net = lan(by("corp", admin("scan", 10, ALWAYS)), group="closed")

    table = rules_table(effective_rules(net, "v.app", "m-nic", World()))

    assert table.index("inbound: corp in front of the security groups") < table.index("inbound: closed on the subnet")
    assert "always-allow" in table
