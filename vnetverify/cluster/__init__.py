"""Sentences decided by processes of a Dask cluster, which are asked for evidence and not believed."""


class NoCluster(Exception):
    """There is no cluster to ask; the message says why."""
