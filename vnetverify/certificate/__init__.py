"""Covers of all packets that a sentence is about: made, filed, and judged by the simulator without a solver."""
