from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    Element,
    flow,
    machine,
    network,
    nic,
    nsg,
    peered,
    port,
    public,
    route,
    rule,
    site,
    subnet,
    table,
    vnet,
    vpn,
    world,
)
from vnetverify.facts import QUESTIONS, World
from vnetverify.header import TCP, Family, Interval, IntervalSet, parse_prefix
from vnetverify.model.balancers import Sku
from vnetverify.model.network import Connection, Network, Peering, Subnet
from vnetverify.model.security import AsgMembers, Direction, ServiceTag
from vnetverify.simulator.effective_rules import effective_rules
from vnetverify.simulator.filters import judge
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.tags import virtual_network

IN, OUT = Direction.INBOUND, Direction.OUTBOUND
UDP, ICMP, ESP = 17, 1, 50


def lan(*elements: Element, app: Subnet | None = None) -> Network:
    """Return a vnet whose subnet `app` has the group `n` and machine `m` with an interface `m-nic`."""
    first = subnet("app", "10.0.1.0/24", nsg="n") if app is None else app
    host = machine("m", nic("m-nic", "v.app", "10.0.1.4"))
    return network(vnet("v", "10.0.0.0/16", first), host, *elements)


def allows(
    net: Network,
    direction: Direction,
    packet: object,
    facts: World | None = None,
    name: str | None = None,
    is_reply: bool = False,
) -> bool:
    return judge(net, "v.app", name, direction, packet, facts or World(), is_reply=is_reply).allowed  # type: ignore[arg-type]


INSIDE = flow("10.0.2.4", "10.0.1.4")
STRANGER = flow("10.9.0.4", "10.0.1.4")
OUTSIDER = flow("8.8.8.8", "10.0.1.4")
TO_INTERNET = flow("10.0.1.4", "8.8.8.8")


@pytest.mark.parametrize("packet", [INSIDE, STRANGER, OUTSIDER])
def test_nothing_is_denied_where_no_group_is_attached(packet: object) -> None:
    judgement = judge(lan(app=subnet("app", "10.0.1.0/24")), "v.app", None, IN, packet, World())  # type: ignore[arg-type]

    assert judgement.allowed
    assert judgement.stages == ()


def test_the_default_rules_admit_the_network_alone() -> None:
    net = lan(nsg("n"))

    assert allows(net, IN, INSIDE)
    assert not allows(net, IN, STRANGER)
    assert not allows(net, IN, OUTSIDER)
    assert allows(net, OUT, TO_INTERNET)
    assert not allows(net, OUT, flow("10.0.1.4", "10.9.0.4"))


def test_the_smaller_priority_is_tried_first_whatever_the_order() -> None:
    net = lan(nsg("n", rule(300, "allow", "inbound"), rule(200, "deny", "inbound")))

    (stage,) = judge(net, "v.app", None, IN, INSIDE, World()).stages

    assert (stage.rule, stage.rule_id, stage.priority) == ("rule-200", "F-NSG-4", 200)


def test_both_groups_must_allow_and_the_first_to_deny_ends_it() -> None:
    net = lan(nsg("n"), nsg("closed", rule(100, "deny", "inbound"), rule(100, "deny", "outbound")))
    own = nic("m-nic", "v.app", "10.0.1.4", nsg="closed")
    net = replace(net, machines={"m": machine("m", own)})

    inbound = judge(net, "v.app", "m-nic", IN, INSIDE, World())
    outbound = judge(net, "v.app", "m-nic", OUT, TO_INTERNET, World())

    assert [(stage.stage, stage.access.value) for stage in inbound.stages] == [
        ("subnetNsg", "allow"),
        ("nicNsg", "deny"),
    ]
    assert [(stage.stage, stage.access.value) for stage in outbound.stages] == [("nicNsg", "deny")]
    assert not inbound.allowed


