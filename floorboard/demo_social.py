"""What the people of the demo have done for each other: thanks, contests, rewards, an employee of the month.

In: the demo's warehouse with its points. Out: the same as the pages would keep, by the same functions.
The rule it guards: each is added only where nobody has made one yet; who joins, orders or thanks does so in their own name.
"""

from __future__ import annotations

import time as clock_of_machine
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from dashboard import queries
from dashboard.access import EVERYONE, Viewer
from dashboard.game import contest_saves, kudos_saves, month_pick, month_saves, month_view, store_saves
from dashboard.game.contest_saves import Draft
from dashboard.game.kudos_saves import Thanks
from dashboard.game.social_states import SocialError
from dashboard.game.store_saves import Item
from etl.game import social
from sql import warehouse

BOSS = Viewer("Piret Mets", EVERYONE, role_name="manager")
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 3.0
SHELF = (
    Item("First choice of breaks for a week", 40, "You choose your breaks before the plan is made."),
    Item("A plant for your desk", 30, "Green, and glad of little water.", stock_count=20),
    Item(
        "An hour to learn something",
        60,
        "Off the phone, for a course of your own choice.",
        person_limit_count=4,
    ),
    Item("Lunch with a colleague of another team", 90, "Both of you are invited.", stock_count=24),
    Item("Company hoodie", 150, "Warm, and in your size.", stock_count=12, person_limit_count=1),
    Item(
        "Two tickets for a concert", 400, "A night out for two.", 2, 1, "manager", None, "A benefit in kind"
    ),
)
SAID = (
    ("help", "You took the angry caller when my headset gave up, and rang me to say it went well."),
    ("teaching", "Ten minutes with you, and I understand the new tariff better than after the training."),
    ("customer", "I heard how you stayed with that lady until her phone worked. She wrote to us!"),
    ("idea", "Putting the opening hours into the first reply: half of the repeat mails are gone."),
    ("calm", "The system was down, forty were waiting, and you made jokes. Thank you."),
    ("welcome", "My first week, and you showed me where everything is, coffee first."),
    ("help", "You stayed on for the handover although your shift was over."),
    ("customer", "Your note in the ticket was so clear that I solved it in one go."),
    ("teaching", "Thanks for listening in and telling me the one thing to leave out."),
    ("calm", "You slowed all of us down a little on Monday, and it was the fastest day of the month."),
)
BUDGET_COINS = 900


def furnish(engine: Engine, now: Callable[[], datetime]) -> None:
    """Adds what is missing, as soon as there are points; running it twice changes nothing."""
    _wait_for_points(engine)
    for work in (stock, thank, compete, order, honour):
        with warehouse.connected(engine, deadline_seconds=120.0) as connection:
            work(connection, now())


def _wait_for_points(engine: Engine) -> None:
    begun = clock_of_machine.monotonic()
    while clock_of_machine.monotonic() - begun < PATIENCE_SECONDS:
        with warehouse.connected(engine) as connection:
            if warehouse.one_row(connection, "game/social/site_date", at=None)[1] is not None:
                return
        clock_of_machine.sleep(PAUSE_SECONDS)


def _agents(connection: Connection, at: datetime) -> list[tuple[int, str]]:
    found = queries.QUESTIONS["agents"](connection, as_of=at).sort("agent_id")
    return [(int(number), str(name)) for number, name in found.select("agent_id", "agent_name").rows()]


def _person(agent: tuple[int, str]) -> Viewer:
    return Viewer(agent[1], EVERYONE, role_name="agent", agent_id=agent[0])


def stock(connection: Connection, at: datetime) -> None:
    """Fills the shelf, and gives each team a budget."""
    if queries.QUESTIONS["game_store_items"](connection, as_of=at).height:
        return
    for item in SHELF:
        store_saves.add_item(connection, item=item)
    for row in queries.QUESTIONS["game_store_budgets"](connection, as_of=at).to_dicts():
        store_saves.keep_budget(connection, team_id=row["team_id"], month_coins=BUDGET_COINS)


def thank(connection: Connection, at: datetime) -> None:
    """Lets colleagues thank each other over the last two weeks."""
    start = at - timedelta(days=60)
    if queries.QUESTIONS["game_kudos"](connection, window_start=start, window_end=at).height:
        return
    agents = _agents(connection, at)
    if len(agents) < 3:
        return
    for place, (category, words) in enumerate(SAID):
        giver, taker = agents[place * 5 % len(agents)], agents[(place * 3 + 1) % len(agents)]
        if giver == taker:
            continue
        given_at = (at - timedelta(days=place + 1)).replace(hour=8 + place * 3 % 9, minute=place * 17 % 60)
        kudos_saves.give(
            connection,
            thanks=Thanks(taker[0], category, words),
            viewer=_person(giver),
            at=given_at,
            agent_id=giver[0],
        )


