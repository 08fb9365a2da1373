"""Amazon Connect and Genesys Cloud in the warehouse: loaded twice nothing changes, older never replaces newer."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from etl import LoadError, load
from etl.sources import SourceSettings
from etl.sources.amazon_connect import AmazonConnectSettings
from etl.sources.genesys_cloud import GenesysCloudSettings
from tests.torture.kills import settings_for
from tests.unit import test_amazon_connect as connect
from tests.unit import test_genesys_cloud as genesys
from tests.web_server import web_server

NOW = connect.NOW
FACTS = (
    "select to_jsonb(c) - 'run_id' from warehouse.calls as c",
    "select to_jsonb(s) - 'run_id' from warehouse.agent_states as s",
    "select to_jsonb(i) from warehouse.queue_intervals as i",
    "select to_jsonb(i) from warehouse.agent_intervals as i",
)
STATES = (
    "select state_name, extract(epoch from ended_at - started_at)::int from warehouse.agent_states "
    "order by started_at"
)
CALLS = "select call_id, stay_number, outcome_name, talk_seconds from warehouse.calls order by call_id, stay_number"


def ask(engine: sa.Engine, text: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def facts(engine: sa.Engine) -> list[list[str]]:
    return [sorted(str(row) for row in ask(engine, text)) for text in FACTS]


def run(engine: sa.Engine, source: SourceSettings, readers: load.Readers | None = None) -> load.RunSummary:
    done = load.run_source(engine, settings_for(Path("nowhere")), source, now=lambda: NOW, readers=readers)
    assert done.read_rows == done.loaded_rows + done.unchanged_rows + done.rejected_rows
    return done


def amazon(folder: Path, **given: object) -> AmazonConnectSettings:
    base = {"name": "cloud", "kind": "amazon_connect", "every_seconds": 60, "paths": [str(folder)]}
    return AmazonConnectSettings.model_validate(base | given)


def write(path: Path, records: list[Any], *, days_ago: int = 1) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in records) + "\n")
    os.utime(path, ((NOW - timedelta(days=days_ago)).timestamp(),) * 2)


def a_day() -> list[Any]:
    """Contacts and events of both kinds, one of them broken."""
    return [
        connect.contact(
            "c1", connected="12:00:25", agent={"AgentInteractionDuration": 60, "AfterContactWorkDuration": 7}
        ),
        connect.contact("c2", left="12:00:45", ended="12:00:45", DisconnectReason="CUSTOMER_DISCONNECT"),
        connect.contact("c3", ended=None),
        connect.contact("c4", queued=None),
        connect.contact("c5", Channel="FAX"),
        connect.event(10, "a/1"),
        connect.event(20, "a/1", contacts="CONNECTED@20"),
        connect.event(90, "a/1", contacts="ENDED@80"),
        connect.event(97, "a/1", kind="LOGOUT"),
    ]


def test_contacts_and_agents_of_amazon_connect_come_into_the_warehouse(
    engine: sa.Engine, tmp_path: Path
) -> None:
    write(tmp_path / "in/a.json", a_day())
    done = run(engine, amazon(tmp_path / "in"))
    assert (done.read_rows, done.rejected_rows) == (9, 1)
    assert ask(engine, CALLS) == [
        ("c1", 1, "answered", 60),
        ("c2", 1, "abandoned", None),
        ("c3", 1, "waiting", None),
    ]
    assert ask(engine, "select distinct queue_name from warehouse.queues where source_name = 'cloud'") == [
        ("Sales",)
    ]
    assert ask(engine, STATES) == [
        ("available", 10),
        ("on_contact", 60),
        ("wrap_up", 17),
        ("signed_out", None),
    ]
    wrap_ups = "select sum(wrap_up_seconds), sum(wrapping_up_seconds) from warehouse.agent_intervals"
    assert ask(engine, wrap_ups) == [(7, 17)], (
        "the contact's and the agent's wrap-up stand apart, neither counts twice"
    )
    (reject,) = ask(engine, "select place_text, reason_text from ops.rejects")
    assert reject[0] == "a.json:5"
    before = facts(engine)
    assert run(engine, amazon(tmp_path / "in")).read_rows == 0
    load.reset_cursor(engine, "cloud")
    again = run(engine, amazon(tmp_path / "in"))
    assert (again.read_rows, again.loaded_rows) == (9, 0)
    assert facts(engine) == before


def test_an_older_version_of_a_contact_never_replaces_a_newer(engine: sa.Engine, tmp_path: Path) -> None:
    def told(minute: int, talk: int) -> Any:
        return connect.contact(
            updated=f"12:{minute}:00", connected="12:00:25", agent={"AgentInteractionDuration": talk}
        )

    for number, record in enumerate([told(10, 1), told(30, 3), told(20, 2), told(30, 3)]):
        write(tmp_path / f"in/{number}.json", [record])
        run(engine, amazon(tmp_path / "in"))
    assert ask(engine, CALLS) == [("c1", 1, "answered", 3)]
    assert ask(engine, "select sum(talk_seconds), sum(handled_calls) from warehouse.queue_intervals") == [
        (3, 1)
    ]


def test_events_out_of_order_give_the_same_states_as_in_order(engine: sa.Engine, tmp_path: Path) -> None:
    events = [
        connect.event(10), connect.event(60, contacts="CONNECTED@60"), connect.event(90, status="Lunch"), connect.event(200),
    ]  # fmt: skip
    for number, place in enumerate([3, 0, 2, 1, 1]):
        write(tmp_path / f"in/{number}.json", [events[place]])
        run(engine, amazon(tmp_path / "in"))
    states = "select state_name, reason_name, ended_at - started_at from warehouse.agent_states order by started_at"
    assert ask(engine, states) == [
        ("available", None, timedelta(seconds=50)), ("on_contact", None, timedelta(seconds=30)),
        ("paused", "Lunch", timedelta(seconds=110)), ("available", None, None),
    ]  # fmt: skip


def test_a_refused_contact_is_replayed_once_the_cause_is_gone(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in/a.json", a_day())
    source = amazon(tmp_path / "in")
    run(engine, source)
    monkeypatch.setitem(
        connect.AmazonConnect.again.__globals__["contact_of"].__globals__["CHANNELS"], "FAX", "email"
    )
    settings = settings_for(Path("nowhere")).model_copy(update={"sources": (source,)})
    taken = load.replay_rejects(engine, settings, "cloud", now=lambda: NOW)
    assert (taken.read_rows, taken.loaded_rows) == (1, 1)
    assert ask(engine, "select channel_name from warehouse.calls where call_id = 'c5'") == [("email",)]
    assert load.replay_rejects(engine, settings, "cloud", now=lambda: NOW).read_rows == 0


def test_a_contact_that_the_gate_refuses_is_kept_whole_and_the_others_load(
    engine: sa.Engine, tmp_path: Path
) -> None:
    backwards = connect.contact("bad", queued="12:00:05", left="12:00:01", ended="12:00:01")
    write(tmp_path / "in/a.json", [backwards, connect.contact("c\u0000ul"), connect.contact("good")])
    done = run(engine, amazon(tmp_path / "in"))
    assert (done.read_rows, done.loaded_rows, done.rejected_rows) == (3, 1, 2)
    rejects = ask(engine, "select place_text, raw_text from ops.rejects order by place_text")
    assert [place for place, _ in rejects] == ["a.json:1", "a.json:2"]
    assert json.loads(rejects[0][1])["ContactId"] == "bad"


def test_a_contact_of_two_years_ago_that_was_updated_is_corrected(engine: sa.Engine, tmp_path: Path) -> None:
    old = json.dumps(connect.contact(connected="12:00:25", agent={"AgentInteractionDuration": 1})).replace(
        "2026-11", "2024-11"
    )
    newer = json.loads(old)
    newer["LastUpdateTimestamp"] = "2026-11-22T12:00:00Z"
    newer["Agent"]["AgentInteractionDuration"] = 2
    write(tmp_path / "in/a.json", [newer, old])
    assert run(engine, amazon(tmp_path / "in")).loaded_rows == 1
    assert ask(engine, "select talk_seconds, offered_at::date::text from warehouse.calls") == [
        (2, "2024-11-22")
    ]


def exported(folder: Path) -> GenesysCloudSettings:
    base = {"name": "cloud", "kind": "genesys_cloud", "every_seconds": 60, "paths": [str(folder)]}
    return GenesysCloudSettings.model_validate(base)


def test_conversations_from_files_come_into_the_warehouse_once(engine: sa.Engine, tmp_path: Path) -> None:
    recorded = (genesys.DATA / "conversation1.json").read_text()
    open_one = genesys.conversation(genesys.WAITED, key="c2", end=None)
    write(tmp_path / "in/a.json", [recorded, genesys.conversation(genesys.WAITED, genesys.SPOKEN), open_one])
    done = run(engine, exported(tmp_path / "in"))
    assert (done.read_rows, done.loaded_rows, done.rejected_rows) == (3, 3, 0)
    queues = "select queue_name, count(*) from warehouse.calls join warehouse.queues using (queue_id) group by 1 order by 1"
    assert ask(engine, queues) == [("Somebody", 2), ("Yuri", 1)]
    before = facts(engine)
    load.reset_cursor(engine, "cloud")
    assert run(engine, exported(tmp_path / "in")).loaded_rows == 0
    assert facts(engine) == before


def test_a_conversation_whose_stays_change_leaves_no_stay_behind(engine: sa.Engine, tmp_path: Path) -> None:
    again = (
        "acd",
        genesys.session("interact 86-96 peer", "nOffered=1@86 tAcd=10000@96 tAbandon=10000@96", queue="R"),
    )
    versions = [
        genesys.conversation(genesys.WAITED, genesys.SPOKEN, again, end=300),
        genesys.conversation(genesys.WAITED, genesys.SPOKEN, end=400),
        genesys.conversation(genesys.WAITED, again, end=200),
    ]
    for number, record in enumerate(versions):
        write(tmp_path / f"in/{number}.json", [record])
        run(engine, exported(tmp_path / "in"))
    assert ask(engine, CALLS) == [("c1", 1, "answered", 70)]
    assert ask(engine, "select sum(offered_calls), sum(abandoned_calls) from warehouse.queue_intervals") == [
        (1, 0)
    ]


def test_the_api_of_genesys_cloud_loads_goes_on_after_a_refusal_and_names_its_queues(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENESYS_SECRET", "s3cret-of-the-client")
    source = GenesysCloudSettings.model_validate(
        {"name": "cloud", "kind": "genesys_cloud", "every_seconds": 60, "region": "mypurecloud.ie", "client_id": "client",
         "token_env": "GENESYS_SECRET"}
    )  # fmt: skip
    cloud = genesys.Cloud()
    cloud.add(150)
    cloud.users = [
        genesys.user("ON_QUEUE 0-500,OFFLINE 500-", "IDLE 0-100,INTERACTING 100-500,OFF_QUEUE 500-")
    ]
    cloud.misbehave = lambda request: genesys.Answer({"message": "slow"}, 429) if refuses(request) else None

    def refuses(request: genesys.Request) -> bool:
        return "conversations" in request.path and request.json()["paging"]["pageNumber"] == 2

    with web_server(cloud) as url:
        readers = load.Readers({"cloud": genesys.cloud_reader(url)})
        with pytest.raises(LoadError, match="429"):
            run(engine, source, readers)
        assert ask(engine, "select count(*) from warehouse.calls") == [(100,)]
        cloud.misbehave = lambda request: None
        run(engine, source, readers)
    assert ask(engine, "select count(*), count(distinct call_id) from warehouse.calls") == [(150, 150)]
    assert ask(engine, "select queue_name from warehouse.queues where source_name = 'cloud'") == [("Sales",)]
    assert ask(engine, "select agent_name from warehouse.agents") == [("User 1",)]
    assert ask(engine, STATES) == [("available", 100), ("on_contact", 400), ("signed_out", None)]
