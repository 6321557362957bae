"""All resources of subscriptions that the readers want, by Azure Resource Graph, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vnetverify.ingest.shapes import WITH_EFFECT
from vnetverify.snapshot.calls import Caller, NotTaken

_PATH = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
_PAGE = 1000  # rows, the most that Resource Graph gives
_AT_ONCE = 100  # subscriptions in one question
_MOST_ROWS = 2_000_000
_MOST_EMPTY_PAGES = 3
_COLUMNS = "id, name, type, location, kind, zones, sku, tags, properties"
_OTHERS = ("microsoft.compute/virtualmachines", *sorted(WITH_EFFECT))
# All of the network provider, known or not: what is not modelled has to be there to put verdicts in doubt.
_NETWORKS = (
    "resources | where type startswith 'microsoft.network/' or type in~ "
    f"({', '.join(map(repr, _OTHERS))}) | project {_COLUMNS} | order by id asc"
)
_RECORDS = (
    "dnsresources | where type startswith 'microsoft.network/privatednszones/'"
    " | project id, name, type, properties | order by id asc"
)
QUERIES = (_NETWORKS, _RECORDS)


def rows_of(caller: Caller, subscriptions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield every row. Raises `NotTaken` where not all of them come, or come twice."""
    for start in range(0, len(subscriptions), _AT_ONCE):
        for query in QUERIES:
            yield from _answered(caller, query, subscriptions[start : start + _AT_ONCE])


def _answered(caller: Caller, query: str, subscriptions: Sequence[str]) -> Iterator[dict[str, Any]]:
    token: str | None = None
    tokens: set[str] = set()
    ids: set[str] = set()
    empty, total = 0, None
    while True:
        options = {"resultFormat": "objectArray", "$top": _PAGE, **({} if token is None else {"$skipToken": token})}
        answer = caller.post(_PATH, {"subscriptions": list(subscriptions), "query": query, "options": options})
        rows, total = _rows_in(answer), _total_in(answer, total)
        for row in rows:
            if str(row["id"]).lower() in ids:
                raise NotTaken("Resource Graph gives a resource twice, so it may have left out others; try again")
            ids.add(str(row["id"]).lower())
        if len(ids) > min(total, _MOST_ROWS):
            raise NotTaken(f"Resource Graph gives more resources than the {total} that it says there are")
        yield from rows
        token = answer.get("$skipToken")
        if not token:
            break
        empty = 0 if rows else empty + 1
        if not isinstance(token, str) or token in tokens or empty > _MOST_EMPTY_PAGES:
            raise NotTaken("Resource Graph gives the same page again and again")
        tokens.add(token)
    if str(answer.get("resultTruncated")).lower() == "true" or len(ids) != total:
        raise NotTaken(f"Resource Graph gives {len(ids)} of {total} resources and no further page; try again")


def _rows_in(answer: dict[str, Any]) -> list[dict[str, Any]]:
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows):
        raise NotTaken("the answer is not of Resource Graph")
    return rows


def _total_in(answer: dict[str, Any], before: int | None) -> int:
    total = answer.get("totalRecords")
    if isinstance(total, bool) or not isinstance(total, int):
        raise NotTaken("the answer does not say how many resources there are")
    if before is not None and total != before:
        raise NotTaken("resources came or went while the snapshot was taken; try again")
    return total
