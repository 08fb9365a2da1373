"""An agent's day in the game, ready to draw: today with its level, next badge and streak, good news, the days before,
the weeks.

In: the answers of the questions about one agent, and how the rules stand. Out: blocks for `board.show`.
The rule it guards: told as to a grown-up: what is not final says so, nothing is compared with anybody else, nothing
shames, and every number leads to how it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row
from dashboard.game import standing_view
from dashboard.game.badge_view import picture, tier_word
from dashboard.game.rule_texts import rule_of, title_of
from dashboard.words import t, t_count


def switched_off() -> Block:
    """What stands on every page of the game where the site has none."""
    return board.notice(
        "none",
        t("There is no game on this site"),
        t(
            "Whoever runs Floorboard here has switched it off. Nothing is counted for it; your figures are under My figures."
        ),
        page=True,
    )


def no_rules(*, may_make: bool) -> Block:
    """What stands there while no rule of the game is on."""
    steps = (
        [t("Open the Game room, look at the rules that ship, and publish those that fit.")]
        if may_make
        else []
    )
    return board.notice(
        "none",
        t("The game has not begun"),
        t("No rule is on, so nothing is counted and nothing is given.")
        + ("" if may_make else " " + t("Your supervisor decides when it begins.")),
        steps=steps,
        page=True,
    )


def nobody(*, is_person: bool) -> Block:
    """What stands there without an agent."""
    if is_person:
        return board.notice(
            "none",
            t("This account belongs to no agent"),
            t("A day in the game is an agent's. Nothing is counted for you here."),
            page=True,
        )
    return board.notice(
        "none",
        t("Whose day?"),
        t("Choose an agent of yours above. That you looked is noted, and the agent can read it."),
        page=True,
    )


def amount(row: Row) -> str:
    """What an entry gives, in words: "+12 points", "-3 coins", "Silver badge"."""
    points, account = int(row["entry_points"]), row["account_name"]
    if account == "badges":
        name = tier_word(row["tier_name"]) if row["tier_name"] else t("Badge")
        return name if points == 1 else f"{name} ({points:+d})"
    sign = "+" if points > 0 else "−"
    text = words.number(abs(points))
    return f"{sign}{text} {unit_word(account, abs(points))}"


def unit_word(account_name: str, n: int) -> str:
    """Points or coins, as so many of them are called."""
    if account_name == "coins":
        return t_count("coin", "coins", n)
    return t_count("point", "points", n)


def name_of(row: Row) -> str:
    """What an entry was given for."""
    if row.get("rule_name"):
        return title_of(row.get("spec_text"), row["rule_name"])
    if row.get("reason_text"):
        return str(row["reason_text"])
    return t("A secret badge") if "rule_name" in row else ""


def greeting(agent_name: str, at: datetime, zone_name: str, *, is_own: bool) -> str:
    """The day's first words."""
    if not is_own:
        return t("The day of {name}", name=words.name(agent_name))
    hour = at.astimezone(words.zone(zone_name)).hour
    name = words.name(agent_name)
    if 4 <= hour < 12:
        return t("Good morning, {name}", name=name)
    if 12 <= hour < 18:
        return t("Good afternoon, {name}", name=name)
    return t("Good evening, {name}", name=name)


def today(
    standing: Row,
    awards: pl.DataFrame,
    entries: pl.DataFrame,
    stands: standing_view.Stands,
    *,
    at: datetime,
    is_own: bool,
) -> Block:
    """The first block of the day: what has come today, the level, the next badge, the streak."""
    zone_name, day = standing["time_zone_name"], standing["day_date"]
    block: Block = {
        "kind": "today",
        "greeting": greeting(standing["agent_name"], at, zone_name, is_own=is_own),
        "day": words.day(day),
        "lead": _lead(standing, entries),
        "points": _points(standing, awards, entries),
    }
    if (level := standing_view.level(stands)) is not None:
        block["level"] = level
    if (aim := standing_view.next_badge(stands)) is not None:
        block["next"] = aim
    if (streak := standing_view.streak(stands, day)) is not None:
        block["streak"] = streak
    return block


