"""Small reports and diagnostics with every kind of verdict, built by hand: no engine runs here."""

from __future__ import annotations

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.explanation.story import FactUsed, Hop, Story
from vnetverify.facts import World, uncertainty
from vnetverify.header import TCP, Flow, Interval, interval_set, parse_address
from vnetverify.model.intents import Assumption, Claim, Intent, Place, Verb
from vnetverify.model.network import Service, Unmodelled
from vnetverify.prover.verdict import Ground, Premise, Proved, Refuted, Silence, Unknown, Vacuous, Verdict, Witness
from vnetverify.report.results import ClaimResult, IntentResult, Omission, Report
from vnetverify.simulator.positions import Loser
from vnetverify.source import Source, Span

SQL = Service("sql", ((TCP, interval_set([Interval(1433, 1433)])),))
APP = Place("subnet", "spoke.app")
FORWARDED = uncertainty("U-R-PEER-16")
FIREWALL = uncertainty("U-FORWARDS", "fw")
FLOW = Flow(TCP, parse_address("10.1.0.4"), 49152, parse_address("10.0.2.4"), 1433)


def at(line: int, column: int = 1, end: int = 0) -> Span:
    return Span("hub.vnet", line, column, line, end or column + 1)


def result(
    name: str, text: str, verdict: Verdict, *, line: int, expect: str = "proved", because: str | None = None,
    as_expected: bool = True, story: Story | None = None, omissions: tuple[Omission, ...] = (),
) -> IntentResult:  # fmt: skip
    claim = Claim(Verb.NEVER_REACHES, (), SQL, text, at(line, 12))
    intent = Intent(name, (claim,), at(line), expect=expect, because=because)
    return IntentResult(intent, verdict, (ClaimResult(claim, verdict, story, 0.25, 1200, (), omissions),), as_expected)


STORY = Story(
    APP,
    FLOW,
    (
        Hop("spoke.app", "no network security group, so nothing is denied", "F-EVAL-3"),
        Hop(
            "spoke.app",
            "10.0.0.0/16 via peering with hub beats 0.0.0.0/0 via appliance 10.0.1.4",
            "R-SEL-1",
            at(11),
            (
                Loser("0.0.0.0/0 via appliance 10.0.1.4", "a longer prefix wins", "R-SEL-1"),
                Loser("0.0.0.0/0 to the Internet", "a longer prefix wins", "R-SEL-1"),
            ),
        ),
        Hop("hub.db", "AllowVnetInBound allows, nothing earlier matches", "F-DEF-2", at(5)),
    ),
    "delivered to hub.db",
    (Hop("hub.db", "10.1.0.0/16 via peering", "R-SEL-1", at(12)),),
    "the reply is delivered to spoke.app",
    (FactUsed(FIREWALL, True), FactUsed(FORWARDED, False)),
)

