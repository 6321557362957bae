"""Mistakes of syntax and in literals: each at its place, with the repair where it is known."""

from __future__ import annotations

import pytest

from tests.unit.mistakes import mistake, mistakes, pointed_at
from vnetverify.source import Source
from vnetverify.syntax import read

# Syntax


def test_a_misspelt_keyword_is_shown_with_the_one_that_was_meant() -> None:
    text = "vnet a {\n  adress 10.0.0.0/8\n}"
    found = mistake(text)

    assert (found.code, pointed_at(text, found)) == ("syntax", "adress")
    assert found.help == "did you mean `address`?"


def test_a_misspelt_flag_is_shown_with_the_one_that_was_meant() -> None:
    found = mistake("vnet a {}\nvnet b {}\npeering a -> b { allow-forwarded-trafic }")

    assert found.help == "did you mean `allow-forwarded-traffic`?"


@pytest.mark.parametrize(
    ("text", "word", "meant"),
    [
        ("vnett hub {}", "vnett", "vnet"),
        ("vnethub {}", "vnethub", "vnet"),
        ("vnet hub { subnetapp 10.0.0.0/24 }", "subnetapp", "subnet"),
    ],
)
def test_a_keyword_is_a_whole_word(text: str, word: str, meant: str) -> None:
    found = mistake(text)

    assert (pointed_at(text, found), found.help) == (word, f"did you mean `{meant}`?")


@pytest.mark.parametrize(
    ("text", "character", "advice"),
    [
        ("vnet caf\u00e9 {}", "\u00e9", "stands in quotes"),
        ("vnet \u201chub\u201d {}", "\u201c", "quotes are straight"),
        ("vnet a { address 10.0.0.0/16; }", ";", "leave out `;`"),
        ("vnet 'hub' {}", "'", "quotes are double"),
        ("vnet a { address\u00a010.0.0.0/16 }", "\u00a0", "write a plain blank"),
        ("vnet a\u200b {}", "\u200b", "it is invisible: leave it out"),
        ("vnet a {}\npeering a <-> a", "<", "two halves"),
        ("nsg n { inbound 100 a allow tcp from 10.0.0.4-10.0.0.9 to any }", "-", "is written as its prefixes"),
    ],
)
def test_a_character_that_no_word_has_comes_with_advice(text: str, character: str, advice: str) -> None:
    found = mistake(text)

    assert (pointed_at(text, found), found.label) == (character, "has no meaning outside of quotes")
    assert advice in (found.help or "")


@pytest.mark.parametrize(
    ("text", "label", "advice"),
    [
        ("// a comment", "expected a statement such as `vnet`, `nsg` or `intent`", "a comment begins with `#`"),
        ("vnet a { address: 10.0.0.0/16 }", "expected an address or prefix", "leave out `:`"),
        ("service s = tcp 443", "expected an address or prefix, a name", "with its protocol: `tcp/443`"),
        ("nsg n { inbound 100 r allow tcp from any to any port https }", "from 0 to 65535", "did you mean `443`?"),
        ("vnet a.b.c {}", "expected `{`", "stands in quotes"),
        ("machine a {}", "expected a statement", "write `vm`"),
        ('resource "azurerm_subnet" "a" {}', "expected a statement", "`terraform show -json`"),
        ("nsg n { in 100 a allow tcp from any to any }", "expected `inbound`", "write `inbound`"),
        ("nsg n { inbound a 100 allow tcp from any to any }", "expected a number", "`inbound 100 a`"),
        ("nsg n { inbound 100 a permit tcp from any to any }", "expected `allow` or `deny`", "write `allow`"),
        ("nsg n { inbound 100 a allow tcp any to any }", "expected", "write `from any`"),
        ("nsg n { inbound 100 a allow tcp, udp from any to any }", "expected `from`", "has one protocol"),
        ("nsg n { inbound 100 a allow tcp from Sql, Storage to any }", "`port`, `to`", "write a rule for each"),
        ("route-table r { x 0.0.0.0/0 via 10.0.0.4 }", "expected `->`", "write `->`"),
        ("route-table r { x 0.0.0.0/0 => none }", "expected `->`", "write `->`"),
        ("route-table r { 0.0.0.0/0 -> none }", "expected a name", "`NAME 0.0.0.0/0`"),
        ("vnet a {}\nintent i { a does not reach a }", "`reaches`", "`never reaches` or `isolated from`"),
        ("vnet a {}\nintent i { a -> a }", "`reaches`", "says `reaches`"),
        ("vnet a {}\nintent i { a is isolated from a }", "`reaches`", "or `isolated from`"),
        ("vnet a {}\nintent i { a reaches a via fw }", "`reaches`", "`only via fw` says"),
        ("vnet a {}\nintent i { a reaches a via firewall }", "`reaches`", "`only via firewall` says"),
        ("vnet a {}\nintent i { a reaches a on ssh or rdp }", "`reaches`", "listed with commas"),
        ("vnet a {}\nintent i { a reaches a symmetrically on ssh }", "`reaches`", "behind one `on`"),
        ("vnet a {}\nintent i { a reaches a on ssh on https }", "`reaches`", "behind one `on`"),
        ("vnet a {}\nintent i { not a reaches a }", "`reaches`", "`never reaches` or `isolated from`"),
        ("vnet a {}\nintent i { deny a a }", "`reaches`", "`never reaches` or `isolated from`"),
        ("vnet a {}\nintent i { a never reaches a only via fw }", "expected an address", "stands behind `reaches`"),
        ("vnet a {}\nintent i { a reaches a port 80 }", "expected an address", "`on tcp/80`"),
        ("vnet a {}\nintent i { a reaches a on 80/tcp }", "expected an address", "`tcp/80`"),
        ("vnet a {}\na reaches a", "expected a statement", "a sentence stands in an intent"),
        ("nsg n { inbound 100 deny tcp from any to any }", "expected `allow` or `deny`", "stands before `deny`"),
        ("route-table r { d 0.0.0.0/0 -> 10.0.0.4 }", "expected `appliance`", "write `appliance 10.0.0.4`"),
    ],
)
def test_a_habit_from_other_languages_comes_with_advice(text: str, label: str, advice: str) -> None:
    found = mistake(text)

    assert label in found.label
    assert advice in (found.help or "")


