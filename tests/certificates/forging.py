"""Certificates that are not what they should be: damaged in every small way, or of another network."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from vnetverify.certificate.evidence import Certificate
from vnetverify.certificate.tree import ORIGINS, SETTLED, WALKED, Token

_LEAVES = (WALKED, SETTLED)


def damaged(certificate: Certificate, dice: Random, count: int) -> Iterator[tuple[str, Certificate]]:
    """Yield forgeries, each with what was done: none covers what the certificate covers."""
    for _ in range(count):
        name = dice.choice(tuple(certificate))
        kind = dice.choice(tuple(_DAMAGES))
        tokens = _DAMAGES[kind](list(certificate[name]), dice)
        if tokens is not None and tuple(tokens) != certificate[name]:
            yield f"{kind} in `{name}`", {**certificate, name: tuple(tokens)}


def _lost(tokens: list[Token], dice: Random) -> list[Token]:
    del tokens[dice.randrange(len(tokens))]
    return tokens


def _added(tokens: list[Token], dice: Random) -> list[Token]:
    tokens.insert(dice.randrange(len(tokens) + 1), dice.choice(_LEAVES))
    return tokens


def _cut_short(tokens: list[Token], dice: Random) -> list[Token]:
    return tokens[: dice.randrange(len(tokens))]


def _leaf_above(tokens: list[Token], dice: Random) -> list[Token] | None:
    """Put a leaf where a region is parted, in place of all below."""
    inner = [place for place, token in enumerate(tokens) if token not in _LEAVES and token != ORIGINS]
    if not inner:
        return None
    place = dice.choice(inner)
    return [*tokens[:place], WALKED, *tokens[_end_of(tokens, place) :]]


def _end_of(tokens: list[Token], place: int) -> int:
    """Return where the subtree at `place` ends, as if regions were parted in two; good enough to damage one."""
    owed = 1
    while owed and place < len(tokens):
        owed += -1 if tokens[place] in _LEAVES else 1
        place += 1
    return place


def _outside(tokens: list[Token], dice: Random) -> list[Token] | None:
    """Move a cut out of its region."""
    cuts = [
        place for place, token in enumerate(tokens) if token not in (*_LEAVES, ORIGINS) and not token.startswith("?")
    ]
    if not cuts:
        return None
    place = dice.choice(cuts)
    part = tokens[place].rpartition(" ")[0]
    tokens[place] = f"{part} {dice.choice((0, 1 << 129, 1 << 40))}"
    return tokens


_NO_NODES = ("", "?", "nonsense 0", "source -1", "source x", "source ١", "walked ")


def _nonsense(tokens: list[Token], dice: Random) -> list[Token]:
    tokens[dice.randrange(len(tokens))] = dice.choice(_NO_NODES)
    return tokens


_DAMAGES = {
    "a lost node": _lost,
    "an added node": _added,
    "a lost end": _cut_short,
    "a leaf too early": _leaf_above,
    "a cut outside": _outside,
    "nonsense": _nonsense,
}
