"""The end of a JSON report, a count and a digest: if it is wrong or missing, the report is not complete."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, NoReturn

Json = dict[str, Any]

FORMAT = "vnetverify-report"
FORMAT_VERSION = 1


class NotWhole(Exception):
    """What was read is not a report, or not all of one, or was changed since it was written."""


def sealed(document: Json) -> Json:
    """Return the report `document` with its end."""
    return {**document, "end": {"intents": len(document["intents"]), "sha256": digest(document)}}


def digest(document: Json) -> str:
    """Return the SHA-256 of `document` without its `end`, written with sorted keys and no blanks."""
    body = {key: value for key, value in document.items() if key != "end"}
    return sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_report(text: str) -> Json:
    """Return the report that `text` holds, without its end.

    It may still be of a run that was interrupted: its `complete` says so. Raises `NotWhole`.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotWhole("this is not a complete JSON document") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotWhole("this is not a report")
    if document.get("format_version") != FORMAT_VERSION:
        raise NotWhole(f"this is a report of another version than {FORMAT_VERSION}")
    match document:
        case {"intents": list(intents), "end": end}:
            pass
        case _:
            raise NotWhole("the report has no end: it was cut")
    if end != {"intents": len(intents), "sha256": digest(document)}:
        raise NotWhole("the report does not match its digest: it was cut or changed")
    return {key: value for key, value in document.items() if key != "end"}


def _without_twins(pairs: list[tuple[str, Any]]) -> Json:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key appears twice")
    return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
