"""What customers say, as blocks: the figures with their n and interval, by queue or team, their spread, and each contact.

In: the frames of the questions about the customers' voice, and what the reader has chosen. Out: blocks for `board.show`.
The rule it guards: no score without its n and the interval in which it lies; few answers are called few, and nothing is
ranked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

import polars as pl

from dashboard import board, certainty, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters
from dashboard.words import t, t_count
from sql import metrics

FEW = 30
"""With fewer answers than this an interval is so wide that comparing means little; the page says so."""
Scale = Literal["csat", "nps"]


def parts() -> Mapping[str, str]:
    """The sections of the page."""
    return {
        "overview": t("What they say"),
        "comments": t("Comments"),
        "due": t("Follow-ups due"),
        "repeats": t("Came again"),
    }


def dimensions() -> Mapping[str, str]:
    """By what the figures can be told apart."""
    return {
        "queue": t("By queue"),
        "team": t("By team"),
        "agent": t("By agent"),
        "topic": t("By topic"),
        "channel": t("By channel"),
        "group": t("By group"),
    }


def address(of_name: str, filters: Filters, **more: object) -> str:
    """Where the contacts behind a number stand: a list of this page, of the same view, as long as the number."""
    added = {name: str(value) for name, value in more.items() if value is not None}
    return f"customers-voice?{urlencode({'view': 'list', 'of': of_name, **filters.address(), **added})}"


def points(value: float | None) -> str:
    """The NPS as it is told: whole points with their sign."""
    if value is None:
        return words.UNKNOWN
    whole = round(value)
    return f"+{words.number(whole)}" if whole > 0 else words.number(whole).replace("-", "−")


def interval(scale: Scale, row: Row) -> tuple[float, float] | None:
    """The interval of 95 % of a row's CSAT (0 to 1) or NPS (-100 to 100); None without an answer."""
    if scale == "csat":
        return certainty.wilson(row["csat_satisfied_count"], row["csat_count"])
    return certainty.net_promoter(row["nps_promoter_count"], row["nps_detractor_count"], row["nps_count"])


def interval_text(scale: Scale, row: Row) -> str:
    """ "70.1% to 84.7%", or a dash."""
    found = interval(scale, row)
    if found is None:
        return words.UNKNOWN
    low, high = (words.ratio(end) if scale == "csat" else points(end) for end in found)
    return t("{low} to {high}", low=low, high=high)


def tiles(row: Row, due_count: int, filters: Filters) -> list[Block]:
    """CSAT, NPS, response rate, both kinds of FCR, and the low scores that nobody has followed up."""
    return [
        _score_tile("csat", row, filters),
        _score_tile("nps", row, filters),
        _response_tile(row, filters),
        _repeat_tile(row, filters),
        _flagged_tile(row, filters),
        _due_tile(due_count, filters),
    ]


def _score_tile(scale: Scale, row: Row, filters: Filters) -> Block:
    name, count = ("csat_ratio", "csat_count") if scale == "csat" else ("nps_points", "nps_count")
    record, n = metrics.metric(name), row[count]
    known = n > 0
    return {
        "key": name,
        "units": 1,
        "label": t(record.label),
        "value": words.ratio(row[name]) if scale == "csat" else points(row[name]),
        "status": board.status("none", t("few answers")) if 0 < n < FEW else None,
        "more": t("n = {n} · 95% sure: {interval}", n=words.number(n), interval=interval_text(scale, row))
        if known
        else t("no answer"),
        "tip": " ".join([t(record.meaning), _interval_sentence(scale)])
        if known
        else " ".join([t(record.meaning), t("Unknown: nobody answered.")]),
        **({"here": address(count, filters)} if known else {}),
    }


def _interval_sentence(scale: Scale) -> str:
    if scale == "csat":
        return t(
            "The interval is Wilson's: of 100 such intervals 95 hold the value that all customers together would give."
        )
    return t(
        "The interval is the adjusted Wald one (Rocks, 2016): of 100 such intervals 95 hold the value of all customers."
    )


def _response_tile(row: Row, filters: Filters) -> Block:
    record = metrics.metric("survey_response_ratio")
    more = t(
        "{answers} of {asked} contacts",
        answers=words.number(row["survey_count"]),
        asked=words.number(row["askable_contacts"]),
    )
    if row["unplaced_survey_count"]:
        more += " · " + t(
            "{n} more name no contact for certain", n=words.number(row["unplaced_survey_count"])
        )
    return {
        "key": "survey_response_ratio",
        "units": 1,
        "label": t(record.label),
        "value": words.ratio(row["survey_response_ratio"]),
        "more": more if row["askable_contacts"] else t("nobody could be asked"),
        "tip": t(record.meaning),
        **({"here": address("survey_count", filters)} if row["survey_count"] else {}),
    }


