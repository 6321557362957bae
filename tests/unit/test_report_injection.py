"""A hostile name comes out of every format as the text it is, and changes nothing else of the report (threat model)."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import click
import pytest

from tests.unit.hostile_names import NAMES, PLAIN, PLAIN_FILE, file_called, hostile_report
from tests.unit.test_report_escaping import markdown, undone, words
from vnetverify.report.escaping import printable
from vnetverify.report.formats import NAMES as FORMATS
from vnetverify.report.formats import writer_of

Parsed = list[Any]


def lines(text: str) -> Parsed:
    assert all(line.isprintable() for line in re.sub(r"\x1b\[\d*m", "", text).split("\n"))
    return click.unstyle(text).split("\n")


def document(text: str) -> Parsed:
    read = json.loads(text)
    del read["end"]
    return [read]


def rows(text: str) -> Parsed:
    return [[cell.replace("'", "") for cell in row] for row in csv.reader(io.StringIO(text))]


def cases(text: str) -> Parsed:
    return [(element.tag, element.attrib, element.text) for element in ElementTree.fromstring(text).iter()]


def annotations(text: str) -> Parsed:
    found = [re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line) for line in text.split("\n")]
    assert None not in found
    return [
        (command[1], [undone(value) for value in command[2].split(",")], undone(command[3]))
        for command in found
        if command is not None
    ]


def page(text: str) -> Parsed:
    read = words(markdown(text))
    elements = [element for element in read.elements if element != ("code", {})]  # a name with pipes is several
    return [elements, read.text, read.others]


def alerts(text: str) -> Parsed:
    """Return the log with its messages and paths as a viewer shows them, without the fingerprints of names."""

    def shown(key: str, value: Any) -> Any:
        match key, value:
            case "partialFingerprints", _:
                return None
            case "uri", str():
                return printable(unquote(value))
            case "text", str():
                return re.sub(r"(\{|\})\1", r"\1", value.replace("\\](", "]("))
            case _, dict():
                return {name: shown(name, part) for name, part in value.items()}
            case _, list():
                return [shown(key, part) for part in value]
            case _:
                return value

    return [shown("", json.loads(text))]


def elements(text: str) -> Parsed:
    read = words(text)
    return [read.elements, read.text, read.others]


READERS: dict[str, Callable[[str], Parsed]] = {
    "full": lines,
    "concise": lines,
    "json": document,
    "markdown": page,
    "csv": rows,
    "junit": cases,
    "github": annotations,
    "sarif": alerts,
    "html": elements,
}


@cache
def told_of(name: str, format_name: str, complete: bool = True) -> Parsed:
    return READERS[format_name](writer_of(format_name)(hostile_report(name, complete)))


def unquoted(quoted: re.Match[str]) -> str:
    """Return a name without the quotes that it needs to be read back, which a plain one does not."""
    return quoted[1].replace('\\"', '"').replace("\\\\", "\\")


def renamed(told: Any, name: str, file: str) -> Any:
    """Return what a reader was told, with the plain names replaced and the padding of columns left out."""
    match told:
        case str():
            text = told.replace(PLAIN, name).replace(PLAIN_FILE, file).replace("\\x3a", ":").replace("\\x23", "#")
            text = re.sub(r'(?<=assume )"(.*)"(?= = (true|false)`)', unquoted, text)
            return re.sub(r" {2,}", " ", text).strip(" ")
        case dict():
            return {renamed(key, name, file): renamed(value, name, file) for key, value in told.items()}
        case list() | tuple():
            return [renamed(part, name, file) for part in told]
        case _:
            return told


def as_shown_in(format_name: str, text: str) -> str:
    match format_name:
        case "json":
            return text
        case "csv":
            return printable(text).replace("'", "")
        case _:
            return printable(text)


def test_every_format_has_a_reader_here() -> None:
    assert set(FORMATS) == set(READERS)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_hostile_name_is_a_name(name: str, format_name: str) -> None:
    shown, file = (as_shown_in(format_name, text) for text in (name, file_called(name)))

    assert renamed(told_of(PLAIN, format_name), shown, file) == renamed(told_of(name, format_name), PLAIN, PLAIN_FILE)


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_line_is_a_command_for_a_build_server(format_name: str) -> None:
    for name in NAMES:
        for line in writer_of(format_name)(hostile_report(name)).split("\n"):
            assert "##[" not in line
            assert "##vso[" not in line
            assert format_name == "github" or not re.match(r"\s*::[A-Za-z-]+( [^:]*)?::", line)


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_interrupted_report_says_so(format_name: str) -> None:
    whole, part = (writer_of(format_name)(hostile_report(PLAIN, complete)) for complete in (True, False))

    assert "interrupted" not in whole
    assert ('"complete": false' if format_name == "json" else "interrupted: 4 of 10 intents were not decided") in part
