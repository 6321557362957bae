"""The names of the formats, and what writes each: loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vnetverify.report.results import Report

FOR_PEOPLE_ONLY = ("full", "concise")  # an input with errors has no report in these: stderr has its findings
NAMES = (*FOR_PEOPLE_ONLY, "json", "markdown", "csv", "junit", "github", "sarif", "html")


def writer_of(name: str) -> Callable[[Report], str]:
    """Return what writes a report in the format called `name`, one of `NAMES`."""
    match name:
        case "json":
            from vnetverify.report.json import render_json as writer
        case "markdown":
            from vnetverify.report.markdown import render_markdown as writer
        case "csv":
            from vnetverify.report.csv import render_csv as writer
        case "junit":
            from vnetverify.report.junit import render_junit as writer
        case "github":
            from vnetverify.report.github import render_github as writer
        case "sarif":
            from vnetverify.report.sarif import render_sarif as writer
        case "html":
            from vnetverify.report.html import render_html as writer
        case "concise":
            from vnetverify.report.text import render_concise as writer
        case _:
            from vnetverify.report.text import render_full as writer
    return writer
