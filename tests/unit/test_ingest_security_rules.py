"""The quick way to read a rule gives what the whole one gives, or says that it does not know the form."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnetverify.header import Prefix
from vnetverify.ingest.properties import read
from vnetverify.ingest.resources import Resource
from vnetverify.ingest.security_rules import NotModelled, UsualRules, security_rule
from vnetverify.ingest.shapes import RULE
from vnetverify.ingest.values import Malformed
from vnetverify.model.security import AddressPrefixes, SecurityRule
from vnetverify.quick import quickly_made
from vnetverify.source import Span

_USUAL = {
    "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "443", "sourceAddressPrefix": "10.0.0.0/8",
    "destinationAddressPrefix": "*", "access": "Allow", "priority": 100, "direction": "Inbound",
}  # fmt: skip
_ADDRESSES = st.sampled_from(
    [
        "*",
        "10.0.0.0/8",
        " 10.1.2.3/8 ",
        "Internet",
        "virtual_network",
        "fd00::/8",
        "any",
        "1.2.3",
        "",
        "10.0.0.0/08",
        "½",
    ]
)
_TEXTS = st.sampled_from(["Tcp", "*", "6", "Inbound", "outbound", "Allow", "deny", "22", "80-90", "0-65536", "", " 1"])
_STRANGE = st.sampled_from([None, True, 7, 100, [], ["1.2.3.4"], ["22", "80"], {}, 1.5])
_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "sourceAddressPrefix": _ADDRESSES | _STRANGE,
        "destinationAddressPrefix": _ADDRESSES | _STRANGE,
        "sourceAddressPrefixes": _STRANGE,
        "destinationPortRanges": _STRANGE,
        "sourceApplicationSecurityGroups": _STRANGE,
        "destinationPortRange": _TEXTS | _STRANGE,
        "protocol": _TEXTS | _STRANGE,
        "access": _TEXTS | _STRANGE,
        "direction": _TEXTS | _STRANGE,
        "priority": _STRANGE,
        "provisioningState": st.just("Succeeded"),
        "novelty": _STRANGE,
        "Protocol": _TEXTS,
    },
)


def _resource(properties: Any, **beside: Any) -> Resource:
    return Resource(
        "/r", "/r", "networksecuritygroups/securityrules", "r", {**beside, "properties": properties}, "f", "/0"
    )


def _said(make: Any) -> Any:
    try:
        return make()
    except (Malformed, NotModelled) as fault:
        return str(fault)


@settings(max_examples=300, deadline=None)
@given(_CHANGES, st.lists(st.sampled_from(sorted(_USUAL)), max_size=2), st.sampled_from(["inside", "both", "beside"]))
def test_both_ways_to_read_a_rule_agree(changes: dict[str, Any], missing: list[str], where: str) -> None:
    properties = {key: value for key, value in {**_USUAL, **changes}.items() if key not in missing}
    beside = {"inside": {}, "both": {"access": "Deny"}, "beside": properties}[where]
    resource = _resource(None if where == "beside" else properties, **beside)
    quick = _said(lambda: UsualRules().rule(resource.body, resource.name, resource.span))
    if quick is None:
        return
    values, doubts = read(resource.body, resource.pointer, RULE)

    assert doubts == []
    assert quick == _said(lambda: security_rule(resource.name, values, str, resource.span))


def test_a_rule_of_the_usual_form_is_read_the_quick_way_in_any_letter_case() -> None:
    resource = _resource({key.upper(): value for key, value in _USUAL.items()}, name="r")
    rule = UsualRules().rule(resource.body, resource.name, resource.span)

    assert rule is not None
    assert AddressPrefixes((Prefix(10 << 24, 8),)) == rule.source


@quickly_made
@dataclass(frozen=True, slots=True)
class _Pair:
    first: int
    second: str = "two"


def test_what_is_quickly_made_is_as_frozen_as_any() -> None:
    pair = _Pair(1)

    assert (pair, repr(pair)) == (_Pair(1, "two"), "_Pair(first=1, second='two')")
    assert hash(pair) == hash(replace(pair, first=1))
    assert type(pair) is _Pair
    with pytest.raises(FrozenInstanceError):
        pair.first = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        _Pair()  # type: ignore[call-arg]


def test_places_and_rules_are_quickly_made() -> None:
    assert {Span.__init__.__qualname__, SecurityRule.__init__.__qualname__} == {
        "Span.__init__",
        "SecurityRule.__init__",
    }
    assert Span("a", 1, 2, 3, 4) == Span(file="a", line=1, column=2, end_line=3, end_column=4, pointer=None)
