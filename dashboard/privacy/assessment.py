"""The data-protection assessment as a sheet to print: made of the policy, the tables, the rights and the limits in force.

In: the answers of the questions about privacy. Out: one file of HTML that stands alone.
The rule it guards: what the program knows is read from it, never written by hand; what only the operator knows is marked as
still to be filled in. It is a help for whoever assesses, and no legal advice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from dashboard import words
from dashboard.privacy import risks
from dashboard.privacy.families import Standing, standings
from dashboard.reports import report_page
from dashboard.reports.report_blocks import Card, Cell, Section, Table, Tone
from dashboard.reports.report_story import Story
from dashboard.words import t, t_count
from sql import rights, role_matrix

TO_FILL = "☐"
FREELY_BREAKING = "section { break-inside: auto; }\n"
"""Tables of many lines go over pages; their lines do not."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the program knows of a site's privacy."""

    site_name: str
    zone_name: str
    made_at: datetime
    figures: pl.DataFrame
    tables: pl.DataFrame
    kept: pl.DataFrame
    consents: pl.DataFrame


def html(known: Known) -> str:
    """The assessment as HTML."""
    whole = report_page.html(story(known), {})
    return whole.replace("</style>", f"{FREELY_BREAKING}</style>", 1)


def story(known: Known) -> Story:
    """The assessment in words."""
    found = standings(known.figures)
    on = [one for one in found if one.is_on]
    gaps = sum(len(one.missing) for one in on)
    of_people = [row for row in known.tables.iter_rows(named=True) if whose(row)]
    return Story(
        site_name=known.site_name,
        title=t("Data-protection assessment"),
        period=words.day(words.local_day(known.made_at, known.zone_name)),
        view=t("Article 35 GDPR"),
        headline=_headline(len(on), len(found), gaps),
        sentences=(
            t(
                "What follows was read from the running system: its policy, its tables, its rights and its limits."
            ),
            t(
                "Lines with {mark} are for whoever runs it: the program cannot know them. This sheet is a help, and no "
                "legal advice.",
                mark=TO_FILL,
            ),
        ),
        cards=_cards(found, gaps, len(of_people), known),
        sections=(
            _purposes(found),
            _meanings(found),
            _tables(of_people, kinds_kept(known.kept)),
            _rights(of_people),
            _callers(),
            _consents(known.consents),
            _risks(),
            Section(t("Why this is, or is not, an AI system"), lines=tuple(risks.ai_lines())),
            _to_fill(on),
        ),
        made=t("Made {moment} by", moment=words.moment(known.made_at, known.zone_name)),
    )


def _headline(on: int, of: int, gaps: int) -> str:
    if not on:
        return t("No figures of single agents exist here")
    if gaps:
        return t(
            "{n} of {of} kinds of figures of single agents exist, and not all is said about them", n=on, of=of
        )
    return t("{n} of {of} kinds of figures of single agents exist, each with its purpose", n=on, of=of)


def _cards(found: Sequence[Standing], gaps: int, tables: int, known: Known) -> tuple[Card, ...]:
    on = sum(one.is_on for one in found)
    tone: Tone = "near" if gaps else "good"
    unlimited = known.kept.filter(pl.col("kept_months").is_null())["kind_name"].to_list()
    allowed = int(known.consents["consented_agents"].sum()) if known.consents.height else 0
    return (
        Card(
            t("Figures of single agents"),
            t("{n} of {of}", n=on, of=len(found)),
            (t("kinds that exist"),),
            tone,
        ),
        Card(t("Still to be said"), words.number(gaps), (t("fields of the policy"),), tone),
        Card(t("Tables with people in them"), words.number(tables), (t("listed below"),)),
        Card(t("Kept without a limit"), words.number(len(unlimited)), (t("kinds of rows"),)),
        Card(t("Names allowed on boards"), words.number(allowed), (t("consents in force"),)),
    )


def _purposes(found: Sequence[Standing]) -> Section:
    columns = (
        t("Figures"),
        t("Stands"),
        t("Purpose"),
        t("Legal basis"),
        t("Works agreement"),
        t("Since, by whom"),
    )
    rows = [
        (
            one.family.label,
            state_word(one),
            _said(one, one.purpose),
            _said(one, one.legal_basis),
            _said(one, one.works_agreement),
            since_text(one) if one.is_on and (one.since_date or one.by) else _said(one, ""),
        )
        for one in found
    ]
    return Section(
        t("Which figures of single agents, and for what"),
        lead=t("What is off is not counted, not stored and not answered for a single agent."),
        table=_table(t("Purposes"), columns, rows),
    )


def _said(one: Standing, text: str) -> str:
    if not one.is_on:
        return words.UNKNOWN
    return text or f"{TO_FILL} {t('missing')}"


def state_word(one: Standing) -> str:
    """Whether the family is on, in a word."""
    if not one.is_on:
        return t("off")
    return t("taken over") if one.is_taken_over else t("on")


def since_text(one: Standing) -> str:
    """Since when a family is on, and who says so."""
    parts = [words.day(one.since_date) if one.since_date else "", one.by]
    return ", ".join(part for part in parts if part)


def _meanings(found: Sequence[Standing]) -> Section:
    columns = (t("Figures"), t("What they are"), t("What else holds it, and what switching off takes away"))
    rows = [(one.family.label, one.family.meaning, one.family.records) for one in found]
    return Section(t("What each kind of figures is"), table=_table(t("Meanings"), columns, rows))


