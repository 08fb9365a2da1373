"""The desk of the page Challenges: join and leave; draft, announce, finalise, cancel; disqualify with a note.

In: what the address names (`contest`, `new`), the person at the page. Out: contests kept through `desk.change`.
The rule it guards: joining is each one's own choice; what decides on people is a person's press of a button, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.game import contest_saves, contest_view
from dashboard.game.contest_saves import Draft
from dashboard.game.social_desk import did, refused
from dashboard.game.social_states import SocialError, steps_from
from dashboard.ui import choices, clock, desk, moments, visit, whose
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

KEY, NEW = "contest", "new"
OWN, CONTESTS, DECISIONS = "game.own", "game.contests", "game.decisions"
KINDS = ("individual", "team", "own_best", "same_day")


def opened() -> int | None:
    """The contest that the address names, if it names one."""
    return choices.number_in_address(KEY)


def is_making() -> bool:
    """Whether the address asks for the form of a new one."""
    return choices.number_in_address(NEW) is not None


def show() -> None:
    """The desk below the page's content."""
    viewer = visit.viewer()
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(viewer)
        number = opened()
        if number is not None:
            _one(at, number)
        elif viewer.may_change(CONTESTS):
            if is_making():
                _form(at)
            elif st.button(t("Draft a contest"), type="primary", icon=":material/add:", key="new-contest"):
                choices.lead_to(NEW, 1)


def _one(at: Moment, number: int) -> None:
    if st.button(t("All contests"), icon=":material/arrow_back:", key="all-contests"):
        choices.lead_to(KEY, None)
    found = at.fresh("game_contests", as_of=at.present_at).filter(pl.col("contest_id") == number)
    if found.is_empty():
        return
    row = found.row(0, named=True)
    _part(at, row)
    if at.viewer.may_change(CONTESTS) and row["is_mine"]:
        _steps(at, row)
    if at.viewer.may_change(DECISIONS) and row["state_name"] in ("running", "pending"):
        _disqualify(at, row)


def _part(at: Moment, row: Mapping[str, Any]) -> None:
    """Joining and leaving, for whoever is an agent."""
    given = {"agent_id": at.viewer.agent_id, "contest_id": row["contest_id"]}
    if row["is_joined"] and row["state_name"] in ("announced", "running"):
        if st.button(t("Take no part any more"), icon=":material/logout:", key="leave") and did(
            at, OWN, contest_saves.leave, **given
        ):
            st.rerun()
    elif row["is_joinable"]:
        about = (
            t("The others see where you stand under another name.")
            if row["is_anonymous"]
            else t(
                "The others see where you stand: by your name if you allow it on leaderboards, else by another name."
            )
        )
        board.show(board.notice("none", t("Join only if you like"), about), key="join-about")
        if st.button(t("Join"), type="primary", icon=":material/flag:", key="join") and did(
            at, OWN, contest_saves.join, **given
        ):
            st.rerun()


def _steps(at: Moment, row: Mapping[str, Any]) -> None:
    """What can be done with the contest now."""
    able = steps_from("contests", row["state_name"], by_name=at.viewer.role_name)
    given = {"contest_id": row["contest_id"]}
    if (
        "announce" in able
        and st.button(
            t("Announce"),
            type="primary",
            icon=":material/campaign:",
            key="announce",
            help=t("From then on its terms stand."),
        )
        and did(at, CONTESTS, contest_saves.announce, **given)
    ):
        st.rerun()
    if "finalise" in able:
        is_early = at.present_at < row["settles_at"]
        if st.button(
            t("Finalise the places and pay the prizes"),
            type="primary",
            icon=":material/task_alt:",
            key="finalise",
            disabled=is_early,
            help=t("Late facts may still come in.") if is_early else None,
        ) and did(at, CONTESTS, contest_saves.finalise, **given):
            st.rerun()
    if "cancel" in able:
        with st.expander(t("Cancel this contest"), icon=":material/block:"):
            note = st.text_input(t("Why"), max_chars=300, key="cancel-why")
            if st.button(t("Cancel it for good"), key="cancel") and did(
                at, CONTESTS, contest_saves.cancel, note_text=note, **given
            ):
                st.rerun()


def _disqualify(at: Moment, row: Mapping[str, Any]) -> None:
    """Takes an agent out of the places, or in again."""
    found = at.fresh("game_contest_board", contest_id=row["contest_id"])
    people = {
        one["agent_id"]: one
        for one in found.to_dicts()
        if one["is_seen"] and one["agent_id"] is not None and not one["is_me"]
    }
    if not people:
        return
    with st.expander(t("Take somebody out of the places"), icon=":material/person_off:"):
        chosen = st.selectbox(
            t("Whom"),
            list(people),
            index=None,
            format_func=lambda one: words.name(people[one]["agent_name"]),
            key="out-whom",
        )
        if chosen is None:
            return
        given = {"agent_id": chosen, "contest_id": row["contest_id"]}
        if people[chosen]["is_disqualified"]:
            if st.button(t("Take in again"), icon=":material/undo:", key="in-again") and did(
                at, DECISIONS, contest_saves.disqualify, note_text="", **given
            ):
                st.rerun()
            return
        note = st.text_input(t("Why (they read it)"), max_chars=300, key="out-why")
        if st.button(t("Take out"), key="out"):
            if len(note.strip()) < 3:
                refused(t("Say why, in a few words: the person it is about reads it."))
            elif did(at, DECISIONS, contest_saves.disqualify, note_text=note, **given):
                st.rerun()


