"""Verdicts of earlier runs, which are evidence to be checked and never believed."""