def _repeat_tile(row: Row, filters: Filters) -> Block:
    record = metrics.metric("fcr_no_repeat_ratio")
    n, repeated, open_count = (row[f"{name}_contacts"] for name in ("followed", "repeated", "provisional"))
    said = t("{repeated} of {n} came again", repeated=words.number(repeated), n=words.number(n))
    return {
        "key": "fcr_no_repeat_ratio",
        "units": 1,
        "label": t(record.label),
        "value": words.ratio(row["fcr_no_repeat_ratio"]),
        "more": " · ".join(
            [said, *([t("provisional: {n} still may", n=words.number(open_count))] if open_count else [])]
        )
        if n
        else t("no customer is known"),
        "tip": " ".join(
            [
                t(record.meaning),
                t("Provisional while the days have not passed for all. Withheld numbers are left out."),
            ]
        ),
        **({"here": address("followed_contacts", filters)} if n else {}),
    }


def _flagged_tile(row: Row, filters: Filters) -> Block:
    record = metrics.metric("fcr_flagged_ratio")
    n, solved = row["flagged_contacts"], row["resolved_first_contacts"]
    return {
        "key": "fcr_flagged_ratio",
        "units": 1,
        "label": t(record.label),
        "value": words.ratio(row["fcr_flagged_ratio"]),
        "more": t("{solved} of {n} told so", solved=words.number(solved), n=words.number(n))
        if n
        else t("nobody was told of"),
        "tip": t(record.meaning),
        **({"here": address("flagged_contacts", filters)} if n else {}),
    }


def _due_tile(due_count: int, filters: Filters) -> Block:
    return board.count_tile(
        "due",
        t("Follow-ups due"),
        due_count,
        more=t("low scores that nobody has gone after"),
        tip=t("CSAT of 1 or 2; without CSAT, NPS of 0 to 6."),
        status=board.status("near", t("to do")) if due_count else board.status("good", t("none left")),
        here=f"customers-voice?{urlencode({'view': 'due', **filters.address()})}",
    )


def group_table(groups: pl.DataFrame, by: str, filters: Filters) -> Block:
    """The figures by queue, team, agent, topic, channel or group, by name; each number leads to its contacts."""
    narrow = {"queue": "queue", "team": "team", "agent": "agent"}.get(by)
    rows = [
        _group_row(row, by, filters, {narrow: row["of_key"]} if narrow else {by: row["of_name"] or ""})
        for row in groups.iter_rows(named=True)
        if row["askable_contacts"] or row["csat_count"] or row["nps_count"]
    ]
    columns = [
        column(dimensions()[by].removeprefix("By ").capitalize()),
        column(t("Could be asked"), "end", wide=True),
        column(t("Answered"), "end"),
        column(t("Response rate"), "end", wide=True),
        column(t("CSAT (n)"), "end"),
        column(t("95% sure"), "end", wide=True),
        column(t("NPS (n)"), "end"),
        column(t("95% sure"), "end", wide=True),
        column(t("Came again (n)"), "end", wide=True),
    ]
    lead = t(
        "By name. Fewer than {n} answers are too few to compare; where two intervals overlap, so may the truth.",
        n=FEW,
    )
    return board.table(
        dimensions()[by],
        columns,
        rows,
        nothing=t("No contact in this time. Choose a longer period or fewer filters."),
        title=dimensions()[by],
        lead=lead,
    )


def without_word(by: str) -> str:
    """What the line of those is called that belong to none."""
    return {
        "queue": t("No queue"),
        "team": t("No team"),
        "agent": t("No agent"),
        "topic": t("No topic"),
        "channel": t("No channel"),
        "group": t("No group"),
        "form": t("No form"),
        "reviewer": t("No reviewer"),
    }.get(by, t("None"))


def _group_row(row: Row, by: str, filters: Filters, narrowed: Mapping[str, object]) -> Block:
    def led(text: str, of_name: str) -> Block | str:
        has_place = all(value is not None for value in narrowed.values())
        return board.leading(
            text, address(of_name, filters, **narrowed) if row[of_name] and has_place else None
        )

    def score(value: str, count_name: str) -> Block | str:
        n = row[count_name]
        few = f", {t('few')}" if 0 < n < FEW else ""
        return led(f"{value} ({words.number(n)}{few})", count_name) if n else words.UNKNOWN

    name = words.name(row["of_name"]) if row["of_name"] else without_word(by)
    return {
        "key": str(row["of_key"]),
        "cells": [
            name,
            led(words.number(row["askable_contacts"]), "askable_contacts"),
            led(words.number(row["survey_count"]), "survey_count"),
            led(words.ratio(row["survey_response_ratio"]), "askable_contacts"),
            score(words.ratio(row["csat_ratio"]), "csat_count"),
            interval_text("csat", row),
            score(points(row["nps_points"]), "nps_count"),
            interval_text("nps", row),
            led(
                f"{words.ratio(row['repeat_contact_ratio'])} ({words.number(row['followed_contacts'])})",
                "repeated_contacts",
            )
            if row["followed_contacts"]
            else words.UNKNOWN,
        ],
    }


