"""What is found in files that users already have: a row for each item of the corpus, or for each path that is given.

`expressions` are evaluations of expressions of templates, as often as loops take them; `known` is the share of those
whose value is known whole, `names` of those that a text stands in for (a name that nobody gave, the id of a resource
group), and the rest holds something that is not known. `doubts` are what verdicts may have to name. Each row is read in
a process of its own; `s` is what reading took of a processor, `MB` the most memory that the process had.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vnetverify.diagnostic import Severity
from vnetverify.ingest import Given, Imported, read_paths
from vnetverify.ingest.arm import standpoints
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.values import unknown_in

_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus"))
_ITEMS = {
    "D01": "arm-template/azure-quickstart-templates/201-nsg-dmz-in-vnet",
    "D02": "arm-template/azure-quickstart-templates/201-userdefined-routes-appliance",
    "D03": "arm-template/azure-quickstart-templates/201-vnet-to-vnet-peering",
    "D04": "arm-template/fortinet-azure-templates/FortiGate/VNET-Peering",
    "D05": "arm-template/azure-enterprise-scale/eslzArm/subscriptionTemplates",
    "D06": "arm-bicep-compiled/mspnp-samples/solutions/azure-hub-spoke",
    "D07": "arm-bicep-compiled/azure-bicep-registry-modules/avm/res/network/virtual-network",
    "D08": "terraform-plan/fugue-regula/security_group_no_inbound_22_infra.json",
    "D09": "terraform-plan/azure-terraform-azurerm-caf-enterprise-scale",
    "D10": "terraform-state/snyk-driftctl/azurerm_network_security_group/terraform.tfstate",
    "D11": "rest-resource/batfish-cloud-azure/azure_configs",
    "D12": "rest-recording/cloud-custodian/NetworkSecurityGroupTest.test_allow_single_port.json",
    "D13": "rest-recording/cloud-custodian/NetworkInterfaceTest.test_find_by_default_routes.json",
    "D14": "rest-recording/cloud-custodian/RouteTableTest.test_detect_route_only_routes_to_specific_subnets.json",
    "D15": "rest-example/azure-rest-api-specs/2018-12-01",
}
_HUB = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/hubs"
# What two templates of the corpus need to stand for anything, as the tests give it to them.
_GIVEN = {
    "D05": (
        "vNetRgName=spokes",
        "vNetName=spoke",
        "vNetLocation=westeurope",
        "vNetCidrRange=10.1.0.0/16",
        f"hubResourceId={_HUB}/providers/Microsoft.Network/virtualNetworks/hub",
    ),
    "D07": (
        "name=v",
        'addressPrefixes=["10.0.0.0/16"]',
        'subnets=[{"name":"a","addressPrefix":"10.0.0.0/24"},{"name":"b","addressPrefix":"10.0.1.0/24"}]',
    ),
}
_COLUMNS = (
    "files",
    "KB",
    "vnets",
    "subnets",
    "nsgs",
    "rules",
    "tables",
    "routes",
    "peerings",
    "interfaces",
    "expressions",
    "known",
    "names",
    "doubts",
    "errors",
    "s",
    "MB",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", help="files or folders; the corpus where there are none")
    parser.add_argument("--parameter", action="append", default=[], help="the value of a template's parameter")
    parser.add_argument("--alone", action="store_true", help="read one path in this process, and print a row of JSON")
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(_row(Path(arguments.paths[0]), arguments.parameter)))
        return
    rows = {path: path for path in arguments.paths} or {name: str(_CORPUS / path) for name, path in _ITEMS.items()}
    print(f"| item | {' | '.join(_COLUMNS)} |")
    print(f"| --- {'| --- ' * len(_COLUMNS)}|")
    for name, path in rows.items():
        found = _in_a_process(path, _GIVEN.get(name, arguments.parameter))
        print(f"| {name} | {' | '.join(str(found[column]) for column in _COLUMNS)} |", flush=True)


def _in_a_process(path: str, given: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--alone", path, *(f"--parameter={one}" for one in given)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def _row(path: Path, given: Sequence[str]) -> dict[str, Any]:
    counted = _counted_expressions()
    values = tuple((name, value) for name, _, value in (one.partition("=") for one in given))
    start = time.process_time()
    imported = read_paths((path,), given=Given(values))
    seconds = time.process_time() - start
    files = [path] if path.is_file() else sorted(path.rglob("*.json"))
    return {
        "files": len(files),
        "KB": sum(file.stat().st_size for file in files) // 1024,
        **_elements(imported),
        **_shares(counted),
        "s": f"{seconds:.2f}",
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _counted_expressions() -> Counter[str]:
    """Have every evaluation counted from now on, by what it leads to."""
    counted: Counter[str] = Counter()
    evaluate = standpoints.evaluate

    def counting(expression: Any, surroundings: Any) -> Any:
        value = evaluate(expression, surroundings)
        kind = "names" if isinstance(value, StandIn) else "known" if unknown_in(value) is None else "open"
        counted[kind] += 1
        return value

    standpoints.evaluate = counting
    return counted


def _elements(imported: Imported) -> dict[str, int]:
    network = imported.network
    return {
        "vnets": len(network.vnets),
        "subnets": len(network.subnets()),
        "nsgs": len(network.nsgs),
        "rules": sum(len(nsg.rules) for nsg in network.nsgs.values()),
        "tables": len(network.route_tables),
        "routes": sum(len(table.routes) for table in network.route_tables.values()),
        "peerings": len(network.peerings),
        "interfaces": len(network.machines),
        "doubts": len(network.unmodelled) + len(network.unmodelled_names),
        "errors": sum(one.severity is Severity.ERROR for one in imported.diagnostics),
    }


def _shares(counted: Counter[str]) -> dict[str, Any]:
    total = sum(counted.values())
    if not total:
        return {"expressions": "", "known": "", "names": ""}
    return {
        "expressions": total,
        "known": f"{counted['known'] / total:.0%}",
        "names": f"{counted['names'] / total:.0%}",
    }


if __name__ == "__main__":
    main()
