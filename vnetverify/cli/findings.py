"""What is wrong with an input, as wide as the terminal that shows it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TextIO

from vnetverify.cli.output import emit

if TYPE_CHECKING:
    from vnetverify.diagnostic import Diagnostic
    from vnetverify.model.network import Network
    from vnetverify.report.lines import Quotes
    from vnetverify.source import Source

_MARGIN = 10  # columns beside a quoted line: its number in front, and the dots where it is cut
_NARROWEST = 30
_WIDE = 1_000


def findings(
    stream: TextIO | None,
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, Source],
    quotes: Quotes | None = None,
) -> str:
    """Return the findings as they go to `stream`: on a narrow terminal no quoted line wraps, so carets stay below."""
    from vnetverify.report.excerpt import WIDEST_QUOTE, render_diagnostics

    columns = min(WIDEST_QUOTE, max(_NARROWEST, _width(stream) - _MARGIN))
    return render_diagnostics(diagnostics, sources, quotes, columns)


def tell_circumstances(network: Network) -> None:
    """Print what those who find nothing should know: other rules than today's, and how much is not modelled."""
    from vnetverify.report.narrative import by_era
    from vnetverify.report.terminal import counted

    if era := by_era(network.era):
        emit(era)
    if network.unmodelled:
        things = counted(len(network.unmodelled), "thing")
        emit(f"{things} in the input not modelled: `prove` names those that could change a verdict")


def _width(stream: TextIO | None) -> int:
    """Return how many columns the terminal that `stream` is has; what is none is wide enough for everything."""
    try:
        return (0 if stream is None else os.get_terminal_size(stream.fileno()).columns) or _WIDE
    except (OSError, ValueError):
        return _WIDE