def _lead(standing: Row, entries: pl.DataFrame) -> str:
    """What was written for the working day before, and which season it is."""
    before = standing["day_date"] - timedelta(days=1)
    found = _points_of(entries, before)
    parts = []
    if found:
        parts.append(
            t("Yesterday brought you {amount}.", amount=f"{words.number(found)} {unit_word('points', found)}")
        )
    if standing["season_name"]:
        left = (standing["season_end_date"] - standing["day_date"]).days
        parts.append(
            t_count(
                "{season} has {n} day left.",
                "{season} has {n} days left.",
                left,
                season=words.name(standing["season_name"]),
            )
        )
    return " ".join(parts) or t("A fresh day: whatever you do well shows up here within minutes.")


def _points_of(entries: pl.DataFrame, day: date) -> int:
    chosen = entries.filter(
        (pl.col("effective_date") == day) & (pl.col("account_name") == "points") & ~pl.col("is_taken_back")
    )
    return _sum(chosen)


def _sum(rows: pl.DataFrame) -> int:
    return sum(rows["entry_points"].to_list())


def _points(standing: Row, awards: pl.DataFrame, entries: pl.DataFrame) -> Block:
    """What this working day has brought: what is counted so far, and what is written already."""
    day = standing["day_date"]
    coming = awards.filter((pl.col("effective_date") == day) & (pl.col("account_name") == "points"))
    written = entries.filter(
        (pl.col("effective_date") == day) & (pl.col("account_name") == "points") & ~pl.col("is_taken_back")
    )
    total = _sum(coming.filter(~pl.col("is_held"))) + _sum(written)
    made_at = coming["made_at"].max() if coming.height else None
    posts = words.clock(standing["posts_at"], standing["time_zone_name"])
    if isinstance(made_at, datetime):
        counted = words.clock(made_at, standing["time_zone_name"])
        more = t(
            "Counted at {counted}, and not final: written when the day is over and settled, at {posts}.",
            counted=counted,
            posts=posts,
        )
    else:
        more = t(
            "What you do today is counted every minute and written when the day is settled, at {posts}.",
            posts=posts,
        )
    parts = [_part(row, awards_of=coming) for row in coming.to_dicts()]
    parts += [_written_part(row) for row in written.to_dicts()]
    return {
        "label": t("Today so far") if coming.height or not written.height else t("Today"),
        "value": words.number(total),
        "unit": unit_word("points", total),
        "more": more,
        "parts": parts,
    }


def _part(row: Row, *, awards_of: pl.DataFrame) -> Block:
    rule = rule_of(row["spec_text"])
    most = (
        rule.curve.weight_points
        if rule is not None and rule.curve is not None
        else max(awards_of["entry_points"].to_list())
    )
    points = int(row["entry_points"])
    name = name_of(row)
    text = t("{points} of {most}", points=words.number(points), most=words.number(most))
    return {
        "key": row["entry_key"],
        "name": name,
        "value": text,
        "share": points / max(1, most),
        "spoken": f"{name}: {text}",
        "more": rule.description or rule.purpose if rule is not None else "",
        "held": t("Somebody looks first") if row["is_held"] else None,
        "here": entry_address(award=row["entry_key"]),
    }


def _written_part(row: Row) -> Block:
    points = int(row["entry_points"])
    return {
        "key": f"entry-{row['entry_id']}",
        "name": name_of(row),
        "value": amount(row),
        "share": 1.0 if points > 0 else 0.0,
        "spoken": amount(row),
        "here": entry_address(entry=row["entry_id"]),
    }


def entry_address(**told: object) -> str:
    """Where the page shows how one number came about; the agent stays in the address where a supervisor looks."""
    return "?" + urlencode({key: str(value) for key, value in told.items()})


