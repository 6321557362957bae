"""A report as one self-contained page: no script, no request, and text from the input is always plain text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.explanation.story import Hop
from vnetverify.report.account import Account, Item, Part, Telling, account_of, circumstances, needed
from vnetverify.report.excerpt import counts_of
from vnetverify.report.markup import Child, Markup, block, element, together
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.report.standing import (
    Standing,
    expectation,
    missing,
    shortcomings,
    standing_of,
    troubling_first,
    word_of,
    worst_first,
)
from vnetverify.report.terminal import counted
from vnetverify.report.text import summary
from vnetverify.source import Span

_ITEMS = 200  # of one part; a proof can rest on thousands of lines
_PARTIAL = "This report is incomplete: what is missing below was not decided."
_SIGNS = {Standing.CONTRADICTED: "✕", Standing.UNDECIDED: "?", Standing.EMPTY: "∅", Standing.AS_EXPECTED: "✓"}


def render_html(report: Report) -> str:
    """Return the page: verdicts first, what is not as expected before the rest, then each with its reasons."""
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    page = block("html", _head(report, style), _body(report), lang="en")
    return f"<!doctype html>\n{page.html}"


def _head(report: Report, style: str) -> Markup:
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    parts = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"vnetverify: {_headline(report)}"),
        element("style", Markup(style)),
    ]
    return block("head", *parts)


def _body(report: Report) -> Markup:
    numbered = [(f"intent-{number}", result) for number, result in enumerate(troubling_first(report.results), 1)]
    parts = [
        _top(report),
        _index(numbered),
        *(_intent(anchor, result, report) for anchor, result in numbered),
        _findings(report.diagnostics),
        _circumstances(report),
        _end(report),
    ]
    return element("body", block("main", *parts))


# -- the verdicts at a glance ---------------------------------------------------------------------------


def _headline(report: Report) -> str:
    """Return the one thing to know: what is missing, else whether the verdicts are what the intents expect."""
    short = shortcomings(report)
    if short:
        return short[0]
    total = counted(len(report.results), "intent")
    unexpected = sum(not result.as_expected for result in report.results)
    return f"{unexpected} of {total} not as expected" if unexpected else f"{total}, as expected"


def _top(report: Report) -> Markup:
    fine = not shortcomings(report) and all(result.as_expected for result in report.results)
    counts = summary(report).split("\n")[-1]
    return block(
        "header",
        element("p", f"vnetverify {report.version}".rstrip(), class_="tool"),
        element("h1", _headline(report), class_="fine" if fine else "troubled"),
        element("p", counts, class_="counts") if report.results else None,
        _found_in_short(report.diagnostics),
        element("p", _PARTIAL, class_="partial", role="alert") if missing(report) else None,
    )


def _found_in_short(diagnostics: Sequence[Diagnostic]) -> Markup | None:
    """Return how much was found in the input, which may well be why a sentence fails, with the way there."""
    link = element("a", f"found in the input: {counts_of(diagnostics)}", href="#found")
    return element("p", link, class_="counts") if diagnostics else None


def _index(numbered: Sequence[tuple[str, IntentResult]]) -> Markup | None:
    if not numbered:
        return None
    entries = [_entry(anchor, result) for anchor, result in numbered]
    return element("nav", block("ol", *entries), aria_label="verdicts")


def _entry(anchor: str, result: IntentResult) -> Markup:
    entry = element("span", _name(result.intent.name), _sentences(result), class_="entry")
    return element("li", element("a", _badge(result), entry, href=f"#{anchor}"))


def _sentences(result: IntentResult) -> Markup:
    sentences = list(dict.fromkeys(claim.claim.text for claim in worst_first(result)))
    more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
    return element("span", *sentences[:1], more, class_="sentence")


def _badge(result: IntentResult) -> Markup:
    sign = element("span", _SIGNS[standing_of(result)], class_="sign", aria_hidden="true")
    as_expected = ", as expected" if result.as_expected and result.intent.expect != "proved" else ""
    return element("span", sign, word_of(result.verdict) + as_expected, class_=f"badge {_style_of(result)}")


def _style_of(result: IntentResult) -> str:
    """Return the class of what belongs to a result: only a proof that was asked for looks like one."""
    standing = standing_of(result)
    if standing is Standing.AS_EXPECTED and result.intent.expect != "proved":
        return "foreseen"
    return {Standing.AS_EXPECTED: "proved"}.get(standing, standing.value)


# -- one intent -----------------------------------------------------------------------------------------


def _intent(anchor: str, result: IntentResult, report: Report) -> Markup:
    title = element("h2", _name(result.intent.name))
    head = element("summary", _badge(result), title, _purpose(result))
    claims = [_claim(claim, account_of(claim, report), len(result.results) > 1) for claim in result.results]
    expected = element("p", expectation(result), class_="expectation") if expectation(result) else None
    body = block("div", *claims, expected, id=anchor, class_="intent-body")  # going to what is folded unfolds it
    return block("details", head, body, class_=f"intent {_style_of(result)}", open=_style_of(result) != "proved")


def _purpose(result: IntentResult) -> Markup:
    reason = result.intent.reason
    return element("span", reason, class_="sentence") if reason else _sentences(result)


def _claim(result: ClaimResult, account: Account, among_others: bool) -> Markup:
    word = element("span", f"{account.word}: ", class_="word") if among_others else None
    parts: list[Child] = [
        element("h3", word, element("span", result.claim.text, class_="said"), _place(result.claim.span)),
        *map(_part, account.parts),
    ]
    if account.telling is not None:
        parts.append(_story(account.telling))
    return block("section", *parts, class_="claim")


def _story(telling: Telling) -> Markup:
    story = telling.story
    flow = element("p", element("code", str(story.flow)), " from ", _name(str(story.origin)), class_="flow")
    parts: list[Child] = [element("h4", telling.heading) if telling.heading else None, flow, _way(story.hops)]
    parts += [_hops(story.hops, telling.losers), element("p", story.end, class_="end")]
    if story.back_end is not None:
        parts += [
            element("h4", "the reply"),
            _hops(story.back, telling.losers),
            element("p", story.back_end, class_="end"),
        ]
    parts += [element("p", text) for text in (story.conclusion, story.charges) if text]
    parts += map(_part, needed(telling))
    return block("div", *parts, class_="story")


def _way(hops: Sequence[Hop]) -> Markup | None:
    """Return the places that the packet passes, each once in a row; nothing where it stays at one."""
    places = [where for where, _ in groupby(hop.where for hop in hops)]
    if len(places) < 2:
        return None
    return element("p", together(map(_name, places), between=" → "), class_="way")


def _hops(hops: Sequence[Hop], losers: bool) -> Markup:
    return block("ol", *(_hop(hop, losers) for hop in hops), class_="hops")


def _hop(hop: Hop, losers: bool) -> Markup:
    others = [
        element("li", f"not {loser.what}: {loser.why}", _rule(loser.rule)) for loser in (hop.lost[1:] if losers else ())
    ]
    return element(
        "li",
        element("span", _name(hop.where), class_="where"),
        _said(hop.what, hop.rule, hop.span),
        element("ul", *others, class_="losers") if others else None,
    )


# -- reasons --------------------------------------------------------------------------------------------


def _part(part: Part) -> Markup:
    advice = element("p", element("strong", "help: "), part.advice, class_="advice") if part.advice else None
    if not part.items:
        return together([element("p", part.says), advice])
    before = (None, *(item.group for item in part.items))
    listed = [_item(item, group) for item, group in zip(part.items[:_ITEMS], before, strict=False)]
    shown = block("ul", *listed, _left_out(part.items), class_="items")
    return block("div", element("h4", part.says), shown, advice, class_="part")


def _item(item: Item, group_before: str | None) -> Markup:
    heading = item.group if item.group != group_before else None
    return element(
        "li",
        element("span", heading, class_="group") if heading else None,
        _said(item.what, item.rule, item.span),
        element("span", item.meaning, class_="meaning") if item.meaning else None,
        element("span", item.settle, class_="settle") if item.settle else None,
    )


def _said(what: str, rule: str, span: Span | None) -> Markup:
    """Return a sentence with the rule and the line it comes from beside it, or below where there is no room."""
    source = [part for part in (_rule(rule), _place(span)) if part is not None]
    told = element("span", what, class_="what")
    return element("span", told, element("span", *source, class_="source") if source else None, class_="line")


def _left_out(items: Sequence[Item]) -> Markup | None:
    return element("li", f"and {len(items) - _ITEMS} more") if len(items) > _ITEMS else None


def _rule(rule: str) -> Markup | None:
    return element("span", rule, class_="rule") if rule else None


def _place(span: Span | None) -> Markup | None:
    if span is None or (span.line == 0 and span.pointer is None):
        return None
    after = str(span)[len(span.file) :].removesuffix("#")
    return element("span", element("bdi", span.file), after, class_="place")


def _name(name: str) -> Markup:
    return element("bdi", name, class_="name")


# -- around the verdicts --------------------------------------------------------------------------------


def _findings(diagnostics: Iterable[Diagnostic]) -> Markup | None:
    found = [_finding(diagnostic) for diagnostic in diagnostics]
    if not found:
        return None
    heading = element("h2", "found in the input", id="found")
    return element("section", heading, element("ul", *found, class_="items"), class_="around")


def _finding(found: Diagnostic) -> Markup:
    style = "contradicted" if found.severity is Severity.ERROR else "empty"
    return element(
        "li",
        element("span", f"{found.severity.value}: {found.code}", class_=f"badge {style}"),
        _said(found.message, found.rule or "", found.span),
        element("span", f"help: {found.help}", class_="settle") if found.help else None,
    )


def _circumstances(report: Report) -> Markup | None:
    parts = circumstances(report)
    if not parts:
        return None
    return element("section", element("h2", "for all verdicts"), *map(_part, parts), class_="around")


def _end(report: Report) -> Markup:
    return element("footer", *(element("p", line) for line in _closing(report)))


def _closing(report: Report) -> Iterator[str]:
    yield "A proof holds for every packet, whatever the open facts are, except for those it is said to rely on."
    yield "Every packet that is shown was followed by a second engine, written without knowledge of the first."
    if report.timings:
        yield "seconds: " + ", ".join(f"{phase} {seconds:.3f}" for phase, seconds in report.timings.items())
