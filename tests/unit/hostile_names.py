"""Names that try to be more than names, and a report that has one in every place where a text of the input's can be."""

from __future__ import annotations

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.explanation.story import FactUsed, Hop, Story
from vnetverify.facts import World, uncertainty
from vnetverify.header import TCP, Flow
from vnetverify.model.intents import Assumption, Claim, Intent, Place, Verb
from vnetverify.model.network import PublishedTags, Service, Unmodelled
from vnetverify.prover.verdict import (
    Caveat,
    Ground,
    Premise,
    Proved,
    Refuted,
    Silence,
    Unknown,
    Vacuous,
    Verdict,
    Witness,
)
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.simulator.positions import Loser
from vnetverify.source import Span

PLAIN, PLAIN_FILE = "qzname", "qzfile"  # they stand nowhere else in a report

HTML = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    "</textarea><svg/onload=alert(1)>",
    '"><img src=//evil.example/x>',
    "'><iframe srcdoc='<i onclick=x>'></iframe>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<form action=//evil.example><input autofocus onfocus=alert(1)>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&lt;b&gt;",
    "&#60;script&#62;",
    "<details open ontoggle=alert(1)>",
    "<object data=//evil.example/x>",
)
MARKDOWN = (
    "a | b | c",
    "|",
    "a\\|b",
    "`code`",
    "```",
    "~~~ end ~~~",
    "` ` `",
    "[x](javascript:alert(1))",
    "![x](//evil.example/p.png)",
    "[x]: //evil.example",
    "**bold** _and_ ~~gone~~",
    "# heading",
    "@octocat see #1",
    "https://evil.example/?q=1",
    "www.evil.example",
    "a@evil.example",
    "<https://evil.example>",
    "$\\href{javascript:alert(1)}{x}$",
    "ends in \\",
    "---",
    "{0} and }1{",
    "[a](1)",
)
CELLS = (
    '=HYPERLINK("//evil.example","x")',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    '"',
    '";=1+1',
    "a;=1+1",
    'a","=1+1',
)
LOGS = (
    "::error::red",
    "::error file=x::red",
    "::set-output name=a::b",
    "::add-mask::10",
    "::stop-commands::token",
    "##[error]red",
    "##[group]folded",
    "##vso[task.setvariable variable=PATH]x",
    "a%0A::error::red",
    "a%25b",
    "a,line=9::b",
    "\n::error::red",
    "\r\n::error::red",
)
TERMINALS = (
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31m",
    "\x9d0;title\x9c",
    "refuted\rproved",
    "a\x08\x08b",
    "a\x00b",
    "\x0e\x0f",
    "a\u202eb",
    "a\u2066b\u2069",
    "a\u200bb",
    "\ufeffa",
    "\u2028a\u2029b",
    "\ufffe",
    "\ud800",
    "\U000e0041",
    "\x7f",
    "e\u0301\u0301\u0301",
    "שלום",
)
NAMES = (*HTML, *MARKDOWN, *CELLS, *LOGS, *TERMINALS)


def file_called(name: str) -> str:
    """Return the file that a hostile report names: without folders, since long ones are cut."""
    return PLAIN_FILE if name == PLAIN else name.replace("/", "")


def hostile_report(name: str, complete: bool = True) -> Report:
    """Return a report with `name` in every place that can hold one, and every kind of verdict."""
    fact, spot = uncertainty("U-FORWARDS", name), Span(file_called(name), 3, 5, 3, 9)
    open_fact = uncertainty("U-R-PEER-16")
    place, flow = Place("subnet", name), Flow(TCP, 0x0A000004, 49152, 0x0A000104, 443)
    lost = (Loser(name, name, "R-SEL-1"), Loser(f"not {name}", name, "R-SEL-1"))
    hops = (Hop(name, f"{name} allows", "F-NSG-1", spot, lost), Hop("b", "allows", "F-NSG-1"))
    story = Story(
        place, flow, hops, f"dropped at {name}", hops, f"back at {name}", (FactUsed(fact, True),), f"{name}: so"
    )
    witness = Witness(place, flow, World({str(fact): True}))
    premise = Premise(witness, 3, nothing_of=(Silence(name, f"{name} is empty"),))
    left_out = (Unmodelled(name, f"{name} is not read", (name,), spot),)
    grounds = (Ground(name, name, "F-NSG-1", spot), Ground("", f"of {name}", "R-SEL-1"))
    verdicts: tuple[tuple[Verdict, Story | None], ...] = (
        (Proved(grounds, leaned_on=(fact,), caveats=(Caveat(name, "R-META-1", spot),), premise=premise), None),
        (Refuted(witness, f"{name} receives it", leaned_on=(fact,), grounds=grounds), story),
        (Unknown(name, (fact, open_fact), "proved", witness, left_out), story),
        (Unknown(f"{name} took too long"), None),
        (Vacuous(name), None),
    )
    results = tuple(_result(name, f"{name} {number}", *verdict) for number, verdict in enumerate(verdicts))
    expected = _result(name, name, *verdicts[1], expect="refuted")
    warning = Diagnostic("shadowed", f"{name} is shadowed", spot, help=f"drop {name}", severity=Severity.WARNING)
    return Report(
        (*results, expected),
        len(results) + (1 if complete else 5),
        (warning,),
        left_out,
        (Assumption(f"U-FORWARDS({name})", True, spot),),
        complete=complete,
        version="0.1.0",
        published=PublishedTags(name, 7, (name,), spot),
        caveats=(Caveat(name, "F-META-8", spot),),
    )


def _result(name: str, called: str, verdict: Verdict, story: Story | None, expect: str = "proved") -> IntentResult:
    file = file_called(name)
    claim = Claim(Verb.NEVER_REACHES, (), Service("any", ()), f"{name} never reaches {name}", Span(file, 2, 1, 2, 8))
    intent = Intent(called, (claim,), Span(file, 1, 1, 2, 9), name, expect, name)
    as_expected = type(verdict).__name__.lower() == expect
    return IntentResult(intent, verdict, (ClaimResult(claim, verdict, story, service_tags=(name,)),), as_expected)
