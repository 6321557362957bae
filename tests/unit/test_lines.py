"""Pointers into JSON become lines where they are shown, and no line is quoted that could hold a secret."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnetverify.cli import main
from vnetverify.ingest.documents import text_again
from vnetverify.ingest.notation import escaped, place
from vnetverify.ingest.pointers import Spot, quotable, spots_in
from vnetverify.report.lines import with_lines
from vnetverify.source import Span

EXPORT = """\
{
  "id": "/x",
  "properties": {
    "securityRules": [
      {"name": "first", "properties": {"access": "Allow", "Priority": 100}},
      {
        "etag": "e",
        "properties": {
          "destinationPortRanges": [
            "22",
            "443"
          ]
        },
        "name": "second"
      }
    ]
  }
}
"""


@pytest.mark.parametrize(
    ("pointer", "line", "quoted"),
    [
        ("/id", 2, '"id": "/x"'),
        ("/properties", 3, '"properties": {'),
        ("/properties/securityRules/0", 5, '"name": "first"'),
        ("/properties/securityRules/0/properties/access", 5, '"access": "Allow"'),
        ("/properties/securityRules/1", 14, '"name": "second"'),
        ("/properties/securityRules/1/properties/destinationPortRanges/1", 11, '"443"'),
        ("/PROPERTIES/securityrules/0/properties/priority", 5, '"Priority": 100'),
        ("/properties/securityRules/1/properties/absent/0", 8, '"properties": {'),
        ("/properties/securityRules/7", 4, '"securityRules": ['),
        ("/nowhere", 1, "{"),
    ],
)
def test_a_pointer_is_found_at_its_member_or_the_longest_part_that_there_is(
    pointer: str, line: int, quoted: str
) -> None:
    spot = spots_in(EXPORT, [pointer])[pointer]

    assert spot.line == line
    assert EXPORT.split("\n")[line - 1][spot.column - 1 : spot.end_column - 1] == quoted


def test_a_key_is_compared_exactly_before_letter_case_is_set_aside() -> None:
    text = '{\n"NAME": 1,\n"name": 2\n}'

    assert spots_in(text, ["/name", "/NAME"]) == {"/name": Spot(3, 1, 10), "/NAME": Spot(2, 1, 10)}
    assert spots_in(text, ["/Name"])["/Name"].line == 2


def test_comments_in_an_export_are_passed_over_as_well() -> None:
    text = '[ // it is "x {\n{"id": "https://a"},\n/* ] */ {"name": "b"}]'

    assert spots_in(text, ["/1"])["/1"].line == 3


def test_comments_and_strings_over_lines_are_passed_over() -> None:
    text = """\
{ // a comment with "quotes" and {
  "contentVersion": "1.0.0.0", /* { */
  "comment": "over
several { lines",
  "wanted": true,
}"""
    assert spots_in(text, ["/wanted"]) == {"/wanted": Spot(5, 3, 17)}


@pytest.mark.parametrize("text", ["", "{", '{"a', '{"a" 1', '{"a": {"b": [1, }', "nonsense", '{"a": "\\ud800"', "[[[["])
def test_what_is_no_json_is_searched_without_a_fault(text: str) -> None:
    assert set(spots_in(text, ["/a/b/0", "", "/0/0"])) <= {"/a/b/0", "", "/0/0"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def _pointers(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    items: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        items = [(f"{pointer}/{escaped(key)}", item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(f"{pointer}/{at}", item) for at, item in enumerate(value)]
    return [found for where, item in items for found in ((where, item), *_pointers(item, where))]


@settings(max_examples=40)
@given(_JSON, st.sampled_from([None, 1]))
def test_every_scalar_is_found_where_it_stands(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    lines = text.split("\n")
    told = _pointers(value)
    spots = spots_in(text, [pointer for pointer, _ in told])
    for pointer, item in told:
        spot = spots[pointer]
        shown = lines[spot.line - 1][spot.column - 1 : spot.end_column - 1]
        if not isinstance(item, (dict, list)):
            assert shown.endswith(json.dumps(item, ensure_ascii=False))


def test_hostile_nesting_is_searched_in_one_breath() -> None:
    deep = '{"a":' * 20_000 + "1" + "}" * 20_000

    assert spots_in(deep, ["/a/b", "/b"])["/b"].line == 1
    assert spots_in("[" * 200_000, ["/1"]) != {}


@dataclass(frozen=True, slots=True)
class _Told:
    spans: tuple[Span, ...]
    by_name: dict[str, Span]


def test_all_spans_of_what_is_shown_get_lines_and_keep_their_pointers() -> None:
    known, absent = place("x.json", "/properties/securityRules/0"), place("gone.json", "/a")
    in_text = Span("a.vnet", 3, 1, 3, 4)
    found, quotes = with_lines(
        _Told((known, absent, in_text), {"n": known}), lambda file: EXPORT if file == "x.json" else None
    )

    expected = Span("x.json", 5, 8, 5, 23, "/properties/securityRules/0")
    assert found == _Told((expected, absent, in_text), {"n": expected})
    assert quotes == {"x.json": {}}  # other members stand on that line
    assert (str(expected), expected.brief) == ("x.json:5:8 #/properties/securityRules/0", "x.json:5")


@pytest.mark.parametrize(
    ("line", "pointer", "shown"),
    [
        ('  "destinationPortRange": "22",', "/properties/destinationPortRange", True),
        ('  "address_prefixes": [', "/properties/address_prefixes", True),
        ('  { "name": "web" },', "/properties/0", True),
        ('    "10.0.0.0/24",', "/properties/addressPrefixes/0", True),
        ('    "hunter2",', "/properties/secrets/0", False),
        ('    "hunter2",', "/properties/addressPrefixes", False),
        ('  "sharedKey": "hunter2",', "/properties/sharedKey", False),
        ('  "name": "hunter2",', "/properties/vpnClientRootCertificates/0", False),
        ('  "value": "hunter2",', "/parameters/adminPassword/value", False),
        ('  "value": "hunter2",', "/properties/value", False),
        ('  "data": "hunter2",', "/properties/data", False),
        ('  "admin_password": "hunter2",', "/planned_values/root_module/resources/0", False),
        ('  "name": "web",', "/planned_values/root_module/resources/0", True),
        ('  "name": "x", "sharedKey": "hunter2"', "/properties/name", False),
        ('  "name": "x", // hunter2', "/properties/name", False),
        ('  "name": ["hunter2"]', "/properties/name", False),
        ('  "name": "a\\", \\"k\\": \\"hunter2"', "/properties/name", True),  # one text with quotes in it
        ('  "name": "' + "x" * 400 + '"', "/properties/name", False),
    ],
)
def test_a_line_is_quoted_where_nothing_stands_on_it_but_what_the_model_reads(
    line: str, pointer: str, shown: bool
) -> None:
    assert quotable(line, pointer) is shown


def test_a_file_that_has_changed_since_it_was_read_has_no_lines(tmp_path: Path) -> None:
    from hashlib import blake2b

    file = tmp_path / "x.json"
    file.write_text(EXPORT, encoding="utf-8")
    digest = blake2b(EXPORT.encode()).digest()

    assert text_again(str(file), digest) == EXPORT
    file.write_text(EXPORT.replace("22", "23"), encoding="utf-8")
    assert text_again(str(file), digest) is None
    assert text_again(str(tmp_path / "gone.json"), digest) is None


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from tests.unit.azure_resources import nsg, reference, rule, subnet, vnet

    web = subnet("web", networkSecurityGroup=reference("networkSecurityGroups", "g"))
    content = [vnet("hub", "10.0.0.0/16", web, subnet("db", "10.0.1.0/24")), nsg("g", rule("no", access="Denied"))]
    (tmp_path / "x.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    content[1] = nsg("g", rule("no", access="Deny", direction="Outbound", destinationPortRange="*", protocol="*"))
    (tmp_path / "good.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    (tmp_path / "a.vnet").write_text('use "good.json"\nintent a { hub.web reaches hub.db on ssh }\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _line_of(text: str, needle: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if needle in line)


def test_a_mistake_in_an_export_is_shown_with_its_line(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (estate / "b.vnet").write_text('use "x.json"\n', encoding="utf-8")
    main(("check", "b.vnet"))
    line = _line_of((estate / "x.json").read_text(), '"name": "no"')
    said = capsys.readouterr().out

    assert f"x.json:{line}:" in said
    assert f'{line} |           "name": "no",\n   |           ^^^^^^^^^^^^' in said


@pytest.mark.parametrize("form", ["full", "json", "csv", "html", "sarif"])
def test_every_format_tells_the_line(form: str, estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(("prove", "a.vnet", "--output-format", form))
    line = _line_of((estate / "good.json").read_text(), '"name": "no"')
    said = capsys.readouterr().out
    expected = {
        "full": f"good.json:{line}\n",
        "json": f'"line": {line},',
        "csv": "refuted",
        "html": f":{line}:",
        "sarif": f'"startLine": {line},',
    }

    assert expected[form] in said
