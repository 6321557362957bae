"""The page is one file that runs nothing and asks for nothing, and says the verdicts first."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from tests.golden.samples import EMPTY, EVERYTHING, INTERRUPTED, KNOWN_GAP, LONG_PROOF, OPEN, PROVED, REFUTED, REPORTS
from tests.unit.hostile_names import NAMES, hostile_report
from tests.unit.test_report_escaping import words
from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.report.html import render_html
from vnetverify.report.markup import Markup, block, element
from vnetverify.report.results import IntentResult, Report
from vnetverify.source import Span

FOUND = "#found"
PAGES = [render_html(report) for report in (*REPORTS.values(), *map(hostile_report, NAMES[::9]))]
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "nav", "section", "details", "summary"),
    *("h1", "h2", "h3", "h4", "p", "ol", "ul", "li", "a", "div", "span", "bdi", "code", "strong", "footer"),
}


class Nesting(HTMLParser):
    """Checks that every element ends where its parent goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def page(*results: IntentResult) -> str:
    return render_html(Report(results, selected=len(results)))


def text(*results: IntentResult) -> str:
    return re.sub(r"\s+", " ", words(page(*results).split("</style>")[1]).text)


@pytest.mark.parametrize("page", PAGES)
def test_every_element_is_closed_and_none_can_run_or_load_anything(page: str) -> None:
    nesting = Nesting()
    nesting.feed(page)
    read = words(page)

    assert nesting.opened == []
    assert {tag for tag, _ in read.elements} <= TAGS
    assert {name for _, attributes in read.elements for name in attributes} <= {
        *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "open", "role"),
        *("aria-label", "aria-hidden"),
    }
    links = [attributes["href"] or "" for tag, attributes in read.elements if tag == "a"]
    assert all(link.startswith("#intent-") or link == FOUND for link in links)


@pytest.mark.parametrize("page", PAGES)
def test_the_policy_allows_the_one_style_and_nothing_else(page: str) -> None:
    policy = next(attributes["content"] for _, attributes in words(page).elements if "http-equiv" in attributes)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    assert page.index("Content-Security-Policy") < page.index("<title>") < page.index("<style>")


@pytest.mark.parametrize("page", PAGES)
def test_every_verdict_of_the_index_leads_to_its_reasons(page: str) -> None:
    elements = words(page).elements
    targets = [f"#{attributes['id']}" for _, attributes in elements if "id" in attributes]

    links = [attributes["href"] for tag, attributes in elements if tag == "a"]

    assert [target for target in targets if target != FOUND] == [link for link in links if link != FOUND]
    assert (FOUND in targets) is (FOUND in links)
    assert max(Counter(targets).values(), default=1) == 1


def test_what_is_not_as_expected_stands_first_and_open() -> None:
    shown = page(PROVED, KNOWN_GAP, EMPTY, OPEN, REFUTED)

    assert re.findall(r'<details class="intent (\w+)"( open)?>', shown) == [
        ("contradicted", " open"),
        ("undecided", " open"),
        ("empty", " open"),
        ("proved", ""),
        ("foreseen", " open"),
    ]
    assert '<h1 class="troubled">3 of 5 intents not as expected</h1>' in shown


def test_what_was_found_in_the_input_is_counted_at_the_top() -> None:
    span = Span("hub.vnet", 1, 1, 1, 2)
    found = [Diagnostic("half-peering", "half", span, severity=Severity.WARNING), Diagnostic("empty", "none", span)]
    shown = render_html(Report((PROVED,), selected=1, diagnostics=(*found, found[0])))

    assert '<a href="#found">found in the input: 1 error, 2 warnings</a>' in shown
    assert "#found" not in page(PROVED)


def test_a_run_that_ends_as_expected_says_so() -> None:
    assert '<h1 class="fine">2 intents, as expected</h1>' in page(PROVED, KNOWN_GAP)
    assert "refuted, as expected" in text(KNOWN_GAP)


def test_a_story_is_told_hop_by_hop_with_rules_and_lines() -> None:
    told = text(REFUTED)

    assert "tcp 10.1.0.4:49152 -> 10.0.2.4:1433 from spoke.app spoke.app → hub.db" in told
    assert "10.0.0.0/16 via peering with hub beats 0.0.0.0/0 via appliance 10.0.1.4R-SEL-1hub.vnet:11:1" in told
    assert "the reply" in told
    assert "U-FORWARDS(fw) = true" in told


def test_open_facts_come_with_the_way_to_settle_them() -> None:
    told = text(OPEN)

    assert "no document can tell; to settle it: the configuration of the appliance" in told
    assert "help: once you know that it is so, write" in told


def test_a_long_proof_names_every_line() -> None:
    assert all(f"{100 + number} deny-{number} denies" in text(LONG_PROOF) for number in range(20))


def test_what_holds_for_all_verdicts_is_said_once() -> None:
    told = words(render_html(EVERYTHING)).text

    assert told.count("firewall policies are not read yet") == 1
    assert told.count("assuming") == 1


def test_a_part_of_a_report_is_marked_as_one() -> None:
    shown = render_html(INTERRUPTED)

    assert '<h1 class="troubled">interrupted: 3 of 4 intents were not decided</h1>' in shown
    assert 'role="alert">This report is incomplete' in shown
    assert 'role="alert"' not in render_html(EVERYTHING)


def test_only_what_is_an_element_becomes_one() -> None:
    made = block("p", element("b", "<i>", title='"', hidden=True, open=False), None, "", "a & b")

    assert made == Markup('<p>\n<b title="&quot;" hidden>&lt;i&gt;</b>\na &amp; b\n</p>')


def test_an_intent_is_listed_by_the_sentence_that_fails() -> None:
    listed = text(replace(REFUTED, results=(*PROVED.results, *REFUTED.results)))

    assert f"refutedapp-private{REFUTED.results[0].claim.text} and 1 more" in listed
