"""The commands that ask about one network: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vnetverify.cli import main, status

TEXT = """\
vnet hub {
  address 10.0.0.0/16
  subnet db 10.0.2.0/24 nsg db-nsg
  subnet dmz 10.0.1.0/24
}
vnet spoke {
  address 10.1.0.0/16
  subnet app 10.1.0.0/24
}
peering hub -> spoke {}
peering spoke -> hub {}
nsg db-nsg { inbound 100 deny-ssh deny tcp from any to any port 22 }
appliance fw { nic 10.0.1.4 in hub.dmz }
vm web { nic 10.1.0.7 in spoke.app public-ip standard }
group spokes = spoke
intent fine { spoke reaches hub on sql }
"""


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "hub.vnet"
    path.write_text(TEXT)
    return str(path)


def out(capsys: pytest.CaptureFixture[str], *arguments: str, ends: int = status.AS_EXPECTED) -> str:
    """Return what the command prints on stdout, or on stderr when it refuses."""
    assert main(arguments) == ends

    streams = capsys.readouterr()

    return streams.err if ends == status.BAD_INPUT else streams.out


def test_trace_follows_a_flow_there_and_back(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = out(capsys, "trace", text, "--from", "spoke.app", "--to", "hub.db", "--port", "1433")

    assert "tcp 10.1.0.4:49152 -> 10.0.2.4:1433 from spoke.app" in told
    assert "delivered to 10.0.2.4 at hub.db" in told
    assert "  the reply comes back to the sender\n" in told
    assert told.endswith("each is billed on both sides, egress and ingress: 4 charges  R-LINT-3\n")


def test_trace_takes_a_machine_for_its_address(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = out(capsys, "trace", text, "--from", "web", "--to", "10.0.2.9", "--port", "22")

    assert "tcp 10.1.0.7:49152 -> 10.0.2.9:22 from spoke.app" in told
    assert "dropped at hub.db" in told


def test_trace_from_the_internet_aims_at_the_public_address(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = out(capsys, "trace", text, "--from", "internet", "--to", "web", "--port", "443")

    assert "tcp 8.8.8.8:49152 -> 203.0.113.1:443 from internet" in told


def test_trace_of_icmp_has_no_ports(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = out(capsys, "trace", text, "--from", "spoke", "--to", "hub.dmz", "--protocol", "icmp")

    assert "icmp 10.1.0.4 -> 10.0.1.4 from spoke.app" in told


BALANCED = """\
vnet v {
  address 10.0.0.0/16, fd00:db8::/48
  subnet web 10.0.1.0/24, fd00:db8:0:1::/64
  subnet db  10.0.2.0/24, fd00:db8:0:2::/64
}
vm db1 { nic 10.0.2.9 in v.db }
load-balancer orders standard in v.db { frontend 10.0.2.100 }
private-endpoint vault 10.0.1.4 in v.web
"""


@pytest.fixture
def balanced(tmp_path: Path) -> str:
    path = tmp_path / "balanced.vnet"
    path.write_text(BALANCED)
    return str(path)


def test_trace_follows_addresses_of_ipv6(balanced: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = out(capsys, "trace", balanced, "--from", "v.web", "--to", "fd00:db8:0:2::9", "--port", "22")

    assert "tcp [fd00:db8:0:1::4]:49152 -> [fd00:db8:0:2::9]:22 from v.web" in told


def test_trace_begins_at_no_private_endpoint(balanced: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = out(capsys, "trace", balanced, "--from", "v.web", "--to", "db1", "--port", "22")

    assert "tcp 10.0.1.5:49152 -> 10.0.2.9:22 from v.web" in told


@pytest.mark.parametrize("sender", ["orders", "vault", "10.0.2.100", "10.0.1.4"])
def test_trace_refuses_a_sender_that_begins_no_flow(
    sender: str, balanced: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("trace", balanced, "--from", sender, "--to", "db1", "--port", "22")

    assert f"`{sender}` answers flows and never begins one" in out(capsys, *asked, ends=status.BAD_INPUT)


def test_trace_aims_at_a_public_frontend_by_its_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shop.vnet"
    path.write_text(SHOP)
    known, unknown = (
        out(capsys, "trace", str(path), "--from", "internet", "--to", name, "--port", "443") for name in ("shop", "new")
    )

    assert "tcp 8.8.8.8:49152 -> 20.0.0.7:443 from internet" in known
    assert "rule web of shop gives it to one, as 10.0.0.4 port 8443" in known
    assert "behind the frontend 20.0.0.7 at shop/front" in known
    assert "tcp 8.8.8.8:49152 -> 203.0.113.1:443 from internet" in unknown
    assert "behind the frontend 203.0.113.1 at new/front" in unknown
    assert "`shop` answers flows and never begins one" in out(
        capsys, "trace", str(path), "--from", "shop", "--to", "one", "--port", "443", ends=status.BAD_INPUT
    )


SHOP = """\
vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 nsg web }
nsg web { inbound 100 web allow tcp from any to any }
vm one { nic 10.0.0.4 in v.s }
load-balancer shop standard { frontend front public-ip 20.0.0.7  rule web tcp 443 at front -> one port 8443 }
load-balancer new standard { frontend front public-ip  rule web tcp 443 at front -> one }
"""


def test_resolve_finds_the_frontends_of_a_load_balancer(balanced: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "10.0.2.100" in out(capsys, "resolve", balanced, "orders")
    assert "10.0.2.96-10.0.2.111" in out(capsys, "resolve", balanced, "10.0.2.96/28")
    assert "10.0.2.4-10.0.2.99, 10.0.2.101-10.0.2.254" in out(capsys, "resolve", balanced, "v.db")
    assert "fd00:db8:0:1::4" in out(capsys, "resolve", balanced, "v.web")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--to", "hub.db"], "a TCP or UDP flow needs `--port`"),
        (["--to", "hub.db", "--protocol", "icmp", "--port", "1"], "ports belong to TCP and UDP"),
        (["--to", "hub.db", "--protocol", "tpc", "--port", "1"], "'tpc' is not a protocol"),
        (["--to", "nowhere", "--port", "1"], "called `nowhere`"),
        (["--to", "spokes except spoke", "--port", "1"], "holds no address"),
        (["--to", "hub.db", "--port", "1", "--assume", "U-X=true"], "'U-X' is not an open fact"),
        (["--to", "hub.db", "--port", "1", "--assume", "U-FORWARDS=maybe"], "'maybe' is neither true nor false"),
    ],
)
def test_trace_refuses_what_is_no_flow(
    options: list[str], reason: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reason in out(capsys, "trace", text, "--from", "spoke", *options, ends=status.BAD_INPUT)


def test_an_assumed_kind_speaks_of_every_fact_of_that_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "via.vnet"
    steered = TEXT.replace("app 10.1.0.0/24", "app 10.1.0.0/24 routes via")
    path.write_text(steered + "route-table via { to-db 10.0.2.0/24 -> appliance 10.0.1.4 }\n")
    ask = ["trace", str(path), "--from", "spoke", "--to", "hub.db", "--port", "1433"]

    assert "dropped at fw" in out(capsys, *ask)
    assert "delivered to 10.0.2.4" in out(capsys, *ask, "--assume", "U-FORWARDS=true")
    assert "delivered to 10.0.2.4" in out(capsys, *ask, "--assume", "U-FORWARDS(fw)=true")
    assert "dropped at fw" in out(capsys, *ask, "--assume", "U-FORWARDS=true", "--assume", "U-FORWARDS(fw)=false")


def test_routes_show_the_peering(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "VNetPeering hub" in out(capsys, "routes", text, "SPOKE.App")


def test_rules_name_an_interface_by_its_machine(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing is denied" in out(capsys, "rules", text, "web")


def test_rules_of_a_subnet_begin_with_the_smallest_priority(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = out(capsys, "rules", text, "hub.db").split("\n")

    assert lines[0] == "inbound: db-nsg on the subnet"
    assert lines[2].split()[:3] == ["100", "deny-ssh", "deny"]
    assert lines[3].split()[0] == "65000"


_OF_A_RULE = ("`access` of rule `r`", "for hub")
_OF_A_ROUTE = ("`nextHopIpAddress` of route `r`", "for hub")
_ELSEWHERE = ("`useRemoteGateways` of peering `p`", "for spoke")
_ANYWHERE = ("a linked template", "")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (["rules", "hub.db"], (_OF_A_RULE, _OF_A_ROUTE, _ANYWHERE)),
        (["routes", "hub.db"], (_OF_A_ROUTE, _ANYWHERE)),
        (["trace", "--from", "web", "--to", "fw", "--port", "22"], (_OF_A_RULE, _OF_A_ROUTE, _ELSEWHERE, _ANYWHERE)),
    ],
)
def test_what_is_not_modelled_and_could_change_it_is_said_below(
    text: str, capsys: pytest.CaptureFixture[str], command: list[str], named: tuple[tuple[str, str], ...]
) -> None:
    items = (_OF_A_RULE, _OF_A_ROUTE, _ELSEWHERE, _ANYWHERE)
    written = "".join(f'not-known "{what}" because "it has no value" {vnets}\n' for what, vnets in items)
    Path(text).write_text(f"{TEXT}{written}")

    told = out(capsys, command[0], text, *command[1:])

    below = told.partition("not modelled, so that this may be otherwise\n")[2]
    assert [what for what, _ in items if what in below] == [what for what, _ in named]
    assert "not modelled" not in told.partition("not modelled, so that")[0]


@pytest.mark.parametrize("command", ["routes", "rules"])
def test_an_unknown_place_is_refused_with_the_one_that_was_meant(
    command: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "did you mean `hub.db`?" in out(capsys, command, text, "hub.d", ends=status.BAD_INPUT)


def test_resolve_shows_the_addresses_of_an_expression(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, "resolve", text, "spokes, hub.dmz").split() == [
        "hub.dmz", "subnet", "10.0.1.4-10.0.1.254", "spoke.app", "subnet", "10.1.0.4-10.1.0.254",
    ]  # fmt: skip


def test_resolve_points_at_what_is_wrong_with_an_expression(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean `spokes`?" in out(capsys, "resolve", text, "spokess", ends=status.BAD_INPUT)


def test_check_counts_what_it_read(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, "check", text).splitlines()[-1] + "\n" == "no errors: 2 vnets, 3 subnets, 2 machines, 1 intent\n"


@pytest.mark.parametrize("command", ["check", "lint"])
def test_who_finds_nothing_does_not_pass_over_what_is_not_modelled(
    command: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "not modelled" not in out(capsys, command, text)
    Path(text).write_text(f'{Path(text).read_text()}not-modelled "a thing" because "it is new"\n')

    told = "1 thing in the input not modelled: `prove` names those that could change a verdict"
    assert out(capsys, command, text).splitlines()[-1] == told


def test_check_prints_every_error_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.vnet"
    path.write_text("vnet a { address 10.0.0.0/33 }\nintent x { a reaches b }\n")

    assert main(["check", str(path)]) == status.BAD_INPUT

    streams = capsys.readouterr()

    assert "error[bad-prefix]" in streams.out
    assert "error[unknown-name]" in streams.out
    assert streams.out.endswith("\n\n2 errors\n")
    assert streams.err == ""

    assert main(["check", "--output-format", "concise", str(path)]) == status.BAD_INPUT
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("command", [["check"], ["prove"], ["resolve", "x"], ["routes", "x"], ["rules", "x"]])
def test_a_file_that_is_missing_is_bad_input(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.vnet")
    name, *rest = command

    assert main([name, missing, *rest]) == status.BAD_INPUT

    streams = capsys.readouterr()

    assert "error[unreadable]" in streams.out + streams.err
    assert ":0:0" not in streams.out + streams.err


@pytest.mark.parametrize("export", ['{"value": []}', '[ {"name": "a"} ]', '\n{\n  "name": 1}'])
def test_an_export_given_as_a_text_is_told_where_it_belongs(
    export: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.json"
    path.write_text(export)

    told = out(capsys, "prove", str(path), ends=status.BAD_INPUT)

    assert "error[json-for-text]" in told
    assert "help: name it with `--network`" in told


@pytest.mark.parametrize("command", ["check", "lint"])
def test_a_network_needs_no_text_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    export = tmp_path / "export.json"
    table = {"id": "/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/routeTables/t"}
    export.write_text(json.dumps([table | {"properties": {"routes": []}}]))

    out(capsys, command, "--network", str(export))
    assert "nothing to read" in out(capsys, command, ends=status.BAD_INPUT)


def test_an_empty_text_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.vnet"
    path.write_text(" \n\n")

    assert "error[empty]" in out(capsys, "prove", str(path), ends=status.BAD_INPUT)


@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", "{}", "--from", "web", "--to", "hub.db", "--port", "1433"),
        ("routes", "{}", "hub.db"),
        ("rules", "{}", "hub.db"),
        ("show", "tag", "VirtualNetwork", "{}", "hub.db"),
        ("assumptions", "{}"),
        ("diff", "{}", "{}"),
        ("check", "{}"),
        ("lint", "{}"),
        ("conform", "{}", "{}.json"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_an_answer_by_rules_of_another_time_says_so(
    arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [each.format(text) for each in arguments]
    asked = {"targetResourceId": "web", "sourceIPAddress": "10.1.0.7", "destinationIPAddress": "10.1.0.9"}
    answer = {"nextHopType": "VnetLocal", "nextHopIpAddress": "", "routeTableId": "System Route"}
    Path(f"{text}.json").write_text(json.dumps({"request": asked, "response": answer}))

    assert "by the rules of" not in out(capsys, *command)
    Path(text).write_text(TEXT + "era 2018-02\n")
    assert out(capsys, *command).endswith("by the rules of `era 2018-02`, which are not those of today\n")


def test_trace_begins_and_ends_at_the_lowest_address_of_a_name(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(text).write_text(TEXT.replace("subnet app", "subnet aaa 10.1.8.0/24  subnet app"))

    told = out(capsys, "trace", text, "--from", "spoke", "--to", "hub.dmz, hub.db", "--port", "1")

    assert "tcp 10.1.0.4:49152 -> 10.0.1.4:1 from spoke.app" in told
    assert "-> 10.1.0.4:1 " in out(capsys, "trace", text, "--from", "hub.db", "--to", "vnet except hub", "--port", "1")


EXPORT = Path(__file__).parents[2] / "specs" / "estates" / "contoso-export"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("trace", "--from", "contoso-orders.web", "--to", "ledger", "--port", "1433"), "the reply comes back"),
        (("routes", "contoso-orders.db"), "0.0.0.0/0     User     VirtualAppliance 10.10.0.4"),
        (("rules", "contoso-orders.db"), "allow-web-sql"),
        (("show", "tag", "VirtualNetwork", "contoso-orders.db"), "peering with contoso-hub"),
        (("resolve", "ledger"), "10.11.2."),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_an_export_needs_no_text_beside_it(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in out(capsys, *arguments, "--network", str(EXPORT))
    assert "name a FILE" in out(capsys, *arguments, ends=status.BAD_INPUT)


def test_routes_and_tags_are_shown_at_an_interface_too(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, "routes", text, "fw") == out(capsys, "routes", text, "hub.dmz")
    tag = ("show", "tag", "VirtualNetwork", text)
    assert out(capsys, *tag, "web") == out(capsys, *tag, "spoke.app")
