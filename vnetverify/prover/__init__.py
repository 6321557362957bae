"""Questions to Z3, and what its answers make of a sentence."""
