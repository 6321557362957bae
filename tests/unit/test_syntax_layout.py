"""The canonical layout: it keeps the meaning and the comments, and what it yields it leaves alone."""

from __future__ import annotations

import random

import pytest

from tests.unit.text_samples import BOTH_FAMILIES, DEVICES, EVERYTHING, without_spans
from vnetverify.source import Source
from vnetverify.syntax import read_text
from vnetverify.syntax.layout import format_text
from vnetverify.syntax.tokens import lexemes

UNTIDY = """\
# head

vnet   hub{address 10.0.0.0/16 region westeurope
subnet shared 10.0.2.0/24 nsg n   # of all
    # the firewall stands here
 subnet AzureFirewallSubnet 10.0.1.0/26


gateway vpn g{asn 65515 allow-remote-vnets on}}
nsg n{ # filters
 inbound 100 a allow tcp from any to any port 443,80
   inbound 4096 deny-all deny any from any to any }  # done
route-table r { default 0.0.0.0/0->appliance 10.0.1.4 elsewhere 10.9.0.0/16 -> none }
asg x
asg y

vm m { nic 10.0.2.4 in hub.shared asg x,y }
intent i"why"{ m reaches internet on https,tcp/80
 hub . shared never reaches m   for each a,b in vnet:a isolated from b expect proved because "of, course" }
group g = hub, # one
  m
intent j { m reaches hub expect refuted }
# end
"""

TIDY = """\
# head

vnet hub {
  address 10.0.0.0/16
  region westeurope
  subnet shared              10.0.2.0/24  nsg n  # of all
  # the firewall stands here
  subnet AzureFirewallSubnet 10.0.1.0/26

  gateway vpn g { asn 65515 allow-remote-vnets on }
}

nsg n {
  # filters
  inbound  100 a        allow tcp from any to any port 443, 80
  inbound 4096 deny-all deny  any from any to any
}  # done

route-table r {
  default   0.0.0.0/0   -> appliance 10.0.1.4
  elsewhere 10.9.0.0/16 -> none
}

asg x
asg y

vm m { nic 10.0.2.4 in hub.shared  asg x, y }

intent i "why" {
  m reaches internet on https, tcp/80
  hub.shared never reaches m
  for each a, b in vnet: a isolated from b
  expect proved because "of, course"
}

# one
group g = hub, m
intent j { m reaches hub  expect refuted }
# end
"""


def tokens(text: str) -> list[str]:
    return [lexeme.text for lexeme in lexemes(Source("a.vnet", text))]


def comments(text: str) -> list[str]:
    found = lexemes(Source("a.vnet", text))
    return [comment for lexeme in found for comment in (lexeme.trailing, *lexeme.comments) if comment]


def test_an_untidy_text_becomes_tidy() -> None:
    assert format_text(UNTIDY) == TIDY


def test_a_tidy_text_is_left_alone() -> None:
    assert format_text(TIDY) == TIDY
    assert format_text(EVERYTHING) == format_text(format_text(EVERYTHING))
    assert format_text(BOTH_FAMILIES) == format_text(format_text(BOTH_FAMILIES))
    assert format_text(DEVICES) == format_text(format_text(DEVICES))


def test_no_token_and_no_comment_is_lost() -> None:
    assert tokens(TIDY) == tokens(UNTIDY)
    assert sorted(comments(TIDY)) == sorted(comments(UNTIDY))


@pytest.mark.parametrize("text", [EVERYTHING, BOTH_FAMILIES, DEVICES])
def test_the_network_stays_the_same(text: str) -> None:
    assert without_spans(read_text(format_text(text)).network) == without_spans(read_text(text).network)


SENTENCES = """\
intent i {
  netops, appteam may establish a -> b
  bottleneck of a to b on sql at least 1 Gbps
  bottleneck of a to b at least 20 Mbps whatever s advertises
  latency of a to b is local
  latency of a to b is local under any 1 failure of peering
  a reaches b over at most 1 peering
  a reaches b on sql over at most 2 peerings whatever s advertises within 10.0.0.0/8, fd00::/8
  10.0.0.0/8 reaches b
  for each x, y in a, b: bottleneck of x to y at least 1 bps
  a never reaches s whatever s advertises within ::/0 under any 2 failures of gateway, connection
  b reaches a
}
"""


def test_each_sentence_stands_on_its_line() -> None:
    assert format_text(SENTENCES) == SENTENCES
    assert format_text(" ".join(SENTENCES.split())) == SENTENCES


def test_what_a_site_advertises_comes_to_stand_before_the_failures() -> None:
    text = """\
intent i {
  a reaches b under any 1 failure of gateway  # why
    # and what
    whatever s advertises within 10.0.0.0/8
  b reaches a
}
"""
    tidy = """\
intent i {
  # why
  # and what
  a reaches b whatever s advertises within 10.0.0.0/8 under any 1 failure of gateway
  b reaches a
}
"""

    assert format_text(text) == tidy
    assert format_text(tidy) == tidy


def test_the_rules_of_a_load_balancer_set_their_options_apart() -> None:
    text = "load-balancer b basic in v.s{frontend 10.0.0.9 rule a tcp 1->m,n port 2 probe 3 floating-ip on}"
    tidy = """\
load-balancer b basic in v.s {
  frontend 10.0.0.9
  rule a tcp 1 -> m, n port 2  probe 3  floating-ip on
}
"""

    assert format_text(text) == tidy


@pytest.mark.parametrize("seed", range(30))
def test_however_a_text_is_spaced_and_commented_it_gets_one_layout(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(
        word + chance.choice([" ", "\n", "\n\n", "  ", f" # {seed}\n", f"\n# {seed}\n"]) for word in tokens(TIDY)
    )
    tidy = format_text(text)

    assert format_text(tidy) == tidy
    assert tokens(tidy) == tokens(TIDY)
    assert sorted(comments(tidy)) == sorted(comments(text))


def test_a_long_list_is_broken_after_commas() -> None:
    prefixes = ", ".join(f"10.{number}.0.0/16" for number in range(30))
    lines = format_text(f"group g = {prefixes}").splitlines()

    assert len(lines) > 1
    assert max(map(len, lines)) <= 120
    assert all(line.endswith(",") for line in lines[:-1])


def test_a_comma_in_quotes_is_no_place_to_break() -> None:
    reason = ", ".join(["because"] * 30)
    text = format_text(f'intent i {{ any reaches any expect refuted because "{reason}" }}')

    assert f'"{reason}"' in text


def test_an_empty_text_stays_empty() -> None:
    assert format_text("") == format_text(" \n\n") == ""


def test_comments_alone_stay() -> None:
    assert format_text("\n\n# one\n\n\n  # two\n") == "# one\n\n# two\n"


def test_line_ends_of_windows_and_a_byte_order_mark_go() -> None:
    assert format_text("\ufeffasg a # x\r\nasg b\r\n") == "asg a  # x\nasg b\n"


def test_a_block_that_does_not_fit_on_a_line_is_opened() -> None:
    name = "a" * 80
    text = f"vnet {name} {{}}\nvnet b {{}}\npeering {name} -> b {{ use-remote-gateways }}"

    assert format_text(text).splitlines()[-3:] == [f"peering {name} -> b {{", "  use-remote-gateways", "}"]


def test_a_very_long_name_does_not_push_the_others_away() -> None:
    name = "a" * 60
    text = f"route-table r {{ short 10.0.0.0/8 -> none {name} 11.0.0.0/8 -> none }}"

    assert "  short 10.0.0.0/8 -> none" in format_text(text).splitlines()
