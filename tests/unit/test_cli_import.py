"""What is imported is written as a text that says the same, doubts included."""

from __future__ import annotations

import json
import os
import re
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, reject, settings

from tests.unit.azure_resources import identity, nsg, peering, resource, rule, subnet, vnet
from tests.unit.text_samples import without_spans
from vnetverify.cli import main, status
from vnetverify.diagnostic import Severity
from vnetverify.loading import load
from vnetverify.model.network import Machine, Network, Unmodelled, Vnet
from vnetverify.source import NOWHERE
from vnetverify.syntax import read_text
from vnetverify.syntax.layout import format_text
from vnetverify.syntax.write import write
from vnetverify.testing.azure_json import azure_resources
from vnetverify.testing.estates import networks
from vnetverify.testing.records import NotApplicable

_ROOT = Path(__file__).resolve().parents[2]
_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", _ROOT.parent / "shared" / "corpus"))
_EXPORT = _ROOT / "specs" / "estates" / "contoso-export"
_EXPORTED = frozenset(
    ("vnets", "peerings", "nsgs", "route_tables", "machines", "asgs", "nat_gateways", "load_balancers")
)
_FILES = sorted(path for path in _CORPUS.rglob("*.json") if path.is_file())
_FIREWALL = resource("azureFirewalls", "fw", ipConfigurations=[{"properties": {"subnet": {"id": "nowhere"}}}])
_HUB = vnet(
    "hub",
    "10.0.0.0/16",
    subnet(
        "web", networkSecurityGroup={"id": identity("networkSecurityGroups", "web-nsg")}, delegations=[{"name": "x"}]
    ),
    virtualNetworkPeerings=[peering("away", identity("virtualNetworks", "away"), peeringState="Connected")],
)


def _imported(*paths: Path) -> Network | None:
    """Return what files hold, None where they hold a mistake."""
    loaded = load((), tuple(map(str, paths)))
    return None if any(found.severity is Severity.ERROR for found in loaded.diagnostics) else loaded.document.network


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([_HUB, _FIREWALL, nsg("web-nsg", rule("in", 100), rule("away", 110, protocol="Tcp"))]))
    return path


def _read_back(network: Network) -> Network:
    """Return the network that the text of `network` holds, which is laid out as `fmt` has it."""
    text = write(network)

    assert format_text(text) == text
    return without_spans(read_text(text).network)


@pytest.mark.parametrize("file", [_EXPORT, *_FILES], ids=lambda path: path.name)
def test_what_files_hold_reads_back_as_itself(file: Path) -> None:
    network = _imported(file)
    if network is not None:
        assert _read_back(network) == without_spans(network)


def _as_exported(network: Network) -> Network:
    """Return what of `network` Azure's JSON can say, as far as the writer of JSON knows it."""
    blank = Network()
    vnets = {name: Vnet(name, vnet.address_space, vnet.subnets, vnet.region) for name, vnet in network.vnets.items()}
    machines = {name: _undeclared(machine) for name, machine in network.machines.items() if not machine.is_managed}
    left_out = {field.name: getattr(blank, field.name) for field in fields(Network) if field.name not in _EXPORTED}
    return replace(network, vnets=vnets, machines=machines, load_balancers={}, **left_out)


def _undeclared(machine: Machine) -> Machine:
    forwards = any(nic.ip_forwarding for nic in machine.nics)
    return Machine(machine.name, machine.nics, *((None, None) if forwards else ((), False)), span=machine.span)


@settings(max_examples=25, deadline=None)
@given(networks())
def test_an_import_of_any_network_reads_back_as_itself(network: Network) -> None:
    try:
        resources = azure_resources(_as_exported(network))
    except NotApplicable:
        reject()
    with TemporaryDirectory() as folder:
        path = Path(folder, "export.json")
        path.write_text(json.dumps(resources))
        imported = _imported(path)
    assume(imported is not None)
    assert imported is not None
    assert _read_back(imported) == without_spans(imported)


