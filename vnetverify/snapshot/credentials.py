"""The token with which Azure is asked: from the environment, or from azure-identity. It is never written or shown."""

from __future__ import annotations

import os
from collections.abc import Callable

from vnetverify.snapshot.calls import NotTaken

VARIABLE = "AZURE_ACCESS_TOKEN"


def token_source(endpoint: str) -> Callable[[], str]:
    """Return what gives a token for the API at `endpoint`, a fresh one where one expires. Raises `NotTaken`."""
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        if not given.isascii() or not given.isprintable() or " " in given:
            raise NotTaken(f"{VARIABLE} holds no token")
        return lambda: given
    try:
        from azure.core.exceptions import AzureError
        from azure.identity import DefaultAzureCredential
    except ImportError:
        message = f"there is no token: set {VARIABLE}, or install the extra `azure` (`pip install vnetverify[azure]`)"
        raise NotTaken(message) from None
    credential = DefaultAzureCredential()

    def fresh() -> str:
        try:
            return str(credential.get_token(f"{endpoint}/.default").token)
        except (AzureError, ValueError) as problem:
            message = "azure-identity has no token: log in, for example with `az login`"
            raise NotTaken(f"{message} ({type(problem).__name__})") from None

    return fresh
