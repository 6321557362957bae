"""Mistakes in names and whole texts: all at once, in source order, each with the repair where it is known."""

from __future__ import annotations

import pytest

from tests.unit.effort import with_calls
from tests.unit.mistakes import mistake, mistakes, pointed_at
from vnetverify.diagnostic import InputError, Severity
from vnetverify.report.excerpt import render_diagnostics
from vnetverify.source import Source
from vnetverify.syntax import read, read_text, resolve_expression
from vnetverify.syntax.layout import format_text

# Names


def test_names_that_fold_alike_are_one_name() -> None:
    text = "vnet Hub {}\nvnet hub {}"
    found = mistake(text)

    assert (found.code, found.span.line, found.others[0][0].line) == ("duplicate-name", 2, 1)
    assert found.help == "Azure compares names without regard to case"


def test_names_of_different_kinds_may_be_alike() -> None:
    assert mistakes("vnet a { subnet a 10.0.0.0/24 nsg a  routes a }\nnsg a {}\nroute-table a {}\nasg a") == ()


def test_a_reference_finds_the_declared_spelling() -> None:
    network = read_text("vnet Hub {}\nvnet Spoke {}\npeering HUB -> spoke").network

    assert network.peerings[0].id == "Hub -> Spoke"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("vnet a { subnet s 10.0.0.0/24  subnet S 10.0.1.0/24 }", "S"),
        ("nsg a { inbound 100 r allow tcp from any to any  inbound 101 R deny tcp from any to any }", "R"),
        ("route-table a { r 10.0.0.0/8 -> none  R 11.0.0.0/8 -> none }", "R"),
        ("vnet a {}\nvnet b {}\npeering a -> b\npeering A -> b", "peering A -> b"),
        ("vnet a { gateway vpn g }\nvnet b { gateway vpn G }", "G"),
        ("vnet a {}\ngroup A = any", "A"),
        ("service x = ssh\nservice X = rdp", "X"),
        ("service tcp = tcp/80", "tcp"),
        ("asg a\nasg A", "A"),
        ('vnet "a.b" { subnet c 10.0.0.0/24 }\nvnet a { subnet "b.c" 10.0.1.0/24 }', '"b.c"'),
    ],
)
def test_what_is_declared_twice_is_told_of(text: str, place: str) -> None:
    found = mistake(text)

    assert (found.code, pointed_at(text, found)) == ("duplicate-name", place)


def test_two_interfaces_may_not_have_one_name() -> None:
    found = mistake("vnet a { subnet s 10.0.0.0/24 }\nvm m { nic 10.0.0.4 in a.s }\nvm n { nic m 10.0.0.5 in a.s }")

    assert (found.code, found.message) == ("duplicate-name", "the name `m` is taken by another nic")


