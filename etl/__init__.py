"""Bring records in, keep the rollups true, run on time."""


class LoadError(Exception):
    """A load, or what feeds or times it, cannot go on; the message says what was found, expected, and to be done."""

    is_noted = False
    """Whether it stands in the ledger already, as a failed run."""
