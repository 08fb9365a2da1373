"""Who may change what: every change of the site by every role, and rows that are somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard import access
from dashboard.access import Viewer
from dashboard.contacts import recording_door
from dashboard.contacts.recording_rules import RecordingError
from dashboard.door import sessions
from dashboard.door.visitor import viewer_of
from dashboard.goals import goal_saves
from dashboard.goals.goal_path import Goal
from dashboard.quality import review_book
from dashboard.quality.review_book import Answers, Note
from dashboard.reports import report_requests
from dashboard.reports.report_figures import Asked, ReportError
from dashboard.ui import desk, moments
from dashboard.voice import voice_desk
from sql import changes, rights, warehouse
from sql.warehouse import WarehouseError
from tests import canaries
from tests.canaries import ACCOUNTS, OTHER_TEAM, OWN, SAME_TEAM, canary
from tests.db.test_records import NOW

PERSONS = ("agent", "supervisor", "manager", "executive", "administrator")
# change                   agent  supervisor manager executive administrator  wall
WHO_MAY = """
alerts.acknowledge          -      x          x       -         x              -
alerts.rules                -      -          x       -         x              -
goals                       -      x          x       -         x              -
quality.reviews             -      x          x       -         x              -
quality.coaching            -      x          x       -         x              -
quality.samples             -      -          x       -         x              -
quality.forms               -      -          x       -         x              -
voice.follow_ups            -      x          x       -         x              -
recordings.open             x      x          x       -         x              -
reports.make                -      x          x       x         x              -
reports.schedules           -      -          x       -         x              -
saved_views                 x      x          x       x         x              -
organisation                -      -          -       -         x              -
replays                     -      -          -       -         x              -
uploads                     -      -          -       -         x              -
access                      -      -          -       -         x              -
consents                    x      x          x       x         x              -
own_data                    x      x          x       x         x              -
walls.boards                -      -          x       -         x              -
walls.message               -      x          x       -         x              -
game.rules                  -      -          x       -         x              -
game.boards                 -      -          x       -         x              -
game.decisions              -      x          x       -         x              -
game.contests               -      x          x       -         x              -
game.own                    x      x          x       x         x              -
"""
LINES = [line.split() for line in WHO_MAY.strip().splitlines()]
TABLE = {
    (name, role): mark == "x"
    for name, *marks in LINES
    for role, mark in zip((*PERSONS, "wall"), marks, strict=True)
}
GIVEN = Answers({1: 2}, {}, "amended")


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    canaries.fill(shared_engine)
    return shared_engine


@pytest.fixture(scope="module")
def pool(floor: sa.Engine) -> Iterator[sa.Engine]:
    """The warehouse as the pages open it: nothing is changed unless a person asks for it."""
    url = floor.url.render_as_string(hide_password=False)
    made = warehouse.open_engine(url, room=warehouse.PAGES)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def ids(floor: sa.Engine) -> dict[str, int]:
    with warehouse.connected(floor) as connection:
        return dict(connection.execute(sa.text("select agent_name, agent_id from warehouse.agents")).all())


@pytest.fixture(autouse=True)
def here(floor: sa.Engine, pool: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", floor.url.render_as_string(hide_password=False))
    monkeypatch.setattr(moments, "engine", lambda _url: pool)


def viewer(floor: sa.Engine, login_name: str) -> Viewer:
    token = canaries.token_of(login_name)
    with warehouse.connected(floor) as connection:
        holder = sessions.holder(connection, token, now=NOW)
    assert holder is not None
    return viewer_of(holder, token)


def looked_at(floor: sa.Engine, text: str, **params: Any) -> Any:
    with warehouse.connected(floor) as connection:
        return connection.execute(sa.text(text), params).scalar_one()


def test_the_table_names_every_change() -> None:
    assert {name for name, *_ in LINES} == set(rights.changes())


@pytest.mark.parametrize("change_name", [name for name, *_ in LINES])
def test_each_change_is_made_by_the_roles_of_the_table_and_by_no_other(
    floor: sa.Engine, change_name: str
) -> None:
    roles = {one.role_name: name for name, one in ACCOUNTS.items() if one.state == "signed in"}
    for role, login_name in roles.items():
        done: list[str] = []
        asker = viewer(floor, login_name)

        def work(_connection: sa.Connection, into: list[str] = done) -> None:
            into.append("done")

        assert asker.may_change(change_name) is TABLE[change_name, role]
        if TABLE[change_name, role]:
            desk.change(asker, change_name, work)
            assert done == ["done"]
        else:
            with pytest.raises(WarehouseError, match=r"Only an? .* may change this"):
                desk.change(asker, change_name, work)
            assert done == []


def test_a_refusal_says_who_may(floor: sa.Engine) -> None:
    told = {
        "alerts.acknowledge": "Only a supervisor, a manager or an administrator may change this. Ask one to do it.",
        "alerts.rules": "Only a manager or an administrator may change this. Ask one to do it.",
        "organisation": "Only an administrator may change this. Ask one to do it.",
    }
    for change_name, sentence in told.items():
        with pytest.raises(WarehouseError) as refused:
            desk.change(viewer(floor, "aino"), change_name, lambda _connection: None)
        assert str(refused.value) == sentence


def test_a_change_that_nobody_named_is_refused(floor: sa.Engine) -> None:
    with pytest.raises(WarehouseError, match="There is no change named 'everything'"):
        desk.change(viewer(floor, "ada"), "everything", lambda _connection: None)


@pytest.mark.parametrize("login_name", ["gone", "late", "left"])
def test_who_was_signed_out_changes_nothing_even_in_an_open_tab(floor: sa.Engine, login_name: str) -> None:
    account = ACCOUNTS[login_name]
    kept = Viewer(login_name, "manager: everyone", account.role_name, token=canaries.token_of(login_name))
    done: list[int] = []
    with pytest.raises(rights.SessionError):
        desk.change(kept, "alerts.rules", lambda _connection: done.append(1))
    assert done == []


# ---- rows of others ----

FOREIGN = "not yours to change"


def review_of(floor: sa.Engine, number: int) -> tuple[int, int]:
    text = "select (review_id, save_number)::text from warehouse.standing_own_reviews where contact_id = :contact_id"
    found = looked_at(floor, text, contact_id=f"c-{canary(number)}-0")
    review_id, save_number = found.strip("()").split(",")
    return int(review_id), int(save_number)


def note_of(floor: sa.Engine, number: int, ids: dict[str, int]) -> int:
    text = "select max(note_id) from warehouse.coaching_notes where agent_id = :agent_id"
    return int(looked_at(floor, text, agent_id=ids[canary(number)]))


def states(floor: sa.Engine) -> tuple[Any, ...]:
    """How many states there are of all that people write."""
    text = (
        "select ((select count(*) from warehouse.reviews), (select count(*) from warehouse.coaching_notes), "
        "(select count(*) from warehouse.follow_ups), (select count(*) from warehouse.goals), "
        "(select count(*) from ops.reports))::text"
    )
    return (looked_at(floor, text),)


def goal(kind: str, key: str) -> Goal:
    return Goal(
        goal_name="Shorter", metric_name="average_handle_time_seconds", scope_kind_name=kind, scope_key=key,
        owner_name="Sam", baseline_value=300, baseline_count=100, baseline_first_date=date(2026, 2, 1),
        baseline_last_date=date(2026, 2, 28), target_value=240, started_date=date(2026, 3, 9),
        deadline_date=date(2026, 6, 9), window_days=7, minimum_count=20,
    )  # fmt: skip


def amended_review(floor: sa.Engine, asker: Viewer, number: int, _ids: dict[str, int]) -> None:
    review_id, save_number = review_of(floor, number)
    desk.change(
        asker, "quality.reviews", review_book.amend_review, review_id=review_id, save_number=save_number, given=GIVEN,
        viewer_name=asker.viewer_name, now=NOW,
    )  # fmt: skip


def new_review(floor: sa.Engine, asker: Viewer, number: int, _ids: dict[str, int]) -> None:
    form_id = looked_at(floor, "select min(form_id) from warehouse.review_forms")
    desk.change(
        asker, "quality.reviews", review_book.save_review, form_id=form_id, source_name="records",
        contact_id=f"c-{canary(number)}-1", reviewer_name=f"R-{asker.viewer_name}", given=GIVEN,
        viewer_name=asker.viewer_name, now=NOW,
    )  # fmt: skip


def new_note(_floor: sa.Engine, asker: Viewer, number: int, ids: dict[str, int]) -> None:
    note = Note(ids[canary(number)], "seen", "agreed")
    desk.change(
        asker, "quality.coaching", review_book.save_note, note=note, viewer_name=asker.viewer_name, now=NOW
    )


def ended_note(floor: sa.Engine, asker: Viewer, number: int, ids: dict[str, int]) -> None:
    note_id = note_of(floor, number, ids)
    text = "select max(save_number) from warehouse.coaching_notes where note_id = :note_id"
    desk.change(
        asker, "quality.coaching", review_book.amend_note, note_id=note_id,
        save_number=looked_at(floor, text, note_id=note_id), done_date=date(2026, 3, 9), viewer_name=asker.viewer_name,
        now=NOW,
    )  # fmt: skip


def marked(_floor: sa.Engine, asker: Viewer, number: int, _ids: dict[str, int]) -> None:
    desk.change(
        asker, "voice.follow_ups", voice_desk.mark, kind_name="call", source_name="records",
        contact_id=f"c-{canary(number)}-0", is_done=True, comment_text="called back", viewer_name=asker.viewer_name, now=NOW,
    )  # fmt: skip


def new_goal(_floor: sa.Engine, asker: Viewer, number: int, _ids: dict[str, int]) -> None:
    desk.change(
        asker, "goals", goal_saves.make_goal, goal=goal("team", str(canaries.team_of(number))),
        viewer_name=asker.viewer_name, at=NOW,
    )  # fmt: skip


WORKS: dict[str, Callable[[sa.Engine, Viewer, int, dict[str, int]], None]] = {
    "amend a review": amended_review,
    "write a review": new_review,
    "write a note": new_note,
    "end a note": ended_note,
    "mark a contact": marked,
    "set a goal of the team": new_goal,
}


@pytest.mark.parametrize("what", WORKS)
def test_a_supervisor_changes_what_is_of_their_teams_and_nothing_else(
    floor: sa.Engine, ids: dict[str, int], what: str
) -> None:
    asker, before = viewer(floor, "sam"), states(floor)
    with pytest.raises(WarehouseError, match=FOREIGN):
        WORKS[what](floor, asker, OTHER_TEAM, ids)
    assert states(floor) == before  # what was done before the refusal is undone with it
    WORKS[what](floor, asker, SAME_TEAM, ids)
    assert states(floor) != before


@pytest.mark.parametrize("what", WORKS)
def test_a_manager_changes_what_is_of_any_team(floor: sa.Engine, ids: dict[str, int], what: str) -> None:
    before = states(floor)
    WORKS[what](floor, viewer(floor, "mara"), OTHER_TEAM + 1, ids)
    assert states(floor) != before


def test_a_supervisor_neither_sets_nor_closes_a_goal_of_the_whole_floor(floor: sa.Engine) -> None:
    sam, mara, whole = viewer(floor, "sam"), viewer(floor, "mara"), goal("everything", "")
    given: dict[str, Any] = {"goal": whole, "at": NOW}
    with pytest.raises(WarehouseError, match=FOREIGN):
        desk.change(sam, "goals", goal_saves.make_goal, viewer_name="sam", **given)
    number = desk.change(mara, "goals", goal_saves.make_goal, viewer_name="mara", **given)
    closing: dict[str, Any] = {"goal_id": number, "version_number": 1, "reason_text": "", **given}
    with pytest.raises(WarehouseError, match=FOREIGN):
        desk.change(sam, "goals", goal_saves.close_goal, viewer_name="sam", **closing)
    desk.change(mara, "goals", goal_saves.close_goal, viewer_name="mara", **closing)
    assert looked_at(floor, "select closed_at is not null from warehouse.goals where goal_id = :n", n=number)


def test_a_supervisor_cannot_move_a_goal_of_their_team_to_another(floor: sa.Engine) -> None:
    sam = viewer(floor, "sam")
    own = goal("team", "1")
    number = desk.change(sam, "goals", goal_saves.make_goal, goal=own, viewer_name="sam", at=NOW)
    with pytest.raises(WarehouseError, match=FOREIGN):
        desk.change(
            sam, "goals", _moved, goal_id=number, to="2",
        )  # fmt: skip
    assert looked_at(floor, "select scope_key from warehouse.goals where goal_id = :n", n=number) == "1"


def _moved(connection: sa.Connection, *, goal_id: int, to: str) -> None:
    connection.execute(
        sa.text("update warehouse.goals set scope_key = :to where goal_id = :n"), {"to": to, "n": goal_id}
    )


@pytest.mark.parametrize(
    ("login_name", "number", "is_led"),
    [("aino", OWN, True), ("aino", SAME_TEAM, False), ("sam", SAME_TEAM + 1, True), ("sam", OTHER_TEAM, False),
     ("mara", OTHER_TEAM, True)],
)  # fmt: skip
def test_a_recording_opens_for_whoever_finds_its_row(
    floor: sa.Engine, login_name: str, number: int, is_led: bool
) -> None:
    asker, before = viewer(floor, login_name), states(floor)
    review_id, _ = review_of(floor, number)
    ways: list[tuple[Callable[..., str], dict[str, Any]]] = [
        (recording_door.open_recording, {"source_name": "records", "recording_id": f"r-{canary(number)}"}),
        (recording_door.open_of_review, {"review_id": review_id}),
    ]
    for work, named in ways:
        # Beyond the right to it stands the rule of the hosts, which lists none here: its refusal comes later.
        with pytest.raises(
            RecordingError if is_led else WarehouseError, match="not listed" if is_led else FOREIGN
        ):
            desk.change(asker, "recordings.open", work, at=NOW, **named)
    assert states(floor) == before


@pytest.mark.parametrize(
    ("login_name", "address", "is_made"),
    [
        ("sam", "", True),
        ("sam", "queue=1", True),
        ("sam", "team=1", True),
        ("sam", "queue=1&team=1", True),
        ("sam", "team=2", False),  # seven agents, but the floor less those may be a few
        ("eve", "team=2", False),
        ("sam", "team=8", False),  # two agents of somebody else's
        ("tess", "team=8", True),  # their own two
        ("sam", "team=x", False),
        ("sam", "team=1&team=8", False),
        ("sam", "te%61m=8", False),
        ("sam", "site=Harbour", False),  # there may be one agent at a site
        ("eve", "", True),
        ("eve", "team=8", False),
        ("mara", "team=8", True),
        ("mara", "site=Harbour", True),
    ],
)
def test_a_report_is_made_of_what_its_asker_may_see(
    floor: sa.Engine, login_name: str, address: str, is_made: bool
) -> None:
    asked = Asked("daily", date(2026, 3, 8), date(2026, 3, 8), address, "Daily")
    asker, before = viewer(floor, login_name), states(floor)

    def ask() -> int:
        return desk.change(
            asker, "reports.make", report_requests.ask_report, asked=asked, viewer_name=login_name, at=NOW
        )

    if is_made:
        assert ask() > 0
    else:
        with pytest.raises((WarehouseError, ReportError)):
            ask()
        assert states(floor) == before


@pytest.mark.parametrize(
    ("login_name", "found"),
    [
        ("sam", {"Report team=1 of sam"}),
        ("mara", {"Report  of mara", "Report team=1 of sam", "Report team=8 of mara"}),
        ("eve", set()),
        ("aino", set()),
    ],
)
def test_a_report_of_a_small_team_is_read_by_whoever_asked_for_it_and_who_sees_everybody(
    floor: sa.Engine, login_name: str, found: set[str]
) -> None:
    with access.transaction(floor, viewer(floor, login_name)) as connection:
        text = "select report_name from ops.reports where report_name like 'Report %'"
        assert set(connection.execute(sa.text(text)).scalars()) == found


def test_a_tab_of_the_time_before_anybody_signed_in_changes_nothing_any_more(
    floor: sa.Engine, ids: dict[str, int]
) -> None:
    before = states(floor)
    with pytest.raises(WarehouseError, match="signed out"):
        new_note(floor, access.LOCAL_VIEWER, SAME_TEAM, ids)
    assert states(floor) == before


# ---- the guards themselves ----


def test_without_the_look_back_a_foreign_row_would_be_changed(
    floor: sa.Engine, ids: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the owner's connection refuses nothing; it is the look as the reader that does."""
    before = states(floor)
    monkeypatch.setattr(changes, "is_found", lambda *_: True)
    new_note(floor, viewer(floor, "sam"), OTHER_TEAM, ids)
    assert states(floor) != before


