"""The sign-in page as a browser shows it: the ways in that this site has, and one sentence where something is wrong.

In: where to go afterwards, what was typed, what is wrong. Out: the page's text.
The rule it guards: whatever was typed comes back as text, a password never.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from posixpath import normpath
from urllib.parse import unquote, urlencode

from dashboard import words
from dashboard.door.sign_in_rules import LOCAL, PROVIDER, PROXY, SignInRules
from dashboard.words import t

HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}
_DOORS = ("/sign-in", "/sign-out", "/persona", "/media/", "/wall/")
_WALL = "/wall/show/"  # the one of its addresses that is a page
LONGEST_NAME = 320
LONGEST_PATH = 2000


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of this visit; has_accounts: None while the warehouse does not answer.

    is_out: somebody has just signed out, whom the proxy would let in again at once.
    """

    target: str
    login_name: str = ""
    sentence: str = ""
    has_accounts: bool | None = True
    is_out: bool = False


def markup(rules: SignInRules, shown: Shown) -> str:
    """The whole page."""
    alert = f'<p role="alert">{escape(shown.sentence)}</p>' if shown.sentence else ""
    ways = [_way_of_proxy(shown)] if PROXY in rules.ways else []
    ways += [_way_of_provider(rules, shown)] if PROVIDER in rules.ways else []
    ways += [_way_of_password(shown)] if LOCAL in rules.ways else []
    if shown.has_accounts is False:
        ways = [_nobody_yet(rules)]
    between = f'<p class="or"><span>{escape(t("or"))}</span></p>'
    told = escape(t("Then on to the page you asked for."))
    where = f'<p class="where">{told}</p>' if shown.target != "/" else ""
    help_text = (
        t("No account, or the password forgotten? Whoever runs this site gives you one.")
        if LOCAL in rules.ways
        else t("No account at this site? Whoever runs it makes one for your address.")
    )
    help_line = f'<p class="help">{escape(help_text)}</p>' if shown.has_accounts is not False else ""
    body = f"{where}{alert}{between.join(ways)}{help_line}"
    return _document(t("Sign in"), t("Sign in to Floorboard"), body)


def sign_out_markup() -> str:
    """The page that asks once more: another site's link must sign nobody out."""
    told = t("Your session ends in every tab of this browser.")
    body = (
        f'<p class="told">{escape(told)}</p><form method="post" action="/sign-out">'
        f"<button autofocus>{escape(t('Sign out'))}</button></form>"
    )
    return _document(t("Sign out"), t("Sign out of Floorboard?"), body)


def farewell_markup(address: str) -> str:
    """Signed out here, and on to the provider's own page for it: an answer to a form may not lead to another site."""
    href = escape(address, quote=True)
    told = t("You are signed out here. On to where you signed in, to sign out there, too.")
    body = f'<p class="told">{escape(told)}</p><p class="way"><a class="button" href="{href}">{escape(t("Go on"))}</a></p>'
    return _document(
        t("Signed out"), t("Signed out"), body, f'<meta http-equiv="refresh" content="0; url={href}">'
    )


def _document(title: str, heading: str, body: str, head: str = "") -> str:
    """One card in the middle of the page."""
    return (
        f'<!doctype html><html lang="{words.language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title)} - Floorboard</title>{head}'
        '<link rel="icon" href="/app/static/mark.svg"><link rel="stylesheet" href="/app/static/door.css"></head>'
        '<body><main><img src="/app/static/mark.svg" alt="" width="48" height="48">'
        f"<h1>{escape(heading)}</h1>{body}</main></body></html>"
    )


def address_of_sign_in(path: str) -> str:
    """The sign-in page that leads back to this path afterwards."""
    return f"/sign-in?{urlencode({'next': next_path(path)})}"


def next_path(text: str | None) -> str:
    """Where to go after signing in: a path of this site as it was asked for, or its first page.

    Of one that is too long, the page without its choices.
    """
    plain = (text or "").strip()
    is_path = (
        plain.startswith("/")
        and not plain.startswith(("//", "/\\"))
        and plain.isprintable()
        and "\\" not in plain
    )
    routed = _as_routed(plain)
    is_own = is_path and (routed == _WALL or not routed.startswith(_DOORS))
    found = plain if len(plain) <= LONGEST_PATH else plain.partition("?")[0]
    return found if is_own and len(found) <= LONGEST_PATH else "/"


def _as_routed(path: str) -> str:
    """The path as it arrives here: letters that stood for themselves, no dots and no doubled strokes."""
    plain = re.split(r"[?#]", path, maxsplit=1)[0]
    return f"/{normpath(unquote(plain)).strip('/')}/"


def _nobody_yet(rules: SignInRules) -> str:
    """How whoever runs the site makes the first account; nobody is let in before."""
    option = "" if LOCAL in rules.ways else " --no-password"
    first = t(
        "This site has no account yet, so nobody can sign in. Whoever runs it makes the first one, on the console:"
    )
    then = t("Then reload this page.")
    return (
        f'<div class="first"><p>{escape(first)}</p>'
        f"<pre><code>floorboard account add you@example.com --role administrator{option}</code></pre>"
        f"<p>{escape(then)}</p></div>"
    )


def _way_of_proxy(shown: Shown) -> str:
    """Who is here, the proxy tells by itself; so this is read by whoever came around it, or has just signed out."""
    if shown.is_out:
        told = t(
            "You are signed out here. The sign-in in front of this site still knows you; sign out there, too."
        )
        word = t("Sign in again")
        return f'<p class="told">{escape(told)}</p><p class="way"><a class="button" href="/sign-in">{escape(word)}</a></p>'
    told = t(
        "You sign in where your organisation does. Open this site at the address that you were given for it."
    )
    return f'<p class="told">{escape(told)}</p>'


def _way_of_provider(rules: SignInRules, shown: Shown) -> str:
    name = rules.provider.name if rules.provider else ""
    href = "/sign-in/provider" + (f"?{urlencode({'next': shown.target})}" if shown.target != "/" else "")
    word = escape(t("Sign in with {name}", name=name))
    return f'<p class="way"><a class="button" href="{escape(href, quote=True)}">{word}</a></p>'


def _way_of_password(shown: Shown) -> str:
    name = escape(shown.login_name[:LONGEST_NAME], quote=True)
    first, second = ("", " autofocus") if name else (" autofocus", "")
    return (
        '<form method="post" action="/sign-in">'
        f'<input type="hidden" name="next" value="{escape(shown.target, quote=True)}">'
        f'<label for="login_name">{escape(t("Name or e-mail address"))}</label>'
        f'<input id="login_name" name="login_name" value="{name}" autocomplete="username" autocapitalize="none" '
        f'spellcheck="false" required{first}>'
        f'<label for="password">{escape(t("Password"))}</label>'
        f'<input id="password" name="password" type="password" autocomplete="current-password" required{second}>'
        f"<button>{escape(t('Sign in'))}</button></form>"
    )