def whose(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Whose data a table holds, in words; nothing where it tells of nobody."""
    kinds = (
        ("has_agents", t("agents")),
        ("has_customers", t("callers, by a keyed hash")),
        ("has_viewers", t("users of these pages")),
    )
    found = tuple(word for name, word in kinds if row[name])
    return (*found, t("what was written or told")) if row["has_words"] and found else found


def breaking(name: str) -> str:
    """A long name that may break behind its marks, and nowhere else."""
    return name.replace("_", "_\u200b").replace(".", ".\u200b")


def about(text: str) -> str:
    """What a table holds, without the word that its comment begins with."""
    plain = text.removeprefix("Grain: ")
    return plain[:1].upper() + plain[1:]


def _tables(of_people: Sequence[Mapping[str, Any]], months: Mapping[str, str]) -> Section:
    columns = (t("Table"), t("What it holds"), t("Whose"), t("About rows"), t("Kept for"))
    rows = [
        (
            breaking(row["table_name"]),
            about(row["about_text"]),
            ", ".join(whose(row)),
            words.number(row["row_count"]),
            months.get(kind_of(row["table_name"]), t("in use")),
        )
        for row in of_people
    ]
    return Section(
        t("What is kept of whom, and for how long"),
        lead=t(
            "Every table with rows of people, as the database describes it. Numbers of rows are the server's estimates."
        ),
        table=_table(t("Tables"), columns, rows, figures=(3, 4)),
    )


def kinds_kept(kept: pl.DataFrame) -> dict[str, str]:
    """For how long each kind of rows is kept, in words."""
    return {
        row["kind_name"]: t("no limit")
        if row["kept_months"] is None
        else t_count("{n} month", "{n} months", row["kept_months"])
        for row in kept.iter_rows(named=True)
    }


@cache
def _kinds() -> dict[str, str]:
    text = (files("sql") / "retention" / "tables.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)["tables"]
    return {name: listed[told.get("with", name)].get("kind", "kept") for name, told in listed.items()}


def kind_of(table_name: str) -> str:
    """The kind of rows that a table holds, by which it is kept; empty for one that is not listed."""
    return _kinds().get(table_name, "")


def _rights(of_people: Sequence[Mapping[str, Any]]) -> Section:
    names = {row["table_name"] for row in of_people}
    lines = [
        line
        for line in role_matrix.matrix()
        if line.kind_name == "page" or (line.kind_name == "rows" and line.thing_name in names)
    ]
    columns = (t("Page or table"), *role_matrix.ROLES)
    rows = [
        (breaking(line.thing_name), *(line.answers[role] for role in role_matrix.ROLES)) for line in lines
    ]
    unread = sorted(names - set(rights.tables()))
    return Section(
        t("Who may see what"),
        lead=t(
            "From the list by which the database itself refuses. Pages first, then the rows of the tables above."
        ),
        table=_table(t("Rights"), columns, rows),
        lines=(t("Read by the program alone, and by nobody at a page: {tables}.", tables=", ".join(unread)),)
        if unread
        else (),
    )


def _callers() -> Section:
    return Section(
        t("How callers are hidden"),
        lines=(
            t(
                "A caller's number is kept as HMAC-SHA-256 with a secret key. The key is the variable "
                "FLOORBOARD_CUSTOMER_KEY, or the file customer.key in FLOORBOARD_HOME; it is in no table of the "
                "database and in no backup of it."
            ),
            t("Whoever has the key can find out whether a number they know called; whoever has not, cannot."),
            f"{TO_FILL} {t('Where the key is kept here, and who can read it.')}",
        ),
    )


def _consents(consents: pl.DataFrame) -> Section:
    allowed = [
        t("{board}: {n} allow their name", board=row["board_name"], n=words.number(row["consented_agents"]))
        for row in consents.iter_rows(named=True)
    ]
    return Section(
        t("Consents"),
        lead=t("A name stands on a board by the person's own consent; without it another name stands there."),
        lines=tuple(allowed) or (t("Nobody has allowed their name on any board."),),
    )


def _risks() -> Section:
    columns = (t("Risk"), t("What is done against it"), t("Shown by"))
    rows = [
        (one.title, one.measure, ", ".join(breaking(test.replace("::", ": ")) for test in one.tests))
        for one in risks.risks()
    ]
    return Section(
        t("Risks for people, and what is done against them"), table=_table(t("Risks"), columns, rows)
    )


def _to_fill(on: Sequence[Standing]) -> Section:
    missing = [
        t("{figures}: {fields}", figures=one.family.label, fields=", ".join(one.missing))
        for one in on
        if one.missing
    ]
    asked = [
        t("Who is responsible, and who advises on data protection (names, addresses)."),
        t("Whether the works council was heard or agreed, and when."),
        t("Whether the people concerned were told before the first use, how, and what they said."),
        t("Who else processes the data for you (the host, the telephone system, the desk), and where."),
        t("Which risks remain in your judgement, and who accepts them."),
        t("When this assessment is looked at again."),
    ]
    return Section(
        t("What only you can say"), lines=tuple(f"{TO_FILL} {line}" for line in [*missing, *asked])
    )


def _table(
    label: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, figures: tuple[int, ...] = ()
) -> Table:
    heads = tuple((text, place in figures) for place, text in enumerate(columns))
    return Table(label, heads, tuple(tuple(Cell(text) for text in row) for row in rows))