def test_no_habit_is_seen_in_what_is_only_misspelt() -> None:
    assert mistake("vnet a {}\nintent i { a reachs a }").help == "did you mean `reaches`?"
    assert mistake("nsg n { inbound 100 r alow tcp from any to any }").help == "did you mean `allow`?"


def test_a_line_does_not_end_at_a_carriage_return_alone_or_a_form_feed() -> None:
    assert mistake("# what must hold\rvnet a {}\n").code == "unprintable-character"
    assert mistake("# what must hold\fvnet a {}\n").code == "unprintable-character"
    assert list(read((Source("a.vnet", "vnet a {}\r\n# x\r\r\nvnet b {}\r"),)).network.vnets) == ["a", "b"]


def test_a_name_that_another_text_has_taken_is_told_that_inputs_are_one() -> None:
    (found,) = read((Source("a.vnet", "vnet hub {}"), Source("b.vnet", "vnet hub {}"))).diagnostics

    assert (found.code, found.help) == ("duplicate-name", "all inputs of a run are one network")


def test_several_mistakes_of_syntax_are_reported_at_once_in_source_order() -> None:
    text = "vnet {\n}\nvnet b {}\nnsg x { inbound }\nintent i { b reachs b }\nvnet c { subnet }\n"

    assert [(found.code, found.span.line) for found in mistakes(text)] == [("syntax", line) for line in (1, 4, 5, 6)]


def test_a_text_of_too_many_words_says_how_many_to_allow() -> None:
    (found,) = read((Source("a.vnet", "asg a\n" * 12_501, 800),)).diagnostics

    assert (found.code, found.message) == ("too-large", "the text holds more than 800 words")
    assert found.help == "`--max-input 3` allows as many"


def test_what_is_right_is_read_beside_mistakes() -> None:
    document = read((Source("a.vnet", "vnet a {}\nvnet {\nvnet b {}\n? \nvnet c {}"),))

    assert list(document.network.vnets) == ["a", "b", "c"]


def test_mistakes_of_syntax_and_of_names_are_reported_together() -> None:
    text = "vnet a { subnet s 10.0.0.0/24 nsg nowhere }\nvnet {\n"

    assert [found.code for found in mistakes(text)] == ["unknown-nsg", "syntax"]


def test_a_name_that_a_broken_statement_declares_is_not_reported_as_unknown() -> None:
    text = "vnet a {}\nvnet b { adress 10.0.0.0/8 }\npeering a -> b\npeering a -> c"

    assert [found.message for found in mistakes(text)] == ["did not expect `adress` here", "no vnet is called `c`"]


def test_an_unclosed_brace_is_told_by_the_statement_that_follows() -> None:
    text = "vnet a {\n  address 10.0.0.0/8\nvnet b {}"
    found = mistake(text)

    assert (found.span.line, found.help) == (3, "close the statement before it with `}`")


