"""Evidence, independent of Z3, that an obligation is unsatisfiable: checked proofs, and other solvers."""
