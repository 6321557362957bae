"""Names for resources: the last part of an id, with as much before it as makes it the only one of its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.resources import key_of, name_of
from vnetverify.ingest.values import shown
from vnetverify.source import Span
from vnetverify.spelling import mistake_in

LONGEST_NAME = 260


def unique_names(ids: Iterable[tuple[str, Span]], findings: Findings) -> dict[str, str]:
    """Return a name for each id by its key: `name`, else `group/name`, else `subscription/group/name`, else the id."""
    spelt = {key_of(identity): (identity, span) for identity, span in ids}
    names: dict[str, str] = {}
    pending = list(spelt)
    for form in (name_of, _with_group, _with_subscription, str):
        candidates = {key: form(spelt[key][0]) for key in pending}
        uses = Counter(name.casefold() for name in candidates.values())
        taken = {name.casefold() for name in names.values()}
        settled = [key for key in pending if uses[candidates[key].casefold()] == 1]
        settled = [key for key in settled if candidates[key].casefold() not in taken]
        names.update((key, candidates[key]) for key in settled)
        if form is not name_of:
            for key in settled:
                message = f"the name `{name_of(spelt[key][0])}` is used twice, so this one is called `{names[key]}`"
                findings.note("name-used-twice", message, spelt[key][1])
        pending = [key for key in pending if key not in names]
    for identity, span in spelt.values():
        mistake = mistake_in(name_of(identity))
        if mistake is not None:
            findings.error("bad-name", f"the name `{shown(name_of(identity))}` {mistake}", span)
    for key, name in names.items():
        if len(name) > LONGEST_NAME:
            message = f"the name `{shown(name)}` has more than {LONGEST_NAME} characters"
            findings.error("name-too-long", message, spelt[key][1])
    return {key: names[key] for key in spelt}


def _segment_after(identity: str, word: str) -> str:
    parts = identity.strip("/").split("/")
    lower = [part.lower() for part in parts]
    position = lower.index(word) + 1 if word in lower else len(parts)
    return parts[position] if position < len(parts) else "?"


def _with_group(identity: str) -> str:
    return f"{_segment_after(identity, 'resourcegroups')}/{name_of(identity)}"


def _with_subscription(identity: str) -> str:
    return f"{_segment_after(identity, 'subscriptions')}/{_with_group(identity)}"