def compete(connection: Connection, at: datetime) -> None:
    """One contest that is decided, one that runs between the teams, one of today, one to come."""
    if queries.QUESTIONS["game_contests"](connection, as_of=at).height:
        return
    today = _today(connection, at)
    prizes = [("gold", 1, 120, "A free Friday afternoon"), ("silver", 3, 60, ""), ("bronze", 6, 25, "")]
    drafts = (
        (_draft("First call, last call", "individual", today, (-17, -4), at_first=True), 3),
        (_draft("The team that listens", "team", today, (-6, 7), above="csat_satisfied_responses",
                below="csat_responses", least=3), 1),
        (_draft("One day, one touch", "same_day", today, (0, 0), above="one_touch_tickets", below="solved_tickets",
                least=1, is_anonymous=True), 2),
        (_draft("Better than before", "own_best", today, (3, 16), at_first=True), 4),
    )  # fmt: skip
    agents = _agents(connection, at)
    for draft, left_out in drafts:
        begun = at - timedelta(days=(today - draft.first_date).days + 1)
        contest_id = contest_saves.draft(connection, draft=draft, tiers=prizes, viewer=BOSS, at=begun)
        contest_saves.announce(connection, contest_id=contest_id, viewer=BOSS, at=min(begun, at))
        for agent in agents:
            if agent[0] % 5 != left_out:
                _join(connection, contest_id, agent, begun)
    social.move_contests(connection, at=at)
    for row in queries.QUESTIONS["game_contests"](connection, as_of=at).to_dicts():
        if row["state_name"] == "pending" and row["settles_at"] <= at:
            contest_saves.finalise(connection, contest_id=row["contest_id"], viewer=BOSS, at=at)


def _join(connection: Connection, contest_id: int, agent: tuple[int, str], at: datetime) -> None:
    try:
        contest_saves.join(connection, agent_id=agent[0], contest_id=contest_id, viewer=_person(agent), at=at)
    except SocialError:  # somebody without a team takes no part between teams
        return


def _draft(
    name: str,
    kind: str,
    today: date,
    days: tuple[int, int],
    *,
    at_first: bool = False,
    above: str = "resolved_first_contacts",
    below: str = "followed_contacts",
    least: int = 10,
    is_anonymous: bool = False,
) -> Draft:
    about = {
        "individual": "Solve it the first time, so that nobody has to call again. A share counts, so every shift is equal.",
        "team": "The share of satisfied customers, for the team as a whole.",
        "same_day": "Today only: how many tickets need a single reply.",
        "own_best": "Nobody but you to beat: your own eight weeks before.",
    }[kind]
    return Draft(
        contest_name=name,
        kind_name=kind,
        about_text=about,
        first_date=today + timedelta(days=days[0]),
        last_date=today + timedelta(days=days[1]),
        above_name="resolved_first_contacts" if at_first else above,
        below_name="followed_contacts" if at_first else below,
        minimum_count=least,
        is_anonymous=is_anonymous,
    )


def _today(connection: Connection, at: datetime) -> date:
    found: date = warehouse.one_row(connection, "game/social/site_date", at=at)[0]
    return found


def order(connection: Connection, at: datetime) -> None:
    """Lets those who can afford it order something; some is agreed to, some waits, one is refused."""
    if queries.QUESTIONS["game_store_orders"](connection).height:
        return
    social.keep_coins(connection, at=at)
    items = queries.QUESTIONS["game_store_items"](connection, as_of=at).to_dicts()
    made: list[tuple[int, int]] = []
    for place, agent in enumerate(_agents(connection, at)):
        if place % 3:
            continue
        item = items[(place // 3) % len(items)]
        try:
            number = store_saves.order(
                connection,
                agent_id=agent[0],
                item_id=item["item_id"],
                viewer=_person(agent),
                at=at - timedelta(hours=place + 3),
            )
        except SocialError:  # not enough coins yet
            continue
        made.append((number, agent[0]))
    for place, (number, agent_id) in enumerate(made[:5]):
        given: dict[str, Any] = {"order_id": number, "agent_id": agent_id, "viewer": BOSS, "at": at}
        if place == 2:
            note = "The course is full this month; the coins are yours again."
            store_saves.reject(connection, note_text=note, **given)
            continue
        store_saves.approve(connection, **given)
        if place == 0:
            store_saves.fulfil(connection, **given)


def honour(connection: Connection, at: datetime) -> None:
    """Lets a person choose the employee of the month before the last, who lets the name stand there."""
    if queries.QUESTIONS["game_months"](connection).height:
        return
    month = month_pick.month_before(_today(connection, at))
    limits = queries.QUESTIONS["game_social_settings"](connection, as_of=at).row(0, named=True)
    days = queries.QUESTIONS["game_month_days"](connection, month_date=month).to_dicts()
    rows = queries.QUESTIONS["game_month_evidence"](connection, month_date=month).to_dicts()
    found = month_pick.picked_of(days, rows, limits, month)
    if not found.proposals:
        return
    known = {row["agent_id"]: row for row in rows}
    told = [(one, month_view.evidence_of(one, known[one.agent_id])) for one in found.proposals]
    month_saves.propose(connection, month_date=month, proposals=told, viewer=BOSS, at=at)
    chosen = found.proposals[0].agent_id
    month_saves.decide(
        connection,
        month_date=month,
        of_agent_id=chosen,
        reason_text="Nobody had to call twice, and two new colleagues found their feet beside you.",
        viewer=BOSS,
        at=at,
    )
    agent = (chosen, str(known[chosen]["agent_name"]))
    month_saves.answer(
        connection, agent_id=chosen, month_date=month, is_allowed=True, viewer=_person(agent), at=at
    )
