"""Settings of all tests: what Hypothesis draws may take its time on a machine that is busy."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
