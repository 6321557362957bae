"""Files of JSON are read strictly, and whatever is in them ends as a diagnostic."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.unit.azure_resources import errors, read, read_text, vnet
from vnetverify import files
from vnetverify.files import Allowance
from vnetverify.ingest import read_path, read_paths


def test_a_key_that_stands_twice_is_an_error_that_points_at_the_object(tmp_path: Path) -> None:
    imported = read_text(tmp_path, '{"value": [{}, {"a~/b": {"id": "x", "id": "y"}}]}')

    assert errors(imported) == ["duplicate-key"]
    assert imported.diagnostics[0].span.pointer == "/value/1/a~0~1b"
    assert imported.diagnostics[0].message == "key `id` appears twice in one object"


def test_broken_json_is_told_with_line_and_column(tmp_path: Path) -> None:
    imported = read_text(tmp_path, '{\n  "id": ,\n}')

    assert [(found.code, found.span.line, found.span.column) for found in imported.diagnostics] == [("bad-json", 2, 9)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, NaN]",
        "[Infinity]",
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 201 + "]" * 201,
        '{"a":' * 900 + "1" + "}" * 900,
        "1" * 5_000,
        b"\xff\xfe\x00",
        b"\x80\x81\x82",
        b"\x00" * 64,
        '"' + "x" * 1_000_000,
    ],
    ids=[
        "empty",
        "nan",
        "infinity",
        "lists",
        "objects",
        "closed-lists",
        "closed-objects",
        "digits",
        "utf-16",
        "binary",
        "zeros",
        "long-line",
    ],
)
def test_hostile_text_is_one_error(tmp_path: Path, text: str | bytes) -> None:
    assert errors(read_text(tmp_path, text)) == ["bad-json"]


@pytest.mark.parametrize("text", ["null", "7", '"x"', "[]", "{}", '{"value": []}', "[null, 1, []]", '{"value": 1}'])
def test_json_without_a_resource_is_an_error(tmp_path: Path, text: str) -> None:
    assert errors(read_text(tmp_path, text)) == ["no-resources"]


@pytest.mark.parametrize("nothing", ["[]", '{"value": []}'])
def test_a_list_of_nothing_beside_others_is_no_error(tmp_path: Path, nothing: str) -> None:
    for name, content in (("tables", nothing), ("gateways", "[]"), ("hub", json.dumps(vnet("hub"))), ("odd", "{}")):
        (tmp_path / f"{name}.json").write_text(content, encoding="utf-8")
    tables, gateways, hub, odd = (tmp_path / f"{name}.json" for name in ("tables", "gateways", "hub", "odd"))

    assert errors(read_paths((tables, hub, gateways))) == []
    assert errors(read_paths((tables, gateways))) == ["no-resources", "no-resources"]
    assert errors(read_paths((tables, hub, odd))) == ["no-resources"]


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("main.bicep", b"param x string", "`bicep build`"),
        ("main.bicepparam", b"using './main.bicep'", "`bicep build-params`"),
        ("main.tf", b"resource {}", "`terraform show -json PLAN`"),
        ("plan", b"PK\x03\x04\xff\xff", "`terraform show -json PLAN`"),
        ("nsgs.YAML", b"- name: x", "`--output json`"),
    ],
)
def test_what_makes_json_of_another_kind_of_file_is_told(
    tmp_path: Path, name: str, content: bytes, advice: str
) -> None:
    (tmp_path / name).write_bytes(content)

    told = [found.help for found in read_path(tmp_path / name).diagnostics]
    within = [found.help for found in read_path(tmp_path).diagnostics]

    assert [advice in (text or "") for text in told] == [True]
    assert within == ([None] if name == "plan" else told)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_every_unicode_encoding_of_json_is_read(tmp_path: Path, encoding: str) -> None:
    imported = read_text(tmp_path, json.dumps(vnet("hüb"), ensure_ascii=False).encode(encoding))

    assert list(imported.network.vnets) == ["hüb"]


def test_a_name_with_a_lone_surrogate_can_be_printed(tmp_path: Path) -> None:
    imported = read_text(tmp_path, json.dumps(vnet("hub\ud800")))

    assert list(imported.network.vnets) == ["hub?"]


def test_a_folder_is_read_through_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "hub.JSON").write_text(json.dumps(vnet("hub")), encoding="utf-8")
    (tmp_path / "spoke.tfstate").write_text(json.dumps(vnet("spoke")), encoding="utf-8")
    (tmp_path / "spoke.tfstate.backup").write_text("{", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("{", encoding="utf-8")

    assert list(read_path(tmp_path).network.vnets) == ["hub", "spoke"]


def test_one_bad_file_does_not_hide_another(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    (tmp_path / "b.json").write_text("[1,,]", encoding="utf-8")

    assert errors(read_path(tmp_path)) == ["bad-json", "bad-json"]


def test_what_does_not_exist_is_an_error(tmp_path: Path) -> None:
    assert errors(read_path(tmp_path / "nowhere.json")) == ["no-such-file"]
    assert errors(read_path(Path("a\0b"))) != []


def test_a_folder_without_json_is_an_error(tmp_path: Path) -> None:
    assert errors(read_path(tmp_path)) == ["no-resources"]


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")

    assert errors(read_path(tmp_path / "pipe.json")) == ["no-such-file"]


def test_size_and_number_of_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(tmp_path, vnet("a"), *(vnet("b", note="x" * 200_000) for _ in range(6)))
    imported = read_paths((tmp_path,), allowance=Allowance(largest=1))
    assert errors(imported) == ["input-too-large"]
    monkeypatch.setattr(files, "MOST_FILES", 1)
    assert errors(read_path(tmp_path)) == ["input-too-large"]


@pytest.mark.parametrize(
    "content",
    [
        {"version": 3, "terraform_version": "0.11.14", "modules": []},
    ],
    ids=["old state"],
)
def test_a_format_of_another_kind_is_named_not_ignored(tmp_path: Path, content: object) -> None:
    assert "unsupported-format" in errors(read(tmp_path, content))
