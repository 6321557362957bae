"""Finding recordings in JSON: each is an answer of Azure with the request that it is an answer to.

Read are examples of the REST API (`parameters` and `responses`), cassettes (`interactions`), and pairs of a `request`
and a `response`, alone or in a list. An answer alone is about the interface that the user names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vnetverify.ingest.values import Malformed, as_list, as_object, as_text, member

_PATH = re.compile(
    r"/(?P<kind>networkInterfaces|networkWatchers)/(?P<name>[^/?]+)/"
    r"(?P<call>effectiveRouteTable|effectiveNetworkSecurityGroups|nextHop|ipFlowVerify)\b",
    re.IGNORECASE,
)
_DONE = 200


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, as far as told, and the answer; `at` names the interface where the request does."""

    at: str | None
    request: Mapping[str, Any]
    answer: Any


def calls_in(content: Any) -> Iterator[Call]:
    """Yield the calls of a document; what else it holds is no recording. Raises `Malformed`."""
    if isinstance(content, dict) and member(content, "interactions") is not None:
        yield from _of_cassette(as_list(member(content, "interactions"), "interactions"))
    elif isinstance(content, dict) and member(content, "responses") is not None:
        yield from _of_example(content)
    elif isinstance(content, dict) and member(content, "response") is not None:
        yield _of_pair(content)
    elif isinstance(content, list) and any(isinstance(one, dict) and member(one, "response") for one in content):
        for number, pair in enumerate(content):
            yield _of_pair(as_object(pair, f"pair {number + 1}"))
    else:
        yield Call(None, {}, content)


def _of_pair(pair: dict[str, Any]) -> Call:
    request = as_object(member(pair, "request"), "request")
    return Call(_named(request), request, member(pair, "response"))


def _of_example(content: dict[str, Any]) -> Iterator[Call]:
    parameters = as_object(member(content, "parameters"), "parameters")
    request = as_object(member(parameters, "parameters"), "parameters")
    done = as_object(member(as_object(member(content, "responses"), "responses"), str(_DONE)), str(_DONE))
    yield Call(_named(parameters), request, member(done, "body"))


def _named(request: dict[str, Any]) -> str | None:
    name = member(request, "networkInterfaceName") or member(request, "nic")
    return None if name is None else as_text(name, "networkInterfaceName")


def _of_cassette(interactions: Sequence[Any]) -> Iterator[Call]:
    """Yield the calls whose answer is there: at once, or by a later question for the result of the operation."""
    for position, interaction in enumerate(interactions):
        request = as_object(member(as_object(interaction, "interaction"), "request"), "request")
        match = _PATH.search(as_text(member(request, "uri"), "uri"))
        if match is None:
            continue
        is_of_interface = match["kind"].lower() == "networkinterfaces"
        answer = _answer_to(interaction, interactions[position + 1 :])
        if answer is not None:
            body = as_object(_data(member(request, "body")), "body")
            yield Call(match["name"] if is_of_interface else None, body, answer)


def _answer_to(interaction: Any, later: Sequence[Any]) -> Any:
    response = as_object(member(interaction, "response"), "response")
    if _status(response) == _DONE:
        return _data(member(response, "body"))
    operation = _operation(response)
    for other in (as_object(each, "interaction") for each in later):
        uri = as_text(member(as_object(member(other, "request"), "request"), "uri"), "uri")
        result = as_object(member(other, "response"), "response")
        if operation is not None and operation in uri and _status(result) == _DONE:
            return _data(member(result, "body"))
    return None


def _status(response: dict[str, Any]) -> Any:
    return member(as_object(member(response, "status"), "status"), "code")


def _operation(response: dict[str, Any]) -> str | None:
    """Return the end of the address that the caller is sent to for the result: `operationResults/ID`."""
    headers = as_object(member(response, "headers"), "headers")
    places = member(headers, "location") or member(headers, "azure-asyncoperation") or []
    place = places[0] if isinstance(places, list) and places else places
    if not isinstance(place, str):
        return None
    *_, kind, name = ("", "", *place.partition("?")[0].split("/"))
    return f"{kind}/{name}" if kind and name else None


def _data(body: Any) -> Any:
    """Return the value of a recorded body, which may be kept below `data`."""
    if isinstance(body, dict) and set(body) == {"data"}:
        return body["data"]
    if isinstance(body, str):
        raise Malformed("a body that is kept as text is not read")
    return body
