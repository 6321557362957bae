"""What mutants are made of: the texts of the specification and of tests, exports, and real files where they are."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.hostile.written import plans, states, templates, with_parameters
from tests.unit.text_samples import EVERYTHING

ROOT = Path(__file__).resolve().parents[2]
_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", ROOT.parent / "shared" / "corpus"))
_LARGEST = 60_000  # bytes of a seed; mutants of more cost time and find nothing else
_BLOCK = re.compile(r"```vnet\n(.*?)```", re.DOTALL)
_SENTENCES = "intent a { vnet never reaches internet on ssh }\nintent b { internet never reaches vnet }\n"
_CONTOSO = """\
intent c { contoso-orders.web reaches contoso-billing.invoices on https }
intent d { for each a, b in vnet: a never reaches b on tcp/1433 }
"""


@dataclass(frozen=True)
class Export:
    """JSON, the sentences asked of it, and the command it is for where it is for one alone."""

    name: str
    content: Any
    sentences: str = _SENTENCES
    fits: tuple[str, ...] | None = None
    parameters: Any = None  # what a parameter file gives to the template


@dataclass(frozen=True)
class Seeds:
    texts: tuple[tuple[str, str], ...]
    exports: tuple[Export, ...]


@cache
def seeds() -> Seeds:
    """Return all seeds, in an order that is the same everywhere."""
    return Seeds(tuple(_texts()), tuple(_exports()))


def _texts() -> list[tuple[str, str]]:
    found = [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("specs/**/*.vnet"))
    ]
    pages = sorted((*ROOT.glob("specs/**/*.md"), *ROOT.glob("docs/*.md")))
    blocks = [(path.name, block) for path in pages for block in _BLOCK.findall(path.read_text(encoding="utf-8"))]
    return [*found, ("everything", EVERYTHING), *blocks]


def _exports() -> list[Export]:
    contoso = [_read(path) for path in sorted(ROOT.glob("specs/estates/contoso-export/*.json"))]
    whole = [Export("contoso", contoso, _SENTENCES + _CONTOSO)]
    return [*whole, *(Export("one resource", one) for one in contoso), _tags(), _vectors(), *_written(), *_real()]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"), strict=False)  # templates have line ends in texts


def _tags() -> Export:
    values = [
        {
            "name": name,
            "id": name,
            "properties": {"changeNumber": 3, "region": "", "addressPrefixes": ["20.38.98.0/24"]},
        }
        for name in ("Storage", "Sql", "Storage.WestEurope", "AzureCloud")
    ]
    return Export(
        "tags", {"changeNumber": 7, "cloud": "Public", "values": values}, fits=("check", "-", "--service-tags")
    )


def _vectors() -> Export:
    rule = {"name": "r", "priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "Tcp"}
    packet = {"protocol": "Tcp", "source": "10.0.0.4", "destination": "10.0.0.5", "port": 22}
    return Export(
        "vectors", {"vectors": [{"id": "v1", "rules": [rule], "packet": packet, "expect": "deny"}]}, fits=("conform",)
    )


def _written() -> list[Export]:
    """Return networks of the specs as templates, plans and states: what those are for whoever has no real ones."""
    kinds = ("template", templates()), ("plan", plans()), ("state", states())
    found = [Export(f"{kind} of {name}", content) for kind, written in kinds for name, content in written]
    return [*found, _with_parameters()]


def _with_parameters() -> Export:
    content, parameters = with_parameters()
    fits = ("check", "-", "--parameters", "p.json", "--network")
    return Export("template with parameters", content, fits=fits, parameters=parameters)


def _real() -> list[Export]:
    paths = (
        sorted(path for path in _CORPUS.rglob("*.json") if path.stat().st_size <= _LARGEST) if _CORPUS.is_dir() else []
    )
    return [Export(path.name, _read(path)) for path in paths]