PROVED = result(
    "orders-work",
    "spoke.web reaches hub.db on sql",
    Proved(
        (
            Ground("", "peering spoke -> hub is connected", "R-PEER-2", at(11)),
            Ground("nsg db-nsg", "100 allow-sql allows", "F-NSG-2", at(5)),
        ),
        minimal=True,
        premise=Premise(Witness(APP, FLOW, World()), 2, False, (Silence("lab", "holds no address of the network"),)),
    ),
    line=20,
)
REFUTED = result(
    "app-private",
    "spoke.app never reaches hub.db on sql",
    Refuted(Witness(APP, FLOW, World({"U-FORWARDS(fw)": True})), "hub.db receives a packet of spoke.app"),
    line=21,
    as_expected=False,
    story=STORY,
)
KNOWN_GAP = result(
    "known-gap",
    "internet never reaches spoke.web on ssh",
    Refuted(None, "no flow from internet to spoke.web is delivered"),
    line=22,
    expect="refuted",
    because="ticket 4711",
)
OPEN = result(
    "inspected",
    "spoke.web never reaches hub.db on sql",
    Unknown("depends on open facts", (FORWARDED, FIREWALL), "proved", Witness(APP, FLOW, World())),
    line=23,
    as_expected=False,
    story=STORY,
)
LIMIT = result("huge", "spoke never reaches hub", Unknown("the time limit of 60 s was hit"), line=24, as_expected=False)
EMPTY = result("nobody", "lab never reaches hub on sql", Vacuous("`lab` has no addresses"), line=25, as_expected=False)
AS_DOCUMENTED = result(
    "hub-is-no-relay",
    "spoke not transitive through hub",
    Proved((Ground("", "hub has no gateway", "R-GW-1"),), False, True, (FORWARDED,), by_routing=True),
    line=26,
    omissions=(
        Omission(Ground("", "hub has no gateway", "R-GW-1"), None),
        Omission(Ground("nsg db-nsg", "100 deny denies", "F-NSG-2", at(5)), Refuted(Witness(APP, FLOW, World()), "so")),
        Omission(Ground("nsg db-nsg", "200 rest denies", "F-NSG-2", at(6)), Proved(())),
    ),
)
LONG_PROOF = result(
    "long",
    "spoke.app isolated from lab",
    Proved(tuple(Ground("nsg big", f"{100 + n} deny-{n} denies", "F-NSG-2", at(30 + n)) for n in range(20))),
    line=27,
)
NOT_MODELLED = Unmodelled(
    "firewallPolicies", "firewall policies are not read yet", ("hub",), Span("hub.json", 7, 3, 7, 9, "/value/3")
)

EVERYTHING = Report(
    (PROVED, REFUTED, KNOWN_GAP, OPEN, LIMIT, EMPTY, AS_DOCUMENTED, LONG_PROOF),
    selected=8,
    unmodelled=(NOT_MODELLED,),
    assumptions=(Assumption("U-R-PEER-16", False, at(3)),),
    version="0.1.0",
)
INTERRUPTED = Report((PROVED,), selected=4, complete=False, version="0.1.0")
REPORTS = {"everything": EVERYTHING, "interrupted": INTERRUPTED, "nothing": Report((), selected=0, version="0.1.0")}

SOURCE = Source(
    "hub.vnet",
    "\n".join(
        [
            "vnet spoke {",
            "  address 10.1.0.0/16",
            "  subnet app 10.1.0.0/24",
            "\tsubnet \x1b[31mred\u202e 10.1.1.0/33",
            "}",
            "peering spoke -> hub { use-remote-gateways }",
            "intent app-private { spoke.web never reaches hub.db on sql }",
            "x" * 3000 + " nonsense " + "y" * 3000,
            "vnet 東京 { address 10.300.0.0/16 }",
        ]
    ),
)
DIAGNOSTICS = (
    Diagnostic(
        "unknown-subnet",
        "vnet `spoke` has no subnet `web`",
        at(7, 22, 31),
        "not declared",
        ((at(1, 6, 11), "has subnet `app`"),),
        help="did you mean `spoke.app`?",
    ),
    Diagnostic("bad-prefix", "`10.1.1.0/33` has no prefix length from 0 to 32", at(4, 18, 29), "0 to 32"),
    Diagnostic(
        "no-remote-gateway",
        "peering `spoke -> hub` uses remote gateways, and `hub` has none",
        at(6, 24, 43),
        "needs a gateway in `hub`",
        ((Span("other.vnet", 3, 1, 3, 9), "the other half"),),
        rule="R-GW-5",
        azure="RemoteVnetHasNoGateways",
    ),
    Diagnostic("syntax", "unexpected text `nonsense`", at(8, 3002, 3010), "a declaration begins here"),
    Diagnostic("bad-prefix", "`10.300.0.0` has a part above 255", at(9, 19, 32), "0 to 255"),
    Diagnostic(
        "duplicate-id",
        "two resources have the id `/x/\x1b[0m`",
        Span("net.json", 0, 0, 0, 0, "/value/1"),
        severity=Severity.WARNING,
    ),
)  # fmt: skip
