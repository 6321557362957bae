"""Who may set up a peering, and whether Azure would accept it (I-ESTABLISH, R-LINT-4).

A request on one side and a matching request on the other yield a peering. Each is one request of one principal, who
writes links of the local vnet and may peer with the remote one (R-PEER-9); a classic vnet has no link to write
(R-PEER-4). Azure's own conditions are R-PEER-3, R-PEER-5 to R-PEER-8, R-PEER-17 and R-PEER-24. Numeric limits play no
part (R-PEER-10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vnetverify.diagnostic import Severity
from vnetverify.header import Prefix
from vnetverify.model.intents import Establishment
from vnetverify.model.network import DeploymentModel, LinkState, Network, Peering, Principal, Unmodelled, Vnet
from vnetverify.model.wellformed.overlaps import overlaps
from vnetverify.model.wellformed.pairs import requirements
from vnetverify.model.wellformed.parts import is_of_subnets, joined_prefixes, links_of, part_faults
from vnetverify.prover.verdict import Assurance, Ground, Proved, Refuted, Unknown, Verdict
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a peering needs, met or not; `is_met` is None where the text leaves it open, and `why` says how so.

    `grounds` are the lines that a fault rests on; what is met is its own ground.
    """

    is_met: bool | None
    why: str
    rule: str
    span: Span | None = None
    grounds: tuple[Ground, ...] = ()


def decide_establishment(network: Network, statement: Establishment) -> Verdict:
    """Return whether the principals together may set up the peering and Azure would accept it, as declared or whole."""
    findings = tuple(_findings(network, statement))
    broken = [finding for finding in findings if finding.is_met is False]
    if broken:
        items = tuple(item for item in _doubts(network, statement.between) if item.vnets)
        if items:  # a vnet that is only mentioned may be a classic one, for example
            return Unknown("refuted, were it not for what is not modelled", unmodelled=items)
        why = "; ".join(finding.why for finding in broken)
        grounds = (ground for finding in broken for ground in finding.grounds)
        return Refuted(None, why, grounds=tuple(dict.fromkeys(grounds)))
    open_ones = [finding.why for finding in findings if finding.is_met is None]
    if open_ones:
        return Unknown("; ".join(open_ones))
    peers = (link.remote for name in statement.between for link in links_of(network).get(name, ()))
    items = _doubts(network, (*statement.between, *peers))
    if items:
        return Unknown("proved, were it not for what is not modelled", unmodelled=items)
    lines = tuple(Ground("", found.why, found.rule, found.span) for found in findings)
    return Proved(lines, minimal=True, assurance=Assurance.INSPECTION)


def _findings(network: Network, statement: Establishment) -> Iterator[Finding]:
    local, remote = (network.vnets[name] for name in statement.between)
    for requirement in requirements(network.era, local, remote):
        lines = tuple(_described(vnet, requirement.rule) for vnet in (local, remote))
        yield Finding(requirement.is_met, requirement.why, requirement.rule, local.span, lines)
    if local.name == remote.name:
        return
    principals = [network.principals[name] for name in statement.principals]
    for one, other in ((local, remote), (remote, local)):
        if one.model is not DeploymentModel.CLASSIC:
            yield _request(principals, one.name, other.name)
    declared = {(half.local, half.remote): half for half in network.peerings}
    half = declared.get((local.name, remote.name), Peering(local.name, remote.name))
    opposite = declared.get((remote.name, local.name))
    yield from (_parted(link) for link in (half, opposite) if link is not None and _is_disconnected(link))
    yield _apart(network, half, opposite)
    links = links_of(network)
    reverse = opposite or Peering(remote.name, local.name)
    yield from _apart_from_peers(network, half, joined_prefixes(network, half, opposite), links)
    yield from _apart_from_peers(network, reverse, joined_prefixes(network, reverse, half), links)


# -- who may ask ----------------------------------------------------------------------------------------


def _request(principals: Iterable[Principal], local: str, remote: str) -> Finding:
    """Return whether one of `principals` may request the half of `local` (R-PEER-9)."""
    asked = tuple(principals)
    for principal in asked:
        if _may_write(principal, local) and _may_peer(principal, remote):
            why = f"`{principal.name}` may request `{local} -> {remote}`: writes `{local}`, may peer with `{remote}`"
            return Finding(True, why, "R-PEER-9", principal.span)
    lines = tuple(_permissions(principal) for principal in asked)
    if len(asked) > 1:
        names = ", ".join(f"`{principal.name}`" for principal in asked)
        why = f"none of {names} may request `{local} -> {remote}`: write peerings of `{local}` and peer with `{remote}`"
        return Finding(False, why, "R-PEER-9", grounds=lines)
    needs = (
        (f"write peerings of `{local}`", _may_write(asked[0], local)),
        (f"peer with `{remote}`", _may_peer(asked[0], remote)),
    )
    lacks = " nor ".join(text for text, is_allowed in needs if not is_allowed)
    why = f"`{asked[0].name}` may not request `{local} -> {remote}`: may not {lacks}"
    return Finding(False, why, "R-PEER-9", grounds=lines)


