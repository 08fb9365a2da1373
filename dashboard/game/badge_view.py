"""The gallery of badges, ready to draw: by family, with tiers, one's own way to the next one, how rare each is, who
released it.

In: the answer of the question about badges, and how far the agent has come with each. Out: blocks for `board.show`.
The rule it guards: what nobody may know is a grey outline and the word "Secret"; what is not earned yet is told as a
way, never as a gap; rarity is told only of groups in which nobody can be found.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row
from dashboard.game import badge_art
from dashboard.game.rule_texts import rule_of
from dashboard.words import t, t_count
from sql.game_rules.spec import FAMILIES, TIERS, Rule

PICTURE_SIDE = 96


def tier_word(tier_name: str | None) -> str:
    """What a tier is called."""
    return {"bronze": t("Bronze"), "silver": t("Silver"), "gold": t("Gold")}.get(tier_name or "", "")


def family_words(family_name: str) -> tuple[str, str]:
    """What a family of badges is called, and what it honours."""
    return {
        "quality": (t("Quality"), t("For work that stands up to a close look.")),
        "resolution": (t("Resolution"), t("For customers who did not have to come back.")),
        "service": (t("Service"), t("For customers who were glad they called.")),
        "pace": (t("Pace"), t("For a good rhythm, never for haste.")),
        "teamwork": (t("Teamwork"), t("For what a team reaches together.")),
        "growth": (t("Growth"), t("For becoming better than one was oneself.")),
    }[family_name]


def picture(rule: Rule, tier_name: str | None, *, is_locked: bool = False) -> str:
    """The badge's picture as an address that holds it."""
    return _address(rule.name, rule.family, tier_name, rule.icon, is_locked)


def secret_picture() -> str:
    """The picture of a badge that nobody may know."""
    return _address("", "", None, None, True)


@lru_cache(maxsize=1024)
def _address(rule_name: str, family: str, tier_name: str | None, emblem: str | None, is_locked: bool) -> str:
    text = badge_art.svg(
        rule_name,
        family,
        tier_name,
        is_secret=not rule_name,
        size=PICTURE_SIDE,
        is_locked=is_locked,
        emblem=emblem,
    )
    return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode()


def tiles(badges: pl.DataFrame) -> Block:
    """How many badges are held, of how many, and the newest."""
    held = badges.filter(~pl.col("is_secret") & (_count() > 0))
    newest = held.sort("last_date", descending=True, nulls_last=True).to_dicts()[:1]
    gold = held.filter(pl.col("gold_count") > 0).height
    secret = badges.filter(pl.col("is_secret")).height
    made = [
        {
            "key": "held",
            "label": t("Badges held"),
            "value": words.number(held.height),
            "more": t_count("of {n} that there is", "of {n} that there are", badges.height),
        },
        {"key": "gold", "label": t("In gold"), "value": words.number(gold), "more": t("the highest tier")},
        {
            "key": "secret",
            "label": t("Still secret"),
            "value": words.number(secret),
            "more": t("nobody sees what they are for before they have them"),
        },
    ]
    if newest:
        rule = rule_of(newest[0]["spec_text"])
        made.insert(1, {
            "key": "newest",
            "label": t("The newest"),
            "value": words.short_day(newest[0]["last_date"]),
            "more": rule.title if rule is not None else "",
        })  # fmt: skip
    return {"kind": "tiles", "tiles": [{**tile, "units": 1} for tile in made]}


def _count() -> pl.Expr:
    return pl.sum_horizontal("plain_count", "bronze_count", "silver_count", "gold_count")


def gallery(
    badges: pl.DataFrame,
    ways: Mapping[str, Row],
    *,
    of_agent: int | None,
    takes: Mapping[int, Block] | None = None,
) -> Block:
    """Every badge by family. ways: how far the agent has come, by rule; takes: where a held one is taken home, by entry."""
    rows = badges.to_dicts()
    families = []
    for family in FAMILIES:
        own = [
            (row, rule)
            for row in rows
            if not row["is_secret"] and (rule := rule_of(row["spec_text"])) and rule.family == family
        ]
        if not own:
            continue
        name, lead = family_words(family)
        shown = sorted(own, key=lambda one: (-_best(one[0]), one[1].title))
        made = [_tile(row, rule, ways.get(row["rule_name"]), of_agent, takes or {}) for row, rule in shown]
        families.append({"key": family, "name": name, "lead": lead, "tiles": made})
    secret = [row for row in rows if row["is_secret"]]
    if secret:
        families.append(
            {
                "key": "secret",
                "name": t("Secret"),
                "lead": t("Nobody is told what these are for. They come by themselves."),
                "tiles": [_secret_tile(place) for place, _ in enumerate(secret)],
            }
        )
    return {"kind": "badges", "families": families}


def _best(row: Row) -> int:
    """The highest tier that is held: 0 none, 1 plain or bronze, 2 silver, 3 gold."""
    if row["gold_count"] > 0:
        return 3
    if row["silver_count"] > 0:
        return 2
    return 1 if row["bronze_count"] > 0 or row["plain_count"] > 0 else 0


def best_tier(row: Row) -> str | None:
    """The name of the highest tier that is held; None for a plain badge, or none."""
    return next((name for name in reversed(TIERS) if row[f"{name}_count"] > 0), None)


