"""Tells the pages how somebody signs in, as the settings of the site have it.

In: the table [sign_in] of the settings. Out: the rules of the door, with the secrets that the settings name.
The rule it guards: settings that cannot be used keep the pages from starting; none of a site hold in its demo.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.door.sign_in_rules import SignInRules
    from etl.sign_in_settings import SignInSettings


def rules_in_use() -> SignInRules:
    """The rules of the site whose settings are here; ConfigError and LoadError for those that cannot be used."""
    from dashboard.door.sign_in_rules import SignInRules
    from dashboard.door.visitor import is_demo
    from etl.config import CONFIG_VARIABLE, load_settings, settings_path

    if is_demo() or not (os.environ.get(CONFIG_VARIABLE) or settings_path().exists()):
        return SignInRules()
    found = load_settings().sign_in
    return rules_of(found) if found is not None else SignInRules()


def rules_of(found: SignInSettings) -> SignInRules:
    """The rules of the door that these settings mean; LoadError for a secret that is none."""
    from dashboard.door.sign_in_rules import PROVIDER, PROXY, ProviderRules, ProxyRules, SignInRules

    provider = proxy = None
    if PROVIDER in found.kind:
        provider = ProviderRules(
            str(found.address),
            str(found.issuer),
            str(found.client_id),
            found.client_secret(),
            found.provider_name,
        )
    if PROXY in found.kind:
        lines = (found.proxy_user_header, found.proxy_secret_header)
        proxy = ProxyRules(found.proxy_addresses, *lines, found.proxy_secret())
    is_open = "open" in found.kind
    return SignInRules(
        ways=SignInRules().ways if is_open else frozenset(found.kind),
        lasts=timedelta(hours=found.session_hours),
        idle=timedelta(minutes=found.idle_minutes) if found.idle_minutes else None,
        is_asked=not is_open,
        is_open=is_open,
        provider=provider,
        proxy=proxy,
    )