def _form(at: Moment) -> None:
    if st.button(t("All contests"), icon=":material/arrow_back:", key="all-contests"):
        choices.lead_to(NEW, None)
    board.show(
        {
            "kind": "section",
            "title": t("Draft a contest"),
            "lead": t("Nobody sees a draft. What is announced stands: days, what counts, and prizes."),
        },
        key="form-title",
    )
    left, middle, right = st.columns(3)
    kind = left.selectbox(t("What sort"), KINDS, format_func=contest_view.kind_word, key="kind")
    counted = _counted(at)
    what = middle.selectbox(
        t("What counts"), list(counted), format_func=lambda one: counted[one][0], key="counted"
    )
    team_id = _team(at, kind, right)
    with st.form("contest", border=True):
        draft, tiers = _fields(at, kind, counted[what][1], team_id)
        if not st.form_submit_button(t("Save the draft"), type="primary", icon=":material/save:"):
            return
    number = _drafted(at, draft, tiers)
    if number is not None:
        st.query_params.pop(NEW, None)
        choices.lead_to(KEY, number)


def _counted(at: Moment) -> dict[str, tuple[str, dict[str, Any]]]:
    """What can be counted: the label and the columns of a contest, by a name of its own."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for one in contest_view.measures():
        found[one.name] = (one.label, {"above_name": one.above_name, "below_name": one.below_name})
    for row in at.calm("game_points_rules").to_dicts():
        title = contest_view.rule_title(row["spec_text"], row["rule_name"])
        found[f"rule {row['rule_name']}"] = (t("Points: {rule}", rule=title), {"rule_name": row["rule_name"]})
    return found


def _team(at: Moment, kind: str, place: Any) -> int | None:
    """Whose members alone may join; a supervisor's contest is for a team of theirs."""
    if kind == "team":
        place.selectbox(t("Who may join"), [t("Everybody")], key="whom-all", disabled=True)
        return None
    teams = {
        row["team_id"]: row["team_name"]
        for row in at.calm("game_store_budgets", as_of=at.present_at).to_dicts()
    }
    if whose.sees_everybody(at.viewer):
        options: list[int | None] = [None, *teams]
    else:
        options = [one for one in teams if one in at.viewer.team_ids]
    chosen = place.selectbox(
        t("Who may join"),
        options,
        format_func=lambda one: t("Everybody") if one is None else teams[one],
        key="whom",
    )
    return chosen if chosen is None else int(chosen)


def _fields(
    at: Moment, kind: str, counted: dict[str, Any], team_id: int | None
) -> tuple[Draft, list[tuple[str, int, int, str]]]:
    name = st.text_input(t("Name"), max_chars=80)
    about = st.text_area(t("What it is about"), max_chars=600, height=80)
    first_column, last_column, account_column = st.columns(3)
    first = first_column.date_input(t("First day"), at.today + timedelta(days=1), format="DD/MM/YYYY")
    last = last_column.date_input(
        t("Last day"), at.today + timedelta(days=14), format="DD/MM/YYYY", disabled=kind == "same_day"
    )
    account = account_column.selectbox(
        t("Prizes are"),
        ("coins", "points"),
        format_func={"coins": t("coins"), "points": t("points")}.__getitem__,
    )
    tiers = []
    start = 0
    for column, tier, places, prize in zip(
        st.columns(3), ("gold", "silver", "bronze"), (1, 3, 6), (100, 50, 20), strict=True
    ):
        with column:
            upto = st.number_input(
                t("{tier} down to place (0: none)", tier=contest_view.tier_word(tier)), 0, 1000, places
            )
            many = st.number_input(t("each gets"), 0, 100_000, prize, key=f"prize-{tier}")
            text = st.text_input(
                t("and"), max_chars=200, key=f"words-{tier}", placeholder=t("such as: a free Friday")
            )
        if upto > start:
            tiers.append((tier, int(upto), int(many), text.strip()))
            start = int(upto)
    columns = st.columns(4)
    least = columns[0].number_input(t("Fewest n to qualify"), 0, 10_000, 20)
    hours = columns[1].number_input(t("Fewest hours of work"), 0, 1000, 0)
    members = columns[2].number_input(t("Fewest members of a team"), 1, 100, 3, disabled=kind != "team")
    qualified = columns[3].number_input(t("Fewest who qualify for prizes"), 1, 100, 2)
    is_anonymous = st.checkbox(t("Without names: everybody under another name"))
    shares = st.checkbox(t("Ties go to whoever did more; else they share the place"))
    made = Draft(
        contest_name=name.strip(), about_text=about.strip(), kind_name=kind, first_date=_day(first, at.today),
        last_date=_day(first if kind == "same_day" else last, at.today), team_id=team_id, minimum_count=int(least),
        minimum_hours=int(hours), minimum_agents=int(members), minimum_qualified_agents=int(qualified),
        tie_name="more_work" if shares else "share", is_anonymous=is_anonymous, account_name=account, **counted,
    )  # fmt: skip
    return made, tiers


def _day(value: object, fallback: date) -> date:
    return value if isinstance(value, date) else fallback


def _drafted(at: Moment, draft: Draft, tiers: list[tuple[str, int, int, str]]) -> int | None:
    who = at.viewer
    try:
        return desk.change(
            who, CONTESTS, contest_saves.draft, draft=draft, tiers=tiers, viewer=who, at=clock.now()
        )
    except (SocialError, WarehouseError) as error:
        refused(str(error))
        return None
