"""What a rule of the game says, read from the text of its version once and remembered.

In: the text of a version, as the warehouse keeps it. Out: the Rule that it means.
The rule it guards: a text that this version of the product cannot read (a newer one may have written it) keeps no page
from showing: the rule goes by its name then.
"""

from __future__ import annotations

from functools import lru_cache

from sql.game_rules.spec import GameError, Rule, parsed


@lru_cache(maxsize=512)
def rule_of(spec_text: str | None) -> Rule | None:
    """The rule of that text; None without one, and for a text that cannot be read."""
    if not spec_text:
        return None
    try:
        return parsed(spec_text, "game.rule_versions")
    except GameError:
        return None


def title_of(spec_text: str | None, rule_name: str | None) -> str:
    """What the rule is called: its title, else its name in plain letters."""
    rule = rule_of(spec_text)
    return rule.title if rule is not None else (rule_name or "").replace("-", " ").capitalize()
