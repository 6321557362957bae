"""Evidence that does not rest on Z3 that an obligation cannot be satisfied: checked proofs, other solvers."""