@pytest.mark.parametrize(
    ("text", "code", "meant"),
    [
        ("vnet hub {}\nvnet a {}\npeering a -> hbu", "unknown-vnet", "did you mean `hub`?"),
        ("vnet a { subnet s 10.0.0.0/24 nsg wbe-nsg }\nnsg web-nsg {}", "unknown-nsg", "did you mean `web-nsg`?"),
        ("vnet a { subnet s 10.0.0.0/24 routes x }\nnsg x {}", "unknown-route-table", "`x` is declared as an nsg"),
        ("vnet a { subnet s 10.0.0.0/24 nat-gateway x }", "unknown-nat-gateway", None),
        (
            "vnet a { subnet web 10.0.0.0/24 }\nvm m { nic 10.0.0.4 in a.wbe }",
            "unknown-subnet",
            "did you mean `a.web`?",
        ),
        ("vnet a { subnet web 10.0.0.0/24 }\nvm m { nic 10.0.0.4 in a }", "unknown-subnet", None),
        ("nsg a { inbound 100 r allow tcp from asg web to any }", "unknown-asg", None),
        ("nsg a { inbound 100 r allow tcp from Intrenet to any }", "unknown-service-tag", "did you mean `Internet`?"),
        (
            "asg web\nnsg a { inbound 100 r allow tcp from web to any }",
            "unknown-service-tag",
            "for the application security group write `asg web`",
        ),
        (
            "vnet v { subnet web 10.0.0.0/24 }\nnsg a { inbound 100 r allow tcp from v.web to any }",
            "unknown-service-tag",
            "a security rule names no places: write the addresses of `v.web`",
        ),
        ("site s { behind nobody }", "unknown-machine", None),
        ("vnet a { gateway vpn g }\nconnection here -- a.g", "unknown-name", None),
        ("vnet a { gateway vpn g }\nvnet b {}\nsite s {}\nconnection s -- b.g", "unknown-gateway", None),
        ("intent i { any never reaches nowhere }", "unknown-name", None),
        ("intent i { any never reaches any on shs }", "unknown-service", "did you mean `ssh`?"),
        ("intent i { any never reaches any only via x }", "syntax", None),
        ("intent i { any reaches any only via x }", "unknown-name", None),
        ("intent i { any not transitive through h }", "unknown-vnet", None),
        ("intent i { any never reaches any expect refutd }", "unknown-verdict", "did you mean `refuted`?"),
        ("assume U-R-PER-16 = true", "unknown-uncertainty", "did you mean `U-R-PEER-16`?"),
        ("assume U-R-PEER-16 = yes", "unknown-truth-value", None),
        ("era 1999", "unknown-era", None),
        ("reading undocumented", "unknown-reading", "did you mean `documented`?"),
        ("vnet a { model clasic }", "unknown-deployment-model", "did you mean `classic`?"),
    ],
)
def test_a_reference_to_nothing_is_told_with_what_was_meant(text: str, code: str, meant: str | None) -> None:
    found = mistake(text)

    assert found.code == code
    assert meant is None or found.help == meant


def test_an_unknown_subnet_shows_the_vnet_and_what_it_has() -> None:
    text = (
        "vnet spoke {\n  subnet app 10.0.0.0/24\n  subnet data 10.0.1.0/24\n}\nintent i { spoke.web never reaches any }"
    )
    found = mistake(text)

    assert found.message == "vnet `spoke` has no subnet `web`"
    assert pointed_at(text, found) == "spoke.web"
    assert [(place.line, word) for place, word in found.others] == [(1, "has subnets `app` and `data`")]


def test_an_ambiguous_name_is_refused_where_it_is_used() -> None:
    text = "vnet x { subnet s 10.0.0.0/24 }\nvm x { nic 10.0.0.4 in x.s }\nintent i { x never reaches any }"
    found = mistake(text)

    assert (found.code, found.span.line, len(found.others)) == ("ambiguous-name", 3, 2)


def test_a_declared_name_may_not_clash_with_an_imported_one() -> None:
    imported = read_text("vnet hub {}", "export.json").network
    (found,) = mistakes("vnet HUB {}", imported)

    assert (found.code, found.others[0][0].file) == ("duplicate-name", "export.json")


def test_groups_that_go_round_in_a_circle_are_told_once() -> None:
    found = mistake("group a = b, any\ngroup b = c\ngroup c = a\ngroup d = a")

    assert (found.code, found.message) == ("circular-group", "group `a` is defined by itself")
    assert [place.line for place, _ in found.others] == [2, 3]


def test_two_circles_of_groups_are_both_told() -> None:
    found = mistakes("group a = a\ngroup b = c\ngroup c = b")

    assert [one.span.line for one in found] == [1, 2]


@pytest.mark.parametrize("reference", ["x", "a.x"])
def test_a_machine_and_a_gateway_of_one_name_are_never_taken_for_each_other(reference: str) -> None:
    text = (
        "vnet a { subnet s 10.0.0.0/24  gateway vpn x }\nappliance x { nic 10.0.0.4 in a.s }\n"
        f"intent i {{ a reaches any only via {reference} }}"
    )
    found = mistake(text)

    assert (found.code, pointed_at(text, found)) == ("ambiguous-name", reference)


@pytest.mark.parametrize(
    "pair",
    [
        ("U-R-PEER-16 = true", "U-R-PEER-16 = false"),
        ("U-FORWARDS(fw) = true", "U-FORWARDS(fw) = false"),
        ("U-FORWARDS = true", "U-FORWARDS(fw) = false"),
        ("U-FORWARDS(fw) = true", "U-FORWARDS(b) = false\nassume U-R-PEER-16 = true\nassume U-FORWARDS = true"),
    ],
)
def test_a_fact_assumed_both_ways_is_refused_since_it_would_prove_anything(pair: tuple[str, str]) -> None:
    assert mistake(f"assume {pair[0]}\nassume {pair[1]}").code == "contradiction"


