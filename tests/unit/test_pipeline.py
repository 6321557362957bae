"""From paths to a report: what is read together, what stops a run, and that a report is the same each time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vnetverify import deciding, pipeline
from vnetverify.cli import main, status
from vnetverify.diagnostic import Severity
from vnetverify.pipeline import Disagreement, Options, load, prove
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown

ROOT = Path(__file__).parents[2]
NETWORK = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24
  subnet db  10.0.2.0/24 nsg db
}
nsg db {
  inbound 100 sql  allow tcp from 10.0.1.0/24 to any port 1433
  inbound 200 rest deny  any from any to any
}
"""
HOLDS = "intent holds { v.web never reaches v.db on ssh }\n"
FAILS = "intent fails { v.web never reaches v.db on sql }\n"
SUBSCRIPTION = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"


def vnet_json(name: str, address: str) -> str:
    return json.dumps(
        {
            "type": "Microsoft.Network/virtualNetworks",
            "id": f"{SUBSCRIPTION}/virtualNetworks/{name}",
            "name": name,
            "location": "westeurope",
            "properties": {
                "addressSpace": {"addressPrefixes": [f"{address}/16"]},
                "subnets": [{"name": "s", "properties": {"addressPrefix": f"{address}/24"}}],
                "virtualNetworkPeerings": [],
            },
        }
    )


def written(folder: Path, **texts: str) -> list[str]:
    """Return the paths of files with these texts; `a_vnet` is the file `a.vnet`."""
    paths = []
    for name, text in texts.items():
        path = folder / name.replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        paths.append(str(path))
    return paths


def codes(paths: list[str], networks: tuple[str, ...] = ()) -> list[str]:
    return [found.code for found in load(paths, networks).diagnostics if found.severity is Severity.ERROR]


# -- reading --------------------------------------------------------------------------------------------


def test_several_files_are_one_text(tmp_path: Path) -> None:
    report = prove(load(written(tmp_path, a_vnet=HOLDS, b_vnet=NETWORK, c_vnet=FAILS), []), Options())

    assert [type(result.verdict) for result in report.results] == [Proved, Refuted]
    assert [result.intent.span.file for result in report.results] == [str(tmp_path / n) for n in ("a.vnet", "c.vnet")]


def test_a_folder_in_use_is_looked_up_from_the_text(tmp_path: Path) -> None:
    written(tmp_path / "export", x_json=vnet_json("x", "10.5.0.0"))
    (path,) = written(tmp_path, a_vnet='use "export"\nintent own { x never reaches x }\n')
    elsewhere = Path.cwd()

    assert elsewhere != tmp_path
    assert codes([path]) == []
    assert list(load([path], []).document.network.vnets) == ["x"]


def test_a_text_and_an_export_are_one_network(tmp_path: Path) -> None:
    networks = written(tmp_path, x_json=vnet_json("x", "10.5.0.0"))
    (path,) = written(tmp_path, a_vnet=f"{NETWORK}intent apart {{ v never reaches x }}\n")
    report = prove(load([path], networks), Options())

    assert isinstance(report.results[0].verdict, Proved)


def test_standard_input_is_a_text_whose_folder_is_the_current_one(tmp_path: Path) -> None:
    written(tmp_path / "export", x_json=vnet_json("x", "10.5.0.0"))
    done = run(["prove", "-", "--output-format", "concise"], 'use "export"\nintent i { x never reaches x }\n', tmp_path)

    assert done.returncode == status.REFUTED
    assert done.stdout.startswith("-:2:")