def score_table(scores: pl.DataFrame, scale: Scale, filters: Filters) -> Block:
    """How many gave each score, the best first, as bars; each leads to who gave it."""
    drawn = scores.filter(pl.col("scale_name") == scale).sort("step_score", descending=True)
    n = int(drawn["score_count"].sum())
    most = max(1, *drawn["score_count"].to_list())
    count_name = f"{scale}_count"
    rows = [
        {
            "key": f"{scale}-{step:.0f}",
            "cells": [
                f"{step:.0f}",
                _score_word(scale, step),
                board.amount(
                    words.number(count),
                    count / most if n else None,
                    tone=_score_tone(scale, step),
                    address=address(count_name, filters, scale=scale, score=int(step)) if count else None,
                ),
                board.leading(
                    words.ratio(count / n if n else None), address(count_name, filters) if count else None
                ),
            ],
        }
        for _, step, count in drawn.iter_rows()
    ]
    title = t("CSAT, 1 to 5") if scale == "csat" else t("NPS, 0 to 10")
    return board.table(
        title,
        [column(t("Score")), column("", wide=True), column(t("Answers"), "end"), column(t("Share"), "end")],
        rows,
        nothing=t("Nobody answered."),
        title=title,
        lead=t("n = {n}", n=words.number(n)),
    )


def _score_word(scale: Scale, step: float) -> str:
    if scale == "csat":
        return t("satisfied") if step >= 4 else t("neither") if step >= 3 else t("dissatisfied")
    return t("promoter") if step >= 9 else t("passive") if step >= 7 else t("detractor")


def _score_tone(scale: Scale, step: float) -> str:
    good, low = (4, 3) if scale == "csat" else (9, 7)
    return "good" if step >= good else "near" if step >= low else "off"


def trend_frame(days: pl.DataFrame, scale: Scale, *, is_weekly: bool) -> pl.DataFrame:
    """What the chart draws: one row per day or week, CSAT in percent or NPS in points, each with its interval."""
    rows = []
    for row in days.iter_rows(named=True):
        found, n = interval(scale, row), row[f"{scale}_count"]
        value = row["csat_ratio"] if scale == "csat" else row["nps_points"]
        factor = 100 if scale == "csat" else 1
        day = words.short_day(row["day_date"])
        rows.append(
            {
                "label_text": t("week of {day}", day=day) if is_weekly else day,
                "figure_score": None if value is None else value * factor,
                "low_score": None if found is None else found[0] * factor,
                "high_score": None if found is None else found[1] * factor,
                "answer_count": n,
                "figure_text": words.ratio(value) if scale == "csat" else points(value),
                "interval_text": interval_text(scale, row),
                "count_text": words.number(n),
            }
        )
    names = ("figure_score", "low_score", "high_score")
    schema: dict[str, pl.DataType] = {
        "label_text": pl.String(),
        **{name: pl.Float64() for name in names},
        "answer_count": pl.Int64(),
        **{name: pl.String() for name in ("figure_text", "interval_text", "count_text")},
    }
    return pl.DataFrame(rows, schema=schema)


def chart_texts(scale: Scale) -> Mapping[str, str]:
    """The words of the chart's tooltips."""
    return {
        "time": t("Day"),
        "figure": t("CSAT") if scale == "csat" else t("NPS"),
        "interval": t("95% sure"),
        "count": t("Answers"),
    }


def trend_heading(scale: Scale, *, is_weekly: bool) -> Block:
    """The title over the trend."""
    title = t("CSAT by week") if is_weekly else t("CSAT by day")
    if scale == "nps":
        title = t("NPS by week") if is_weekly else t("NPS by day")
    lead = t("Each point with the interval in which it lies, 95% sure; below it the number of answers.")
    return {"kind": "section", "title": title, "lead": lead}


def few_notice(row: Row) -> Block | None:
    """What to think of a view of few answers; None where there are enough."""
    n = max(row["csat_count"], row["nps_count"])
    if not 0 < n < FEW:
        return None
    return board.notice(
        "near",
        t_count("Only {n} answer", "Only {n} answers", n),
        t("That is too few to compare or to rank. Choose a longer period, or read the comments."),
    )
