"""Calls of Azure's management API: over TLS to one endpoint, never led elsewhere, never without bound."""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

_MOST_BYTES = 64 << 20  # of one answer
_MOST_SECONDS = 120  # for one answer
_SILENCE = 30  # seconds without a byte
_TRIES = 6  # of one call
_LONGEST_PAUSE = 120  # seconds, whatever a server asks for
_MOST_WAITING = 1800  # seconds of pauses in a whole run
_SHOWN = 300  # characters of a message of Azure's


class NotTaken(Exception):
    """A snapshot that cannot be taken; the message says why in the user's terms, and holds nothing secret."""


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Refuses to be sent elsewhere: the token would go along."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> NoReturn:
        raise NotTaken(f"the endpoint answers with a redirection (status {code})")


def checked_endpoint(url: str) -> str:
    """Return `url` without a slash at its end. Raises `NotTaken` where a token may not be sent there."""
    parts = urllib.parse.urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise NotTaken(f"`{url[:200]}` is not an endpoint: give scheme and host alone")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise NotTaken("the endpoint has to be of https, since a token is sent there")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(slots=True)
class Caller:
    """Makes calls of the API at `endpoint` with what `token` gives, pausing as the service asks for it."""

    endpoint: str
    token: Callable[[], str]
    pause: Callable[[float], None] = time.sleep
    waited: float = 0.0
    _opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        handlers: list[urllib.request.BaseHandler] = [_NoRedirection()]
        if self.endpoint.startswith("https"):
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
        else:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to `body`. Raises `NotTaken` where there is none after a bounded number of tries."""
        last = "no answer"
        for attempt in range(_TRIES):
            try:
                return self._post_once(path, body)
            except _Again as reason:
                last = str(reason)
                if attempt + 1 < _TRIES:
                    self._wait(reason.seconds if reason.seconds is not None else 2.0**attempt)
        raise NotTaken(f"Azure does not answer after {_TRIES} tries: {last}")

    def _post_once(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}{path}", data, headers, method="POST")
        try:
            with self._opener.open(request, timeout=_SILENCE) as response:
                answer = _answer_in(_read(response))
                self._heed_quota(response.headers)
                return answer
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise NotTaken("the endpoint has no certificate that is trusted here") from None
            why = (isinstance(cause, OSError) and cause.strerror) or type(error).__name__
            raise _Again(f"the connection failed ({why})") from None

    def _heed_quota(self, headers: Mapping[str, str]) -> None:
        """Pause until there is a quota again, where the service says that it is used up."""
        if headers.get("x-ms-user-quota-remaining") == "0":
            self._wait(_seconds_in(headers.get("x-ms-user-quota-resets-after") or "") or 5.0)

    def _wait(self, seconds: float) -> None:
        seconds = min(max(seconds, 0.0), _LONGEST_PAUSE)
        self.waited += seconds
        if self.waited > _MOST_WAITING:
            raise NotTaken(f"Azure asks for pauses of more than {_MOST_WAITING} seconds together")
        self.pause(seconds)


class _Again(Exception):
    """A call that may succeed later, after `seconds` where the service says so."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def _read(response: Any) -> bytes:
    """Return the body of an answer; one that never ends, or comes too slowly, is given up."""
    deadline = time.monotonic() + _MOST_SECONDS
    chunks, size = [], 0
    while chunk := response.read1(1 << 16):
        chunks.append(chunk)
        size += len(chunk)
        if size > _MOST_BYTES:
            raise NotTaken(f"an answer is larger than {_MOST_BYTES >> 20} MB")
        if time.monotonic() > deadline:
            raise NotTaken(f"an answer takes longer than {_MOST_SECONDS} seconds")
    expected = response.headers.get("Content-Length")
    if expected is not None and expected.isdigit() and int(expected) != size:
        raise _Again("the answer was cut off")
    return b"".join(chunks)


def _answer_in(data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        raise _Again("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise NotTaken("the answer is not of Resource Graph")
    return answer


def _refusal(error: urllib.error.HTTPError) -> NotTaken | _Again:
    said = f"status {error.code}"
    if error.code == 429:
        after = error.headers.get("Retry-After") or error.headers.get("x-ms-user-quota-resets-after") or ""
        return _Again(f"too many calls ({said})", _seconds_in(after))
    if error.code in (408, 500, 502, 503, 504):
        return _Again(said, _seconds_in(error.headers.get("Retry-After") or ""))
    return NotTaken(f"Azure refuses the call ({said}{_told_by(error)})")


def _told_by(error: urllib.error.HTTPError) -> str:
    """Return what Azure says of a refusal, shortened and without what cannot be printed."""
    try:
        told = json.loads(error.read(1 << 16))["error"]
        text = f": {told['code']}: {told['message']}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError, http.client.HTTPException):
        return ""
    return "".join(one if one.isprintable() else " " for one in text)[:_SHOWN]


def _seconds_in(text: str) -> float | None:
    """Return the seconds that `5`, `00:00:05` or a date in the future stand for; None where that is none of these."""
    parts = text.strip().split(":")
    try:
        if len(parts) in (1, 3) and all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
            return float(sum(int(part) * 60**power for power, part in enumerate(reversed(parts))))
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