def test_every_change_with_a_row_has_its_question_and_every_question_its_change() -> None:
    keyed = {name for name, one in rights.changes().items() if one.get("keys")}
    files = {path.stem for path in (canaries.ROOT / "sql" / "changes").glob("*.sql")}
    assert files == {name.replace(".", "_") for name in keyed}


def test_after_a_change_the_connection_is_nobody_s(floor: sa.Engine, ids: dict[str, int]) -> None:
    new_note(floor, viewer(floor, "sam"), SAME_TEAM, ids)
    with floor.connect() as connection:
        left = "select coalesce(current_setting('floorboard.viewer', true), '') || '/' || (current_user = session_user)"
        assert connection.exec_driver_sql(left).scalar_one() == "/true"


def test_a_scope_is_one_set_of_rows(floor: sa.Engine) -> None:
    """Who finds rows of their own making shares no answer with anybody; who sees everybody may."""
    scopes = {
        name: viewer(floor, name).scope_name for name, one in ACCOUNTS.items() if one.state == "signed in"
    }
    assert len(set(scopes.values())) == len(scopes)
    with floor.connect() as connection:
        twin = "insert into access.accounts (login_name, role_name) values ('sam2', 'supervisor') returning account_id"
        account_id = connection.exec_driver_sql(twin).scalar_one()
        connection.rollback()
    same_teams = sessions.Holder(account_id, "sam2", "supervisor", None, (1,))
    assert viewer_of(same_teams, "x").scope_name != scopes["sam"]
    moved = sessions.Holder(1, "aino", "agent", 2, ())
    assert viewer_of(moved, "x").scope_name != scopes["aino"]
