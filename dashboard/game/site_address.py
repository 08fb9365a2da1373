"""By which address others reach this site: the one that stands in every badge that leaves the house.

In: the address of the settings, when the pages start. Out: that address; none where a site has none.
The rule it guards: without an address that others can open no badge leaves the house: nobody could check it.
"""

from __future__ import annotations

_IN_FORCE: list[str | None] = [None]


def put_in_force(url: str | None) -> None:
    """From now on this is the address; None for a site that others do not reach."""
    _IN_FORCE[0] = url


def public_url() -> str | None:
    """The address by which others reach the site, without a slash at its end."""
    return _IN_FORCE[0]
