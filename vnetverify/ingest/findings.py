"""What reading finds besides the network: faults of the input, and what the model does not follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.ingest.gaps import USED_BY_OTHERS
from vnetverify.ingest.properties import Doubt
from vnetverify.ingest.resources import Resource
from vnetverify.model.network import Unmodelled
from vnetverify.source import Span

ANYTHING = "*"
NOT_HERE = "it is not in the input"
_TOLD_EACH = 12  # values that are not known for one reason, each by its name


@dataclass(frozen=True, slots=True)
class _Open:
    """An `Unmodelled` whose vnets are not known yet: those that `subject` turns out to concern.

    Where these are none it changes nothing, or may change anything (`else_anywhere`).
    """

    what: str
    why: str
    subject: str
    span: Span
    with_peers: bool
    places: tuple[str, ...] = ()
    else_anywhere: bool = False
    is_unknown: bool = False
    ends_there: bool = False
    is_outside: bool = False


class Findings:
    """Collects faults and doubts; `concern` says which vnets a resource has to do with, in any order."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.about_names: list[Unmodelled] = []
        self._open: list[_Open] = []
        self._concerns: defaultdict[str, dict[str, None]] = defaultdict(dict)
        # The names of the tags of vnets, by key, whose values are not known.
        self.unknown_tags: dict[str, tuple[str, ...]] = {}
        # The keys of resources of which, or of what they name, something is not known.
        self.partly_known: set[str] = set()
        self._in_doubt: set[str] = set()

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        others: tuple[tuple[Span, str], ...] = (),
        advice: str | None = None,
    ) -> None:
        self.diagnostics.append(Diagnostic(code, message, span, others=others, help=advice))

    def fault(self, resource: Resource, message: str) -> None:
        """Record that `resource` has a form that Azure does not write; in doubt where not all that it says is known."""
        if self.is_in_doubt(resource):
            return  # for what is not known of itself, and about all that it concerns
        if resource.key in self.partly_known:
            self.doubt_unknown(resource, resource.subject, f"not all of it is known, and {message}", resource.span)
        else:
            self.error("bad-value", message, resource.span)

    def is_in_doubt(self, resource: Resource) -> bool:
        """Hold when it has been recorded that something of `resource` is not known."""
        return resource.key in self._in_doubt

    def either(self, first: Resource, second: Resource) -> None:
        """Record that two forms of one resource stand in the input, and that not all of them is known."""
        why = "it appears twice, with different content, of which not all is known"
        self.doubt_unknown(second, second.subject, why, second.span)

    def note(self, code: str, message: str, span: Span, advice: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, message, span, help=advice, severity=Severity.NOTE))

    def concern(self, subject: str, *vnets: str) -> None:
        """Record that what is said of resource `subject` can change the traffic of the vnets with these keys."""
        self._concerns[subject].update(dict.fromkeys(vnets))

    def concerned_by(self, subject: str) -> tuple[str, ...]:
        """Return the keys of the vnets recorded so far as concerned by resource `subject`."""
        return tuple(self._concerns.get(subject, ()))

    def doubt(
        self,
        what: str,
        why: str,
        subject: str,
        span: Span,
        with_peers: bool = False,
        places: tuple[str, ...] = (),
        ends_there: bool = False,
        is_outside: bool = False,
    ) -> None:
        """Record something not modelled about resource `subject`, or about `ANYTHING`."""
        open_ = _Open(what, why, subject, span, with_peers, places, ends_there=ends_there, is_outside=is_outside)
        self._open.append(open_)

    def doubt_unknown(self, resource: Resource, what: str, why: str, span: Span, anywhere: bool = False) -> None:
        """Record that something of `resource` is not known, as concerning what it concerns, or anything at all."""
        self._in_doubt.add(resource.key)
        subject = ANYTHING if anywhere else resource.key
        somewhere = resource.kind not in USED_BY_OTHERS
        self._open.append(_Open(what, why, subject, span, True, (), somewhere, True))

    def doubt_everywhere(self, what: str, why: str, span: Span) -> None:
        """Record that something is not known that could change anything."""
        self._open.append(_Open(what, why, ANYTHING, span, True, is_unknown=True))

    def doubt_about(
        self, resource: Resource, what: str, why: str, with_peers: bool = False, is_outside: bool = False
    ) -> None:
        """Record something not modelled that `resource` says and that concerns what it concerns."""
        self.doubt(what, why, resource.key, resource.span, with_peers, is_outside=is_outside)

    def doubt_names(self, what: str, why: str, span: Span, *vnets: str) -> None:
        """Record something not modelled that changes no packet's way, but what names hosts of `vnets`, or any, know."""
        self.about_names.append(Unmodelled(what, why, vnets, span))

    def doubt_untold(self, resource: Resource, lists: Iterable[str]) -> None:
        """Record that `resource` leaves out lists that Azure always gives, as a projection of its properties does."""
        for name in lists:
            self.doubt(f"`{name}` of {resource.subject}", "the input leaves the list out", resource.key, resource.span)

    def doubts(self, resource: Resource, doubts: Iterable[Doubt], subject: str) -> None:
        """Record what the properties of `resource` say beyond the model, as concerning resource `subject`."""
        for doubt in doubts:
            what = f"`{doubt.name}` of {resource.subject}"
            self.doubt(what, doubt.why, subject, resource.place(doubt.pointer), doubt.with_peers)

    def unmodelled(self, names: Mapping[str, str], peers: Mapping[str, Iterable[str]]) -> tuple[Unmodelled, ...]:
        """Return what is not modelled, with the names of the vnets (by key in `names`) whose traffic it can change.

        What concerns no vnet (an nsg attached to nothing) can change no traffic and is left out, unless it is not known
        what it concerns.
        """
        found = []
        for item in self._open:
            if item.subject == ANYTHING:
                found.append(Unmodelled(item.what, item.why, (), item.span, is_unknown=item.is_unknown))
                continue
            vnets = dict(self._concerns[item.subject])
            if item.with_peers:
                vnets.update(dict.fromkeys(peer for vnet in tuple(vnets) for peer in peers.get(vnet, ())))
            affected = tuple(dict.fromkeys(names[vnet] for vnet in vnets if vnet in names))
            if affected or item.else_anywhere:
                at = (item.places, item.is_unknown, item.ends_there, item.is_outside)
                found.append(Unmodelled(item.what, item.why, affected, item.span, *at))
        return _told_once(found)


def _told_once(items: list[Unmodelled]) -> tuple[Unmodelled, ...]:
    """Return `items` without most of those that are not known for one reason: a parameter can stand in every rule."""
    alike: defaultdict[tuple[str, tuple[str, ...]], list[Unmodelled]] = defaultdict(list)
    for item in items:
        if item.is_unknown:
            alike[item.why, item.vnets].append(item)
    left_out: set[int] = set()
    summaries: dict[int, Unmodelled] = {}
    for several in alike.values():
        rest = several[_TOLD_EACH:]
        if len(rest) > 1:
            left_out.update(map(id, rest))
            summaries[id(rest[0])] = replace(rest[0], what=f"{len(rest)} more, from {rest[0].what} on,")
    return tuple(summaries.get(id(item), item) for item in items if id(item) not in left_out or id(item) in summaries)
