"""Verdicts of earlier runs: evidence that is checked again and never trusted."""
