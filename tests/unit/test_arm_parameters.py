"""Values of parameters: defaults, files, the command line, types and limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import (
    PARAMETERS_SCHEMA,
    codes,
    deployed,
    properties_of,
    resource,
    template,
    typed,
    vnet,
)
from vnetverify.cli import main, status
from vnetverify.ingest import Given, Imported, read_paths
from vnetverify.ingest.unknown import Unknown


def _asked(*names: str) -> dict[str, Any]:
    return resource("x.y/z", "a", {name: f"[parameters('{name}')]" for name in names})


def test_a_default_may_be_an_expression_over_other_parameters() -> None:
    parameters = {
        "b": {"type": "string", "defaultValue": "[concat(parameters('A'), 'b')]"},
        "a": {"type": "string", "defaultValue": "a"},
    }

    assert properties_of(template(_asked("b"), parameters=parameters)) == {"b": "ab"}


def test_a_text_of_the_command_line_is_read_by_the_type_of_the_parameter() -> None:
    types = {"s": "string", "i": "int", "b": "bool", "l": "array", "o": "object"}
    content = template(_asked(*types), parameters=typed(**types))

    found = properties_of(content, s="7", i="7", b="true", l='["x"]', o='{"k": 1}')

    assert found == {"s": "7", "i": 7, "b": True, "l": ["x"], "o": {"k": 1}}


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "int"}, "seven", "`seven` is not JSON, as a value of type `int` is"),
        ({"type": "int"}, "true", "parameter `p` is a bool, where an int is due"),
        ({"type": "bool"}, "1", "parameter `p` is an int, where a bool is due"),
        ({"type": "array"}, "{}", "parameter `p` is an object, where an array is due"),
        ({"type": "string", "allowedValues": ["x", "y"]}, "z", "parameter `p` is `z`, which is not allowed: `x`, `y`"),
        ({"type": "string", "minLength": 3}, "ab", "parameter `p` has length 2, less than 3"),
        ({"type": "array", "maxLength": 1}, "[1, 2]", "parameter `p` has length 2, more than 1"),
        ({"type": "int", "minValue": 3}, "2", "parameter `p` is 2, less than 3"),
        ({"type": "int", "maxValue": 3}, "4", "parameter `p` is 4, more than 3"),
        ({"type": "number"}, "4", "parameter `p` has the type `number`, which does not exist"),
        ({"$ref": "#/definitions/none"}, "4", "the template defines no type `#/definitions/none`"),
    ],
)
def test_a_value_that_the_template_does_not_allow_is_a_mistake(schema: Any, value: str, message: str) -> None:
    found = deployed(template(_asked("p"), parameters={"p": schema}), p=value)

    assert [one.message for one in found.diagnostics] == [message]


def test_letter_case_makes_no_difference_to_allowed_values() -> None:
    parameters = {"p": {"type": "string", "allowedValues": ["Basic"]}}

    assert properties_of(template(_asked("p"), parameters=parameters), p="basic") == {"p": "basic"}


def test_a_list_may_hold_some_of_the_allowed_values() -> None:
    parameters = {"p": {"type": "array", "allowedValues": ["x", "y"]}}

    assert properties_of(template(_asked("p"), parameters=parameters), p='["y"]') == {"p": ["y"]}


_TYPES = {
    "subnet": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "prefix": {"type": "string", "nullable": True},
            "rules": {"type": "array", "items": {"$ref": "#/definitions/rule"}, "nullable": True},
        },
        "additionalProperties": False,
    },
    "rule": {
        "type": "object",
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"a": {"type": "object", "properties": {"kind": {"type": "string"}, "n": {"type": "int"}}}},
        },
    },
    "loop": {"$ref": "#/definitions/loop"},
}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ('{"name": "s"}', None),
        ('{"name": "s", "prefix": null, "rules": [{"kind": "a", "n": 1}]}', None),
        ('{"prefix": "x"}', "parameter `p` has no `name`"),
        ('{"name": 1}', "parameter `p.name` is an int, where a string is due"),
        ('{"name": "s", "other": 1}', "parameter `p` has a member `other`, which its type does not have"),
        ('{"name": "s", "rules": [{"kind": "a"}]}', "parameter `p.rules[0]` has no `n`"),
    ],
)
def test_a_value_has_the_form_of_the_type_that_the_template_defines(value: str, fault: str | None) -> None:
    content = template(
        _asked("p"), parameters={"p": {"$ref": "#/definitions/subnet"}}, definitions=_TYPES, languageVersion="2.0"
    )

    assert [one.message for one in deployed(content, p=value).diagnostics] == ([] if fault is None else [fault])


def test_a_type_that_refers_to_itself_is_a_mistake() -> None:
    content = template(_asked("p"), parameters={"p": {"$ref": "#/definitions/loop"}}, definitions=_TYPES)

    assert codes(deployed(content, p="1")) == ["bad-template"]


def test_a_parameter_that_needs_its_own_value_is_a_mistake() -> None:
    parameters = {"p": {"type": "string", "defaultValue": "[parameters('p')]"}}

    (found,) = deployed(template(_asked("p"), parameters=parameters)).diagnostics

    assert found.message.startswith("the parameter `p` needs its own value")


def test_a_secret_is_never_kept() -> None:
    parameters = {"p": {"type": "securestring", "defaultValue": "hunter2"}, "q": {"type": "secureObject"}}
    found = properties_of(template(_asked("p", "q"), parameters=parameters), p="hunter3", q='{"a": "hunter4"}')

    assert "hunter" not in repr(found)
    assert isinstance(found["p"], Unknown)


def test_a_parameter_may_have_no_value() -> None:
    parameters = {"p": {"type": "object", "nullable": True}, "q": {"type": "object"}}

    found = properties_of(template(_asked("p", "q"), parameters=parameters))

    assert found["q"] == Unknown("parameter `q` has no value", "/parameters/q")
    assert "p" not in found or found["p"] is None


def test_null_is_no_value_where_there_is_a_default() -> None:
    parameters = {"p": {"type": "array", "defaultValue": ["d"]}}

    assert properties_of(template(_asked("p"), parameters=parameters), p="null") == {"p": ["d"]}


def test_a_value_for_a_parameter_that_no_template_declares_is_a_mistake() -> None:
    (found,) = deployed(template(vnet("v"), parameters=typed(prefix="string")), prefxi="x").diagnostics

    assert (found.code, found.help) == ("unknown-parameter", "did you mean `prefix`?")


def _file(**values: Any) -> dict[str, Any]:
    parameters = {name: value if isinstance(value, dict) else {"value": value} for name, value in values.items()}
    return {"$schema": PARAMETERS_SCHEMA, "contentVersion": "1.0.0.0", "parameters": parameters}


def _named(**parameters: Any) -> dict[str, Any]:
    return template(vnet("[parameters('name')]"), parameters=typed(name="string") | parameters)


def _read(folder: Path, given: Given | None = None, **files: Any) -> Imported:
    for name, content in files.items():
        (folder / f"{name.replace('_', '.')}.json").write_text(json.dumps(content), encoding="utf-8")
    return read_paths((folder,), given=given)


def test_a_parameter_file_goes_to_the_template_beside_it(tmp_path: Path) -> None:
    imported = _read(
        tmp_path, a=_named(), a_parameters=_file(name="of-a"), b=_named(), b_prod_parameters=_file(name="of-b")
    )

    assert set(imported.network.vnets) == {"of-a", "of-b"}


def test_a_parameter_file_goes_to_the_only_template(tmp_path: Path) -> None:
    assert set(_read(tmp_path, template=_named(), parameters=_file(name="v")).network.vnets) == {"v"}


def test_a_parameter_file_that_fits_several_templates_is_a_mistake(tmp_path: Path) -> None:
    imported = _read(tmp_path, a=_named(), b=_named(), values=_file(name="v"))

    assert "ambiguous-parameters" in codes(imported)


def test_two_parameter_files_for_one_template_are_a_mistake_unless_one_is_chosen(tmp_path: Path) -> None:
    files = {"a": _named(), "a_prod": _file(name="prod"), "a_test": _file(name="test")}

    assert codes(_read(tmp_path, **files)) == ["ambiguous-parameters"]
    chosen = _read(tmp_path, Given(files=(tmp_path / "a.test.json",)), **files)
    assert (codes(chosen), set(chosen.network.vnets)) == ([], {"test"})


def test_the_command_line_goes_before_a_file(tmp_path: Path) -> None:
    given = Given((("NAME", "mine"),))

    assert set(_read(tmp_path, given, a=_named(), a_parameters=_file(name="file")).network.vnets) == {"mine"}


def test_a_parameter_of_a_file_that_the_template_does_not_declare_is_a_mistake(tmp_path: Path) -> None:
    imported = _read(tmp_path, a=_named(), a_parameters=_file(name="v", nam="w"))

    (found,) = [one for one in imported.diagnostics if one.code == "unknown-parameter"]
    assert (found.help, found.span.pointer) == ("did you mean `name`?", "/parameters/nam")


def test_parameters_without_a_template_are_not_taken_for_a_network(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps(_file(name="v")), encoding="utf-8")

    assert codes(read_paths((tmp_path,))) == ["parameters-without-template"]


def test_what_comes_from_a_key_vault_is_not_known(tmp_path: Path) -> None:
    secret = {"reference": {"keyVault": {"id": "/x"}, "secretName": "s"}}

    imported = _read(tmp_path, a=_named(), a_parameters=_file(name=secret))

    assert set(imported.network.vnets) == {"<name>"}


def test_what_bicep_makes_of_a_parameter_file_is_read(tmp_path: Path) -> None:
    built = {"templateJson": json.dumps(_named()), "parametersJson": json.dumps(_file(name="built"))}

    imported = _read(tmp_path, main=built)

    assert set(imported.network.vnets) == {"built"}
    assert imported.network.vnets["built"].span.pointer == "/templateJson/resources/0"


def test_templates_may_have_comments_and_strings_over_lines(tmp_path: Path) -> None:
    text = """// a comment
    {
      "$schema": "https://x/deploymentTemplate.json#", /* over
      lines */ "contentVersion": "1.0.0.0",
      "resources": [
        {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "x", // "name": "no",
         "name": "[concat('v',
                          '1')]", "tags": {"a": "//b/*c,]"},
         "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"],}},},
      ],
    }"""
    (tmp_path / "main.json").write_bytes(text.encode("utf-16"))

    imported = read_paths((tmp_path,))

    assert imported.network.vnets["v1"].tags == (("a", "//b/*c,]"),)
    assert codes(imported) == []


def test_a_mistake_in_a_template_with_comments_keeps_its_line(tmp_path: Path) -> None:
    (tmp_path / "main.json").write_text('{ // deploymentTemplate\n  "a": /* b */ ?\n}', encoding="utf-8")

    (found,) = read_paths((tmp_path,)).diagnostics

    assert (found.code, found.span.line, found.span.column) == ("bad-json", 2, 16)


def test_the_command_line_takes_values_and_files(tmp_path: Path) -> None:
    path = tmp_path / "main.json"
    path.write_text(json.dumps(_named(size={"type": "int", "defaultValue": 1})), encoding="utf-8")
    values = tmp_path / "values.json"
    values.write_text(json.dumps(_file(name="of-file", size=2)), encoding="utf-8")
    text = tmp_path / "a.vnet"
    text.write_text("intent i { mine never reaches internet }\n", encoding="utf-8")
    arguments = ["check", str(text), "--network", str(path), "--parameters", str(values)]

    assert main([*arguments, "--parameter", "name=mine"]) == status.AS_EXPECTED


@pytest.mark.parametrize("value", ["name", "=x"])
def test_a_value_without_a_name_is_a_usage_error(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a.vnet", "--parameter", value]) == status.BAD_INPUT
    assert "NAME=VALUE" in capsys.readouterr().err


def test_a_mistake_in_an_expression_is_an_error_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "main.json"
    path.write_text(json.dumps(template(vnet("[concat('a' 'b')]"))), encoding="utf-8")

    text = tmp_path / "a.vnet"
    text.write_text("intent i { a never reaches internet }\n", encoding="utf-8")

    assert main(["check", str(text), "--network", str(path)]) == status.BAD_INPUT
    told = capsys.readouterr().out
    assert "error[bad-expression]" in told
    assert "#/resources/0/name" in told
    assert "⟨here⟩'b')]" in told
