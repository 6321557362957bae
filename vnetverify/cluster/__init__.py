"""Sentences decided by processes of a Dask cluster, whose answers are evidence to be checked."""


class NoCluster(Exception):
    """There is no cluster to ask; the message says why."""
