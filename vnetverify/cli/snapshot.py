"""`vnetverify snapshot`: the networks of subscriptions, asked of Azure, as a file for `--network`."""

from __future__ import annotations

import re
import time
from typing import Any

import click

from vnetverify.cli import status
from vnetverify.cli.destination import destination, save
from vnetverify.cli.output import tell

_ENDPOINT = "https://management.azure.com"
_SUBSCRIPTION = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def _checked(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if _SUBSCRIPTION.fullmatch(value) is None:
            raise click.BadParameter(f"`{value[:60]}` is not the id of a subscription")
    return tuple({value.lower(): value for value in values}.values())


@click.command("snapshot")
@click.option(
    "--subscription",
    "subscriptions",
    multiple=True,
    required=True,
    metavar="ID",
    callback=_checked,
    help="The subscription to read; may be given several times.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(),
    help="The file to write, completely or not at all; only you may read it.",
)
@click.option("--anonymize", is_flag=True, help="Replace all names that people have given.")
@click.option(
    "--endpoint", default=_ENDPOINT, show_default=True, metavar="URL", help="The management API of the cloud."
)
def command(subscriptions: tuple[str, ...], output: str, anonymize: bool, endpoint: str) -> int:
    """Read the networks of subscriptions from Azure Resource Graph into FILE, for `--network FILE`.

    The token comes from the environment (AZURE_ACCESS_TOKEN) or from azure-identity. FILE gets only properties that
    vnetverify knows; of others just that they are set. No keys, scripts or certificates are written.
    """
    from vnetverify.report.terminal import counted, printable
    from vnetverify.snapshot import Caller, NotTaken, checked_endpoint, take
    from vnetverify.snapshot.credentials import token_source

    target = destination(output, ())
    try:
        checked = checked_endpoint(endpoint)
        snapshot = take(Caller(checked, token_source(checked), _pause), subscriptions, anonymize)
    except NotTaken as problem:
        raise click.ClickException(printable(str(problem))) from None
    save(_as_json(snapshot.document), target, is_private=True)
    for one in snapshot.silent:
        tell(f"warning: nothing is seen of subscription {one}: it is empty, or not yours to read")
    tell(f"{counted(snapshot.count, 'resource')} written to {printable(output)}")
    return status.AS_EXPECTED


def _pause(seconds: float) -> None:
    """Wait, and say so: some pauses are of minutes."""
    tell(f"waiting {seconds:.0f} s for Azure")
    time.sleep(seconds)


def _as_json(document: dict[str, Any]) -> str:
    import json

    return json.dumps(document, indent=1, ensure_ascii=False)
