"""What statements say of public frontends, private link services and proxies, and the sentence about egress."""

from __future__ import annotations

import pytest

from tests.unit.text_samples import DEVICES
from vnetverify.diagnostic import Diagnostic, InputError
from vnetverify.header import TCP, Interval, interval_set, parse_address
from vnetverify.model.balancers import LoadBalancer, LoadBalancingRule, OutboundRule, Probe, Sku
from vnetverify.model.intents import Claim, EgressKind, ExpectedEgress, Verb
from vnetverify.model.network import Network
from vnetverify.model.private_links import ProxyKind
from vnetverify.source import Source
from vnetverify.syntax import read, read_text
from vnetverify.syntax.read import resolve_expression

SAMPLE = read_text(DEVICES).network
APP = """\
vnet v {
  address 10.0.0.0/16
  subnet s 10.0.0.0/24
  subnet t 10.0.1.0/24
  subnet AzureBastionSubnet 10.0.2.0/26
}
vm m { nic 10.0.0.4 in v.s }
vm n { nic 10.0.0.5 in v.s }
"""


def network(text: str) -> Network:
    return read_text(APP + text).network


def balancer(items: str) -> LoadBalancer:
    return network(f"load-balancer b standard in v.s {{ {items} }}").load_balancers["b"]


def rule(text: str) -> LoadBalancingRule:
    (found,) = balancer(f"frontend public-ip  {text}").rules
    return found


def mistake(text: str) -> Diagnostic:
    (found,) = read((Source("text.vnet", APP + text),)).diagnostics
    return found


# Public frontends


def test_a_public_frontend_has_an_address_that_is_called_after_both() -> None:
    found, unknown = balancer("frontend web public-ip 203.0.113.7  frontend public-ip").public_frontends

    assert (found.name, found.public_address.name, found.public_address.sku) == ("web", "b/web", Sku.STANDARD)
    assert found.public_address.address == parse_address("203.0.113.7")
    assert (unknown.name, unknown.public_address.name, unknown.public_address.address) == (
        "frontend",
        "b/frontend",
        None,
    )


def test_a_load_balancer_with_public_frontends_alone_is_in_no_subnet() -> None:
    found = network("load-balancer b { frontend public-ip  rule r tcp 1 -> m }").load_balancers["b"]

    assert (found.frontends, len(found.public_frontends), found.rules[0].frontend) == ((), 1, "frontend")


def test_a_rule_is_at_the_first_frontend_of_either_kind() -> None:
    assert balancer("frontend out public-ip  frontend 10.0.0.9  rule r tcp 1 -> m").rules[0].frontend == "out"


def test_a_rule_says_which_members_are_up_or_down_and_what_happens_when_none_answers() -> None:
    found = rule("rule r tcp 443 -> m, n  probe 80 all-when-none  no-egress  up m  down n")

    assert (found.probe, found.always_up, found.down) == (Probe(80, all_when_none=True), ("m",), ("n",))
    assert not found.gives_egress


def test_a_rule_gives_egress_and_waits_for_its_probe_unless_it_says_otherwise() -> None:
    found = rule("rule r tcp 443 -> m  probe 80 all-when-none off  no-egress off")

    assert (found.probe, found.gives_egress, found.always_up, found.is_inbound_nat) == (Probe(80), True, (), False)


@pytest.mark.parametrize("said", ["rule r tcp 443 -> none", "rule r tcp 443 -> none  probe 80"])
def test_a_rule_may_have_no_members(said: str) -> None:
    assert rule(said).members == ()


def test_so_may_an_outbound_rule() -> None:
    (found,) = balancer("frontend public-ip  outbound o any at frontend -> none").outbound_rules

    assert found.members == ()


def test_an_inbound_nat_rule_leads_a_port_to_a_member() -> None:
    found = rule("nat r tcp 50001 -> m port 22 floating-ip")

    assert (found.is_inbound_nat, found.port, found.backend_port, found.members) == (True, 50001, 22, ("m",))
    assert (found.floating_ip, found.probe) == (True, None)


@pytest.mark.parametrize(("written", "protocol"), [("tcp", TCP), ("any", None), ("*", None)])
def test_an_outbound_rule_names_frontends_and_members(written: str, protocol: int | None) -> None:
    items = f"frontend a public-ip  frontend b public-ip  outbound o {written} at b, A -> m, n, m"
    (found,) = balancer(items).outbound_rules

    assert (found.name, found.frontends, found.protocol, found.members) == ("o", ("b", "a"), protocol, ("m", "n"))


