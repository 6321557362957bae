"""One verdict from two: for a claim that was decided for each address family by itself (R-ADDR-6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from vnetverify.facts import Uncertainty
from vnetverify.header import Family
from vnetverify.prover.verdict import Ground, Proved, Refuted, Unknown, Vacuous, Verdict


def joined_proof(proofs: Iterable[Proved]) -> Proved:
    """Return the proof that all of `proofs` together are: it rests on whatever one of them rests on.

    Its premise is the first one's.
    """
    parts = tuple(proofs)
    if len(parts) == 1:
        return parts[0]
    weakest = min(parts, key=lambda part: part.assurance.rank)
    return Proved(
        _grounds(parts),
        all(part.minimal for part in parts),
        any(part.documented for part in parts),
        _united(part.leaned_on for part in parts),
        assumed=_united(part.assumed for part in parts),
        premise=parts[0].premise,
        by_routing=_all_by_routing(parts),
        assurance=weakest.assurance,
        assured_by=weakest.assured_by,
    )


def _all_by_routing(proofs: Sequence[Proved]) -> bool | None:
    """Return whether all of them hold by routing alone; one that does not decides, whatever the others do."""
    answers = {proof.by_routing for proof in proofs}
    return False if False in answers else None if None in answers else True


def together(sent: Verdict, arrived: Verdict) -> Verdict:
    """Return the verdict on a claim of absence: what is sent to its service, and what arrives as it (`model.arrivals`).

    The second counts alone where it is worse, or where the first speaks of nothing.
    """
    match sent, arrived:
        case (_, Vacuous()) | (Unknown(), Unknown()):
            return sent
        case Proved(), Proved():
            return replace(joined_proof((sent, arrived)), caveats=sent.caveats)
        case (Unknown(), Proved()):
            return sent
        case _:
            return arrived


def unsettled(verdicts: Sequence[tuple[Family, Verdict]], is_wish: bool) -> Verdict:
    """Return the verdict where no family settles the matter alone: unknown if some is, vacuous only if all are.

    Several unknown ones are as documented what the claim then is: as bad as the worst, a wish as good as the best.
    """
    unknown = [
        _named(verdict, family, len(verdicts) > 1) for family, verdict in verdicts if isinstance(verdict, Unknown)
    ]
    if unknown:
        order = ("proved", None, "refuted") if is_wish else ("refuted", None, "proved")
        return min(unknown, key=lambda verdict: order.index(verdict.as_documented))
    refuted = [verdict for _, verdict in verdicts if isinstance(verdict, Refuted)]
    if not refuted:
        return verdicts[0][1]
    leaned_on = _united(verdict.leaned_on for verdict in refuted)
    weakest = max(refuted, key=lambda verdict: verdict.documented)
    return replace(weakest, leaned_on=leaned_on, grounds=_grounds(refuted))


def _named(verdict: Unknown, family: Family, is_one_of_two: bool) -> Unknown:
    """Return `verdict` with the family that it is about, where no flow shows it."""
    if not is_one_of_two or verdict.witness is not None:
        return verdict
    return replace(verdict, why=f"{verdict.why} ({_NAMES[family]})")


_NAMES = {Family.IPV4: "IPv4", Family.IPV6: "IPv6"}


def _united(facts: Iterable[tuple[Uncertainty, ...]]) -> tuple[Uncertainty, ...]:
    return tuple(dict.fromkeys(fact for some in facts for fact in some))


def _grounds(verdicts: Iterable[Proved | Refuted]) -> tuple[Ground, ...]:
    return tuple(sorted({ground for verdict in verdicts for ground in verdict.grounds}, key=str))
