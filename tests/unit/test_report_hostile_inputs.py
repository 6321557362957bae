"""Names that come in by a text or an export go out of every format as text: read, proved, written."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.unit.hostile_names import NAMES
from tests.unit.test_report_escaping import markdown, words
from tests.unit.test_report_html import TAGS
from vnetverify.pipeline import Options, load, prove
from vnetverify.report.escaping import printable
from vnetverify.report.formats import NAMES as FORMATS
from vnetverify.report.formats import writer_of
from vnetverify.report.results import Report

# What the reader of texts refuses (invisible characters) comes in by the export below.
WRITABLE = [name for name in NAMES if name.isprintable()]
MARKDOWN_TAGS = {"h3", "p", "strong", "pre", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}


def quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Report]:
    """The report on a text whose intents have hostile names, reasons and expectations, and whose file has one."""
    names = WRITABLE[::4]
    network = """
vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/24 nsg n }
nsg n { inbound 100 no-ssh deny tcp from any to any port 22 }
"""
    intents = [
        f"intent {quoted(name)} {quoted(name)} {{ a reaches a on ssh expect refuted because {quoted(name)} }}\n"
        for name in names
    ]
    path = tmp_path_factory.mktemp("hostile") / "a ##[error]b.vnet"
    path.write_text("".join([network, *intents]))
    loaded = load([str(path)], [])

    assert [found.message for found in loaded.diagnostics] == []

    return names, prove(loaded, Options())


@pytest.fixture
def refused(tmp_path: Path) -> Report:
    """What is wrong with an export that has every hostile name."""
    rules = [{"name": name, "properties": {"priority": 100}} for name in NAMES]
    kind = "Microsoft.Network/networkSecurityGroups"
    group = {"id": f"/subscriptions/s/resourceGroups/g/providers/{kind}/n", "name": "n", "type": kind}
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{**group, "location": "x", "properties": {"securityRules": rules}}]))
    text = tmp_path / "intents.vnet"
    text.write_text(f'use "{path.name}"\n')
    return Report((), 0, load([str(text)], []).diagnostics)


def check_that_nothing_is_live(format_name: str, text: str) -> None:
    assert all(line.isprintable() for line in re.sub(r"\x1b\[\d*m", "", text).split("\n"))
    assert "##[" not in text
    match format_name:
        case "html":
            assert {tag for tag, _ in words(text).elements} <= TAGS
        case "markdown":
            assert {tag for tag, _ in words(markdown(text)).elements} <= MARKDOWN_TAGS
        case "csv":
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
        case "junit":
            tags = {element.tag for element in ElementTree.fromstring(text).iter()}
            assert tags <= {"testsuites", "testsuite", "testcase", "failure", "error", "system-out"}
        case "json" | "sarif":
            assert "<" not in text
            json.loads(text)
        case "github":
            assert all(re.match(r"::(error|warning|notice) ", line) for line in text.split("\n"))
        case _:
            assert not re.search(r"^\s*::[a-z-]+( |::)", text, re.MULTILINE)


@pytest.mark.parametrize("format_name", FORMATS)
def test_names_of_a_text_are_text_in_its_report(format_name: str, proved: tuple[list[str], Report]) -> None:
    check_that_nothing_is_live(format_name, writer_of(format_name)(proved[1]))


def test_a_page_tells_every_name_of_a_text_as_it_is(proved: tuple[list[str], Report]) -> None:
    names, report = proved
    told = words(writer_of("html")(report)).text

    assert [result.intent.name for result in report.results] == names
    assert all(f"as expected: {name}" in told for name in names if printable(name) == name)


@pytest.mark.parametrize("format_name", FORMATS)
def test_names_that_an_export_may_not_have_are_reported_as_text(format_name: str, refused: Report) -> None:
    assert len(refused.diagnostics) > len(NAMES) / 2
    check_that_nothing_is_live(format_name, writer_of(format_name)(refused))
