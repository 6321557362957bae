"""Names for resources: the last part of an id, with as much before it as makes it the only one of its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.resources import key_of, kind_of, name_of
from vnetverify.ingest.values import shown
from vnetverify.source import Span
from vnetverify.spelling import mistake_in

LONGEST_NAME = 260


def unique_names(ids: Iterable[tuple[str, Span]], findings: Findings) -> dict[str, str]:
    """Return a name for each id by its key: `name`, else `group/name`, else `subscription/group/name`, else the id.

    An instance of a scale set is called `set_number`, and what it has `set_number/name` where others are called so.
    """
    spelt = {key_of(identity): (identity, span) for identity, span in ids}
    names: dict[str, str] = {}
    pending = list(spelt)
    for form in (_own_name, with_instance, _with_group, _with_subscription, str):
        if not pending:
            break
        candidates = {key: form(spelt[key][0]) for key in pending}
        uses = Counter(name.casefold() for name in candidates.values())
        taken = {name.casefold() for name in names.values()}
        settled = [key for key in pending if uses[candidates[key].casefold()] == 1]
        settled = [key for key in settled if candidates[key].casefold() not in taken]
        names.update((key, candidates[key]) for key in settled)
        if form not in (_own_name, with_instance):
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


def _own_name(identity: str) -> str:
    instance = _instance_of(identity)
    is_instance = instance is not None and kind_of(key_of(identity)).endswith("/virtualmachines")
    return instance if instance is not None and is_instance else name_of(identity)


def with_instance(identity: str) -> str:
    """Return the name of a resource, with the instance of a scale set that it is a part of."""
    instance = _instance_of(identity)
    return name_of(identity) if instance is None else f"{instance}/{name_of(identity)}"


def _instance_of(identity: str) -> str | None:
    """Return what the instance of a scale set is called that `identity` is, or is a part of."""
    if "/virtualmachinescalesets/" not in key_of(identity):
        return None
    return f"{_segment_after(identity, 'virtualmachinescalesets')}_{_segment_after(identity, 'virtualmachines')}"


def _segment_after(identity: str, word: str) -> str:
    parts = identity.strip("/").split("/")
    lower = [part.lower() for part in parts]
    position = lower.index(word) + 1 if word in lower else len(parts)
    return parts[position] if position < len(parts) else "?"


def _with_group(identity: str) -> str:
    return f"{_segment_after(identity, 'resourcegroups')}/{name_of(identity)}"


def _with_subscription(identity: str) -> str:
    return f"{_segment_after(identity, 'subscriptions')}/{_with_group(identity)}"
