"""The JSON Schema (2020-12) of the reports that `json` writes."""

from __future__ import annotations

from typing import Any

from vnetverify.model.network import Era
from vnetverify.report.seal import FORMAT, FORMAT_VERSION

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SECONDS: Schema = {"type": "number", "minimum": 0}
_NUMBERS = r"(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)"
_ADDRESS: Schema = {"type": "string", "pattern": f"^{_NUMBERS}$"}
_PREFIX: Schema = {"type": "string", "pattern": rf"^{_NUMBERS}/\d{{1,3}}$"}
_PORT: Schema = {"type": "integer", "minimum": 0, "maximum": 65535}
_AS_DOCUMENTED_ONLY: Schema = {**_FLAG, "description": "open facts had to be taken as documented"}
_BY_ROUTING_ALONE: Schema = {**_FLAG, "description": "it stands with every filter and declared policy open"}
_VERDICT_WORD: Schema = {"enum": ["proved", "refuted", "vacuous", "unknown"]}


def _object(described: str, properties: Schema, optional: Schema | None = None) -> Schema:
    return {
        "description": described,
        "type": "object",
        "properties": properties | (optional or {}),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _verdict(word: str, described: str, properties: Schema) -> Schema:
    return _object(described, {"word": {"const": word}} | properties)


_AT = _or_null(_ref("place"))
_DEFS: Schema = {
    "place": _object(
        "Where something stands; lines and columns count from 1, the end column is exclusive. Line 0: not known.",
        {"file": _TEXT, "line": _COUNT, "column": _COUNT, "end_line": _COUNT, "end_column": _COUNT}
        | {"pointer": _or_null({"type": "string", "description": "JSON pointer (RFC 6901) in `file`"})},
    ),
    "flow": _object(
        "The header of a flow's first packet; ports are 0 unless the protocol is TCP (6) or UDP (17).",
        {"protocol": {"type": "integer", "minimum": 0, "maximum": 255}}
        | {"source": _ADDRESS, "source_port": _PORT, "destination": _ADDRESS, "destination_port": _PORT},
    ),
    "witness": _object(
        "A flow that the simulator has replayed, where it begins and the world it runs in.",
        {
            "origin": _ref("origin"),
            "flow": _ref("flow"),
            "facts": {"type": "object", "additionalProperties": _FLAG},
            "addresses": {"type": "object", "additionalProperties": _ADDRESS},
            "advertised": {
                "description": "what sites announce by each connection where the claim leaves it open",
                "type": "object",
                "additionalProperties": {"type": "array", "items": _PREFIX},
            },
        },
    ),
    "origin": _object("Where a flow begins.", {"kind": {"enum": ["subnet", "site", "internet"]}, "name": _TEXT}),
    "loser": _object(
        "A route that lost, why, and the rule that beat it.", {"what": _TEXT, "why": _TEXT, "rule": _TEXT}
    ),
    "hop": _object(
        "One decision on the way, the rule and line that made it, and what lost to it.",
        {"where": _TEXT, "what": _TEXT, "rule": _TEXT, "at": _AT, "lost": _list_of(_ref("loser"))},
    ),
    "crossing": _object(
        "A step from one vnet to another.", {"from": _TEXT, "to": _TEXT, "by": {"enum": ["peering", "group"]}}
    ),
    "story": _object(
        "A flow's way there and back: the witness's, or an example of what a proof of a next hop or gateway is about.",
        {
            "origin": _ref("origin"),
            "flow": _ref("flow"),
            "hops": _list_of(_ref("hop")),
            "end": _TEXT,
            "back": _list_of(_ref("hop")),
            "back_end": _or_null(_TEXT),
            "conclusion": _TEXT,
            "facts": _list_of(
                _object("An open fact the story needs.", {"name": _TEXT, "value": _FLAG, "meaning": _TEXT})
            ),
            "crossings": _list_of(_ref("crossing")),
            "charges": _or_null({**_TEXT, "description": "what crossing peerings costs, where the claim counts them"}),
        },
    ),
    "open_fact": _object(
        "A fact that documents leave open; `documented` is the value they prefer, null where none can know.",
        {"name": _TEXT, "meaning": _TEXT, "documented": _or_null(_FLAG), "settled_by": _TEXT},
    ),
    "ground": _object("What a proof rests on.", {"group": _TEXT, "what": _TEXT, "rule": _TEXT, "at": _AT}),
    "beside": _object(
        "What a proof does not cover and its reader has to know.", {"what": _TEXT, "rule": _TEXT, "at": _AT}
    ),
    "premise": _object(
        "What a proof speaks of: a flow in question, and how many pairs of places have some; null if not of flows.",
        {
            "example": _or_null(_ref("witness")),
            "host": _or_null(
                _object("One that a sentence about names speaks of.", {"place": _ref("origin"), "address": _ADDRESS})
            ),
            "pairs": _COUNT,
            "more_pairs": {**_FLAG, "description": "there are more than `pairs`"},
            "nothing_of": _list_of(
                _object(
                    "Something the sentence names that the proof says nothing about.", {"what": _TEXT, "why": _TEXT}
                )
            ),
        },
    ),
    "unmodelled": _object(
        "Something in the input that the model does not hold; `vnets` may be touched by it, empty means any.",
        {"what": _TEXT, "why": _TEXT, "vnets": _list_of(_TEXT), "at": _AT},
    ),
    "diagnostic": _object(
        "A finding about the input.",
        {"severity": {"enum": ["error", "warning", "note"]}, "code": _TEXT, "message": _TEXT, "at": _AT}
        | {"help": _or_null(_TEXT), "rule": _or_null(_TEXT), "azure": _or_null(_TEXT)},
    ),
    "verdict": {
        "oneOf": [
            _verdict(
                "proved",
                "No flow in question contradicts the claim.",
                {
                    "as_documented_only": _AS_DOCUMENTED_ONLY,
                    "grounds": _list_of(_ref("ground")),
                    "minimal": {**_FLAG, "description": "none of the grounds can be left out"},
                    "leaned_on": _list_of(_ref("open_fact")),
                    "witness": _or_null(_ref("witness")),
                    "beside": _list_of(_ref("beside")),
                    "premise": _or_null(_ref("premise")),
                    "by_routing_alone": _or_null(_BY_ROUTING_ALONE),
                    "assurance": {"enum": ["z3", "two-solvers", "sat-proof", "certificate", "inspection"]},
                    "assured_by": _TEXT,
                },
            ),
            _verdict(
                "refuted",
                "The witness contradicts the claim; null where it asks for a flow and there is none, or for none.",
                {
                    "as_documented_only": _AS_DOCUMENTED_ONLY,
                    "why": _TEXT,
                    "grounds": _list_of(_ref("ground")),
                    "leaned_on": _list_of(_ref("open_fact")),
                    "witness": _or_null(_ref("witness")),
                },
            ),
            _verdict("vacuous", "The claim speaks of nothing.", {"why": _TEXT}),
            _verdict(
                "unknown",
                "Undecided. `as_documented` is the verdict where the open facts read as documented.",
                {
                    "why": _TEXT,
                    "as_documented": _or_null({"enum": ["proved", "refuted", "vacuous"]}),
                    "open_facts": _list_of(_ref("open_fact")),
                    "unmodelled": _list_of(_ref("unmodelled")),
                    "witness": _or_null(_ref("witness")),
                },
            ),
        ]
    },
    "omission": _object(
        "What a proved sentence becomes without one line that its proof rests on; null where that cannot go by itself.",
        {"ground": _ref("ground"), "verdict": _or_null(_ref("verdict"))},
    ),
    "claim": _object(
        "One sentence of an intent.",
        {"text": _TEXT, "at": _AT, "verdict": _ref("verdict"), "story": _or_null(_ref("story"))},
        optional={
            "seconds": _SECONDS,
            "recalled": {"type": "boolean"},
            "rlimit": {**_COUNT, "description": "z3's own count of work"},
            "omissions": _list_of(_ref("omission")),
            "service_tags": {**_list_of(_TEXT), "description": "tags of the provider's list it may depend on"},
        },
    ),
    "intent": _object(
        "An intent; its verdict is the worst of its claims'.",
        {
            "name": _TEXT,
            "reason": _or_null(_TEXT),
            "at": _AT,
            "verdict": _VERDICT_WORD,
            "as_documented_only": _AS_DOCUMENTED_ONLY,
            "expected": _VERDICT_WORD,
            "because": _or_null(_TEXT),
            "as_expected": _FLAG,
            "claims": _list_of(_ref("claim")),
        },
    ),
}

REPORT: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "vnetverify report",
    **_object(
        "What `vnetverify prove --output-format json` prints.",
        {
            "format": {"const": FORMAT},
            "format_version": {"const": FORMAT_VERSION},
            "version": {"type": "string", "description": "of vnetverify"},
            "era": {"enum": [era.value for era in Era]},
            "reading": {"enum": ["every world", "documented"]},
            "complete": {**_FLAG, "description": "false when the run was interrupted"},
            "selected": {**_COUNT, "description": "how many intents were to be checked"},
            "assumptions": _list_of(_object("`assume FACT = VALUE`", {"fact": _TEXT, "value": _FLAG, "at": _AT})),
            "diagnostics": _list_of(_ref("diagnostic")),
            "unmodelled": _list_of(_ref("unmodelled")),
            "caveats": _list_of(_ref("beside")),
            "intents": _list_of(_ref("intent")),
            "end": _object(
                "Absent or wrong when the report was cut: the number of intents, and the SHA-256 of the document "
                "without `end`, written with sorted keys, no blanks and ASCII escapes.",
                {"intents": _COUNT, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
            ),
        },
        optional={
            "seconds": {"type": "object", "additionalProperties": _SECONDS},
            "service_tags": _object(
                "The provider's list of service tags that was read, and which of them the network names.",
                {"cloud": _TEXT, "change_number": _COUNT, "file": _TEXT, "tags": _list_of(_TEXT)},
            ),
        },
    ),
    "$defs": _DEFS,
}
