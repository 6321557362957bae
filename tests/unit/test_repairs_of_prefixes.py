"""What looks like a prefix and is none is refused, with the one that was meant where that can be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.azure_resources import errors, read, vnet
from vnetverify.header import NotAPrefix, parse_prefix
from vnetverify.source import Source
from vnetverify.syntax import read as read_texts
from vnetverify.syntax.repairs import meant_by


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10.0.0.0/0.0.0.255", "10.0.0.0/24"),
        ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
        ("10.0.0.7/255.255.0.0", "10.0.0.0/16"),
        ("10.0.0.0/024", "10.0.0.0/24"),
        ("10.0.0.0/0000000000000024", "10.0.0.0/24"),
        ("10.0.0.1/24", "10.0.0.0/24"),
        ("10.0.0/24", "10.0.0.0/24"),
        ("10.0/16", "10.0.0.0/16"),
        ("10.0.0", "10.0.0.0/24"),
        ("010.000.000.001", "10.0.0.1"),
        ("10.0.0.01/32", "10.0.0.1/32"),
        ("1.2.3.4/0.0.0.0", "1.2.3.4/32"),
    ],
)
def test_a_slip_is_refused_and_what_was_meant_is_offered(text: str, meant: str) -> None:
    with pytest.raises(NotAPrefix):
        parse_prefix(text)
    found = read_texts((Source("a.vnet", f"vnet v {{ address {text} }}\n"),)).diagnostics

    assert [(one.code, one.help) for one in found] == [("bad-prefix", f"did you mean `{meant}`?")]


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/0.255.0.255",
        "10.0.0.0.0/8",
        "256.0.0.0/8",
        "::1/24",
        "10.0.0.0/",
        "10.0.0.0/1_0",
        "10.0.0.0/٢٤",
    ],
)
def test_where_nobody_can_tell_nothing_is_offered(text: str) -> None:
    with pytest.raises(NotAPrefix):
        parse_prefix(text)
    assert meant_by(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.0/024",
        "10.0.0.0/0.0.0.255",
        "10.0.0/24",
        "010.0.0.0/8",
        "10.0.0.0/1_6",
        "10.0.0.0/١٦",
        "\u200310.0.0.0/16",
        "10.0.0.0/16\x1f",
    ],
)
def test_an_export_is_read_as_strictly(text: str, tmp_path: Path) -> None:
    assert "bad-value" in errors(read(tmp_path, vnet("v", text)))
