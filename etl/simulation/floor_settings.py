"""The settings file of the simulated floor: its name, its time zone, and each file that its systems write, with its mapping.

In: a folder. Out: floorboard.toml there, written once.
The rule it guards: the demo is read by the same settings as a real site, and what somebody has changed in them stays.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl.config import DEFAULT_FILE_NAME

DEMO_SITE_NAME = "Floorboard demo"
DEMO_ZONE = "Europe/Tallinn"
FIRST_SOURCES = ("pbx", "helpdesk", "surveys")
"""What is loaded before the load runs by itself; the others follow while the pages answer already."""
_SETTINGS = """\
# The settings of the demo. For a real site see floorboard.example.toml, which explains every key.
[site]
name = "{name}"
time_zone = "{zone}"

[[sources]]
name = "pbx"
kind = "asterisk_queue_log"
path = "queue_log"
every_seconds = 2
stale_after_seconds = 1800  # at night minutes pass without a call
callback_keys = ["1"]

[[sources]]
name = "helpdesk"
kind = "file"
path = "queue_log-tickets.jsonl"
every_seconds = 5
stale_after_seconds = 7200
facts = "ticket_events"

[sources.fields]
ticket_id = "ticket"
occurred_at = "time"
change_number = "number"
event_name = "change"
value_text = "to"
actor_name = "by"
agent_name = "who"
channel_name = "channel"
customer = "customer"
call_id = "call"
topic_name = "topic"

[[sources]]
name = "surveys"
kind = "file"
path = "queue_log-surveys.jsonl"
every_seconds = 5
stale_after_seconds = 43200  # at night few answer
facts = "surveys"

[sources.fields]
survey_id = "survey"
answered_at = "time"
call_id = "call"
csat_score = "csat"
nps_score = "nps"
is_resolved = "resolved"
comment_text = "comment"

[[sources]]
name = "listeners"
kind = "file"
path = "queue_log-reviews.jsonl"
every_seconds = 60
stale_after_seconds = 604800
facts = "quality_reviews"

[sources.fields]
review_id = "review"
reviewed_at = "time"
call_id = "call"
agent_name = "agent"
total_score = "score"
is_failed = "failed"
reviewer_name = "by"
form_name = "form"
comment_text = "comment"

[[sources]]
name = "rota"
kind = "file"
path = "shifts.jsonl"
every_seconds = 60
stale_after_seconds = 31536000  # a rota is told weeks ahead
facts = "shifts"

[sources.fields]
shift_id = "id"
agent_name = "who"
activity_name = "what"
started_at = "from"
ended_at = "to"
is_planned = "planned"

[[sources]]
name = "recorder"
kind = "file"
path = "queue_log-recordings.jsonl"
every_seconds = 30
stale_after_seconds = 43200
facts = "recordings"

[sources.fields]
recording_id = "recording"
started_at = "from"
ended_at = "to"
call_id = "call"
agent_name = "agent"
media_name = "media"
url_text = "link"

[[sources]]
name = "menus"
kind = "file"
path = "queue_log-visits.jsonl"
every_seconds = 30
stale_after_seconds = 43200
facts = "self_services"

[sources.fields]
visit_id = "visit"
started_at = "from"
ended_at = "to"
channel_name = "channel"
flow_name = "flow"
choices_text = "way"
outcome_name = "outcome"

[[sources]]
name = "dialler"
kind = "file"
path = "queue_log-attempts.jsonl"
every_seconds = 30
stale_after_seconds = 86400  # nobody is called at night
facts = "attempts"

[sources.fields]
attempt_id = "attempt"
attempted_at = "at"
answered_at = "answered"
ended_at = "end"
talk_seconds = "talk"
campaign_name = "campaign"
outcome_name = "outcome"
result_name = "result"
is_converted = "met"
sale_amount = "sold"
agent_name = "agent"
customer = "customer"

[recordings]
hosts = ["recordings.example.org"]  # a name kept for examples: openings are counted, and nothing lies there
kept_days = 21
"""


def write_demo_settings(folder: Path) -> Path:
    """The demo's settings file; written at the first start, kept as it is afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / DEFAULT_FILE_NAME
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.write_text(_SETTINGS.format(name=DEMO_SITE_NAME, zone=machine_zone()), encoding="utf-8")
        draft.replace(file)
    return file


def machine_zone() -> str:
    """The machine's time zone by its IANA name; the demo's own where it has none but UTC."""
    candidates = [os.environ.get("TZ", "").removeprefix(":")]
    with suppress(OSError):
        candidates.append(str(Path("/etc/localtime").resolve(strict=True)).partition("zoneinfo/")[2])
    for name in candidates:
        # UTC is what servers are set to, not where people work.
        if "/" in name and not name.startswith(("/", "Etc/")):
            with suppress(ZoneInfoNotFoundError, ValueError, OSError):
                return ZoneInfo(name).key
    return DEMO_ZONE
