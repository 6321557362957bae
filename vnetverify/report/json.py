"""A report for programs: one JSON document, described by `schema.REPORT`.

It ends with a count and a digest, so that who reads a cut one can notice (`seal.read_report`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from vnetverify.diagnostic import Diagnostic
from vnetverify.explanation.story import FactUsed, Hop, Story
from vnetverify.facts import QUESTIONS, Uncertainty, World
from vnetverify.header import Flow, address_text
from vnetverify.model.intents import Place
from vnetverify.model.network import PublishedTags, Unmodelled
from vnetverify.prover.verdict import (
    Caveat,
    Ground,
    Host,
    Premise,
    Proved,
    Refuted,
    Unknown,
    Vacuous,
    Verdict,
    Witness,
    verdict_word,
)
from vnetverify.report.escaping import json_text
from vnetverify.report.results import ClaimResult, IntentResult, Omission, Report
from vnetverify.report.seal import FORMAT, FORMAT_VERSION, Json, sealed
from vnetverify.simulator.positions import Crossing
from vnetverify.simulator.tag_listing import Listed
from vnetverify.source import Span


def render_json(report: Report) -> str:
    """Return `report` as JSON text. The same report gives the same text, unless it carries timings."""
    return json_text(sealed(_report(report)))


def render_findings(diagnostics: Iterable[Diagnostic]) -> str:
    """Return diagnostics as a JSON array, each with the places it points at and the packet that shows it."""
    return json_text([_finding(diagnostic) for diagnostic in diagnostics])


def render_tag(tag: str, subnet: str, parts: Iterable[Listed], world: World) -> str:
    """Return the parts of a tag at a subnet as a JSON document."""
    document = {"tag": tag, "subnet": subnet, "parts": [_part_of_tag(part, world) for part in parts]}
    return json_text(document)


def _report(report: Report) -> Json:
    document: Json = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "version": report.version,
        "era": report.era.value,
        "reading": "documented" if report.documented_reading else "every world",
        "complete": report.complete,
        "selected": report.selected,
        "assumptions": [{"fact": a.fact, "value": a.value, "at": span_as_json(a.span)} for a in report.assumptions],
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in report.diagnostics],
        "unmodelled": [_unmodelled(item) for item in report.unmodelled],
        "caveats": [_caveat(caveat) for caveat in report.caveats],
        "intents": [_intent(result, timed=bool(report.timings)) for result in report.results],
    }
    if report.published is not None:
        document["service_tags"] = _published(report.published)
    if report.timings:
        document["seconds"] = dict(report.timings)
    return document


def _published(published: PublishedTags) -> Json:
    return {
        "cloud": published.cloud,
        "change_number": published.change_number,
        "file": published.span.file,
        "tags": list(published.tags),
    }


def _intent(result: IntentResult, timed: bool) -> Json:
    intent = result.intent
    return {
        "name": intent.name,
        "reason": intent.reason,
        "at": span_as_json(intent.span),
        "verdict": verdict_word(result.verdict),
        "as_documented_only": isinstance(result.verdict, Proved | Refuted) and result.verdict.documented,
        "expected": intent.expect,
        "because": intent.because,
        "as_expected": result.as_expected,
        "claims": [_claim(claim, timed) for claim in result.results],
    }


def _claim(result: ClaimResult, timed: bool) -> Json:
    document: Json = {
        "text": result.claim.text,
        "at": span_as_json(result.claim.span),
        "verdict": _verdict(result.verdict),
        "story": None if result.story is None else _story(result.story),
    }
    if result.service_tags:
        document["service_tags"] = list(result.service_tags)
    if result.omissions:
        document["omissions"] = [_omission(omission) for omission in result.omissions]
    if timed:
        document |= {"seconds": result.seconds, "rlimit": result.rlimit, "recalled": result.recalled}
    return document


def _verdict(verdict: Verdict) -> Json:
    word: Json = {"word": verdict_word(verdict)}
    match verdict:
        case Proved():
            return word | {
                "as_documented_only": verdict.documented,
                "grounds": [_ground(ground) for ground in verdict.grounds],
                "minimal": verdict.minimal,
                "leaned_on": [_open_fact(fact) for fact in verdict.leaned_on],
                "witness": _witness(verdict.witness),
                "beside": [_caveat(note) for note in verdict.caveats],
                "premise": None if verdict.premise is None else _premise(verdict.premise),
                "by_routing_alone": verdict.by_routing,
                "assurance": verdict.assurance.value,
                "assured_by": verdict.assured_by,
            }
        case Refuted():
            return word | {
                "as_documented_only": verdict.documented,
                "why": verdict.why,
                "grounds": [_ground(ground) for ground in verdict.grounds],
                "leaned_on": [_open_fact(fact) for fact in verdict.leaned_on],
                "witness": _witness(verdict.witness),
            }
        case Vacuous():
            return word | {"why": verdict.why}
        case Unknown():
            return word | {
                "why": verdict.why,
                "as_documented": verdict.as_documented,
                "open_facts": [_open_fact(fact) for fact in verdict.open_facts],
                "unmodelled": [_unmodelled(item) for item in verdict.unmodelled],
                "witness": _witness(verdict.witness),
            }
        case _:
            assert_never(verdict)


def _witness(witness: Witness | None) -> Json | None:
    if witness is None:
        return None
    return {
        "origin": _place(witness.origin),
        "flow": flow_as_json(witness.flow),
        "facts": dict(sorted(witness.world.facts.items())),
        "addresses": {name: address_text(value) for name, value in sorted(witness.world.addresses.items())},
        "advertised": {
            name: [str(prefix) for prefix in prefixes] for name, prefixes in sorted(witness.world.advertised.items())
        },
    }


def _place(place: Place) -> Json:
    return {"kind": place.kind, "name": place.name}


def flow_as_json(flow: Flow) -> Json:
    return {
        "protocol": flow.protocol,
        "source": address_text(flow.source),
        "source_port": flow.source_port,
        "destination": address_text(flow.destination),
        "destination_port": flow.destination_port,
    }


def _story(story: Story) -> Json:
    return {
        "origin": _place(story.origin),
        "flow": flow_as_json(story.flow),
        "hops": [_hop(hop) for hop in story.hops],
        "end": story.end,
        "back": [_hop(hop) for hop in story.back],
        "back_end": story.back_end,
        "conclusion": story.conclusion,
        "facts": [_fact_used(used) for used in story.facts],
        "crossings": [_crossing(crossing) for crossing in story.crossings],
        "charges": story.charges or None,
    }


def _hop(hop: Hop) -> Json:
    lost = [{"what": loser.what, "why": loser.why, "rule": loser.rule} for loser in hop.lost]
    return {"where": hop.where, "what": hop.what, "rule": hop.rule, "at": span_as_json(hop.span), "lost": lost}


def _crossing(crossing: Crossing) -> Json:
    return {"from": crossing.near, "to": crossing.far, "by": "peering" if crossing.is_of_peering else "group"}


def _fact_used(used: FactUsed) -> Json:
    return {"name": str(used.fact), "value": used.value, "meaning": used.fact.meaning}


def _open_fact(fact: Uncertainty) -> Json:
    return {
        "name": str(fact),
        "meaning": fact.meaning,
        "documented": fact.documented,
        "settled_by": QUESTIONS[fact.question].settled_by,
    }


def _ground(ground: Ground) -> Json:
    return {"group": ground.group, "what": ground.what, "rule": ground.rule, "at": span_as_json(ground.span)}


def _caveat(note: Caveat) -> Json:
    return {"what": note.what, "rule": note.rule, "at": span_as_json(note.span)}


def _host(host: Host) -> Json:
    return {"place": _place(host.place), "address": address_text(host.address)}


def _premise(premise: Premise) -> Json:
    example = premise.example
    return {
        "example": _witness(example) if isinstance(example, Witness) else None,
        "host": _host(example) if isinstance(example, Host) else None,
        "pairs": premise.pairs,
        "more_pairs": premise.more_pairs,
        "nothing_of": [{"what": silence.what, "why": silence.why} for silence in premise.nothing_of],
    }


def _omission(omission: Omission) -> Json:
    verdict = None if omission.verdict is None else _verdict(omission.verdict)
    return {"ground": _ground(omission.ground), "verdict": verdict}


def _unmodelled(item: Unmodelled) -> Json:
    return {"what": item.what, "why": item.why, "vnets": list(item.vnets), "at": span_as_json(item.span)}


def _diagnostic(diagnostic: Diagnostic) -> Json:
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "at": span_as_json(diagnostic.span),
        "help": diagnostic.help,
        "rule": diagnostic.rule,
        "azure": diagnostic.azure,
    }


def _part_of_tag(part: Listed, world: World) -> Json:
    fact = part.fact
    return {
        "prefix": None if part.prefix is None else str(part.prefix),
        "why": part.what,
        "is_in": not part.is_out,
        "sure": fact is None,
        "fact": None if fact is None else _open_fact(fact),
        "assumed": None if fact is None else world.facts.get(str(fact)),
        "rule": part.rule,
        "at": span_as_json(part.span),
    }


def _finding(diagnostic: Diagnostic) -> Json:
    others = [{"at": span_as_json(span), "what": what} for span, what in diagnostic.others]
    return {**_diagnostic(diagnostic), "others": others, "example": diagnostic.example}


def span_as_json(span: Span | None) -> Json | None:
    """Return the place, or None for what is built in."""
    if span is None or (span.line == 0 and span.pointer is None):
        return None
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "pointer": span.pointer,
    }