@pytest.mark.parametrize(
    ("items", "code", "help_text"),
    [
        ("nat r tcp 1 -> m, n", "nat-rule", "for several write `rule`"),
        ("nat r any -> m", "nat-rule", None),
        ("nat r tcp 1 -> m probe 80", "nat-rule", None),
        ("nat r tcp 1 -> m no-egress", "nat-rule", None),
        ("nat r tcp -> m", "bad-port", None),
        ("rule r tcp 1 -> m all-when-none", "rule-without-probe", "write `probe PORT` in front of it"),
        ("rule r tcp 1 -> m down m", "rule-without-probe", "write `probe PORT` in front of it"),
        ("rule r tcp 1 -> m probe 1 up mm", "unknown-name", "did you mean `m`?"),
        ("rule r tcp 1 -> m probe 1 up m up m", "said-twice", None),
        ("nat r tcp 1 -> m  nat R tcp 2 -> m", "duplicate-name", None),
        ("frontend inside 10.0.0.9  outbound o tcp at inside -> m", "outbound-by-internal", None),
        ("outbound o tcp at forntend -> m", "unknown-frontend", "did you mean `frontend`?"),
        ("outbound o icmp at frontend -> m", "unknown-protocol", None),
        ("outbound o tcp at frontend -> mm", "unknown-name", "did you mean `m`?"),
        ("frontend FRONTEND 10.0.0.9", "duplicate-name", None),
        ("frontend other public-ip 203.0.113.0/24", "bad-address", None),
        ("rul r tcp 1 -> m", "syntax", "did you mean `rule`?"),
    ],
)
def test_what_a_public_load_balancer_says_wrongly_is_told(items: str, code: str, help_text: str | None) -> None:
    found = mistake(f"load-balancer b standard in v.s {{ frontend public-ip  {items} }}")

    assert (found.code, found.help) == (code, help_text)


def test_a_frontend_without_a_subnet_may_have_been_meant_to_be_public() -> None:
    found = mistake("load-balancer b { frontend 203.0.113.7 }")

    assert (found.code, found.help) == ("unknown-subnet", "one on the Internet is written `public-ip 203.0.113.7`")


# Private link services


def test_a_private_link_service_offers_a_frontend_at_addresses_of_a_subnet() -> None:
    found = SAMPLE.private_link_services["offer"]

    assert (found.balancer, found.frontend, found.subnet_id) == ("both", "frontend", "app.links")
    assert found.addresses == (parse_address("10.1.5.4"), parse_address("10.1.5.5"))


def test_without_a_frontend_it_offers_the_first_internal_one() -> None:
    text = "load-balancer b in v.s { frontend out public-ip  frontend inside 10.0.0.9 }\n"
    found = network(f"{text}private-link-service o of b at 10.0.1.9 in v.t").private_link_services["o"]

    assert found.frontend == "inside"


def test_a_private_endpoint_may_lead_to_a_service() -> None:
    leads, vault = SAMPLE.private_endpoints.values()

    assert (leads.link_service, leads.is_approved) == ("offer", False)
    assert (vault.link_service, vault.is_approved) == (None, True)


@pytest.mark.parametrize(
    ("text", "code", "help_text"),
    [
        ("private-link-service o of bb.in at 10.0.1.9 in v.t", "unknown-load-balancer", "did you mean `b`?"),
        ("private-link-service o of b.outt at 10.0.1.9 in v.t", "unknown-frontend", "declared: `inside`"),
        ("private-link-service o of b.out at 10.0.1.9 in v.t", "public-link-service", None),
        ("private-link-service o of b.inside at 10.0.1.9 in v.x", "unknown-subnet", "did you mean `v.t`?"),
        ("private-link-service o of b.inside at 10.0.1.0/24 in v.t", "bad-address", None),
        ("private-endpoint e 10.0.1.9 in v.t to offfer", "unknown-private-link-service", None),
        ("private-link-service o of b in v.t", "syntax", None),
    ],
)
def test_what_a_private_link_says_wrongly_is_told(text: str, code: str, help_text: str | None) -> None:
    balancer = "load-balancer b in v.s { frontend out public-ip  frontend inside 10.0.0.9 }\n"
    found = mistake(balancer + text)

    assert (found.code, found.help) == (code, help_text)


# Proxies


def test_proxies_stand_in_subnets_and_listen() -> None:
    jump, dev, gate, idle = SAMPLE.proxies.values()

    assert (jump.kind, jump.subnet_id, 443 in jump.listens) == (ProxyKind.BASTION, "hub.AzureBastionSubnet", True)
    assert (dev.kind, dev.vnet, dev.subnet_id, bool(dev.listens)) == (ProxyKind.BASTION, "hub", None, False)
    assert (gate.kind, gate.subnet_id) == (ProxyKind.APPLICATION_GATEWAY, "hub.gateways")
    assert gate.listens == interval_set((Interval(443, 443), Interval(8000, 8100)))
    assert not idle.listens


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bastion b in v", "unknown-subnet"),
        ("bastion b in v.x", "unknown-subnet"),
        ("bastion b in v.AzureBastionSubnet developer", "developer-in-subnet"),
        ("bastion b in w developer", "unknown-vnet"),
        ("application-gateway a in v", "unknown-subnet"),
        ("application-gateway a in v.s { listens 70000 }", "bad-port"),
        ("bastion a in v developer\napplication-gateway A in v.s", "duplicate-name"),
    ],
)
def test_what_a_proxy_says_wrongly_is_told(text: str, code: str) -> None:
    assert mistake(text).code == code


# State