def test_facts_of_one_kind_may_differ_and_one_may_be_said_twice() -> None:
    assert mistakes("assume U-FORWARDS(a) = true\nassume U-FORWARDS(b) = false\nassume U-FORWARDS(a) = true") == ()


@pytest.mark.parametrize("tag", ["Internet", "virtualnetwork", '"AzureLoadBalancer"'])
def test_a_tag_that_the_rules_define_cannot_be_declared(tag: str) -> None:
    assert mistake(f"service-tag {tag} 20.0.0.0/8").message.endswith("is defined by Azure's rules")


def test_ports_of_a_protocol_without_ports_are_refused() -> None:
    assert mistake("intent i { any never reaches any on icmp/8 }").message == "this protocol has no ports"


def test_a_connection_of_two_sites_is_refused() -> None:
    assert mistake("site a {}\nsite b {}\nconnection a -- b").code == "two-sites"


def test_an_option_said_twice_is_refused() -> None:
    text = "vnet a { region west  region east }"
    found = mistake(text)

    assert (found.code, pointed_at(text, found)) == ("said-twice", "east")


@pytest.mark.parametrize("again", ["env", "ENV"])
def test_a_tag_has_one_value_whatever_the_case_of_its_name(again: str) -> None:
    text = f'vnet a {{ tag env = "prod"  tag other = "prod"  tag {again} = "lab" }}'
    found = mistake(text)

    assert (found.code, found.message) == ("said-twice", f"the vnet has a tag `{again}` already")


def test_an_intent_without_a_sentence_is_refused() -> None:
    assert mistake("intent nothing {}").code == "empty-intent"


def test_a_group_by_a_tag_that_no_vnet_has_is_a_warning() -> None:
    found = mistake('vnet a { tag env = "prod" }\ngroup g = vnet where env = "prd"')

    assert (found.code, found.severity) == ("empty-set", Severity.WARNING)
    assert found.help == "values of that tag: `prod`"


def test_a_service_in_place_of_a_well_known_one_is_a_warning() -> None:
    """A reviewer who reads `on https` in an intent thinks of 443."""
    text = "service HTTPS = tcp/443, 8443"
    found = mistake(text)

    assert (found.code, found.severity, pointed_at(text, found)) == ("not-the-well-known", Severity.WARNING, "HTTPS")
    assert found.label == "stands for tcp/443, 8443 wherever this text says it"
    assert mistakes("service https = tcp/443") == ()


def test_zeros_before_a_number_do_not_change_it() -> None:
    """However many: a reader sees 443, and 1000 where there is no such protocol."""
    zeros = "0" * 5_000
    read_ports = read_text(f"service s = tcp/{zeros}443, {zeros}80-{zeros}81").services["s"].parts

    assert read_ports == read_text("service s = tcp/443, 80-81").services["s"].parts
    for protocol in ("0001000", f"{zeros}256"):
        text = f"vnet v {{ subnet s 10.0.0.0/24 }}\nappliance a {{ nic 10.0.0.4 in v.s  forwards {protocol} }}"
        assert mistake(text).code == "unknown-protocol"


def test_subnets_that_are_written_alike_are_one_name() -> None:
    text = 'vnet a { subnet "b.c" 10.0.0.0/24 }\nvnet "a.b" { subnet c 10.1.0.0/24 }\n'

    assert [found.code for found in mistakes(f'{text}intent i {{ a."b.c" reaches "a.b".c }}')] == ["duplicate-name"]


def test_a_word_of_the_language_is_not_what_is_called_so() -> None:
    """A reader may think that the intent is about the group."""
    text = "vnet a { address 10.0.0.0/16 }\ngroup internet = a\nintent i { %s never reaches a }"
    (found,) = mistakes(text % "internet")

    assert (found.code, found.severity, found.span.column) == ("word-of-the-language", Severity.WARNING, 12)
    assert (found.message, found.help) == (
        "`internet` is the Internet here, not the group that is called so",
        'the group is written `"internet"`',
    )
    assert mistakes(text % '"internet"') == ()