def _permissions(principal: Principal) -> Ground:
    told = (("writes", principal.write), ("may peer with", principal.peer))
    what = "; ".join(f"{verb} {', '.join(vnets)}" for verb, vnets in told if vnets)
    return Ground(f"principal {principal.name}", what or "has no permission", "R-PEER-9", principal.span)


def _may_write(principal: Principal, vnet: str) -> bool:
    return vnet in principal.write


def _may_peer(principal: Principal, vnet: str) -> bool:
    """Hold when `principal` may peer with `vnet`, as who may write it may."""
    return vnet in principal.peer or vnet in principal.write


# -- whether Azure accepts it ---------------------------------------------------------------------------


def _described(vnet: Vnet, rule: str) -> Ground:
    """Return the line that says whose `vnet` is, and where."""
    stated = (("region", vnet.region), ("subscription", vnet.subscription), ("tenant", vnet.tenant))
    what = ", ".join([vnet.model.value, *(f"{word} {value}" for word, value in stated if value is not None)])
    return Ground(f"vnet {vnet.name}", what, rule, vnet.span)


def _is_disconnected(half: Peering) -> bool:
    return half.state is LinkState.DISCONNECTED


def _parted(half: Peering) -> Finding:
    why = f"`{half.id}` is disconnected and has to be deleted first, and who may delete it is not stated"
    return Finding(None, why, "R-PEER-3", half.span)


def _apart(network: Network, half: Peering, opposite: Peering | None) -> Finding:
    """Return whether the two vnets, or the subnets of theirs that take part, share no address (R-PEER-6, R-PEER-24)."""
    span = network.vnets[half.local].span
    if is_of_subnets(half, opposite):
        faults = (fault for fault in part_faults(network, half, opposite) if fault.severity is Severity.ERROR)
        fault = next(faults, None)
        if fault is not None:
            rule = fault.rule or "R-PEER-24"
            return Finding(False, fault.message, rule, grounds=(Ground("", f"peering {half.id}", rule, fault.span),))
        return Finding(True, "the subnets that take part are in no range of the other vnet", "R-PEER-24", span)
    ranges = [(prefix, name) for name in (half.local, half.remote) for prefix in network.vnets[name].address_space]
    for (outer, first), (inner, second) in overlaps(ranges):
        lines = tuple(
            Ground(f"vnet {name}", f"has {prefix}", "R-PEER-6", network.vnets[name].span)
            for name, prefix in ((first, outer), (second, inner))
        )
        return Finding(False, f"`{first}` ({outer}) and `{second}` ({inner}) overlap", "R-PEER-6", grounds=lines)
    return Finding(True, f"`{half.local}` and `{half.remote}` share no address", "R-PEER-6", span)


def _apart_from_peers(
    network: Network, half: Peering, joined: tuple[Prefix, ...], links: Mapping[str, list[Peering]]
) -> Iterator[Finding]:
    """Yield whether what `half` joins shares no address with what its vnet is peered with already (R-PEER-7).

    Which view counts where a link has not seen the present space of its remote vnet, no page says (R-PEER-17).
    """
    declared = {(link.local, link.remote): link for link in network.peerings}
    span = network.vnets[half.local].span
    others = [link for link in links.get(half.local, ()) if link.remote != half.remote]
    if not others:
        return
    findings = []
    for link in others:
        present = joined_prefixes(network, link, declared.get((link.remote, link.local)))
        if (inner := _clash(joined, present)) is not None:
            why = f"`{half.remote}` overlaps `{link.remote}` at {inner}, and `{half.local}` is peered with it"
            line = Ground(f"vnet {half.local}", f"is peered with {link.remote}", "R-PEER-7", link.span)
            findings.append(Finding(False, why, "R-PEER-7", grounds=(line,)))
        elif (inner := _clash(joined, link.remote_space or ())) is not None:
            why = f"`{half.remote}` overlaps {inner}, which `{link.id}` has last seen: synchronise that peering"
            findings.append(Finding(None, why, "R-PEER-17", link.span))
    why = f"`{half.remote}` overlaps nothing that `{half.local}` is peered with"
    yield from findings or [Finding(True, why, "R-PEER-7", span)]


def _clash(one: Iterable[Prefix], other: Iterable[Prefix]) -> Prefix | None:
    """Return a prefix of either that lies in one of the other."""
    owned = [*((prefix, True) for prefix in one), *((prefix, False) for prefix in other)]
    return next((inner for _, (inner, _) in overlaps(owned)), None)


def _doubts(network: Network, vnets: Iterable[str]) -> tuple[Unmodelled, ...]:
    """Return what the input holds of `vnets`, or of everything, and the model does not."""
    concerned = set(vnets)
    return tuple(item for item in network.unmodelled if not item.vnets or concerned & set(item.vnets))