def days(entries: pl.DataFrame, held: pl.DataFrame, *, of_agent: int | None) -> Block:
    """The working days that are over, with everything that was written for each; what was taken back stays, struck out."""
    found: list[Block] = []
    for day in sorted(set(entries["effective_date"].to_list()), reverse=True):
        rows = entries.filter(pl.col("effective_date") == day).to_dicts()
        points = sum(
            r["entry_points"] for r in rows if r["account_name"] == "points" and not r["is_taken_back"]
        )
        badges = sum(
            r["entry_points"] for r in rows if r["account_name"] == "badges" and not r["is_taken_back"]
        )
        told = [t("final") if any(r["is_closed"] for r in rows) else t("may still change")]
        if badges > 0:
            told.insert(0, t_count("{n} badge", "{n} badges", badges))
        waits = held.filter((pl.col("effective_date") == day) & (pl.col("state_name") == "held")).height
        if waits:
            told.insert(0, t_count("{n} waits for a look", "{n} wait for a look", waits))
        found.append(
            {
                "key": day.isoformat(),
                "name": words.day(day),
                "state": " · ".join(told),
                "value": f"{words.number(points)} {unit_word('points', points)}",
                "open": len(found) < 1,
                "entries": [_entry(of_one, of_agent) for of_one in _together(rows)],
            }
        )
    return {
        "kind": "days",
        "title": t("Day by day"),
        "lead": t("Open a day, and then a line, to see how it was counted, down to the calls."),
        "days": found,
        "nothing": t("Nothing has been written yet. What today brings is written when the day is settled."),
    }


def _together(rows: Sequence[Row]) -> list[list[Row]]:
    """The entries of one award side by side: its points or badge first, the coins that came with it after."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["entry_key"].removesuffix("-coins").removesuffix("-points"), []).append(row)
    order = ("badges", "points", "coins")
    return [
        sorted(ones, key=lambda one: (one["is_taken_back"], order.index(one["account_name"])))
        for ones in found.values()
    ]


def _entry(rows: Sequence[Row], of_agent: int | None) -> Block:
    row = rows[0]
    told: dict[str, object] = {"entry": row["entry_id"]}
    if of_agent is not None:
        told["agent"] = of_agent
    flag = None
    if row["open_dispute_id"] is not None:
        flag = board.status("near", t("You disagree"))
    elif row["is_taken_back"]:
        flag = board.status("none", t("Counted again"))
    text = row["taken_back_text"] if row["is_taken_back"] else None
    return {
        "key": str(row["entry_id"]),
        "name": name_of(row),
        "text": text
        or (row["reason_text"] if row["kind_name"] in ("manual", "adjust") and row["rule_name"] else None)
        or _period(row),
        "value": ", ".join(amount(one) for one in rows if one["is_taken_back"] == row["is_taken_back"]),
        "off": bool(row["is_taken_back"]),
        "flag": flag,
        "here": entry_address(**told),
    }


def _period(row: Row) -> str | None:
    """That more than this day was counted, where the rule counts a week, a month or a season at its end."""
    rule = rule_of(row["spec_text"])
    if rule is None or rule.measure is None or row["kind_name"] != "award":
        return None
    return {
        "week": t("for the whole week"),
        "month": t("for the whole month"),
        "season": t("for the whole season"),
    }.get(rule.measure.grain)


def good_news(moments: Sequence[Row]) -> Block:
    """What the agent is told of once."""
    return {"kind": "moments", "label": t("Good news"), "moments": [_moment(row) for row in moments]}


def _moment(row: Row) -> Block:
    rule = rule_of(row["spec_text"])
    kind, name = row["kind_name"], row["name_text"]
    made: Block = {"key": str(row["moment_id"]), "name": name, "word": _moment_word(kind), "text": None}
    if kind == "badge" and rule is not None:
        tier = f"{rule.title}, {tier_word(row['tier_name'])}" if row["tier_name"] else rule.title
        made |= {"name": tier, "text": rule.description, "art": picture(rule, row["tier_name"])}
    elif kind in ("hold", "dispute"):
        made["name"] = _decision_words(name)
    if row["entry_id"] is not None:
        made["here"] = entry_address(entry=row["entry_id"])
    return made


def _moment_word(kind: str) -> str:
    return {
        "badge": t("A new badge"),
        "level": t("A new level"),
        "record": t("Your best yet"),
        "streak": t("Your streak"),
        "kudos": t("Thanks from a colleague"),
        "contest": t("A contest"),
        "reward": t("A reward"),
        "hold": t("Somebody has looked"),
        "dispute": t("Somebody has answered you"),
    }.get(kind, t("News"))


def _decision_words(name: str) -> str:
    state = name.partition("|")[0]
    return {
        "released": t("The award that waited is yours"),
        "refused": t("The award that waited was not given; the reason stands below"),
        "accepted": t("You were right, and it was put right"),
        "declined": t("It stays as it was; the reason stands below"),
    }.get(state, name)
