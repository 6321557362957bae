"""Every command that the pages show runs as it is shown, and every option that they name is there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from tests.unit import arm_templates as arm
from tests.unit import azure_resources as azure
from tests.unit import terraform_documents as terraform
from tests.unit.test_anchors import TEXT, next_hop, route
from vnetverify.cli import main, status, vnetverify
from vnetverify.cli.group import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHOWN = sorted(
    {
        line.partition("#")[0].partition("vnetverify ")[2].strip()
        for page in PAGES.values()
        for block in BLOCK.findall(page)
        for line in block.splitlines()
        if re.match(r"vnetverify |.*&& \S*/vnetverify ", line)
    }
)
ELSEWHERE = re.compile(
    r"snapshot |.*--cluster |prove specs/"
)  # what asks machines that are not here, or runs in `test_readme`
TOLD = re.compile(r"^```\nvnetverify (trace [^\n]*)\n```\n\n```\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RAN = (status.AS_EXPECTED, status.REFUTED, status.UNDECIDED, status.NOTHING_CHECKED)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with something small under each name that the pages use."""
    folder = tmp_path_factory.mktemp("shown")
    (folder / "specs").symlink_to(ROOT / "specs")
    network = [
        azure.vnet("v", "10.0.0.0/16", azure.subnet("s")),
        azure.nic("web-nic", "10.0.0.4", azure.subnet_id("v", "s")),
    ]
    template = arm.template(
        arm.vnet("[concat(parameters('vnetName'), parameters('env'))]", "10.0.0.0/16", arm.subnet("s", "10.0.0.0/24")),
        parameters={name: {"type": "string", "defaultValue": "x"} for name in ("env", "vnetName", "size")},
    )
    values = {
        "$schema": "deploymentParameters.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"size": {"value": "1"}},
    }
    tags = [{"name": "Sql", "properties": {"addressPrefixes": ["20.40.0.0/16"]}}]
    files: dict[str, Any] = {
        "export/all.json": network,
        "network.json": network,
        "main.json": template,
        "prod.parameters.json": values,
        "infra/main.json": template,
        "infra/main.parameters.json": values,
        "infra/export.json": [azure.vnet("other", "10.9.0.0/16", azure.subnet("s", "10.9.0.0/24"))],
        "plan.json": terraform.plan(terraform.vnet("v"), terraform.subnet("s", "v")),
        "routes.json": {"value": [route("10.0.0.0/16", "VnetLocal")]},
        "recorded.json": next_hop("10.0.0.9", "VnetLocal"),
        "ServiceTags_Public.json": {"cloud": "Public", "changeNumber": 1, "values": tags},
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    (folder / "intents.vnet").write_text("intent apart { for each a, b in vnet: a never reaches b on ssh }\n")
    (folder / "network.vnet").write_text(TEXT)
    return folder


def test_the_pages_show_commands() -> None:
    assert len(SHOWN) > 10
    assert {"prove", "matrix", "conform", "coverage-of", "snapshot"} <= {line.split()[0] for line in SHOWN}


@pytest.mark.parametrize("line", [line for line in SHOWN if not ELSEWHERE.match(line)])
def test_a_command_that_is_shown_runs(line: str, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(beside)

    assert main(shlex.split(line)) in RAN


@pytest.mark.parametrize(("line", "told"), [both for page in PAGES.values() for both in TOLD.findall(page)])
def test_a_trace_that_a_page_tells_is_what_is_printed(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)

    assert main(shlex.split(line)) == status.AS_EXPECTED
    assert capsys.readouterr().out.startswith(told)


@pytest.mark.parametrize("line", [line for line in SHOWN if ELSEWHERE.match(line)])
def test_a_command_that_runs_elsewhere_is_understood(line: str) -> None:
    name, *arguments = shlex.split(line)

    understood = command_called(name).make_context(name, arguments)

    assert not understood.args
    assert {name for name, value in understood.params.items() if value}


def command_called(name: str) -> click.Command:
    found = vnetverify.get_command(click.Context(vnetverify), name)
    assert found is not None
    return found


@pytest.mark.parametrize("page", PAGES)
def test_an_option_that_a_page_names_is_one(page: str) -> None:
    known = {option for name in COMMANDS for option in options_of(command_called(name))} | {"--help", "--version"}
    named = {
        option
        for code in re.findall(r"`([^`]*)`", re.sub(BLOCK, "", PAGES[page]))
        if not code.startswith(("az ", "bicep ", "dask ", "pip ", "python", "make "))
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", code)
    }

    assert named <= known


def options_of(command: click.Command) -> set[str]:
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    own = {text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts)}
    return own.union(*map(options_of, inner))


@pytest.mark.parametrize("line", re.findall(r"^\| `([^|]*)` \|", PAGES["README.md"], re.MULTILINE))
def test_a_command_of_the_table_has_the_options_that_stand_there(line: str) -> None:
    for text in line.split("`, `"):
        name, *words = text.split()

        assert name in COMMANDS
        assert {word for word in words if word.startswith("-")} <= options_of(command_called(name))


def test_the_table_of_the_readme_has_every_command() -> None:
    listed = {line.split()[0] for line in re.findall(r"^\| `([^|]*)` \|", PAGES["README.md"], re.MULTILINE)}

    assert listed >= COMMANDS.keys() - {"matrix"}  # which stands among the examples above it
