"""What Azure answered in the corpus, beside what is derived from the network around it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from vnetverify.cli import main, status

ROOT = Path(__file__).resolve().parents[2]
_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", ROOT.parent / "shared" / "corpus"))
pytestmark = pytest.mark.skipif(
    not (_CORPUS / "INDEX.md").is_file(),
    reason=f"the corpus of real files is not at {_CORPUS}; VNETVERIFY_CORPUS says where else",
)

_RECORDINGS = "rest-recording/cloud-custodian"
_D13 = f"{_RECORDINGS}/NetworkInterfaceTest.test_find_by_default_routes.json"
_D14 = f"{_RECORDINGS}/RouteTableTest.test_detect_route_only_routes_to_specific_subnets.json"
_NODES = ("10.240.0.5", "10.240.255.5", "10.240.0.6", "10.240.0.4")  # of the routes in D14, by the third number
_D15 = "rest-example/azure-rest-api-specs/2018-12-01"


def conform(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    ends = main(("conform", *arguments))
    return ends, capsys.readouterr().out.splitlines()


def test_the_recorded_routes_are_derived_but_for_one_that_the_recording_lacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    recording, text = str(_CORPUS / _D13), str(ROOT / "tests" / "corpus" / "d13-network.vnet")

    assert conform(capsys, "--network", recording, text, recording) == (
        status.REFUTED,
        [
            "effective routes of myVMNic: 172.16.0.0/12: recorded nothing, derived none from default, active [R-SYS-3]",
            "5 agreed, 1 differ, 0 open",
        ],
    )


def test_the_routes_of_a_recorded_table_stand_beside_those_of_the_system(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    export, text = str(_CORPUS / _D14), str(ROOT / "tests" / "corpus" / "d14-network.vnet")
    expected = tmp_path / "expected.json"
    lines = [("10.0.0.0/8", "VnetLocal", "Default", []), ("0.0.0.0/0", "Internet", "Default", [])]
    lines += [(prefix, "None", "Default", []) for prefix in ("172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
    lines += [(f"10.244.{third}.0/24", "VirtualAppliance", "User", [address]) for third, address in enumerate(_NODES)]
    keys = ("addressPrefix", "nextHopType", "source", "nextHopIpAddress")
    table = [{**dict(zip(keys, ([prefix], *rest), strict=True)), "state": "Active"} for prefix, *rest in lines]
    expected.write_text(json.dumps({"value": table}))

    assert conform(capsys, "--network", export, text, str(expected), "--at", "node-nic") == (
        status.AS_EXPECTED,
        ["9 agreed, 0 differ, 0 open"],
    )


_TEXT_OF_EXAMPLES = str(ROOT / "tests" / "corpus" / "d15-network.vnet")


def test_the_routes_of_the_documentation_are_derived(capsys: pytest.CaptureFixture[str]) -> None:
    example = str(_CORPUS / _D15 / "NetworkInterfaceEffectiveRouteTableList.json")

    assert conform(capsys, _TEXT_OF_EXAMPLES, example) == (status.AS_EXPECTED, ["6 agreed, 0 differ, 0 open"])


def test_the_groups_of_the_documentation_differ_in_the_default_rules_that_the_example_leaves_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    example = str(_CORPUS / _D15 / "NetworkInterfaceEffectiveNSGList.json")

    ends, lines = conform(capsys, _TEXT_OF_EXAMPLES, example)

    assert ends == status.REFUTED
    assert lines[-1] == "8 agreed, 10 differ, 0 open"
    assert {line.rpartition(": ")[2] for line in lines[:-1]} == {"recorded not there, derived there [F-DEF-1]"}


@pytest.mark.parametrize("name", ["NetworkWatcherNextHopGet", "NetworkWatcherIpFlowVerify"])
def test_the_next_hop_and_the_flow_of_the_documentation_are_derived(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    text, example = ROOT / "tests" / "corpus" / "d15-machines.vnet", _CORPUS / _D15 / f"{name}.json"

    assert conform(capsys, str(text), str(example)) == (status.AS_EXPECTED, ["1 agreed, 0 differ, 0 open"])
