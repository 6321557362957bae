"""Vectors about load balancers, private endpoints, firewalls, pools, what sites send, and IPv6."""

from __future__ import annotations

from typing import Any

import pytest

from vnetverify.header import parse_address, parse_prefix
from vnetverify.prover.solver import Solver
from vnetverify.testing.conformance import Outcome, conform
from vnetverify.testing.vectors import read_vector


def outcome(solver: Solver, asked: dict[str, Any]) -> Outcome:
    (found,) = conform([asked], solver)
    return found


def agreed(solver: Solver, asked: dict[str, Any], answer: dict[str, Any]) -> bool:
    found = outcome(solver, {**asked, "answer": answer})
    assert not found.left_out
    return not found.disagreements


# The filtering format

ANY: dict[str, Any] = {"source": ["*"], "sourcePorts": ["*"], "destination": ["*"], "destinationPorts": ["*"]}
SHUT = {**ANY, "name": "Shut", "priority": 200, "direction": "Inbound", "access": "Deny", "protocol": "*"}
WEB = {**ANY, "name": "Web", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"}
OUT = {**ANY, "name": "Out", "priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "*"}
ALLOW, DENY = {"verdict": "Allow"}, {"verdict": "Deny"}


def packet(source: str, destination: str, port: int = 443, protocol: str = "Tcp") -> dict[str, Any]:
    return {"src": source, "srcPort": 50000, "dst": destination, "dstPort": port, "protocol": protocol}


def balanced(
    *rules: dict[str, Any],
    backends: tuple[str, ...] = ("10.0.0.4",),
    question: dict[str, Any] | None = None,
    fixed: dict[str, bool] | None = None,
    **balancer: Any,
) -> dict[str, Any]:
    """Return whether a client reaches a load balancer whose members stand behind a group of these rules."""
    subnets = [{"name": "s", "prefix": "10.0.0.0/24", "nsg": "N"}, {"name": "c", "prefix": "10.0.1.0/24"}]
    pool = {"name": "lb", "vnet": "v", "sku": "Standard", "internal": True, "frontend": "10.0.0.10"}
    return {
        "id": "F",
        "rules": [],
        "fixedAtoms": fixed or {},
        "network": {
            "vnets": [{"name": "v", "addressSpace": ["10.0.0.0/16"], "subnets": subnets}],
            "nics": [
                {"name": "client", "vnet": "v", "subnet": "c", "ip": "10.0.1.4"},
                {"name": "m1", "vnet": "v", "subnet": "s", "ip": "10.0.0.4"},
                {"name": "m2", "vnet": "v", "ip": "10.0.0.5", "nsg": "Closed"},
            ],
            "nsgs": [{"name": "N", "rules": list(rules)}, {"name": "Closed", "rules": [SHUT]}],
            "loadBalancers": [{**pool, "backends": list(backends), **balancer}],
        },
        "question": question or {"kind": "frontend-reachable", "from": "client", "to": "10.0.0.10"},
    }


def test_a_frontend_is_reached_where_the_filters_of_its_member_allow(solver: Solver) -> None:
    assert agreed(solver, balanced(), ALLOW)
    assert agreed(solver, balanced(SHUT), DENY)
    assert not agreed(solver, balanced(SHUT), ALLOW)


def test_every_member_behind_a_frontend_has_to_accept(solver: Solver) -> None:
    both = ("10.0.0.4", "m2")

    assert agreed(solver, balanced(backends=both), DENY)
    assert not agreed(solver, balanced(backends=both), ALLOW)
    assert agreed(solver, balanced(backends=both, fixed={"U-BACKEND(lb, m1)": True}), ALLOW)


def test_a_member_that_no_probe_comes_to_gets_nothing(solver: Solver) -> None:
    rule = {"protocol": "Tcp", "frontendPort": 443, "probePort": 80}
    probes = {**SHUT, "name": "NoProbes", "priority": 50, "source": ["tag:AzureLoadBalancer"]}

    assert agreed(solver, balanced(probes, WEB, rules=[rule]), DENY)
    assert agreed(solver, balanced(WEB, rules=[rule]), ALLOW)


def test_a_rule_of_a_load_balancer_changes_the_port(solver: Solver) -> None:
    rule = {"protocol": "Tcp", "frontendPort": 80, "backendPort": 8080}
    to_member = {**WEB, "destinationPorts": ["8080"]}
    to_frontend = {**WEB, "destinationPorts": ["80"]}

    assert agreed(solver, balanced(to_member, SHUT, rules=[rule]), ALLOW)
    assert agreed(solver, balanced(to_frontend, SHUT, rules=[rule]), DENY)


@pytest.mark.parametrize("sku", ["Standard", "Basic", None])
def test_a_load_balancer_without_rules_takes_what_is_asked(solver: Solver, sku: str | None) -> None:
    question: dict[str, Any] = {"kind": "connect-new-flow", "from": "client", "to": "10.0.0.10"}
    question |= {"packet": packet("10.0.1.4", "10.0.0.10", 53, "Udp")}

    assert agreed(solver, balanced(sku=sku, question=question), ALLOW)
    assert agreed(solver, balanced(SHUT, sku=sku, question=question), DENY)


def test_a_load_balancer_may_be_named_and_its_member_asked_for_by_address(solver: Solver) -> None:
    assert agreed(solver, balanced(question={"kind": "frontend-reachable", "from": "client", "to": "lb"}), ALLOW)
    by_address = {"kind": "frontend-reachable", "from": "client", "to": "10.0.0.4"}
    assert agreed(solver, balanced(question=by_address), ALLOW)


def test_a_member_does_not_reach_itself(solver: Solver) -> None:
    assert agreed(solver, balanced(question={"kind": "frontend-reachable", "from": "m1", "to": "lb"}), DENY)


@pytest.mark.parametrize("atom", ["U-SKU", "U-SKU(lb)", "U-SKU(load balancer lb)"])
def test_the_kind_of_a_load_balancer_that_is_not_told_is_an_atom(solver: Solver, atom: str) -> None:
    asked = balanced(sku=None, vnet="w", frontend="10.1.0.10", backends=("10.1.0.4",))
    near, far = {"remote": "w", "state": "Connected"}, {"remote": "v", "state": "Connected"}
    vnets = asked["network"]["vnets"]
    vnets[0] |= {"region": "here", "peerings": [near]}
    vnets.append({"name": "w", "region": "there", "addressSpace": ["10.1.0.0/16"], "peerings": [far]})
    question = {"kind": "frontend-reachable", "from": "client", "to": "lb"}

    assert agreed(solver, {**asked, "question": question, "fixedAtoms": {atom: True}}, DENY)
    assert agreed(solver, {**asked, "question": question, "fixedAtoms": {atom: False}}, ALLOW)


@pytest.mark.parametrize(("sku", "closed"), [("Standard", DENY), ("Basic", ALLOW), (None, {"verdict": "unknown"})])
def test_a_public_frontend_is_as_open_as_its_sku(solver: Solver, sku: str | None, closed: dict[str, str]) -> None:
    asked = {"kind": "frontend-reachable", "from": "203.0.113.10", "to": "lb"}
    public: dict[str, Any] = {"internal": False, "sku": sku, "frontend": "20.0.0.10"}
    let_in = {**WEB, "source": ["tag:Internet"]}

    assert agreed(solver, balanced(let_in, question=asked, **public), ALLOW)
    assert agreed(solver, balanced(question={**asked, "to": "20.0.0.10"}, **public), DENY)
    bare = balanced(question=asked, **public)
    bare["network"]["vnets"][0]["subnets"][0]["nsg"] = None
    assert agreed(solver, bare, closed)


def test_a_public_frontend_forwards_what_its_rules_are_for(solver: Solver) -> None:
    rules = [{"protocol": "Tcp", "frontendPort": 80, "backendPort": 8080}, {"protocol": "Udp", "frontendPort": 53}]
    public: dict[str, Any] = {"internal": False, "frontend": "20.0.0.10", "rules": rules}

    for port, protocol, answer in ((80, "Tcp", ALLOW), (53, "Udp", ALLOW), (53, "Tcp", DENY), (8080, "Tcp", DENY)):
        question: dict[str, Any] = {"kind": "frontend-reachable", "from": "203.0.113.10", "to": "lb"}
        question |= {"packet": packet("203.0.113.10", "20.0.0.10", port, protocol)}
        open_to_all = {**WEB, "protocol": "*"}
        assert agreed(solver, balanced(open_to_all, question=question, **public), answer)


@pytest.mark.parametrize(
    ("balancer", "reason"),
    [
        ({"internal": False, "frontend": "10.0.0.10"}, "a public load balancer at a private address"),
        ({"internal": True, "frontend": "20.0.0.10"}, "20.0.0.10 outside the vnet `v`, which R-ADDR-2 forbids"),
    ],
)
def test_a_load_balancer_whose_address_is_of_the_other_kind_is_not_applicable(
    solver: Solver, balancer: dict[str, Any], reason: str
) -> None:
    assert reason in outcome(solver, {**balanced(**balancer), "answer": ALLOW}).left_out


def test_a_client_of_the_other_family_is_not_asked_about(solver: Solver) -> None:
    asked = balanced()
    asked["network"]["vnets"][0]["addressSpace"].append("fd00::/48")
    asked["network"]["nics"][0] |= {"ip": "fd00::4", "subnet": None}

    assert "one family" in outcome(solver, {**asked, "answer": ALLOW}).left_out


def test_what_nobody_has_is_not_asked_about_as_reachable(solver: Solver) -> None:
    question = {"kind": "frontend-reachable", "from": "client", "to": "10.0.0.77"}

    assert "nobody is at 10.0.0.77" in outcome(solver, {**balanced(question=question), "answer": ALLOW}).left_out


@pytest.mark.parametrize("atom", ["U-LBICMP", "U-LBICMP(lb)", "U-LBICMP(10.0.0.10)", "U-LBICMP(lb/frontend)"])
def test_an_atom_of_a_frontend_is_known_by_the_load_balancers_name(solver: Solver, atom: str) -> None:
    ping: dict[str, Any] = {"kind": "frontend-reachable", "from": "client", "to": "lb"}
    ping |= {"packet": packet("10.0.1.4", "10.0.0.10", 0, "Icmp")}

    assert agreed(solver, balanced(question=ping, fixed={atom: True}), ALLOW)
    assert agreed(solver, balanced(question=ping, fixed={atom: False}), DENY)


def endpoint(
    direction: str, policies: str | None, *rules: dict[str, Any], port: int = 443, **fixed: bool
) -> dict[str, Any]:
    subnet = {"name": "pe", "prefix": "10.0.5.0/24", "nsg": "N", "privateEndpointNetworkPolicies": policies}
    ends = ("10.0.1.4", "10.0.5.4") if direction == "Inbound" else ("10.0.5.4", "10.0.1.4")
    pe = {"name": "pe1", "vnet": "v", "subnet": "pe", "ip": "10.0.5.4", "privateEndpoint": {"state": "Approved"}}
    return {
        "id": "P",
        "rules": [],
        "fixedAtoms": fixed,
        "network": {
            "vnets": [{"name": "v", "addressSpace": ["10.0.0.0/16"], "subnets": [subnet]}],
            "nics": [{"name": "vm", "vnet": "v", "ip": "10.0.1.4"}, pe],
            "nsgs": [{"name": "N", "rules": list(rules)}],
        },
        "question": {"kind": "filter", "at": "pe1", "direction": direction, "packet": packet(*ends, port)},
    }


@pytest.mark.parametrize(
    ("policies", "trace"),
    [
        ("Disabled", []),
        ("RouteTableEnabled", []),
        ("NetworkSecurityGroupEnabled", [{"object": "N", "rule": "Shut"}]),
        ("enabled", [{"object": "N", "rule": "Shut"}]),
    ],
)
def test_policies_decide_whether_a_group_is_asked_at_an_endpoint(
    solver: Solver, policies: str, trace: list[dict[str, str]]
) -> None:
    assert agreed(solver, endpoint("Inbound", policies, SHUT), {**(DENY if trace else ALLOW), "trace": trace})
    assert agreed(solver, endpoint("Outbound", policies, OUT), {**ALLOW, "trace": []})


def test_policies_that_are_not_told_are_open(solver: Solver) -> None:
    asked = endpoint("Inbound", None, SHUT)

    assert agreed(solver, {**asked, "fixedAtoms": {"U-PEPOL(pe)": True}}, DENY)
    assert agreed(solver, {**asked, "fixedAtoms": {"U-PEPOL(v.pe)": False}}, ALLOW)


def test_at_an_endpoint_the_first_range_of_ports_alone_is_sure(solver: Solver) -> None:
    rule = {**WEB, "destinationPorts": ["443", "8443-8444"]}
    later = endpoint("Inbound", "Enabled", rule, SHUT, port=8443)

    assert agreed(solver, endpoint("Inbound", "Enabled", rule, SHUT), ALLOW)
    assert agreed(solver, {**later, "fixedAtoms": {"U-PEPORT(Web)": True}}, ALLOW)
    assert agreed(solver, {**later, "fixedAtoms": {"U-PEPORT(N/Web)": False}}, DENY)


@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
def test_an_endpoint_that_is_not_approved_carries_nothing(solver: Solver, direction: str) -> None:
    asked = endpoint(direction, "Disabled")
    asked["network"]["nics"][1]["privateEndpoint"] = {"state": "Pending"}

    assert agreed(solver, asked, DENY)


def test_a_new_flow_to_an_endpoint_passes_its_sender_and_the_endpoint(solver: Solver) -> None:
    asked = endpoint("Inbound", "Enabled", SHUT)
    question = {"kind": "connect-new-flow", "from": "vm", "to": "pe1", "packet": packet("10.0.1.4", "10.0.5.4")}

    assert agreed(solver, {**asked, "question": question}, {**DENY, "trace": [{"object": "N", "rule": "Shut"}]})


def six(*rules: dict[str, Any], protocol: str = "Tcp", source: str = "fd00::9", **more: Any) -> dict[str, Any]:
    return {
        "id": "S",
        "rules": [],
        "fixedAtoms": more.pop("fixed", {}),
        "network": {
            "vnets": [
                {
                    "name": "v",
                    "addressSpace": ["10.0.0.0/16", "fd00::/48"],
                    "subnets": [{"name": "s", "prefixes": ["10.0.0.0/24", "fd00::/64"], "nsg": "N"}],
                }
            ],
            "nics": [{"name": "vm", "vnet": "v", "subnet": "s", "ip": ["10.0.0.4", "fd00::4"], **more.pop("nic", {})}],
            "nsgs": [{"name": "N", "rules": list(rules)}],
        },
        "question": {
            "kind": "filter",
            "at": "vm",
            "direction": "Inbound",
            "packet": packet(source, "fd00::4", protocol=protocol),
            **more,
        },
    }


def test_rules_and_packets_may_be_of_ipv6(solver: Solver) -> None:
    rule = {**WEB, "source": ["2001:db8::/32"]}
    open_to_all = {**WEB, "source": ["0.0.0.0/0"]}

    assert agreed(solver, six(), {**ALLOW, "trace": [{"object": "N", "rule": "AllowVNetInBound"}]})
    assert agreed(solver, six(rule, source="2001:db8::1"), ALLOW)
    assert agreed(solver, six(rule, source="2001:db9::1"), DENY)
    assert agreed(solver, six(open_to_all, source="2001:db9::1", fixed={"U-V6ANY": True}), ALLOW)
    assert agreed(solver, six(open_to_all, source="2001:db9::1", fixed={"U-V6ANY": False}), DENY)


@pytest.mark.parametrize("protocol", ["Icmp", "Icmpv6"])
def test_icmp_of_ipv6_is_what_the_atom_says(solver: Solver, protocol: str) -> None:
    assert agreed(solver, six(SHUT, protocol=protocol, fixed={"U-ICMPV6(vm, Inbound)": True}), ALLOW)
    assert agreed(solver, six(protocol=protocol, fixed={"U-ICMPV6(vm, Inbound)": False}), DENY)


@pytest.mark.parametrize("address", [None, "2001:db8::5"])
def test_a_public_address_of_ipv6_is_entered_by(solver: Solver, address: str | None) -> None:
    nic: dict[str, Any] = {"ip": "fd00::4", "publicIp": {"sku": "Standard", "address": address}}
    asked = six(WEB, source="2001:db8::1", nic=nic, enteredVia="publicIp")

    assert agreed(solver, asked, {**ALLOW, "trace": [{"object": "N", "rule": "Web"}]})


def test_a_packet_is_of_one_family(solver: Solver) -> None:
    assert "two families" in outcome(solver, {**six(source="10.0.0.9"), "answer": ALLOW}).left_out


# The routing format

HUB: dict[str, Any] = {
    "name": "hub",
    "address_space": ["10.0.0.0/16", "fd00:0:0::/48"],
    "subnets": [
        {"name": "s", "prefixes": ["10.0.1.0/24", "fd00:0:0:1::/64"], "route_table": "r"},
        {"name": "t", "prefixes": ["10.0.2.0/24", "fd00:0:0:2::/64"]},
        {"name": "AzureFirewallSubnet", "prefixes": ["10.0.9.0/26"]},
        {"name": "GatewaySubnet", "prefixes": ["10.0.255.0/27", "fd00:0:0:ff::/64"]},
    ],
}
NICS = [
    {"name": "a", "vnet": "hub", "subnet": "s", "ip": ["10.0.1.4", "fd00:0:0:1::4"]},
    {"name": "b", "vnet": "hub", "subnet": "t", "ip": "fd00:0:0:2::4"},
]
YES, NO = {"value": True}, {"value": False}


def routed(question: dict[str, Any], *routes: dict[str, Any], nics: Any = (), **network: Any) -> dict[str, Any]:
    known = {"vnets": [HUB], "nics": [*NICS, *nics], "route_tables": [{"name": "r", "routes": list(routes)}]}
    return {"id": "R", "rules": [], "network": {**known, **network}, "question": question}


def next_hop(destination: str) -> dict[str, Any]:
    return {"kind": "next_hop", "from": {"vnet": "hub", "subnet": "s"}, "dst": destination}


def hop(kind: str, prefix: str, source: str = "Default", **more: str) -> dict[str, Any]:
    return {"type": kind, "prefix": prefix, "route_source": source, **more}


def test_prefixes_and_addresses_of_ipv6_stand_in_every_field(solver: Solver) -> None:
    route = {"prefix": "fd00:5::/32", "next_hop_type": "VirtualAppliance", "next_hop_ip": "fd00:0:0:2::4"}

    asked = routed(next_hop("fd00:5::1"), route)
    assert agreed(solver, asked, hop("VirtualAppliance", "fd00:5::/32", "User", ip="fd00:0:0:2::4"))
    assert agreed(solver, routed(next_hop("2600::1"), route), hop("Internet", "::/0"))
    assert agreed(solver, routed({"kind": "converse", "from": "a", "to": "b"}), YES)
    assert read_vector({**asked, "answer": hop("None", "::/0")}).network.nics()[0].addresses == (
        parse_address("10.0.1.4"),
        parse_address("fd00:0:0:1::4"),
    )


def test_ends_of_two_families_are_not_asked_about(solver: Solver) -> None:
    lone = {"name": "c", "vnet": "hub", "subnet": "t", "ip": "10.0.2.9"}
    asked = routed({"kind": "converse", "from": "b", "to": "c"}, nics=[lone])

    assert "one family" in outcome(solver, {**asked, "answer": YES}).left_out


def test_a_firewall_keeps_state_and_passes_no_ipv6(solver: Solver) -> None:
    firewall = {"name": "fw", "vnet": "hub", "subnet": "AzureFirewallSubnet", "ip": "10.0.9.4", "role": "nva"}
    network = read_vector({**routed({"kind": "valid_config"}, nics=[firewall]), "answer": YES}).network

    assert network.machines["fw"].is_managed
    assert network.machines["fw"].stateful


@pytest.mark.parametrize(("policies", "wanted"), [("Disabled", "endpoint"), ("Enabled", "user"), (None, "endpoint")])
def test_an_endpoint_is_an_interface_with_that_role(solver: Solver, policies: str | None, wanted: str) -> None:
    pe = {"name": "pe", "vnet": "hub", "subnet": "t", "ip": "10.0.2.9", "role": "private_endpoint"}
    subnets = [
        {**subnet, "private_endpoint_network_policies": policies} if subnet["name"] == "t" else subnet
        for subnet in HUB["subnets"]
    ]
    route = {"prefix": "10.0.0.0/16", "next_hop_type": "none"}
    asked = routed(next_hop("10.0.2.9"), route, nics=[pe], vnets=[HUB | {"subnets": subnets}])
    hops = {"endpoint": hop("InterfaceEndpoint", "10.0.2.9/32"), "user": hop("None", "10.0.0.0/16", "User")}

    assert agreed(solver, asked, hops[wanted])
    assert agreed(solver, {**asked, "question": {"kind": "converse", "from": "a", "to": "pe"}},
                  YES if wanted == "endpoint" else NO)  # fmt: skip


def test_a_frontend_is_a_next_hop(solver: Solver) -> None:
    pool = {"name": "lb", "vnet": "hub", "frontend": "10.0.2.10", "backends": ["n1"], "sku": "Standard"}
    nva = {"name": "n1", "vnet": "hub", "subnet": "t", "ip": "10.0.2.5", "role": "nva", "ip_forwarding": True}
    far = {"name": "far", "prefixes": ["192.168.0.0/16"], "attached_to_nva": "n1"}
    route = {"prefix": "192.168.0.0/16", "next_hop_type": "VirtualAppliance", "next_hop_ip": "10.0.2.10"}
    question = {"kind": "deliver", "from": "a", "to": "far:192.168.1.1"}
    asked = routed(question, route, nics=[nva], load_balancers=[pool], sites=[far])

    assert agreed(solver, asked, {**YES, "path": ["a", "n1", "far"]})
    basic = [{**pool, "rules": [{"protocol": "Tcp", "frontend_port": 80, "backend_port": 8080}]}]
    assert agreed(solver, {**asked, "network": {**asked["network"], "load_balancers": basic}}, NO)


def site(reaches: list[str] | None, kind: str = "s2s", **more: Any) -> dict[str, Any]:
    way = {"kind": kind, "site": "branch", **more}
    return {
        "gateways": [{"name": "gw", "vnet": "hub", "type": "vpn", "connections": [way]}],
        "sites": [{"name": "branch", "prefixes": ["192.168.0.0/16"], "reaches": reaches}],
    }


FROM_BRANCH = {"kind": "converse", "from": "branch:192.168.1.1", "to": "a"}


@pytest.mark.parametrize(
    ("reaches", "bgp", "answer"),
    [
        (None, False, YES),
        (["10.0.1.0/24"], False, YES),
        (["10.0.2.0/24"], False, NO),
        (["10.0.2.0/24"], True, YES),
        ([], False, NO),
    ],
)
def test_a_site_sends_what_it_has_routes_for(
    solver: Solver, reaches: list[str] | None, bgp: bool, answer: dict[str, bool]
) -> None:
    assert agreed(solver, routed(FROM_BRANCH, **site(reaches, bgp=bgp)), answer)


def test_routes_bind_the_replies_of_a_site_and_what_it_sends_to_an_appliance(solver: Solver) -> None:
    nva = {"name": "n1", "vnet": "hub", "subnet": "t", "ip": "10.0.2.5", "role": "nva", "ip_forwarding": True}
    behind = site(["10.0.2.0/24"])["sites"][0] | {"attached_to_nva": "n1"}
    there = {"kind": "deliver", "from": "a", "to": "branch:192.168.1.1"}

    assert agreed(solver, routed(there, **site(["10.0.2.0/24"])), YES)
    assert agreed(solver, routed({**there, "kind": "converse"}, **site(["10.0.2.0/24"])), NO)
    assert agreed(solver, routed({**FROM_BRANCH, "kind": "deliver"}, nics=[nva], sites=[behind]), NO)


def test_clients_of_a_pool_are_a_site(solver: Solver) -> None:
    pool = site(None, "p2s")
    network = read_vector({**routed(FROM_BRANCH, **pool), "answer": YES}).network

    assert network.sites["branch"].point_to_site
    assert network.sites["branch"].prefixes == (parse_prefix("192.168.0.0/16"),)
    assert agreed(solver, routed(FROM_BRANCH, **pool), YES)


def test_the_route_to_an_endpoint_of_a_peer_is_known_to_the_encoder_as_one_by_peering(solver: Solver) -> None:
    spoke = {"name": "spoke", "address_space": ["10.1.0.0/16"], "subnets": [{"name": "s", "prefixes": ["10.1.0.0/24"]}]}
    pe = {"name": "pe", "vnet": "hub", "subnet": "t", "ip": "10.0.2.9", "role": "private_endpoint"}
    question = {"kind": "next_hop", "from": {"vnet": "spoke", "subnet": "s"}, "dst": "10.0.2.9"}
    halves = [{"local": "hub", "remote": "spoke"}, {"local": "spoke", "remote": "hub"}]
    asked = routed(question, nics=[pe], vnets=[HUB, spoke], peerings=halves)

    assert agreed(solver, asked, hop("InterfaceEndpoint", "10.0.2.9/32"))
    assert agreed(solver, asked, hop("privateEndpoint", "10.0.2.9/32", "default"))
    assert not agreed(solver, asked, hop("VNetPeering", "10.0.0.0/16"))


@pytest.mark.parametrize(
    ("kind", "prefixes"), [("vpn", HUB["address_space"][:1]), ("expressroute", HUB["address_space"])]
)
def test_a_vpn_gateway_announces_and_keeps_ipv4_alone(solver: Solver, kind: str, prefixes: list[str]) -> None:
    gateway = {"gateways": [{"name": "gw", "vnet": "hub", "type": kind}]}
    keeps = {"kind": "bgp_accepts", "gateway": "gw", "prefix": "fd00:99::/48"}

    assert agreed(solver, routed({"kind": "gateway_advertises", "gateway": "gw"}, **gateway), {"prefixes": prefixes})
    assert agreed(solver, routed(keeps, **gateway), {"value": kind == "expressroute"})


def test_a_route_for_a_tag_serves_the_family_of_its_appliance(solver: Solver) -> None:
    route = {"prefix": "tag:Storage", "next_hop_type": "VirtualAppliance", "next_hop_ip": "10.0.2.4"}
    tags = {"service_tags": {"Storage": ["203.0.113.0/24", "2603:1030::/32"]}}
    taken = hop("VirtualAppliance", "203.0.113.0/24", "User", ip="10.0.2.4")

    assert agreed(solver, routed(next_hop("203.0.113.9"), route, **tags), taken)
    assert agreed(solver, routed(next_hop("2603:1030::9"), route, **tags), hop("Internet", "::/0"))
