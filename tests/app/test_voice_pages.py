"""The pages Customers' voice and Quality on a real Postgres: with data, empty, without a warehouse, and what people save."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard.quality import quality_view
from dashboard.ui import moments
from dashboard.voice import voice_view
from sql import warehouse
from tests.db.test_quality import draw, drawn_floor, reviewed
from tests.db.test_records import ask, at, tell

Run = Callable[..., AppTest]
PARTS = {"customers_voice": tuple(voice_view.parts()), "quality": tuple(quality_view.parts())}
EVERY_PART = [(page, view) for page, views in PARTS.items() for view in views]


def use(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", at(7 * 24 * 60).isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: engine)


def blocks(page: AppTest) -> list[dict[str, Any]]:
    assert not page.exception, page.exception
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def titles(page: AppTest) -> list[str]:
    return [block.get("title", "") for block in blocks(page)]


def tiles(page: AppTest) -> dict[str, dict[str, Any]]:
    return {
        tile["key"]: tile for block in blocks(page) if block["kind"] == "tiles" for tile in block["tiles"]
    }


def table(page: AppTest, label: str) -> list[list[Any]]:
    found = next(block for block in blocks(page) if block.get("label") == label)
    return [row["cells"] for row in found["rows"]]


def press(page: AppTest, word: str) -> AppTest:
    return next(button for button in page.button if button.label.startswith(word)).click().run()


@pytest.fixture
def floor(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    drawn_floor(engine)
    use(engine, monkeypatch)
    return engine


@pytest.mark.parametrize(("page", "view"), EVERY_PART)
def test_every_part_draws_with_data(floor: sa.Engine, run_page: Run, page: str, view: str) -> None:
    reviewed(floor)
    draw(floor)
    found = blocks(run_page(page, view=view))
    assert [
        block
        for block in found
        if block["kind"] in ("table", "tiles") and (block.get("rows") or block.get("tiles"))
    ]


@pytest.mark.parametrize(("page", "view"), EVERY_PART)
def test_every_part_draws_in_an_empty_warehouse_and_says_what_to_do(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Run, page: str, view: str
) -> None:
    use(engine, monkeypatch)
    assert {"Customers' voice", "Quality"} & set(titles(run_page(page, view=view)))


@pytest.mark.parametrize("page", PARTS)
def test_without_a_warehouse_the_page_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, run_page: Run, page: str
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert "No database is connected." in titles(run_page(page))


def test_every_number_leads_to_a_list_as_long_as_it_is(floor: sa.Engine, run_page: Run) -> None:
    page = run_page("customers_voice")
    found = tiles(page)
    assert (found["csat_ratio"]["value"], found["nps_points"]["value"]) == ("60.0%", "0")
    assert found["csat_ratio"]["more"] == "n = 5 · 95% sure: 23.1% to 88.2%"  # Wilson of 3 of 5
    assert found["csat_ratio"]["status"]["word"] == "few answers"
    cells = [
        cell
        for label in ("By queue", "CSAT, 1 to 5", "NPS, 0 to 10")
        for row in table(page, label)
        for cell in row
    ]
    led = [cell for cell in cells if isinstance(cell, dict) and "of=csat" in cell.get("here", "")]
    assert len(led) >= 4
    for cell in led:
        address = {name: values[0] for name, values in parse_qs(urlsplit(cell["here"]).query).items()}
        counted = re.search(r"\((\d+)|^(\d+)$", cell["text"])
        n = int(counted.group(1) or counted.group(2)) if counted else 5  # a share is one of all answers
        assert f"{n} contacts with a CSAT score" in titles(run_page("customers_voice", **address)), address


def test_a_low_score_is_followed_up_and_the_mark_taken_back(floor: sa.Engine, run_page: Run) -> None:
    page = run_page("customers_voice", view="due")
    before = len(table(page, "Follow-ups due"))
    page.text_area(key="follow-up-note").input("Called back.")
    page = press(page, "Mark as followed up")
    assert len(table(page, "Follow-ups due")) == before - 1
    kept = ask(floor, "select viewer_name, is_done, comment_text from warehouse.follow_ups")
    assert kept == [("local", True, "Called back.")]
    page = press(page, "Take this mark back")
    assert len(table(page, "Follow-ups due")) == before


def test_comments_are_searched_from_the_address(floor: sa.Engine, run_page: Run) -> None:
    found = table(run_page("customers_voice", view="comments", words="refund"), "Comments")
    assert [row[2] for row in found] == ["Still no refund."]


def test_a_review_is_written_amended_and_taken_back_on_the_page(floor: sa.Engine, run_page: Run) -> None:
    page = run_page("quality", view="forms", form="new")
    page = press(page, "Save this form")
    assert "The form is saved." in titles(page)
    page = run_page("quality", view="review", contact="c1", source="records")
    page.text_input[0].input("Liis")
    refused = press(page, "Save the review")
    assert "Not saved" in titles(refused)  # nothing is answered
    assert ask(floor, "select count(*) from warehouse.reviews") == [(0,)]
    for n in range(1, 8):
        kind = "5" if n in (1, 2, 7) else "4"
        next(one for one in page.get("button_group") if one.key.endswith(f"-{n}")).set_value(kind)
    page = press(page, "Save the review")
    assert "The review is saved." in titles(page), titles(page)
    # 5, 10 and 5 with yes; 20, 30, 15 and 15 with 4 of 5: (20 x 5 + 80 x 4) / (100 x 5)
    assert ask(floor, "select earned_points, possible_points, reviewer_name from warehouse.reviews") == [
        (420, 500, "Liis")
    ]
    [(number,)] = ask(floor, "select review_id from warehouse.reviews")
    opened = run_page("quality", view="review", review=str(number))
    assert tiles(opened)["score"]["value"] == "84.0"
    taken = press(opened, "Take the last save back")
    assert "This review was taken back" in titles(taken)


def test_a_recording_opens_from_its_review_through_the_door_or_says_what_to_set(
    floor: sa.Engine, run_page: Run
) -> None:
    def cells(hosts: list[str], **address: str) -> list[Any]:
        with floor.begin() as connection:
            rules: dict[str, Any] = {"noted_at": at(0), "kept_days": 30, "host_names": hosts}
            warehouse.execute(connection, "merge/recording_rules", **rules)
        page = run_page("quality", **address)
        [found] = [block for block in blocks(page) if block.get("title") in ("Recordings", "Recorded calls")]
        return [found["lead"], *(row["cells"] for row in found["rows"])]

    reviewed(floor, number=0)
    made = {"recording_id": "r1", "started_at": at(1), "ended_at": at(3), "call_id": "c1", "agent_name": None}
    url = "https://rec.example.com/r1"
    tell(floor, {"recordings": [{**made, "url_text": url}]}, name="recorder")
    review = {"view": "review", "contact": "c1", "source": "records"}
    lead, row = cells([], **review)
    assert "add rec.example.com to hosts in [recordings]" in lead
    assert row[1:5] == ["2:00", "Voice", "–", url]  # the plain reference, no link
    lead, row = cells(["rec.example.com"], **review)
    assert "add " not in lead
    assert row[4] == {"text": "Open the recording", "href": "recording?source=recorder&id=r1"}
    _, row = cells(["rec.example.com"], view="recordings", period="28_days")
    assert row[4]["href"] == "recording?source=recorder&id=r1"


def test_a_sample_is_drawn_on_the_page_and_says_how(floor: sa.Engine, run_page: Run) -> None:
    reviewed(floor, number=0)
    page = run_page("quality", view="review")
    page = press(page, "Draw the sample")
    heading = next(block for block in blocks(page) if block.get("title", "").startswith("Sample of the week"))
    assert "with the seed “2026-03-02”" in heading["lead"]
    assert len(table(page, "The sample")) == 3 + 3  # three of each of the two agents
    assert ask(floor, "select count(distinct contact_id) from warehouse.review_sample_contacts") == [(6,)]


def test_a_coaching_note_is_written_and_done(floor: sa.Engine, run_page: Run) -> None:
    page = run_page("quality", view="coaching")
    page.text_area[0].input("Interrupts.")
    page.text_area[1].input("Listens to two calls of jaan.")
    page = press(page, "Save the note")
    assert [row[1:3] for row in table(page, "Coaching")] == [["Interrupts.", "Listens to two calls of jaan."]]
    page = press(page, "Mark as done")
    assert table(page, "Coaching")[0][5]["word"] == "done 9 Mar"
