"""`make fuzz-parser`: coverage-guided bytes for the readers of texts, JSON, prefixes, expressions, templates and plans,
from a corpus of the specs.

`python -m tests.hostile.fuzz_readers [SECONDS]`; needs atheris, and says so where it is missing. The first byte chooses
the reader. Whatever is raised beyond refusals is a finding; atheris keeps its input.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.hostile.expressing import texts_in
from tests.hostile.seeds import seeds
from tests.unit.arm_templates import deployed, template, vnet
from vnetverify.header import NotAPrefix, parse_prefix
from vnetverify.ingest import read_path
from vnetverify.ingest.arm.expressions import is_expression, written
from vnetverify.ingest.arm.expressions import parse as parse_expression
from vnetverify.ingest.arm.failures import BadExpression
from vnetverify.ingest.notation import Refused, parse
from vnetverify.ingest.terraform.addresses import module_path, steps_of
from vnetverify.source import Source
from vnetverify.spelling import folded, look_of, mistake_in
from vnetverify.syntax import read
from vnetverify.syntax.repairs import meant_by

_SECONDS = 180
_LONGEST = 4096
_FILE = Path(tempfile.mkdtemp(prefix="fuzz-readers-"), "main.json")


def one_input(data: bytes) -> None:
    """Give `data` to the reader that its first byte chooses."""
    if not data:
        return
    text = data[1:].decode("utf-8", "replace")
    match data[0] % 6:
        case 0:
            read((Source("a.vnet", text),))
        case 1:
            try:
                parse(text, "x.json")
            except Refused:
                return
        case 2:
            _read_prefix(text)
        case 3:
            if mistake_in(text) is None:
                assert folded(folded(text)) == folded(text), text
                assert look_of(look_of(text)) == look_of(text), text
        case 4:
            _read_expression(text)
        case _:
            _FILE.write_bytes(data[1:])
            read_path(_FILE)


def _read_expression(text: str) -> None:
    steps_of(text)
    module_path(text)
    deployed(template(vnet(text, text, tags={text: text}), variables={"v": text}))
    if not is_expression(text):
        return
    try:
        again = written(parse_expression(text))
    except BadExpression:
        return
    assert written(parse_expression(f"[{again}]")) == again, text


def _read_prefix(text: str) -> None:
    meant_by(text)
    try:
        prefix = parse_prefix(text)
    except NotAPrefix:
        return
    assert parse_prefix(str(prefix)) == prefix, text


def _write_corpus(folder: Path) -> None:
    kept = seeds()
    for number, (_, text) in enumerate(kept.texts):
        (folder / f"text-{number}").write_bytes(b"\0" + text.encode()[:_LONGEST])
    for number, word in enumerate(("10.0.0.0/8", "10.0.0.0/0.0.0.255", "::/0", "fd00::1/128", "010.1/16")):
        (folder / f"prefix-{number}").write_bytes(b"\2" + word.encode())
    for number, export in enumerate(kept.exports):
        data = json.dumps(export.content).encode()
        if len(data) <= _LONGEST:
            (folder / f"document-{number}").write_bytes(b"\5" + data)
        for place, text in enumerate(texts_in(export.content, is_expression)):
            (folder / f"expression-{number}-{place}").write_bytes(b"\4" + text.encode()[:_LONGEST])
    (folder / "json").write_bytes(b"\1" + b'{"a": [1, 2.5, null, {"B": "\\u00e9"}], "b": -1e3}')


def main() -> int:
    if find_spec("atheris") is None:
        print("skipped: atheris is not installed")
        return 0
    import atheris

    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else _SECONDS
    folder = Path(tempfile.mkdtemp(prefix="fuzz-readers-"))
    _write_corpus(folder)
    atheris.instrument_all()
    limits = [f"-max_total_time={seconds}", f"-max_len={_LONGEST}", "-timeout=30", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], str(folder), f"-artifact_prefix={folder}/", *limits], one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