@pytest.mark.parametrize(("number", "expected"), [(0, False), (442, False), (443, True), (65535, True)])
def test_a_port_range_includes_both_ends(number: int, expected: bool) -> None:
    ports = IntervalSet((Interval(443, 65535),))
    net = lan(nsg("n", rule(100, "allow", "inbound", protocol=TCP, ports=ports), rule(200, "deny", "inbound")))

    assert allows(net, IN, flow("10.0.2.4", "10.0.1.4", number)) is expected
    assert not allows(net, IN, flow("10.0.2.4", "10.0.1.4", number, UDP))


def test_icmp_against_a_rule_with_ports_is_open() -> None:
    net = lan(nsg("n", rule(100, "deny", "inbound", ports=port(443))))
    ping = flow("10.0.2.4", "10.0.1.4", protocol=ICMP)

    assert allows(net, IN, ping)
    assert not allows(net, IN, ping, world("U-ICMPPORT(n/rule-100)"))
    assert allows(net, IN, ping, world("U-PROTOPORT(n/rule-100)"))


def test_esp_against_a_rule_with_ports_is_a_fact_of_its_own() -> None:
    net = lan(nsg("n", rule(100, "allow", "inbound", protocol=ESP, ports=port(443)), rule(200, "deny", "inbound")))
    esp = flow("10.0.2.4", "10.0.1.4", protocol=ESP)

    assert not allows(net, IN, esp)
    assert allows(net, IN, esp, world("U-PROTOPORT(n/rule-100)"))


def test_the_star_covers_other_protocols_only_where_that_is_so_but_the_last_rule_always() -> None:
    esp = flow("10.0.2.4", "10.0.1.4", protocol=ESP)

    assert not allows(lan(nsg("n")), IN, esp)
    assert allows(lan(nsg("n")), IN, esp, world("U-ANYPROTO"))


def grouped(member: bool) -> Network:
    rules = (
        rule(100, "allow", "inbound", destination=AsgMembers(("web",))),
        rule(200, "deny", "inbound"),
    )
    net = lan(nsg("n", *rules))
    return replace(
        net, machines={"m": machine("m", nic("m-nic", "v.app", "10.0.1.4", asgs=("web",) if member else ()))}
    )


def test_a_group_on_the_local_side_applies_at_its_members_only() -> None:
    assert allows(grouped(True), IN, INSIDE, name="m-nic")
    assert not allows(grouped(False), IN, INSIDE, name="m-nic")


def test_a_member_that_forwards_to_a_foreign_address_is_open() -> None:
    forwarded = flow("10.0.2.4", "10.0.9.9")

    assert not allows(grouped(True), IN, forwarded, name="m-nic")
    assert allows(grouped(True), IN, forwarded, world("U-ASGFWD(n/rule-100, m-nic)"), name="m-nic")


def test_a_member_s_address_at_an_interface_that_is_none_is_open() -> None:
    net = grouped(False)
    net = replace(net, machines={**net.machines, "w": machine("w", nic("w-nic", "v.app", "10.0.1.9", asgs=("web",)))})
    so = world("U-ASGFWD(n/rule-100, m-nic)")

    assert not allows(net, IN, flow("10.0.2.4", "10.0.1.9"), name="m-nic")
    assert allows(net, IN, flow("10.0.2.4", "10.0.1.9"), so, name="m-nic")
    assert not allows(net, IN, flow("10.0.2.4", "10.0.1.8"), so, name="m-nic")


def test_a_group_on_the_remote_side_is_a_set_of_addresses() -> None:
    rules = (rule(100, "allow", "inbound", source=AsgMembers(("web",))), rule(200, "deny", "inbound"))
    net = lan(nsg("n", *rules), machine("w", nic("w-nic", "v.app", "10.0.1.9", asgs=("web",))))

    assert allows(net, IN, flow("10.0.1.9", "10.0.1.4"))
    assert not allows(net, IN, flow("10.0.1.8", "10.0.1.4"))


def tagged(name: str, *elements: Element, app: Subnet | None = None, **more: object) -> Network:
    rules = (rule(100, "deny", "inbound", source=ServiceTag(name)), rule(200, "allow", "inbound"))
    return replace(lan(nsg("n", *rules), *elements, app=app), **more)  # type: ignore[arg-type]


