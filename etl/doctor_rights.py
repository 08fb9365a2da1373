"""Looks whether the database itself refuses what the pages refuse, and by which login the pages read.

In: the warehouse, the address of the pages' login where there is one, and the names by which others call the site.
Out: findings.
The rule it guards: a way past the rights is told before somebody else finds it; looking changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from etl.findings import Finding
from etl.supervise import is_loopback
from sql import embedded, pages_login, rights
from sql.warehouse import connected, one_row

NAMES_VARIABLE = "STREAMLIT_SERVER_ALLOWED_HOSTS"
_FIRST = "`floorboard account add NAME --role administrator`"


def names_beyond(environment: Mapping[str, str]) -> list[str]:
    """The names that a site is known by on other machines, as the pages were told them."""
    names = [part.strip().lower() for part in environment.get(NAMES_VARIABLE, "").split(",")]
    return [name for name in names if name and not is_loopback(name.strip("[]"))]


def rights_findings(engine: Engine, *, names: Sequence[str] = (), is_open: bool = False) -> list[Finding]:
    """Whether anybody signs in, what is wrong with the rights, and with which login the pages read for them.

    names: what others call the site; is_open: its settings leave it open while there is no account.
    """
    has_accounts = _has_accounts(engine)
    told = [_reached(names[0], is_open=is_open)] if names and not has_accounts else []
    if not rights.is_needed(engine):
        return told or [
            Finding(
                "Rights",
                "advice",
                "nobody signs in: whoever reaches the address sees everything",
                f"Before others reach it, make an account: {_FIRST}.",
            )
        ]
    wrong = [Finding("Rights", "wrong", sentence) for sentence in rights.check(engine)]
    return [*told, *(wrong or [_good()]), _login(engine, has_accounts=has_accounts)]


def _has_accounts(engine: Engine) -> bool:
    with connected(engine) as connection:
        return bool(one_row(connection, "accounts/is_there")[0]) and bool(
            one_row(connection, "accounts/has_accounts")[0]
        )


def _reached(name: str, *, is_open: bool) -> Finding:
    """What happens to whoever comes by that name while nobody has an account."""
    if is_open:
        return Finding(
            "Sign-in",
            "advice",
            f'{NAMES_VARIABLE} names {name}, and with [sign_in] kind = "open" '
            "whoever the proxy lets through sees everything",
            f"Unless that proxy asks everybody who they are, make an account: {_FIRST}.",
        )
    return Finding(
        "Sign-in",
        "advice",
        f"{NAMES_VARIABLE} names {name}, so nobody is let in before there is an account, on this machine neither",
        f"Make the first one: {_FIRST}.",
    )


def _good() -> Finding:
    return Finding(
        "Rights", "good", "the database refuses what the pages refuse, and no way past it was found"
    )


def _login(engine: Engine, *, has_accounts: bool) -> Finding:
    address = pages_login.address()
    if address:
        if faults := pages_login.faults(address, engine):
            return Finding("Pages' login", "wrong", " ".join(faults))
        return Finding("Pages' login", "good", f"the pages read as {rights.PAGES}, which owns nothing")
    if embedded.is_ours():
        return Finding("Pages' login", "good", f"the pages read as {rights.PAGES}, made with the warehouse")
    at = f"{engine.url.host or 'localhost'}:{engine.url.port or 5432}/{engine.url.database or ''}"
    return Finding(
        "Pages' login",
        "wrong" if has_accounts else "advice",
        f"{pages_login.VARIABLE} is not set: the pages connect as the owner of the tables, {engine.url.username}, "
        "and a page that forgot for whom it asks would read everything",
        f"Run `psql \"$DATABASE_URL\" -c '\\password {rights.PAGES}'`, then start the pages with "
        f"{pages_login.VARIABLE}=postgresql://{rights.PAGES}:THAT-PASSWORD@{at}",
    )