def _tile(row: Row, rule: Rule, way: Row | None, of_agent: int | None, takes: Mapping[int, Block]) -> Block:
    best, tier = _best(row), best_tier(row)
    steps = [TIERS.index(one.name) < best for one in rule.tiers] if len(rule.tiers) > 1 else None
    word = tier_word(tier) if tier else (t("Earned") if best else t("Not yet yours"))
    share, progress = progress_of(rule, way, best_tier=tier)
    made: Block = {
        "key": row["rule_name"],
        "name": rule.title,
        "art": picture(rule, tier or (rule.tiers[0].name if rule.tiers else None), is_locked=best == 0),
        "held": best > 0,
        "tier": word,
        "steps": steps,
        "about": rule.description or rule.purpose,
        "share": share,
        "progress": progress,
        "rarity": _rarity(row, tier, best),
        "earned": _earned(row) if best else None,
        "owner": t("Released by {owner}: {purpose}", owner=rule.owner, purpose=rule.purpose),
        "spoken": f"{rule.title}, {word}",
        "take": takes.get(row["newest_entry_id"]) if row["newest_entry_id"] is not None else None,
    }
    if row["newest_entry_id"] is not None:
        told = {
            "entry": str(row["newest_entry_id"]),
            **({"agent": str(of_agent)} if of_agent is not None else {}),
        }
        made["here"] = f"my-day?{urlencode(told)}"
    return made


def _secret_tile(place: int) -> Block:
    return {
        "key": f"secret-{place}",
        "name": t("A secret badge"),
        "art": secret_picture(),
        "held": False,
        "tier": t("Secret"),
        "steps": None,
        "about": t("You will know it when you have it."),
        "share": None,
        "spoken": t("A secret badge"),
    }


def _earned(row: Row) -> str:
    times = sum(int(row[f"{name}_count"]) for name in ("plain", *TIERS))
    if times == 1 or row["first_date"] == row["last_date"]:
        return t("Yours since {day}", day=words.day(row["first_date"]))
    return t_count(
        "{n} time, last on {day}", "{n} times, last on {day}", times, day=words.day(row["last_date"])
    )


def _rarity(row: Row, tier: str | None, best: int) -> str | None:
    """The share of agents who hold it, where that tells of nobody."""
    name = tier or "plain"
    ratio = row.get(f"{name}_ratio")
    if ratio is None:
        ratio, tier = row.get("bronze_ratio"), "bronze" if best == 0 else tier
    if ratio is None:
        return None
    held = words.target_ratio(ratio)
    if tier:
        return t(
            "About {share} of all agents hold it in {tier} or higher",
            share=held,
            tier=tier_word(tier).lower(),
        )
    return t("About {share} of all agents hold it", share=held)


def progress_of(rule: Rule, way: Row | None, *, best_tier: str | None) -> tuple[float | None, str | None]:
    """How far the agent has come to the next tier: a share of the way and a sentence; None where it cannot be told."""
    if way is None or way["next_value"] is None:
        is_done = bool(rule.tiers) and best_tier == rule.tiers[-1].name and rule.grant.scope == "once"
        return None, t("All tiers are yours") if is_done else None
    aim = f"{tier_word(way['next_tier_name']) or t('this badge')}"
    if (
        way["found_value"] is not None
        and not way["is_judged"]
        and way["fewest_value"]
        and (way["counted_value"] or 0) < way["fewest_value"]
    ):
        share = (way["counted_value"] or 0) / way["fewest_value"]
        text = t(
            "{n} of the {fewest} that it takes to tell",
            n=words.number(way["counted_value"] or 0),
            fewest=words.number(way["fewest_value"]),
        )
        return share, text
    value = way["found_value"]
    if value is None:
        return 0.0, t(
            "Nothing counted in this period yet; {aim} begins at {at}",
            aim=aim,
            at=value_text(rule, way["next_value"]),
        )
    share = _share(rule, float(value), float(way["next_value"]))
    told = {
        "now": value_text(rule, value),
        "aim": aim.lower(),
        "at": value_text(rule, way["next_value"]),
    }
    if share < 1:
        return share, t("{now}, {aim} at {at}", **told)
    gate = next((tier.gate for tier in rule.tiers if tier.name == way["next_tier_name"]), "none")
    if gate == "wilson_lower":
        return share, t("{now}, {aim} at {at}: reached, but on too few yet to be sure", **told)
    return share, t("{now}, {aim} at {at}: reached, if it stays so to the end", **told)


def _share(rule: Rule, value: float, aim: float) -> float:
    if rule.adjust.best_by == "down":
        return min(1.0, aim / value) if value > 0 else 1.0
    return min(1.0, value / aim) if aim > 0 else 0.0


def value_text(rule: Rule, value: float | None) -> str:
    """A value of the rule's measure as people say it: a share, a number of things, days of a streak."""
    if value is None:
        return words.number(None)
    if rule.kind == "streak":
        return t_count("{n} day", "{n} days", round(value))
    if rule.adjust.method == "own_baseline":
        return t("{share} better than your own usual", share=words.ratio(value))
    if rule.adjust.method == "mix_adjusted":
        return t("{share} of what is usual for the same work", share=words.ratio(value))
    if rule.measure is not None and rule.measure.below and not _is_amount(rule):
        return words.ratio(value)
    return words.number(value)


def _is_amount(rule: Rule) -> bool:
    """Whether the measure is an average and no share: seconds, or scores."""
    columns = [term.column_name for term in (rule.measure.above if rule.measure else ())]
    return any(name.endswith(("_seconds", "_sum")) for name in columns)


def nothing() -> Block:
    """What stands there while there is no badge to earn."""
    return board.notice(
        "none",
        t("No badge is there to earn yet"),
        t("Badges come with the rules of the game. When one is released, it stands here with its way."),
        page=True,
    )