def in_tag(net: Network, source: str, facts: World | None = None) -> bool:
    return not allows(net, IN, flow(source, "10.0.1.4"), facts)


PEER = vnet("p", "10.1.0.0/16", subnet("s", "10.1.0.0/24"))


def test_virtual_network_holds_a_peer_whose_access_is_on_as_seen_from_here() -> None:
    assert in_tag(tagged("VirtualNetwork", PEER, peered("v", "p")), "10.1.0.4")
    shut_there = (Peering("v", "p"), Peering("p", "v", allow_virtual_network_access=False))
    assert in_tag(tagged("VirtualNetwork", PEER, shut_there), "10.1.0.4")
    shut_here = (Peering("v", "p", allow_virtual_network_access=False), Peering("p", "v"))
    assert not in_tag(tagged("VirtualNetwork", PEER, shut_here), "10.1.0.4")


def test_virtual_network_holds_user_routes_to_appliances_but_the_default_by_a_fact() -> None:
    app = subnet("app", "10.0.1.0/24", nsg="n", route_table="rt")
    net = tagged(
        "VirtualNetwork", table("rt", route("10.5.0.0/16", "10.0.9.4"), route("0.0.0.0/0", "10.0.9.4")), app=app
    )

    assert in_tag(net, "10.5.0.4")
    assert in_tag(net, "8.8.8.8")
    assert not in_tag(net, "8.8.8.8", world(false=["U-VNTAG(v.app, 0.0.0.0/0)"]))


def test_virtual_network_gives_each_reason_its_documented_value() -> None:
    app = subnet("app", "10.0.1.0/24", route_table="rt")
    other = subnet("other", "10.0.2.0/24", route_table="rt2")
    net = network(
        vnet("v", "10.0.0.0/16", app, other),
        table("rt", route("10.5.0.0/16", "none"), route("0.0.0.0/0", "internet"), propagate=False),
        table("rt2", route("10.6.0.0/16", "10.0.9.4"), route("10.5.0.0/16", "none")),
        vpn("g", "v"),
        site("o", "192.168.0.0/16"),
        Connection("c", "g", site="o"),
    )
    situation = situation_of(net, World(), Family.IPV4)

    tag = virtual_network(situation, situation.index.subnets["v.app"])

    assert [str(prefix) for prefix in tag.certain] == ["10.0.0.0/16", "168.63.129.16/32"]
    assert [(str(fact), fact.documented) for _, fact in tag.possible] == [
        ("U-VNTAG(v.app, 10.5.0.0/16)", True),
        ("U-VNTAG(v.app, 0.0.0.0/0)", False),
        ("U-VNTAG(v.app, 10.6.0.0/16)", False),
        ("U-VNTAG(v.app, 192.168.0.0/16)", False),
        ("U-VNTAG(v.app, 169.254.169.254/32)", False),
    ]


def test_a_learned_default_is_possibly_in_virtual_network_and_documented_to_be() -> None:
    net = tagged("VirtualNetwork", vpn("g", "v"), site("o", "0.0.0.0/0"), Connection("c", "g", site="o"))

    assert in_tag(net, "8.8.8.8")
    assert not in_tag(net, "8.8.8.8", world(false=["U-VNTAG(v.app, 0.0.0.0/0)"]))


def test_a_learned_default_that_is_not_propagated_is_documented_to_be_outside() -> None:
    app = subnet("app", "10.0.1.0/24", nsg="n", route_table="rt")
    learned = (vpn("g", "v"), site("o", "0.0.0.0/0"), Connection("c", "g", site="o"))
    net = tagged("VirtualNetwork", *learned, table("rt", propagate=False), app=app)

    assert not in_tag(net, "8.8.8.8")
    assert in_tag(net, "8.8.8.8", world("U-VNTAG(v.app, 0.0.0.0/0)"))


