"""In a browser nothing of a hostile report runs, and nothing is asked for (goal G17)."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

from tests.unit.hostile_names import NAMES, hostile_report
from tests.unit.test_report_escaping import words
from vnetverify.report.html import render_html
from vnetverify.report.results import Report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")

RUNNING = [name.replace("alert(1)", "document.title=7") for name in NAMES]
LIVE = "<script>document.title=7</script><img src=//evil.example/a><link rel=stylesheet href=//evil.example/b>"


def report_of_all_names() -> Report:
    reports = [hostile_report(name) for name in RUNNING]
    results = tuple(report.results[number % len(report.results)] for number, report in enumerate(reports))
    return replace(reports[0], results=results, selected=len(results), diagnostics=reports[1].diagnostics)


class Pages(ThreadingTCPServer):
    """Answers for every host there is, and keeps what was asked for besides the pages."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, pages: dict[bytes, str]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.pages = pages
        self.asked: list[bytes] = []


class Answer(BaseRequestHandler):
    server: Pages

    def handle(self) -> None:
        request = self.request.recv(8192)
        path = request.split(b" ")[1] if request.startswith(b"GET ") else b""
        if path not in self.server.pages:
            self.server.asked.append(request)
            return
        body = self.server.pages[path].encode()
        head = f"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        self.request.sendall(head.encode() + body)


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    page = render_html(report_of_all_names())
    defended = page.replace("</main>", f"{LIVE}</main>")
    with Pages({b"/report": page, b"/defended": defended, b"/bare": f"<title>untouched</title>{LIVE}"}) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def shown(pages: Pages, path: str, profile: Path) -> str:
    """Return the document that the browser has made of a page, after whatever runs in it."""
    assert BROWSER is not None
    pages.asked.clear()
    here = f"127.0.0.1:{pages.server_address[1]}"
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
    way = ("--virtual-time-budget=2000", f"--host-resolver-rules=MAP * {here}", f"--user-data-dir={profile}")
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", *quiet, *way, "--dump-dom", f"http://{here}{path}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def from_pages(pages: Pages) -> list[bytes]:
    """Return what pages asked for: the browser's own business never names that host."""
    return [request for request in pages.asked if b"evil.example" in request]


def elements(page: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (tag, {name: value or "" for name, value in attributes.items()}) for tag, attributes in words(page).elements
    ]


def test_a_page_without_escapes_and_policy_runs_and_asks(pages: Pages, tmp_path: Path) -> None:
    assert "<title>7</title>" in shown(pages, "/bare", tmp_path)
    assert from_pages(pages) != []


def test_nothing_of_a_hostile_report_runs_or_asks_and_the_browser_reads_what_was_written(
    pages: Pages, tmp_path: Path
) -> None:
    read, written = shown(pages, "/report", tmp_path), pages.pages[b"/report"]

    assert from_pages(pages) == []
    assert elements(read) == elements(written)
    assert words(read).text.split() == words(written).text.split()


def test_what_came_through_unescaped_would_still_not_run_or_ask(pages: Pages, tmp_path: Path) -> None:
    read = shown(pages, "/defended", tmp_path)

    assert "<script>document.title=7</script>" in read
    assert "<title>7</title>" not in read
    assert from_pages(pages) == []
