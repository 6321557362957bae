"""What people write who know English, or other languages for networks, and what this one says instead."""

from __future__ import annotations

from collections.abc import Collection

from vnetverify.header import PROTOCOL_NUMBERS

_IN_PLACE_OF_VERBS = frozenset(
    ("->", "can", "can't", "cannot", "could", "do", "does", "doesn't", "is", "are", "must", "shall", "should")
)
_IN_PLACE_OF_SENTENCES = frozenset(("not", "no", "allow", "deny", "permit", "block"))
_VERBS = ("reaches", "isolated")
_OTHER_WORDS = {
    "machine": "vm", "host": "vm", "server": "vm", "virtual-machine": "vm",
    "network": "vnet", "virtual-network": "vnet", "security-group": "nsg", "udr": "route-table",
    "permit": "allow", "accept": "allow", "block": "deny", "drop": "deny",
    "in": "inbound", "ingress": "inbound", "out": "outbound", "egress": "outbound",
}  # fmt: skip
_PROTOCOLS = frozenset((*PROTOCOL_NUMBERS, "any", "*"))
_OTHER_LANGUAGES = frozenset(("resource", "provider", "terraform", "variable", "module", "param", "targetscope"))


def habit(before: str, word: str, after: str, expected: Collection[str]) -> str | None:
    """Return what to write in place of `word`, in whose place some of `expected` could stand; None where no habit
    explains it. `before` and `after` are the rest of its line."""
    last = before.split()[-1].lower() if before.split() else ""
    if "reaches" in expected:
        return _in_place_of_a_verb(last, word)
    if "on" in expected and word in ("only", "not") and "never" in before.split():
        return f"`{word} via` stands behind `reaches`: what never reaches takes no way"
    if "on" in expected and word == "port":
        return "a port is written with its protocol: `on tcp/80`"
    if word == "/" and last.isdigit():
        return f"a port is written behind its protocol: `tcp/{last[:5]}`"
    meant = _OTHER_WORDS.get(word.lower())
    if meant in expected:
        return f"write `{meant}`"
    if "intent" in expected and word.lower() in _OTHER_LANGUAGES:
        return "Terraform and Bicep are read as JSON (`terraform show -json`, `bicep build`), which `--network` names"
    if last in ("inbound", "outbound") and "NUMBER" in expected:
        return f"the priority stands before the name of the rule: `{last} 100 {word}`"
    if "from" in expected and last in _PROTOCOLS and after.split()[:1] == ["to"]:
        return f"write `from {word}`"
    if "->" in expected and word in ("via", "to", "next-hop"):
        return "write `->`"
    if after.lstrip().startswith("->") and "/" in word and "NAME" in expected:
        return f"a route has a name, which stands before its prefix: `NAME {word}`"
    if set(expected) == {"allow", "deny"} and last in expected:
        return f"the name of the rule stands before `{last}`"
    if "appliance" in expected and word[:1].isdigit():
        return f"write `appliance {word}`"
    if "intent" in expected and any(verb in after.split() for verb in _VERBS):
        return "a sentence stands in an intent: `intent NAME { … }`"
    return None


def _in_place_of_a_verb(last: str, word: str) -> str | None:
    if last in ("via", "through"):
        return f"`only via {word}` says by what all of it has to go, `not via {word}` by what nothing may"
    if last in ("and", "or"):
        return "several places, or services, are listed with commas: `https, ssh`"
    if last == "on":
        return "all services stand behind one `on`, next to the places: `a reaches b on ssh, https symmetrically`"
    if word.lower() in _IN_PLACE_OF_VERBS or last in _IN_PLACE_OF_SENTENCES:
        return "a sentence says `reaches`, `sometimes reaches`, `never reaches` or `isolated from`"
    return None
