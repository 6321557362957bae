"""Laws of templates: what loops and conditions deploy is what writing each turn out by hand does."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.arm_templates import deployed, nested, resource, template
from vnetverify.diagnostic import Severity

_NAMES = st.text("abcdefgh", min_size=1, max_size=3)
_COUNTS = st.integers(0, 3)
_FALSE = (False, "[equals(1, 2)]", "[variables('off')]")
_CONDITIONS = (None, True, "[not(false())]", *_FALSE)


@st.composite
def _statements(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Resources with distinct names, with loops over themselves and their properties, and conditions, or none."""
    return [
        {
            "name": f"{draw(_NAMES)}{position}",
            "count": draw(st.none() | _COUNTS),
            "condition": draw(st.sampled_from(_CONDITIONS)),
            "members": draw(st.none() | _COUNTS),
            "even": draw(st.booleans()),
            "offset": draw(_COUNTS),
        }
        for position in range(draw(st.integers(1, 4)))
    ]


def _written(statement: dict[str, Any]) -> dict[str, Any]:
    """Return the resource of a template that a statement stands for."""
    has_loop = statement["count"] is not None
    turn = f"copyIndex({statement['offset']})" if has_loop else str(statement["offset"])
    properties: dict[str, Any] = {"turn": f"[string({turn})]"}
    if statement["members"] is not None:
        loop = {"name": "list", "count": statement["members"], "input": f"[concat(copyIndex('list'), '-', {turn})]"}
        properties["copy"] = [loop]
    members: dict[str, Any] = {} if statement["condition"] is None else {"condition": statement["condition"]}
    if statement["even"] and has_loop:
        members["condition"] = "[equals(mod(copyIndex(), 2), 0)]"
    if has_loop:
        members["copy"] = {"name": f"loop-{statement['name']}", "count": statement["count"]}
    name = f"[concat('{statement['name']}-', {turn})]"
    return resource("x.y/z", name, properties, **members)


def _by_hand(statement: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return name and properties of each resource that a statement makes, told without the evaluator."""
    found = []
    for index in range(1 if statement["count"] is None else statement["count"]):
        if statement["even"] and statement["count"] is not None:
            is_there = index % 2 == 0
        else:
            is_there = statement["condition"] not in _FALSE
        turn = index + statement["offset"] if statement["count"] is not None else statement["offset"]
        properties: dict[str, Any] = {"turn": str(turn)}
        if statement["members"] is not None:
            properties["list"] = [f"{member}-{turn}" for member in range(statement["members"])]
        if is_there:
            found.append((f"{statement['name']}-{turn}", properties))
    return found


@given(_statements(), st.integers(0, 2), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_template_deploys_what_each_turn_written_out_does(
    statements: list[dict[str, Any]], depth: int, is_inner: bool
) -> None:
    content = template(*map(_written, statements), variables={"off": False})
    for level in range(depth):
        content = template(nested(f"d{level}", content, "inner" if is_inner else "outer"), variables={"off": False})

    found = deployed(content)

    assert [one for one in found.diagnostics if one.severity is Severity.ERROR and one.code != "no-resources"] == []
    expected = [one for statement in statements for one in _by_hand(statement)]
    assert [(one.name, one.body["properties"]) for one in found.resources] == expected


@given(st.lists(_COUNTS, min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_loops_inside_each_other_make_the_product_of_their_counts(counts: list[int]) -> None:
    value: Any = "[concat(copyIndex('l0'), '')]"
    for position in reversed(range(len(counts))):
        value = {"copy": [{"name": f"l{position}", "count": counts[position], "input": value}]}

    (one,) = deployed(template(resource("x.y/z", "a", value))).resources

    found: Any = one.body["properties"]
    sizes = []
    for position, count in enumerate(counts):
        found = found[f"l{position}"]
        sizes.append(len(found))
        if not found:
            break
        assert len(found) == count
        found = found[-1]
    assert sizes == counts[: len(sizes)]


@given(st.lists(st.sampled_from(["first", "second", "third"]), unique=True))
@settings(max_examples=20, deadline=None)
def test_a_value_that_is_given_is_as_good_as_a_default(given_names: list[str]) -> None:
    names = ("first", "second", "third")
    texts = {name: f"{name}-text" for name in names}
    parameters = {
        name: {"type": "string"} | ({"defaultValue": texts[name]} if name not in given_names else {}) for name in names
    }
    content = template(
        resource("x.y/z", "a", {name: f"[parameters('{name.upper()}')]" for name in names}), parameters=parameters
    )

    (one,) = deployed(content, **{name: texts[name] for name in given_names}).resources

    assert one.body["properties"] == texts
