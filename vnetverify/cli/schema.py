"""`vnetverify schema`: the JSON Schema of an output."""

from __future__ import annotations

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit


@click.command("schema")
@click.argument("what", type=click.Choice(["report"]))
def command(what: str) -> int:
    """Print the JSON Schema (2020-12) of WHAT: `report` is what `prove --output-format json` prints."""
    import json

    from vnetverify.report.schema import REPORT

    emit(json.dumps(REPORT, indent=2))
    return status.AS_EXPECTED