def test_a_flow_timeout_and_strictness_are_kept() -> None:
    assert (SAMPLE.is_strict, SAMPLE.vnets["hub"].flow_timeout, SAMPLE.vnets["app"].flow_timeout) == (True, True, False)
    assert not network("").is_strict


@pytest.mark.parametrize(
    ("written", "code"),
    [("3 minutes", "bad-flow-timeout"), ("31 minutes", "bad-flow-timeout"), ("4 hours", "unknown-unit")],
)
def test_a_flow_timeout_that_is_none_is_told(written: str, code: str) -> None:
    assert mistake(f"vnet w {{ flow-timeout {written} }}").code == code


def test_a_mistake_before_strict_does_not_swallow_it() -> None:
    document = read((Source("t", "vnet v { adress 10.0.0.0/16 }\nstrict\n"),))

    assert ([each.code for each in document.diagnostics], document.network.is_strict) == (["syntax"], True)


# Egress

_WAYS = """\
nat-gateway out
site branch { address 192.168.0.0/16 }
load-balancer b { frontend public-ip }
"""


@pytest.mark.parametrize(
    ("written", "kind", "name"),
    [
        ("nat-gateway OUT", EgressKind.NAT_GATEWAY, "out"),
        ("load-balancer b", EgressKind.LOAD_BALANCER, "b"),
        ("site branch", EgressKind.SITE, "branch"),
        ("appliance m", EgressKind.APPLIANCE, "m"),
        *((word, EgressKind(word), None) for word in [kind.value for kind in EgressKind]),
    ],
)
def test_an_egress_is_a_way_out_and_perhaps_its_name(written: str, kind: EgressKind, name: str | None) -> None:
    document = read_text(f"{APP}{_WAYS}intent i {{ egress of v.s to internet is {written} }}")
    (claim,) = document.intents[0].claims

    assert isinstance(claim, Claim)
    assert (claim.verb, claim.expected_egress) == (Verb.EGRESS, ExpectedEgress(kind, name))
    assert [place.name for place, _ in claim.pairs[0][0].parts] == ["v.s"]


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("egress of v to internet is nat-gateway ot", "unknown-nat-gateway"),
        ("egress of v to internet is appliance v.m", "unknown-machine"),
        ("egress of v to internet is internet", "syntax"),
        ("egress of v to internet is none under any 1 failure of gateway", "failures-out-of-place"),
    ],
)
def test_what_is_said_wrongly_of_an_egress_is_told(sentence: str, code: str) -> None:
    assert mistake(f"{_WAYS}intent i {{ {sentence} }}").code == code


def test_sentences_about_egress_stand_one_below_the_other() -> None:
    text = f"{APP}{_WAYS}intent i {{ egress of v to internet is public-ip v.s reaches v.t egress of v to v is none }}"
    verbs = [claim.verb for claim in read_text(text).intents[0].claims if isinstance(claim, Claim)]

    assert verbs == [Verb.EGRESS, Verb.REACHES, Verb.EGRESS]


def test_an_outbound_rule_is_no_rule() -> None:
    shop = SAMPLE.load_balancers["shop"]

    assert [type(each) for each in shop.outbound_rules] == [OutboundRule]
    assert [each.name for each in shop.rules] == ["web", "six", "ssh"]


# Parts of load balancers and firewalls


@pytest.mark.parametrize(
    ("written", "places"),
    [
        ("shop.spare", ["shop/spare"]),
        ("SHOP.Frontend", ["shop/frontend"]),
        ("both.frontend", ["app.web"]),
        ("fw.entry", ["fw/entry"]),
        ("shop.spare, fw.private", ["fw/private", "shop/spare"]),
    ],
)
def test_a_sentence_may_speak_of_one_frontend_or_public_address(written: str, places: list[str]) -> None:
    found = resolve_expression(Source("e", written), (Source("all.vnet", DEVICES),))

    assert [place.name for place, _ in found.parts] == places


@pytest.mark.parametrize(
    ("written", "code", "help_text"),
    [
        ("shop.spear", "unknown-frontend", "did you mean `spare`?"),
        ("fw.fw-ip-3", "unknown-public-address", "declared: `entry` and `private`"),
        ("open.entry", "unknown-public-address", None),
        ("web1.entry", "unknown-vnet", "`web1` is declared as a machine and a nic"),
    ],
)
def test_a_part_that_is_not_there_is_told(written: str, code: str, help_text: str | None) -> None:
    with pytest.raises(InputError) as caught:
        resolve_expression(Source("e", written), (Source("all.vnet", DEVICES),))
    (found,) = caught.value.diagnostics

    assert (found.code, found.help) == (code, help_text)


def test_a_vnet_is_meant_before_a_load_balancer_of_its_name() -> None:
    text = f"{APP}load-balancer v {{ frontend s public-ip }}\nintent i {{ v.s reaches v.t }}"
    (claim,) = read_text(text).intents[0].claims

    assert isinstance(claim, Claim)
    assert [place.name for place, _ in claim.pairs[0][0].parts] == ["v.s"]
