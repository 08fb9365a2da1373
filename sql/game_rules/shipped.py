"""The rules that come with the product: read from their files, each checked like any that a site writes.

In: the files of `sql/game_rules/rules`. Out: their texts and what they mean, by name.
The rule it guards: a file is named like its rule, and every one of them can be read; a site changes them as it likes, by
publishing its own version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from sql.game_rules.spec import GameError, Rule, parsed


@dataclass(frozen=True)
class Text:
    """A rule as it is written, with the hash by which a changed text is told from the same one."""

    spec_text: str
    spec_sha256: str
    rule: Rule


def read(text: str, place: str) -> Text:
    """The text with what it means and its hash; raises GameError where it is no rule."""
    return Text(text, fingerprint(text), parsed(text, place))


def fingerprint(text: str) -> str:
    """The hash of a rule's text; line ends and empty lines at its end do not change it."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()


@cache
def texts() -> Mapping[str, Text]:
    """Every shipped rule by its name, in the order of the names."""
    folder = resources.files("sql.game_rules") / "rules"
    found: dict[str, Text] = {}
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.endswith(".toml"):
            text = read(item.read_text(encoding="utf-8"), f"rules/{item.name}")
            if f"{text.rule.name}.toml" != item.name:
                raise GameError(
                    f"rules/{item.name}: found the rule '{text.rule.name}'; expected a file named like its rule. Rename one."
                )
            found[text.rule.name] = text
    return MappingProxyType(found)


def rules() -> tuple[Rule, ...]:
    """Every shipped rule, points first and levels last: the order in which they are counted."""
    order = ("points", "badge", "streak", "level")
    return tuple(sorted((text.rule for text in texts().values()), key=lambda rule: order.index(rule.kind)))


def changed(published: Mapping[str, str]) -> tuple[Text, ...]:
    """The shipped rules that say something else than what is published: each becomes a version, from today or later on.

    published: by rule, the text of its newest version. Blanks at line ends and empty lines around it are no change.
    """
    return tuple(
        text
        for name, text in texts().items()
        if name not in published or fingerprint(published[name]) != text.spec_sha256
    )