def run(arguments: list[str], text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vnetverify", *arguments],
        input=text,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_one_name_in_two_texts_is_an_error(tmp_path: Path) -> None:
    assert codes(written(tmp_path, a_vnet=NETWORK, b_vnet="vnet V { address 10.9.0.0/16 }\n")) != []


def test_one_name_in_two_exports_is_an_error(tmp_path: Path) -> None:
    networks = written(tmp_path / "one", x_json=vnet_json("x", "10.5.0.0"))
    networks += written(tmp_path / "two", x_json=vnet_json("X", "10.6.0.0"))

    assert codes(written(tmp_path, a_vnet=NETWORK), tuple(networks)) != []


def test_one_name_in_a_text_and_an_export_is_an_error(tmp_path: Path) -> None:
    networks = written(tmp_path, x_json=vnet_json("V", "10.5.0.0"))

    assert codes(written(tmp_path, a_vnet=NETWORK), tuple(networks)) != []


def test_the_same_export_named_twice_is_read_once(tmp_path: Path) -> None:
    networks = written(tmp_path, x_json=vnet_json("x", "10.5.0.0"))
    paths = written(tmp_path, a_vnet=f'use "x.json"\n{NETWORK}')

    assert codes(paths, tuple(networks)) == []


@pytest.mark.parametrize(
    "mistake",
    [
        "vnet w { address 10.0.0.0/33 }\n",
        "intent broken { v.web never reaches v.nowhere }\n",
        'use "gone"\n',
        "peering v -> nobody\n",
    ],
)
def test_an_error_in_any_file_stops_every_proof(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("proved all the same")

    monkeypatch.setattr(pipeline, "prove", never)

    assert main(["prove", *written(tmp_path, a_vnet=NETWORK + HOLDS, b_vnet=mistake)]) == status.BAD_INPUT

    streams = capsys.readouterr()

    assert streams.out == ""
    assert "b.vnet" in streams.err


def test_a_path_too_long_to_exist_is_the_input_s_fault(tmp_path: Path) -> None:
    assert codes(written(tmp_path, a_vnet=f'use "{"a" * 5000}"\n{NETWORK}')) == ["unreadable"]
    assert codes(["b" * 5000]) == ["unreadable"]


# -- proving --------------------------------------------------------------------------------------------

SEVERAL = NETWORK + "".join(
    f"intent i{number} {{ v.web {verb} v.db on tcp/{port} }}\n"
    for number, (verb, port) in enumerate(
        [
            ("never reaches", 22),
            ("never reaches", 1433),
            ("reaches", 1433),
            ("reaches", 80),
            ("sometimes reaches", 1433),
            ("sometimes reaches", 80),
        ]
    )
)


@pytest.mark.parametrize("output_format", ["full", "concise", "json"])
def test_a_report_is_the_same_whatever_the_number_of_jobs(
    output_format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for jobs in ("1", "4"):
        main(["prove", *written(tmp_path, a_vnet=SEVERAL), "-j", jobs, "--output-format", output_format])
        printed.append(capsys.readouterr().out)
    if output_format == "json":
        printed = [json.dumps(_without_seconds(json.loads(text))) for text in printed]

    assert printed[0] == printed[1]


def _without_seconds(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_seconds(part) for key, part in value.items() if key != "seconds"}
    return [_without_seconds(part) for part in value] if isinstance(value, list) else value


def test_intents_are_chosen_by_a_pattern_and_come_in_the_order_of_the_text(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, a_vnet=SEVERAL), [])
    report = prove(loaded, Options(pattern="I[135]", jobs=3))

    assert [result.intent.name for result in report.results] == ["i1", "i3", "i5"]
    assert (report.selected, report.complete) == (3, True)


def test_a_witness_that_the_simulator_denies_is_no_verdict_and_can_be_reproduced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deciding, "violates", lambda *_: None)

    assert main(["prove", *written(tmp_path, a_vnet=NETWORK + HOLDS + FAILS)]) == status.OUR_BUG

    streams = capsys.readouterr()

    assert streams.out == ""
    assert "v.web never reaches v.db on sql" in streams.err
    assert "tcp 10.0.1." in streams.err
    assert "this is a bug of vnetverify" in streams.err


def test_a_flow_that_the_simulator_does_not_see_come_back_is_no_proof_of_a_wish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(written(tmp_path, a_vnet=f"{NETWORK}intent i {{ v.web sometimes reaches v.db on sql }}\n"), [])
    with monkeypatch.context() as patched:
        patched.setattr(deciding, "in_question", lambda *_: False)
        with pytest.raises(Disagreement, match="get there and back"):
            prove(loaded, Options())

    assert isinstance(prove(loaded, Options()).results[0].verdict, Proved)


def test_what_is_not_modelled_makes_an_answer_unknown(tmp_path: Path) -> None:
    firewall = json.dumps(
        {
            "type": "Microsoft.Network/azureFirewalls",
            "id": f"{SUBSCRIPTION}/azureFirewalls/f",
            "name": "f",
            "properties": {},
        }
    )
    networks = written(tmp_path, x_json=vnet_json("x", "10.5.0.0"), f_json=firewall)
    loaded = load(written(tmp_path, a_vnet="intent own { x never reaches x }\n"), networks)
    verdict = prove(loaded, Options()).results[0].verdict

    assert loaded.document.network.unmodelled
    assert isinstance(verdict, Unknown)
    assert verdict.why == "refuted, were it not for what is not modelled"
    assert verdict.unmodelled


def test_a_solver_that_is_killed_costs_its_own_claim_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Solver.check
    count = 0

    def check(self: Solver, *arguments: object, **how: object) -> object:
        nonlocal count
        count += 1
        if count == 2:
            assert self._process is not None
            os.kill(self._process.pid, signal.SIGSTOP)  # it will read no more, and then it is killed
            os.kill(self._process.pid, signal.SIGKILL)
        return asked(self, *arguments, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Solver, "check", check)
    report = prove(load(written(tmp_path, a_vnet=NETWORK + HOLDS + FAILS), []), Options())

    assert type(report.results[0].verdict) in (Proved, Unknown)
    assert isinstance(report.results[1].verdict, Refuted)


# -- interrupts -----------------------------------------------------------------------------------------

# Answers the three questions of the first verdict as ever; at the next it says so in a file, and thinks for ever.
THINKER = """\
import importlib.util, os, sys, time
spec = importlib.util.spec_from_file_location("worker", {worker!r})
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
real, opened = worker.Session, []

class Session(real):
    def __init__(self, text):
        opened.append(text)
        if len(opened) > 3:
            open({sign!r} + ".new", "w").write(str(os.getpid()))
            os.rename({sign!r} + ".new", {sign!r})
            time.sleep(600)
        super().__init__(text)

worker.Session = Session
worker.main()
"""
COMMAND = """\
import sys
from pathlib import Path
from vnetverify.prover import process
from vnetverify.cli import main
process.WORKER = Path({thinker!r})
sys.exit(main(["prove", {text!r}, "--output-format", {output_format!r}, *{more!r}]))
"""


def is_gone(process: int) -> bool:
    """Hold when the process ends within some seconds: who lost its parent is buried by the system, in its own time."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(("output_format", "more"), [("full", []), ("json", []), ("concise", ["-j", "3"])])
def test_an_interrupted_run_prints_what_it_has_and_leaves_no_process(
    output_format: str, more: list[str], tmp_path: Path
) -> None:
    sign = tmp_path / "thinking"
    worker = ROOT / "vnetverify" / "prover" / "worker.py"
    (thinker,) = written(tmp_path, thinker_py=THINKER.format(worker=str(worker), sign=str(sign)))
    many = " ".join("v.web never reaches v.db on tcp/22" for _ in range(300))
    (text,) = written(tmp_path, a_vnet=f"{NETWORK}{HOLDS}intent slow {{ {many} }}\n{FAILS}")
    command = COMMAND.format(thinker=thinker, text=text, output_format=output_format, more=more)
    process = subprocess.Popen(
        [sys.executable, "-c", command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not sign.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)

    assert process.returncode == status.INTERRUPTED
    assert time.monotonic() - begun < 5
    assert "Traceback" not in err
    if output_format == "json":
        report = json.loads(out)

        assert report["complete"] is False
        assert [intent["name"] for intent in report["intents"]] == ["holds"]
    elif output_format == "full":
        assert "proved[holds]" in out
        assert out.endswith("interrupted: 2 of 3 intents were not decided\n1 of 3 intents: 1 proved\n")
    else:
        assert "interrupted: " in out
    assert is_gone(int(sign.read_text()))


NIC_ELSEWHERE = json.dumps(
    {
        "id": f"{SUBSCRIPTION}/networkInterfaces/card",
        "name": "card",
        "type": "Microsoft.Network/networkInterfaces",
        "properties": {
            "ipConfigurations": [
                {
                    "name": "c",
                    "properties": {
                        "privateIPAddress": "10.9.0.4",
                        "subnet": {"id": f"{SUBSCRIPTION}/virtualNetworks/away/subnets/s"},
                    },
                }
            ]
        },
    }
)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("any never reaches internet", Unknown),
        ("vnet never reaches 203.0.113.7", Unknown),
        ("10.9.0.0/16 never reaches internet", Unknown),
        ("away never reaches internet", Unknown),
        ("card reaches internet on https", Unknown),
        ("vnet except v never reaches internet", Unknown),
        ("any except away, internet never reaches internet", Proved),
        ("v never reaches internet", Proved),
    ],
)
def test_a_set_with_a_network_known_by_name_alone_proves_nothing_about_it(
    tmp_path: Path, claim: str, expected: type
) -> None:
    """Its hosts are in no set, since their addresses are not known; yet the sentence speaks of them."""
    closed = "vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 default-outbound off }"
    paths = written(tmp_path, a_vnet=f'use "x.json"\n{closed}\nintent i {{ {claim} }}\n', x_json=NIC_ELSEWHERE)

    report = prove(load(paths[:1], ()), Options())

    assert [type(result.verdict) for result in report.results] == [expected]
