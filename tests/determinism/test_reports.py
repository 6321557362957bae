"""A report depends on the input alone; `make determinism` compares a hundred."""

from __future__ import annotations

from tests.determinism.reports import reports

TEXTS, TIMED = ("tests/faults/estate.vnet",), ("tests/golden/cases/hub.vnet",)
OTHERS = (("lint", "--output-format", "json", "tests/golden/cases/lint.vnet"),)


def test_hash_seeds_jobs_zones_and_locales_change_no_byte_of_a_report() -> None:
    first, *others = (reports(number, TEXTS, OTHERS, TIMED) for number in range(4))

    assert len(first) == 2 * len(TEXTS) + len(TIMED) + len(OTHERS)
    assert all('"rlimit": ' in text for command, text in first.items() if "--timings" in command)
    for other in others:
        assert other == first