def test_every_form_of_what_is_not_modelled_reads_back() -> None:
    network = read_text("vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24 }\nvnet b {}\n").network
    open_things = (
        Unmodelled('a "b" \\ c', "it is said\nso\u202e", (), NOWHERE),
        Unmodelled("one", "two", ("a", "b"), NOWHERE, ("a.s",)),
        Unmodelled("three", "four", ("a",), NOWHERE, is_unknown=True),
        Unmodelled("five", "six", ("a",), NOWHERE, ("a.s",), ends_there=True),
        Unmodelled("seven", "eight", ("b",), NOWHERE, is_outside=True),
    )
    said = {
        field.name for field in fields(Unmodelled) for one in open_things if getattr(one, field.name) != field.default
    }

    assert {field.name for field in fields(Unmodelled)} == said
    text = write(Network(vnets=network.vnets, unmodelled=open_things, unmodelled_names=open_things[1:]))
    found = without_spans(read_text(text).network)

    assert (Unmodelled('a "b" \\ c', "it is saidU+000AsoU+202E", (), NOWHERE), *open_things[1:]) == found.unmodelled
    assert open_things[1:] == found.unmodelled_names


def test_tags_that_are_not_known_read_back() -> None:
    network = read_text('vnet a { address 10.0.0.0/16  tag env = "x"  tag owner not-known  tag * not-known }').network

    assert network.vnets["a"].unknown_tags == ("owner", "*")
    assert _read_back(network) == without_spans(network)


def test_a_text_proves_no_more_than_the_export(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, question = tmp_path / "network.vnet", tmp_path / "question.vnet"
    question.write_text("intent i { hub.web never reaches 10.0.9.0/24 on ssh }\n")

    assert main(["import", str(export), "-o", str(text)]) == status.AS_EXPECTED
    assert main(["prove", str(question), "--network", str(export)]) == status.UNDECIDED
    of_export = capsys.readouterr().out
    assert main(["prove", str(question), str(text)]) == status.UNDECIDED
    of_text = capsys.readouterr().out
    assert "a delegated subnet holds machines of a service that is not modelled" in of_export
    assert "a delegated subnet holds machines of a service that is not modelled" in of_text


def test_origins_tell_where_each_statement_comes_from(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(export), "--origins"]) == status.AS_EXPECTED

    text = capsys.readouterr().out

    assert re.search(rf"^# {export}:1:\d+ #/0\nvnet hub {{", text, re.MULTILINE)
    assert re.search(rf"^# {export}:1:\d+ #/2\nnsg web-nsg {{", text, re.MULTILINE)
    assert format_text(text) == text


def test_an_export_with_mistakes_leaves_what_was_written_before(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "network.vnet"
    text.write_text("# mine\n")
    export.write_text(json.dumps({"value": [_HUB], "nextLink": "https://more"}))

    assert main(["import", str(export), "-o", str(text)]) == status.BAD_INPUT
    assert text.read_text() == "# mine\n"
    assert "error[page-missing]" in capsys.readouterr().err


def test_an_input_is_never_written_over(export: Path) -> None:
    before = export.read_text()

    assert main(["import", str(export), "-o", str(export)]) == status.BAD_INPUT
    assert export.read_text() == before


def test_the_prefixes_of_service_tags_that_are_named_are_written(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = tmp_path / "tags.json"
    values = [{"name": name, "properties": {"addressPrefixes": [f"20.{at}.0.0/16"]}} for at, name in enumerate("XY")]
    tags.write_text(json.dumps({"changeNumber": 7, "cloud": "Public", "values": values}))
    export.write_text(json.dumps([_HUB, nsg("web-nsg", rule("in", 100, sourceAddressPrefix="Y"))]))

    assert main(["import", str(export), "--service-tags", str(tags)]) == status.AS_EXPECTED

    text = capsys.readouterr().out

    assert "# service tags of cloud Public, change 7" in text
    assert 'service-tag "Y" 20.1.0.0/16' in text
    assert '"X"' not in text


def test_a_subnet_without_prefix_is_a_mistake_unless_something_of_its_vnet_is_not_modelled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "network.vnet"
    text.write_text("vnet a { address 10.0.0.0/16  subnet s }\n")

    assert main(["check", str(text)]) == status.BAD_INPUT
    assert "error[subnet-without-prefix]" in capsys.readouterr().out
    text.write_text('vnet a { address 10.0.0.0/16  subnet s }\nnot-known "it" because "so" for a\n')
    assert main(["check", str(text)]) == status.AS_EXPECTED