def test_a_name_that_is_a_word_of_the_language_is_to_be_quoted() -> None:
    found = mistake("intent i {\n  a reaches b on ssh\n  vnet.b reaches a on ssh\n}")

    assert (found.span.line, found.help) == (3, 'a name that is a word of the language stands in quotes: `"vnet"`')


def test_an_unclosed_brace_at_the_end_is_told_there() -> None:
    found = mistake("vnet a {\n  address 10.0.0.0/8\n\n# end\n")

    assert found.message == "the text ends in the middle of a statement"
    assert found.help == "close the statement before it with `}`"


def test_a_quote_without_end_is_told_where_it_opens() -> None:
    found = mistake('intent x "no end { }')

    assert (found.message, found.span.column) == ("this text has no closing quote on its line", 10)


def test_a_name_with_dots_is_advised_quotes() -> None:
    found = mistake("vnet my.vnet {}")

    assert found.help == "a name with dots in it stands in quotes"


@pytest.mark.parametrize("word", ["nsg", "inbound", "any", "reaches", "in", "vnet"])
def test_a_word_of_the_language_is_a_name_where_it_cannot_be_mistaken(word: str) -> None:
    assert mistakes(f"vnet {word} {{}}\nnsg {word} {{ inbound 100 {word} allow tcp from any to any }}") == ()


def test_a_statement_that_does_not_exist_is_told_of() -> None:
    found = mistake("subnet a 10.0.0.0/24")

    assert found.label == "expected a statement such as `vnet`, `nsg` or `intent`"


# Literals


@pytest.mark.parametrize(
    ("prefix", "label"),
    [
        ("10.0.0.0/33", "`10.0.0.0/33` has no prefix length from 0 to 32"),
        ("10.0.0.0/", "`10.0.0.0/` has no prefix length from 0 to 32"),
        ("10.0.0.1/24", "`10.0.0.1/24` has host bits set; the prefix is `10.0.0.0/24`"),
        ("10.0.0/24", "`10.0.0` is not an IPv4 address"),
        ("10.0.0.256/32", "`10.0.0.256` has a part above 255"),
        ("10.0.0.08/32", "`10.0.0.08` has a part with a leading zero"),
        ("10.0.0.x/32", "`10.0.0.x` is not an IPv4 address"),
        ("fd00::/129", "`fd00::/129` has no prefix length from 0 to 128"),
        ("fd00::1/64", "`fd00::1/64` has host bits set; the prefix is `fd00::/64`"),
        ("fd00::1::/64", "`fd00::1::` is not an IPv6 address"),
        ("fd00::g/64", "`fd00::g` is not an IPv6 address"),
        ("fd000::/64", "`fd000::` is not an IPv6 address"),
        ("fe80::1%eth0", "`fe80::1%eth0` has a zone, which no network configuration has"),
    ],
)
def test_a_bad_prefix_is_told_with_what_is_wrong_with_it(prefix: str, label: str) -> None:
    text = f"vnet a {{ address {prefix} }}"
    found = mistake(text)

    assert (found.code, found.label, pointed_at(text, found)) == ("bad-prefix", label, prefix)


def test_a_prefix_in_the_place_of_an_address_is_refused() -> None:
    found = mistake("vnet a { subnet s 10.0.0.0/24 }\nvm m { nic 10.0.0.0/24 in a.s }")

    assert (found.code, found.label) == ("bad-address", "expected one address")


@pytest.mark.parametrize(
    ("ports", "label"),
    [
        ("65536", "from 0 to 65535"),
        ("90-80", "the first port is the larger one"),
        ("1-" + "9" * 5000, "from 0 to 65535"),
    ],
)
def test_a_bad_port_is_told_with_what_is_wrong_with_it(ports: str, label: str) -> None:
    found = mistake(f"nsg a {{ inbound 100 r allow tcp from any to any port {ports} }}")

    assert (found.code, found.label) == ("bad-port", label)


@pytest.mark.parametrize("port", ["0", "65535", "0-65535"])
def test_the_bounds_of_ports_are_ports(port: str) -> None:
    assert mistakes(f"nsg a {{ inbound 100 r allow tcp from any to any port {port} }}") == ()


def test_an_unknown_protocol_is_refused() -> None:
    found = mistake("nsg a { inbound 100 r allow tpc from any to any }")

    assert (found.code, found.help) == ("unknown-protocol", "did you mean `tcp`?")
