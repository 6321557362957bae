"""Proofs and counterexamples for Azure virtual networks."""

__version__ = "0.1.0"
