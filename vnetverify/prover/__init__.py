"""Questions to Z3, and the verdicts that follow from its answers."""
