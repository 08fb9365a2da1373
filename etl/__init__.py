"""Bring records in, keep the rollups true, run on time."""


class LoadError(Exception):
    """A load could not be done; the message says what was found, what was expected and what to do next."""