def test_the_host_address_does_not_leave_internet_for_being_in_virtual_network() -> None:
    so = world("U-INET(168.63.129.16/32)", "U-INETMINUS(v.app, 168.63.129.16/32)")

    assert in_tag(tagged("Internet"), "168.63.129.16", so)


def test_internet_is_public_space_outside_the_vnet_with_two_holes() -> None:
    net = tagged("Internet")

    assert in_tag(net, "8.8.8.8")
    assert not in_tag(net, "10.9.0.4")
    assert in_tag(net, "4.128.0.1")
    assert not in_tag(net, "4.128.0.1", world(false=["U-INET(4.128.0.0/12)"]))
    assert not in_tag(net, "168.63.129.16")
    assert in_tag(net, "168.63.129.16", world("U-INET(168.63.129.16/32)"))


def test_public_space_of_a_peer_leaves_internet_only_where_that_is_so() -> None:
    rented = vnet("p", "20.1.0.0/16", subnet("s", "20.1.0.0/24"))
    net = tagged("Internet", rented, peered("v", "p"))

    assert in_tag(net, "20.1.0.4")
    assert not in_tag(net, "20.1.0.4", world("U-INETMINUS(v.app, 20.1.0.0/16)"))


def test_public_space_of_the_vnet_itself_is_not_internet() -> None:
    rules = (rule(100, "deny", "inbound", source=ServiceTag("Internet")),)
    net = network(vnet("v", "20.1.0.0/16", subnet("app", "20.1.1.0/24", nsg="n")), nsg("n", *rules))

    assert allows(net, IN, flow("20.1.2.4", "20.1.1.4"))


def test_a_published_tag_is_its_list_else_a_fact_about_a_side_of_the_flow() -> None:
    assert in_tag(tagged("Storage", service_tags={"Storage": (parse_prefix("20.5.0.0/16"),)}), "20.5.0.1")
    assert not in_tag(tagged("Storage", service_tags={"Storage": (parse_prefix("20.5.0.0/16"),)}), "20.6.0.1")
    assert in_tag(tagged("Storage"), "20.5.0.1", world("U-TAG(Storage, source)"))
    assert not in_tag(tagged("Storage"), "20.5.0.1", world("U-TAG(Storage, destination)"))
    assert not in_tag(tagged("Storage"), "10.9.0.1", world("U-TAG(Storage, source)"))


def test_a_reply_asks_for_the_tag_of_the_forward_flow_s_other_side() -> None:
    reply = flow("20.5.0.1", "10.0.1.4")

    assert not allows(tagged("Storage"), IN, reply, world("U-TAG(Storage, destination)"), is_reply=True)
    assert allows(tagged("Storage"), IN, reply, world("U-TAG(Storage, source)"), is_reply=True)

    group = nsg("n", rule(100, "deny", "outbound", destination=ServiceTag("Storage")))
    net, back = lan(group), flow("10.0.1.4", "20.5.0.1")
    assert not allows(net, OUT, back, world("U-TAG(Storage, source)"), is_reply=True)
    assert allows(net, OUT, back, world("U-TAG(Storage, destination)"), is_reply=True)


@pytest.mark.parametrize(
    ("tag", "destination", "number"),
    [
        ("AzurePlatformDNS", "168.63.129.16", 53),
        ("AzurePlatformIMDS", "169.254.169.254", 80),
        ("AzurePlatformLKM", "168.63.129.16", 1688),
    ],
)
def test_host_services_are_exempt_until_a_rule_names_their_tag(tag: str, destination: str, number: int) -> None:
    asked = flow("10.0.1.4", destination, number)
    shut = rule(100, "deny", "outbound")
    named = rule(90, "deny", "outbound", destination=ServiceTag(tag))
    excused = rule(80, "allow", "outbound", destination=ServiceTag(tag))

    assert allows(lan(nsg("n", shut)), OUT, asked)
    assert not allows(lan(nsg("n", shut, named)), OUT, asked)
    assert allows(lan(nsg("n", shut, named, excused)), OUT, asked)


