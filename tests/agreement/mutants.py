"""`make mutants`: plant every fault, and print which example of the rule book notices it."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor

from tests.agreement import mutants_acceptance, mutants_encoder, mutants_filtering, mutants_names, mutants_routing
from tests.agreement.noticing import noticed_by

MUTANTS = (
    *mutants_routing.MUTANTS,
    *mutants_acceptance.MUTANTS,
    *mutants_encoder.MUTANTS,
    *mutants_filtering.MUTANTS,
    *mutants_names.MUTANTS,
)


def main() -> int:
    """Print every mutant with the example that notices it. Return 1 if one survives."""
    survivors = 0
    with ProcessPoolExecutor() as pool:
        for mutant, by in zip(MUTANTS, pool.map(noticed_by, MUTANTS), strict=True):
            survivors += by is None
            part = mutant.module.removeprefix("vnetverify.")
            print(f"{mutant.rule:10} {part:27} {mutant.fault:62} {'SURVIVES' if by is None else by}", flush=True)
    print(f"{len(MUTANTS)} planted, {survivors} not noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
