"""`vnetverify matrix`: what it prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vnetverify.cli import main

TEXT = """\
vnet hub { address 10.0.0.0/16  subnet fw 10.0.1.0/24 }
vnet a { address 10.1.0.0/16  subnet s 10.1.1.0/24 routes out }
vnet b { address 10.2.0.0/16  subnet s 10.2.1.0/24 routes out }
vnet c { address 10.3.0.0/16  subnet s 10.3.1.0/24 }
peering hub -> a
peering a -> hub { allow-forwarded-traffic }
peering hub -> b
peering b -> hub { allow-forwarded-traffic }
route-table out { default 0.0.0.0/0 -> appliance 10.0.1.4 }
vm jump { nic 10.3.1.9 in c.s public-ip standard 20.0.0.9 nsg open }
nsg open { inbound 100 ssh allow tcp from Internet to * port 22 }
appliance guard { nic 10.0.1.4 in hub.fw  stateful  forwards tcp from any to any port 443 }
site branch { address 192.168.0.0/16  behind guard }
"""


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "estate.vnet"
    path.write_text(TEXT)
    return str(path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(["matrix", *arguments])
    return status, capsys.readouterr().out


def test_pairs_that_meet_by_the_appliance_say_so(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = printed(capsys, text, "--service", "tcp/443", "--output-format", "csv")

    assert status == 0
    assert "a.s,b.s,all,no,no,no" in output.splitlines()
    assert "a.s,hub.fw,all,yes,no,no" in output.splitlines()
    assert "a.s,c.s,none,no,no,no" in output.splitlines()


def test_another_service_does_not_pass(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = printed(capsys, text, "--service", "ssh", "--from", "a", "--to", "b", "--output-format", "csv")

    assert (status, output.splitlines()[1:]) == (0, ["a.s,b.s,none,no,no,no"])


def test_json_has_a_letter_for_each_pair(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = printed(capsys, text, "--output-format", "json")
    document = json.loads(output)

    assert status == 0
    assert document["receivers"] == ["hub.fw", "a.s", "b.s", "c.s"]
    assert {len(row) for row in document["rows"].values()} == {4}
    assert document["rows"]["a.s"][1] == "-"
    assert sum(kind["pairs"] for kind in document["kinds"].values()) == 12
    assert document["kinds"][document["rows"]["a.s"][2]]["outcome"] == "some"


def test_pairs_with_a_site_are_left_to_z3(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = printed(capsys, text, "--service", "https", "--from", "a", "--to", "branch", "--pairs")

    assert status == 0
    assert "1 pair by Z3" in output
    assert "a.s  branch  all" in output


def test_the_internet_gets_in_by_public_addresses_alone(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = printed(capsys, text, "--service", "ssh", "--from", "internet", "--output-format", "csv")
    lines = output.splitlines()

    assert status == 0
    assert lines[1:] == [f"internet,{end},none,no,no,no" for end in ("hub.fw", "a.s", "b.s")] + [lines[-1]]
    assert lines[-1].startswith("internet,c.s,some,")


def test_what_nobody_decides_is_not_settled(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = printed(capsys, text, "--from", "a", "--to", "branch", "--proofs", "0")

    assert status == 3
    assert "unsettled" in output
    assert "Z3 was not asked about 1 pair that classes leave open: `--proofs 1`" in output
    assert "`prove` tells of an intent about it, such as `a.s reaches branch`" in output

    _, output = printed(capsys, text, "--from", "a", "--to", "branch", "--proofs", "1")
    assert "unsettled" not in output
    assert "--proofs" not in output


def test_what_the_text_presumes_is_told(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    presumed = ("assuming U-STATEFUL(x) = true", "assuming U-DOA = false", "by the rules of `era 2018-02`")
    assert not any(words in printed(capsys, text, "--proofs", "0")[1] for words in presumed)

    Path(text).write_text(f"{TEXT}era 2018-02\nassume U-STATEFUL(x) = true\n")
    output = printed(capsys, text, "--proofs", "0", "--assume", "U-DOA=false")[1]
    assert [words for words in presumed if words not in output] == []


def test_a_service_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, text, "--service", "tcp/99999")[0] == 2


def test_without_pairs_nothing_is_checked(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, text, "--from", "a", "--to", "a")[0] == 4


@pytest.mark.parametrize(
    ("where", "doubted"),
    [
        ("for a at a.s alone", "a-b a-c b-a c-a internet-a"),
        # The appliance stands there, by which the others send.
        ("for hub at hub.fw alone", "a-b a-c b-a b-c c-a c-b internet-a internet-b"),
        ("for c at c.s", "internet-c"),
        ("for c", "a-c b-c c-a c-b internet-c"),
    ],
)
def test_pairs_that_prove_leaves_open_are_doubted(
    text: str, capsys: pytest.CaptureFixture[str], where: str, doubted: str
) -> None:
    """A service that stands in a subnet takes or sends whatever it likes, there and nowhere else."""
    Path(text).write_text(f'{TEXT}not-modelled "a service" because "it is not in the input" {where}\n')

    _, output = printed(capsys, text, "--from", "a, b, c, internet", "--to", "a, b, c", "--pairs")

    pairs = [line.split() for line in output.splitlines() if line.endswith("doubted")]
    assert " ".join(f"{one.partition('.')[0]}-{other.partition('.')[0]}" for one, other, *_ in pairs) == doubted


def test_what_a_subnet_sends_by_a_public_address_of_its_own_is_doubted(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(text).write_text(f'{TEXT}not-modelled "its public address" because "it is a proxy" for c at c.s\n')

    _, output = printed(capsys, text, "--from", "a, c", "--to", "b, internet", "--pairs")

    pairs = [line.split()[:2] for line in output.splitlines() if line.endswith("doubted")]
    assert pairs == [["c.s", "internet"]]


def test_a_pair_without_an_address_of_one_family_on_both_sides_has_no_flow_that_arrives(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(text).write_text(
        "vnet v { address 10.0.0.0/16, fd00:1::/48  subnet four 10.0.1.0/24  subnet six fd00:1:0:3::/64 }"
    )

    _, output = printed(capsys, text, "--pairs")

    pairs = [line.split() for line in output.splitlines() if line.lstrip().startswith("v.")]
    assert pairs == [["v.four", "v.six", "none"], ["v.six", "v.four", "none"]]


PRESUMED = """\
vnet hub { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.1.0/26  subnet s 10.0.2.0/24  subnet t 10.0.3.0/24 }
firewall fw {
  nic 10.0.1.4 in hub.AzureFirewallSubnet public-ip entry standard 20.0.0.5
  private-address presumed
  collection nat 100 inbound { rule web tcp from * at entry port 443 -> 10.0.3.4 port 443 }
}
"""


@pytest.mark.parametrize(("value", "doubted"), [("false", 2), ("true", 0)])
def test_where_a_firewall_is_assumed_to_be_elsewhere_every_pair_is_doubted_as_prove_has_it(
    text: str, capsys: pytest.CaptureFixture[str], value: str, doubted: int
) -> None:
    Path(text).write_text(f"{PRESUMED}assume U-FWADDR = {value}\n")

    _, output = printed(capsys, text, "--from", "hub.s, hub.t", "--to", "hub.s, hub.t", "--pairs")

    assert sum(line.endswith("doubted") for line in output.splitlines()) == doubted
    assert ("not modelled: firewall `fw`" in output) is (doubted > 0)