@pytest.mark.parametrize("number", [80, 32526])
def test_the_agent_s_ports_are_always_exempt(number: int) -> None:
    tags = ("AzurePlatformDNS", "AzurePlatformIMDS", "AzurePlatformLKM")
    rules = (rule(100 + n, "deny", "outbound", destination=ServiceTag(tag)) for n, tag in enumerate(tags))

    assert allows(lan(nsg("n", *rules)), OUT, flow("10.0.1.4", "168.63.129.16", number))


@pytest.mark.parametrize(("sku", "expected"), [(Sku.STANDARD, False), (Sku.BASIC, True), (None, False)])
def test_a_public_address_without_a_group_is_closed_unless_basic(sku: Sku | None, expected: bool) -> None:
    net = lan(app=subnet("app", "10.0.1.0/24"))
    net = replace(
        net,
        machines={"m": machine("m", nic("m-nic", "v.app", "10.0.1.4", public_address=public("ip", "20.0.0.4", sku)))},
    )

    def entered(facts: World) -> bool:
        return judge(net, "v.app", "m-nic", IN, OUTSIDER, facts, entered_by_public_address=True).allowed

    assert entered(World()) is expected
    assert entered(world("U-SKU(ip)")) is (expected or sku is None)


def test_effective_rules_list_tags_as_prefixes_in_the_order_they_are_tried() -> None:
    net = lan(nsg("n", rule(100, "allow", "inbound", source=ServiceTag("VirtualNetwork"))))

    rules = [line for line in effective_rules(net, "v.app", None, World()) if line.rule.direction is IN]

    assert [line.rule.name for line in rules] == [
        "rule-100",
        "AllowVNetInBound",
        "AllowAzureLoadBalancerInBound",
        "DenyAllInBound",
    ]
    assert [line.rule.priority for line in rules] == [100, 65000, 65001, 65500]
    assert [str(prefix) for prefix in rules[0].sources or ()] == ["10.0.0.0/16", "168.63.129.16/32"]
    assert rules[0].destinations is None


def test_effective_rules_list_what_is_known_of_each_kind_of_source() -> None:
    sources = ("*", "10.0.0.0/8", ServiceTag("azureloadbalancer"), ServiceTag("Sql"), ServiceTag("Storage"))
    group = nsg("n", *(rule(100 + number, "allow", "inbound", source=each) for number, each in enumerate(sources)))
    net = replace(lan(group), service_tags={"Sql": (parse_prefix("20.5.0.0/16"),)})

    listed = [
        line.sources for line in effective_rules(net, "v.app", None, World()) if line.rule.name.startswith("rule")
    ]

    assert [None if each is None else list(map(str, each)) for each in listed] == [
        None,
        ["10.0.0.0/8"],
        ["168.63.129.16/32", "fe80::1234:5678:9abc/128"],
        ["20.5.0.0/16"],
        None,
    ]


MEMBERS = (("a", "10.0.1.4", ("web",)), ("b", "10.0.1.5", ("db",)), ("c", "10.0.1.6", ("db", "web")))


def test_effective_rules_list_the_addresses_of_a_group_s_members() -> None:
    lists = nsg("n", rule(100, "allow", "inbound", destination=AsgMembers(("web",))))
    members = (machine(name, nic(f"{name}-nic", "v.app", at_, asgs=asgs)) for name, at_, asgs in MEMBERS)
    net = replace(lan(lists), machines={each.name: each for each in members})

    rules = [line for line in effective_rules(net, "v.app", None, World()) if line.rule.name == "rule-100"]

    assert [str(prefix) for prefix in rules[0].destinations or ()] == ["10.0.1.4/32", "10.0.1.6/32"]


def test_every_fact_the_filters_ask_for_is_a_known_question() -> None:
    net = tagged("Storage")

    judgement = judge(net, "v.app", None, IN, flow("20.5.0.1", "10.0.1.4", protocol=ESP), World())

    assert [str(fact) for fact in judgement.facts] == ["U-ANYPROTO"]
    assert all(fact.question in QUESTIONS for fact in judgement.facts)