def test_a_warning_does_not_keep_a_text_from_being_read() -> None:
    assert read_text('group g = vnet where env = "prod"').groups["g"].parts == ()


def test_an_unknown_name_in_a_for_each_is_told_once() -> None:
    text = "vnet a {}\nvnet b {}\nvnet c {}\nintent i { for each x in vnet: x never reaches nowhere }"

    kinds = "vnet, machine, site, load balancer, private endpoint or group"

    assert mistake(text).message == f"no {kinds} is called `nowhere`"


# Hostile input


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200f", "\x07", "\x1b", "\x85", "\u2028"])
def test_control_and_direction_changing_characters_are_refused_anywhere(character: str) -> None:
    assert mistake(f"vnet a {{}} # {character}").code == "unprintable-character"


@pytest.mark.parametrize("character", ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060"])
def test_invisible_characters_are_refused_in_names(character: str) -> None:
    assert mistake(f'vnet "hub{character}" {{}}').code == "bad-name"


def test_a_name_may_be_neither_empty_nor_endless() -> None:
    assert mistake('vnet "" {}').code == "bad-name"
    assert mistake(f"vnet {'a' * 261} {{}}").code == "bad-name"
    assert mistakes(f"vnet {'a' * 260} {{}}") == ()


def test_a_look_alike_letter_is_no_bare_name() -> None:
    assert mistake("vnet hüb {}").code == "syntax"


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert mistake("vnet a { address 10.0.0.٣/32 }").code == "syntax"


def test_an_empty_text_has_no_mistakes() -> None:
    assert mistakes("") == mistakes("\n\n# nothing\n") == ()


def test_a_nul_character_makes_the_input_no_text() -> None:
    assert mistake("vnet a\0 {}").code == "not-a-text"


def test_a_byte_order_mark_is_passed_over() -> None:
    assert list(read_text("\ufeffvnet a {}").network.vnets) == ["a"]


def test_windows_line_ends_are_line_ends() -> None:
    found = mistake("vnet a {\r\n  adress 10.0.0.0/8\r\n}\r\n")

    assert (found.span.line, found.span.column) == (2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "vnet a " + "{" * 100_000,
        "vnet a {\n" * 100_000,
        "vnet a { " + "x" * 10_000_000 + " }",
        '"' + "a" * 10_000_000,
        "nsg a { inbound " + "9" * 1_000_000 + " r allow tcp from any to any }",
        "vnet " + "a-" * 1_000_000,
        "\n".join(f"peering a{number} -> b{number}" for number in range(5_000)),
        "\n".join(f"group g{number} = g{(number + 1) % 5_000}" for number in range(5_000)),
    ],
    ids=["braces", "statements", "long line", "open quote", "long number", "long name", "unknown names", "circle"],
)
def test_a_hostile_text_gets_a_short_answer_soon(text: str) -> None:
    source = Source("a.vnet", text)
    found, calls = with_calls(lambda: read((source,)).diagnostics)
    shown, more = with_calls(lambda: render_diagnostics(found, {"a.vnet": source}))

    assert found
    assert len(shown) < 100_000
    assert calls + more < 4_000_000


def test_a_long_chain_of_groups_needs_no_deep_recursion() -> None:
    chain = "\n".join(f"group g{number} = g{number + 1}" for number in range(5_000))

    assert read_text(f"{chain}\ngroup g5000 = 8.8.8.8").groups["g0"].parts != ()


def test_formatting_a_text_with_mistakes_is_refused_with_them() -> None:
    with pytest.raises(InputError, match="did not expect `adress` here"):
        format_text("vnet a { adress 10.0.0.0/8 }")


# Expressions


def test_an_expression_is_resolved_beside_a_text() -> None:
    text = Source("a.vnet", "vnet a { subnet s 10.0.0.0/24  subnet t 10.0.1.0/24 }\ngroup g = a")
    found = resolve_expression(Source("<expression>", "g except a.t"), (text,))

    assert [str(place) for place, _ in found.parts] == ["a.s"]
    assert found.text == "g except a.t"


@pytest.mark.parametrize("expression", ["", "nowhere", "a b", "a,", "group"])
def test_a_wrong_expression_is_refused(expression: str) -> None:
    with pytest.raises(InputError):
        resolve_expression(Source("<expression>", expression), (Source("a.vnet", "vnet a {}"),))
