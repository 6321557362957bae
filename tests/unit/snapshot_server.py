"""A management API on loopback that answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Service:
    """`answers` gives, for the number of the call and what it asks, status, headers and body."""

    answers: Callable[[int, dict[str, Any]], Answer]
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(answers: Callable[[int, dict[str, Any]], Answer]) -> Iterator[Service]:
    """Give the service while it runs."""
    service = Service(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.asked.append(body)
            service.tokens.append(self.headers["Authorization"])
            status, headers, data = service.answers(len(service.asked) - 1, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page(rows: list[dict[str, Any]], total: int, token: str | None = None, **beside: Any) -> Answer:
    """Return an answer of Resource Graph."""
    answer = {"totalRecords": total, "count": len(rows), "data": rows, "facets": [], "resultTruncated": "false"}
    more = {"$skipToken": token} if token is not None else {}
    return 200, {"Content-Type": "application/json"}, json.dumps({**answer, **more, **beside}).encode()


def of_rows(rows: list[dict[str, Any]], size: int = 2) -> Callable[[int, dict[str, Any]], Answer]:
    """Answer with `rows`, `size` on a page, and with no record of the DNS."""

    def answers(_: int, asked: dict[str, Any]) -> Answer:
        if asked["query"].startswith("dnsresources"):
            return page([], 0)
        start = int(asked["options"].get("$skipToken", "0"))
        more = str(start + size) if start + size < len(rows) else None
        return page(rows[start : start + size], len(rows), more)

    return answers
