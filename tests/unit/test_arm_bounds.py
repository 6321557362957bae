"""Templates that stand for more than anybody deploys stop at a bound, soon and with a word on it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.unit.arm_templates import codes, deployed, nested, resource, template, vnet
from vnetverify.ingest.arm import expansion
from vnetverify.ingest.arm.bounds import CHARACTERS_A_VALUE, MOST_MADE, MOST_STEPS, Bounds

_BILLION = {"name": "many", "count": 1_000_000_000}


def _many(count: int, name: str = "many") -> dict[str, Any]:
    return {"name": name, "count": count}


def _copies_of_copies() -> dict[str, Any]:
    """A loop of deployments of a loop of deployments of a loop of networks: 10^9 of them."""
    innermost = template(vnet("[concat('v', copyIndex())]", copy=_many(1000)))
    middle = template(nested("[concat('m', copyIndex())]", innermost, copy=_many(1000)))
    return template(nested("[concat('d', copyIndex())]", middle, copy=_many(1000)))


def _properties_of_properties() -> dict[str, Any]:
    """A loop in a loop in a loop over properties: 10^9 values."""
    value: Any = 1
    for name in ("a", "b", "c"):
        value = {"copy": [{"name": name, "count": 1000, "input": value}]}
    return template(resource("x.y/z", "a", value))


def _doubling_variables() -> dict[str, Any]:
    """Each variable is twice the one before, in the end 2^64 members."""
    variables: dict[str, Any] = {"v0": [1]}
    variables |= {f"v{n}": f"[concat(variables('v{n - 1}'), variables('v{n - 1}'))]" for n in range(1, 65)}
    return template(resource("x.y/z", "a", {"all": "[variables('v64')]"}), variables=variables)


def _deep() -> dict[str, Any]:
    content = template(vnet("v"))
    for _ in range(60):
        content = template(nested("d", content))
    return content


@pytest.mark.parametrize(
    "content",
    [template(vnet("v", copy=_BILLION)), _copies_of_copies(), _deep()],
    ids=["a-loop", "copies-of-copies", "depth"],
)
def test_more_resources_than_are_read_are_one_error(content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MOST_RESOURCES", 5_000)
    found = deployed(content)

    assert codes(found) == ["expansion-too-large"]
    assert not found.resources


@pytest.mark.parametrize(
    "content", [_properties_of_properties(), _doubling_variables()], ids=["properties", "variables"]
)
def test_more_values_than_are_made_are_an_error(content: dict[str, Any]) -> None:
    found = deployed(content)

    assert set(codes(found)) <= {"bad-template", "expansion-too-large"}
    assert codes(found)


_EVERY = "range(0, 9999)"


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        (f"map({_EVERY}, lambda('i', {_EVERY}))", "make too many values"),
        (f"createArray({', '.join([_EVERY] * 4000)})", "make too many values"),
        (f"map({_EVERY}, lambda('i', first(map({_EVERY}, lambda('x', add(1, 1))))))", "take too many steps"),
    ],
    ids=["lists of a lambda", "arguments", "steps"],
)
def test_lists_of_lists_stop_before_they_fill_the_memory(
    expression: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by `make hostile`: the first took two gigabytes and nine seconds before it was refused."""
    monkeypatch.setattr(Bounds.__init__, "__defaults__", (MOST_STEPS // 40, MOST_MADE // 20))
    found = deployed(template(resource("x.y/z", "a", {"all": f"[{expression}]"})))

    assert codes(found) == ["expansion-too-large"]
    assert told in found.diagnostics[0].message


def test_no_more_is_made_than_fits_the_memory() -> None:
    bytes_a_value = sys.getsizeof(1 << 20) + 8

    assert MOST_MADE // CHARACTERS_A_VALUE * bytes_a_value < 256 << 20


def test_all_templates_share_one_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MOST_RESOURCES", 3)
    inner = template(vnet("c"))

    assert codes(deployed(template(vnet("a"), nested("d", inner)))) == []
    assert codes(deployed(template(vnet("a"), vnet("b"), nested("d", inner)))) == ["expansion-too-large"]


def test_what_all_resources_hold_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MOST_VALUES", 1000)
    content = template(resource("x.y/z", "[concat('a', copyIndex())]", {"b": list(range(100))}, copy=_many(50)))

    assert codes(deployed(content)) == ["expansion-too-large"]


def test_a_mistake_in_every_turn_is_told_once() -> None:
    found = deployed(template(resource("x.y/z", "[concat('a', copyIndex())]", {"b": "[div(1, 0)]"}, copy=_many(50))))

    assert codes(found) == ["bad-template"]


@pytest.mark.parametrize("count", [-1, "three", 1.5, True, None, []])
def test_a_count_that_is_none_is_a_mistake(count: Any) -> None:
    found = deployed(template(vnet("v", copy={"name": "c", "count": count})))

    assert codes(found) == ["bad-template"]
    assert found.diagnostics[0].span.pointer == "/resources/0/copy/count"


@pytest.mark.parametrize(
    "content",
    [
        {"resources": 7},
        {"resources": [7]},
        {"resources": [{"type": 7, "name": "a"}]},
        {"resources": [{"type": "a.b/c"}]},
        {"resources": [{"type": "a.b/c", "name": ""}]},
        {"resources": [{"type": "", "name": "a"}]},
        {"resources": [{"type": "a", "name": "a"}]},
        {"resources": [{"type": "a.b/c", "name": "a", "condition": "perhaps"}]},
        {"resources": [{"type": "a.b/c", "name": "a", "condition": "[concat('a'"}]},
        {"resources": [{"type": "a.b/c", "name": "a", "resources": 7}]},
        {"resources": [{"type": "a.b/c", "name": "a", "parent": "nobody"}]},
        {"resources": [{"type": "a.b/c", "name": "a", "properties": {"[5]": 1}}]},
        {"resources": [{"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"template": 7}}]},
        {"resources": [{"type": "Microsoft.Resources/deployments", "name": "d", "scope": "/nowhere/at/all"}]},
        {"parameters": 7, "resources": [{"type": "a.b/c", "name": "[parameters('a')]"}]},
        {"variables": 7, "resources": [{"type": "a.b/c", "name": "[variables('a')]"}]},
        {
            "variables": {"a": "[variables('b')]", "b": "[variables('a')]"},
            "resources": [{"type": "a.b/c", "name": "[variables('a')]"}],
        },
    ],
)
def test_a_template_of_a_wrong_form_is_a_mistake_with_a_place(content: dict[str, Any]) -> None:
    found = deployed({"contentVersion": "1.0.0.0", **content})

    assert codes(found)
    assert all(code in ("bad-template", "bad-expression") for code in codes(found))


@pytest.mark.parametrize(
    "properties", [None, {}, {"templateLink": 7}, {"templateLink": {}}, {"template": "[parameters('t')]"}]
)
def test_a_deployment_without_a_template_could_hold_anything(properties: Any) -> None:
    content = template(
        resource("Microsoft.Resources/deployments", "d", properties), parameters={"t": {"type": "object"}}
    )

    assert [gap.what for gap in deployed(content).gaps] == ["nested deployment `d`"]
