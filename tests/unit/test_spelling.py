"""A name is what it looks like, or it is refused with a caret under it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.azure_resources import errors, read, subnet, vnet
from vnetverify.diagnostic import Severity
from vnetverify.source import Source
from vnetverify.spelling import mistake_in
from vnetverify.syntax import read as read_texts
from vnetverify.syntax.document import Document

SPACE = "address 10.0.0.0/16  subnet s 10.0.0.0/24"
REFUSED = {
    "a NUL": "a\0b",
    "a bell": "a\x07b",
    "an escape": "a\x1b[2Jb",
    "a C1 control": "a\x9bb",
    "a tab": "a\tb",
    "a no-break space": "a\u00a0b",
    "a soft hyphen": "a\u00adb",
    "a zero-width space": "a\u200bb",
    "a zero-width joiner": "a\u200db",
    "a direction mark": "a\u200eb",
    "a direction override": "a\u202eb",
    "a direction isolate": "a\u2066b",
    "a line separator": "a\u2028b",
    "a byte-order mark": "a\ufeffb",
    "a variation selector": "a\ufe0fb",
    "a tag": "a\U000e0041b",
    "a filler": "a\u3164b",
    "a private character": "a\ue000b",
    "an unassigned character": "a\u0378b",
    "no character": "a\ufffeb",
    "a combining mark": "e\u0301",
    "a Cyrillic letter": "\u0430pp",
    "a Greek letter": "\u03bfps",
    "a dotless letter": "d\u0131rect",
    "a wide letter": "\uff37eb",
    "a ligature": "\ufb01le",
    "a sign that is a letter": "\u212a8s",
}


def understood(text: str) -> Document:
    return read_texts((Source("a.vnet", text),))


def codes(document: Document, severity: Severity = Severity.ERROR) -> list[str]:
    return [found.code for found in document.diagnostics if found.severity is severity]


@pytest.mark.parametrize("what", REFUSED)
def test_a_name_that_is_not_what_it_looks_like_is_refused(what: str) -> None:
    document = understood(f'vnet "{REFUSED[what]}" {{ {SPACE} }}\n')

    assert mistake_in(REFUSED[what]) is not None
    assert codes(document)[0] in ("bad-name", "unprintable-character", "not-a-text")
    assert document.diagnostics[0].span.line == 1
    assert document.diagnostics[0].span.column > 1


@pytest.mark.parametrize("what", REFUSED)
def test_so_it_is_in_an_export(what: str, tmp_path: Path) -> None:
    assert errors(read(tmp_path, vnet(REFUSED[what])))[:1] == ["bad-name"]


def test_a_name_inside_a_resource_of_an_export_is_looked_at_too(tmp_path: Path) -> None:
    imported = read(tmp_path, vnet("v", "10.0.0.0/16", subnet("a\u202eb")))

    assert errors(imported) == ["bad-name"]
    assert imported.diagnostics[0].span.pointer == "/properties/subnets/0"


@pytest.mark.parametrize("name", ["web 1", "naïve", "сервер", "web-сервер", "日本", "Ω", "straße", "a.b_c-d", "web😀"])
def test_an_honest_name_is_none_of_that(name: str) -> None:
    assert codes(understood(f'vnet "{name}" {{ {SPACE} }}\nintent i {{ "{name}".s reaches internet }}\n')) == []


@pytest.mark.parametrize(
    ("one", "another"),
    [("Hub", "hUB"), ("STRASSE", "straße"), ("É", "é"), ("\u03c3", "\u03c2"), ("copa", "сора"), ("сора", "copa")],
)
def test_two_names_that_fold_or_look_alike_are_refused(one: str, another: str) -> None:
    document = understood(f'vnet "{one}" {{ {SPACE} }}\nvnet "{another}" {{ address 10.1.0.0/16 }}\n')

    assert codes(document) == ["duplicate-name"]
    assert document.diagnostics[0].span.line == 2


def test_letters_of_several_scripts_are_told_of() -> None:
    document = understood(f'vnet "web-сервер" {{ {SPACE} }}\n')

    assert codes(document, Severity.WARNING) == ["mixed-scripts"]


def test_a_comment_may_hold_what_a_name_may_not() -> None:
    assert codes(understood(f"# \u200b 👩\u200d💻 \u00ad\nvnet v {{ {SPACE} }}\n")) == []


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\x1b", "\x9b", "\U000e0041"])
def test_what_changes_the_look_of_a_text_is_refused_even_in_a_comment(mark: str) -> None:
    assert codes(understood(f"# {mark}\nvnet v {{ {SPACE} }}\n")) == ["unprintable-character"]
