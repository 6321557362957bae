"""Covers of all packets that a sentence speaks of: made, filed, and judged by the simulator without a solver."""
