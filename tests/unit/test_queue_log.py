"""The queue_log reader: what each verb means, and that the result does not depend on where a batch ends."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.customer_key import customer_key
from etl.sources import Batch
from etl.sources.asterisk_queue_log import QueueLog
from etl.sources.pbx.queue_events import Carry, Rules
from tests.laws import law

T0 = 1_795_309_870
NOW = datetime.fromtimestamp(T0 + 86400, UTC)
SECRET = b"a secret that only tests know"


def read(text: str, folder: Path, *, rules: Rules | None = None) -> list[Batch]:
    path = folder / "queue_log"
    path.write_text(text, encoding="utf-8")
    return list(QueueLog(path, rules or Rules(), SECRET).read("", "", now=NOW))


def log(*events: str) -> str:
    """Lines from events that begin with their second after T0: '5 c1 sales NONE ENTERQUEUE |+372|1'."""
    lines = []
    for event in events:
        second, call_id, queue, agent, verb, *rest = event.split(" ", 5)
        lines.append(f"{T0 + int(second)}|{call_id}|{queue}|{agent}|{verb}|{rest[0] if rest else ''}\n")
    return "".join(lines)


def stays(batches: list[Batch], *columns: str) -> list[tuple[object, ...]]:
    found = pl.concat([batch.facts["calls"] for batch in batches]).sort(
        "offered_at", "call_id", maintain_order=True
    )
    return [
        tuple((value.timestamp() - T0) if hasattr(value, "timestamp") else value for value in row)
        for row in found.select(columns).iter_rows()
    ]


def states(batches: list[Batch], agent: str = "A") -> list[tuple[object, ...]]:
    found = batches[-1].facts["agent_states"].filter(pl.col("agent_name") == agent)
    seconds = [pl.col(name).dt.epoch("s") - T0 for name in ("started_at", "ended_at")]
    return list(found.select(*seconds, "state_name", "reason_name").iter_rows())


ENTER = "0 c1 sales NONE ENTERQUEUE |+37251000001|2"
CONNECT = "7 c1 sales A CONNECT 7|c1.1|3"


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("9 c1 sales NONE ABANDON 1|2|9", (None, 9, 9, None, "abandoned", "caller", None, None)),
        ("9 c1 sales A ABANDON 1|2|", (None, 9, 9, None, "abandoned", "caller", None, None)),
        ("9 c1 sales NONE EXITWITHTIMEOUT 1|2|10", (None, 9, 10, None, "timed_out", "system", None, None)),
        ("9 c1 sales NONE EXITWITHTIMEOUT 1", (None, 9, 9, None, "timed_out", "system", None, None)),
        ("9 c1 sales NONE EXITEMPTY 1|2|8", (None, 9, 8, None, "overflowed", "system", None, None)),
        ("9 c1 sales NONE LEAVEEMPTY", (None, 9, 9, None, "overflowed", "system", None, None)),
        ("9 c1 sales NONE EXITWITHKEY 1|1|2|8", (None, 9, 8, None, "callback", "caller", None, None)),
        ("9 c1 sales NONE EXITWITHKEY 5|1|2|8", (None, 9, 8, None, "overflowed", "caller", None, None)),
        ("9 c1 sales NONE WITHDRAW 1|2|8|reason", (None, 9, 8, None, "withdrawn", "system", None, None)),
    ],
)
def test_a_call_that_nobody_answered_leaves_the_queue_in_its_own_way(
    tmp_path: Path, end: str, expected: tuple[object, ...]
) -> None:
    batches = read(log(ENTER, end), tmp_path, rules=Rules(callback_keys=("1",)))
    columns = ("answered_at", "ended_at", "wait_seconds", "talk_seconds", "outcome_name", "ended_by_name")
    assert stays(batches, *columns, "agent_name", "transferred_to_name") == [expected]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("60 c1 sales A COMPLETECALLER 7|53|2", (53, "caller", None, None)),
        ("60 c1 sales A COMPLETEAGENT 7|52|2", (52, "agent", None, None)),
        ("60 c1 sales A BLINDTRANSFER 204|queues|7|53|2", (53, "agent", "blind", "204")),
        ("60 c1 sales A TRANSFER 204|queues|7|53", (53, "agent", "blind", "204")),
        ("60 c1 sales A ATTENDEDTRANSFER BRIDGE|b-17|7|53|2", (53, "agent", "attended", "b-17")),
        ("60 c1 sales A ATTENDEDTRANSFER APP|Voicemail|7|53|2", (53, "agent", "attended", "Voicemail")),
        ("60 c1 sales A ATTENDEDTRANSFER LINK|SIP/1|SIP/2|7|53|2", (53, "agent", "attended", "SIP/1")),
    ],
)
def test_an_answered_call_ends_with_its_talk_and_its_transfer(
    tmp_path: Path, end: str, expected: tuple[object, ...]
) -> None:
    batches = read(log(ENTER, CONNECT, end), tmp_path)
    told = stays(batches, "talk_seconds", "ended_by_name", "transfer_kind_name", "transferred_to_name")
    assert told == [expected]
    columns = (
        "offered_at",
        "answered_at",
        "ended_at",
        "wait_seconds",
        "ring_seconds",
        "outcome_name",
        "agent_name",
    )
    assert stays(batches, *columns) == [(0, 7, 60, 7, 3, "answered", "A")]


def test_a_call_waits_then_is_in_progress_until_its_last_line(tmp_path: Path) -> None:
    assert stays(read(log(ENTER), tmp_path), "outcome_name", "wait_seconds") == [("waiting", None)]
    assert stays(read(log(ENTER, CONNECT), tmp_path), "outcome_name", "wait_seconds") == [("in_progress", 7)]


def test_a_ring_that_nobody_took_changes_nothing_but_the_version(tmp_path: Path) -> None:
    lines = log(ENTER, "4 c1 sales B RINGNOANSWER 4000", "5 c1 sales C RINGCANCELED 900", CONNECT)
    assert stays(read(lines, tmp_path), "agent_name", "version_number", "new_rows") == [("A", 4, 4)]


def test_the_nth_entry_of_a_call_into_a_queue_is_a_stay_of_its_own(tmp_path: Path) -> None:
    lines = log(
        ENTER,
        "5 c1 sales NONE EXITWITHTIMEOUT 1|1|5",
        "5 c1 billing NONE ENTERQUEUE |+37251000001|1",
        "5 c1 billing NONE EXITWITHTIMEOUT 1|1|0",
        "5 c1 sales NONE ENTERQUEUE |+37251000001|1",
        "5 c1 sales NONE EXITEMPTY 1|1|0",
        "5 c1 sales NONE ENTERQUEUE |+37251000001|1",
    )
    told = stays(read(lines, tmp_path), "queue_name", "stay_number", "outcome_name")
    assert sorted(told) == [
        ("billing", 1, "timed_out"),
        ("sales", 1, "timed_out"),
        ("sales", 2, "overflowed"),
        ("sales", 3, "waiting"),
    ]


def test_a_restart_of_the_pbx_ends_calls_pauses_and_sign_ins(tmp_path: Path) -> None:
    lines = log(
        "0 MANAGER sales A ADDMEMBER",
        "0 MANAGER sales B ADDMEMBER",
        "1 c1 sales NONE ENTERQUEUE |1234|1",
        "2 c1 sales A CONNECT 1|x|1",
        "3 c2 sales NONE ENTERQUEUE |1235|1",
        "4 NONE NONE B PAUSEALL Lunch",
        "9 NONE NONE NONE QUEUESTART",
        "20 c1 sales A COMPLETEAGENT 1|18|1",
        "30 MANAGER sales A ADDMEMBER",
    )
    batches = read(lines, tmp_path)
    assert stays(batches, "call_id", "answered_at", "ended_at", "outcome_name", "wait_seconds") == [
        ("c1", 2, 9, "interrupted", 1),
        ("c2", None, 9, "interrupted", None),
    ]
    assert states(batches, "A") == [
        (0, 2, "available", None),
        (2, 9, "on_contact", None),
        (9, 30, "signed_out", None),
        (30, None, "available", None),
    ]
    assert states(batches, "B")[-2:] == [(4, 9, "paused", "Lunch"), (9, None, "signed_out", None)]
    assert batches[0].rejects["reason_text"].to_list() == [
        "COMPLETEAGENT for a call that a restart of the PBX had ended"
    ]


def test_a_call_that_enters_its_queue_anew_ends_a_stay_whose_end_is_missing(tmp_path: Path) -> None:
    lines = log(ENTER, "50 c1 sales NONE ENTERQUEUE |+37251000001|1", "60 c1 sales NONE ABANDON 1|1|10")
    assert stays(read(lines, tmp_path), "stay_number", "ended_at", "outcome_name") == [
        (1, 50, "interrupted"),
        (2, 60, "abandoned"),
    ]


def test_a_pause_of_all_queues_counts_once(tmp_path: Path) -> None:
    lines = log(
        "0 MANAGER sales A ADDMEMBER",
        "0 MANAGER billing A ADDMEMBER",
        "5 NONE NONE A PAUSEALL Lunch",
        "5 NONE sales A PAUSE Lunch",
        "5 NONE billing A PAUSE Lunch",
        "65 NONE NONE A UNPAUSEALL",
        "65 NONE sales A UNPAUSE",
        "65 NONE billing A UNPAUSE",
    )
    assert states(read(lines, tmp_path)) == [
        (0, 5, "available", None),
        (5, 65, "paused", "Lunch"),
        (65, None, "available", None),
    ]


def test_an_agent_is_paused_when_every_queue_he_serves_is(tmp_path: Path) -> None:
    lines = log(
        "0 MANAGER sales A ADDMEMBER",
        "0 MANAGER billing A ADDMEMBER",
        "5 NONE sales A PAUSE Training",
        "9 NONE billing A PAUSE Training",
        "20 NONE sales A UNPAUSE",
    )
    assert states(read(lines, tmp_path)) == [
        (0, 9, "available", None),
        (9, 20, "paused", "Training"),
        (20, None, "available", None),
    ]


def test_one_state_at_a_time_by_priority(tmp_path: Path) -> None:
    lines = log(
        "0 MANAGER sales A ADDMEMBER",
        "1 c1 sales NONE ENTERQUEUE |1234|1",
        "2 c1 sales A CONNECT 1|x|1",
        "5 NONE NONE A PAUSEALL Lunch",
        "9 c1 sales A COMPLETEAGENT 1|7|1",
        "9 c1 sales A WRAPUPSTART 10",
        "30 NONE NONE A UNPAUSEALL",
        "31 MANAGER sales A REMOVEMEMBER",
    )
    batches = read(lines, tmp_path)
    assert states(batches) == [
        (0, 2, "available", None),
        (2, 9, "on_contact", None),
        (9, 19, "wrap_up", None),
        (19, 30, "paused", "Lunch"),
        (30, 31, "available", None),
        (31, None, "signed_out", None),
    ]
    assert stays(batches, "wrap_up_seconds", "version_number") == [(10, 4)]


def test_a_new_call_ends_wrap_up_early(tmp_path: Path) -> None:
    lines = log(
        "1 c1 sales NONE ENTERQUEUE |1234|1",
        "2 c1 sales A CONNECT 1|x|1",
        "9 c1 sales A COMPLETEAGENT 1|7|1",
        "9 c1 sales A WRAPUPSTART 30",
        "10 c2 sales NONE ENTERQUEUE |1234|1",
        "12 c2 sales A CONNECT 2|x|1",
        "20 c2 sales A COMPLETEAGENT 2|8|1",
    )
    assert states(read(lines, tmp_path)) == [
        (2, 9, "on_contact", None),
        (9, 12, "wrap_up", None),
        (12, 20, "on_contact", None),
        (20, None, "available", None),
    ]


def test_a_pause_reason_can_mean_wrap_up(tmp_path: Path) -> None:
    lines = log("0 MANAGER sales A ADDMEMBER", "5 NONE NONE A PAUSEALL ACW", "9 NONE NONE A UNPAUSEALL")
    batches = read(lines, tmp_path, rules=Rules(wrap_up_reason_names=("ACW",)))
    assert states(batches)[1] == (5, 9, "wrap_up", None)


def test_a_member_removed_during_a_call_signs_out_after_it(tmp_path: Path) -> None:
    lines = log(
        "1 c1 sales NONE ENTERQUEUE |1234|1",
        "2 c1 sales A CONNECT 1|x|1",
        "5 MANAGER sales A REMOVEMEMBER",
        "9 c1 sales A COMPLETEAGENT 1|7|1",
    )
    assert states(read(lines, tmp_path)) == [(2, 9, "on_contact", None), (9, None, "signed_out", None)]


def test_memberships_begin_and_end(tmp_path: Path) -> None:
    lines = log(
        "0 MANAGER sales A ADDMEMBER",
        "5 c1 billing A RINGNOANSWER 1000",
        "9 MANAGER sales A REMOVEMEMBER",
        "12 MANAGER sales A ADDMEMBER PAUSED",
    )
    members = read(lines, tmp_path)[0].facts["queue_members"]
    seconds = [pl.col(name).dt.epoch("s") - T0 for name in ("started_at", "ended_at")]
    found = sorted(members.select("queue_name", *seconds).iter_rows(), key=str)
    assert found == [("sales", 0, 9), ("sales", 12, None)]


def test_every_line_is_taken_or_refused_with_its_place_and_reason(tmp_path: Path) -> None:
    text = (
        log(ENTER)
        + "\n"
        + "soon|c1|sales|A|CONNECT|1|x|1\n"
        + f"{T0}|c1|sales\n"
        + f"{2**33}|c1|sales|A|CONNECT|1|x|1\n"
        + f"{T0}|c9|sales|A|CONNECT|1|x|1\n"
        + f"{T0}|{'c' * 300}|sales|NONE|ENTERQUEUE||1|1\n"
        + f"{T0}|c2|sa\x00les|NONE|ENTERQUEUE||1|1\n"
        + f"{T0}||sales|NONE|ENTERQUEUE||1|1\n"
        + f"{T0}|c3|NONE|NONE|ENTERQUEUE||1|1\n"
        + f"{T0}|c1|sales|NONE|ENTERQUEUE||a|b|c|d|e|f|g|h\n"
        + f"{T0}|NONE|NONE|NONE|CONFIGRELOAD|\n"
        + f"{T0}|x|sales|A|SOMETHINGNEW|1|2\n"
        + f"{T0 + 3}|c1|sales|NONE|ABANDON|1|1|3\n"
    )
    [batch] = read(text, tmp_path)
    assert batch.read_rows == 14
    reasons = dict(batch.rejects.select("place_text", "reason_text").iter_rows())
    assert {place: reason.split(";")[0] for place, reason in reasons.items()} == {
        "queue_log:2": "an empty line",
        "queue_log:3": "field 1 is 'soon'",
        "queue_log:4": "fewer than 5 fields",
        "queue_log:5": f"field 1 is {2**33}",
        "queue_log:6": "CONNECT for a call that never entered this queue",
        "queue_log:7": "a name of more than 250 bytes",
        "queue_log:8": "a NUL byte",
        "queue_log:9": "field 2 is empty",
        "queue_log:10": "field 3 is empty",
        "queue_log:11": "more than 11 fields",
    }
    assert batch.rejects["raw_text"][6] == f"{T0}|c2|sa\u2400les|NONE|ENTERQUEUE||1|1"
    assert batch.unused.rows() == [("CONFIGRELOAD", True, 1), ("SOMETHINGNEW", False, 1)]
    assert stays([batch], "call_id", "outcome_name") == [("c1", "abandoned")]


def test_a_block_of_zeros_as_after_a_power_cut_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(b"\x00" * 4096 + b"\n" + log(ENTER).encode())
    [batch] = QueueLog(path, Rules(), SECRET).read("", "", now=NOW)
    assert batch.rejects["reason_text"].to_list() == ["a NUL byte; expected text"]
    assert not any("\x00" in text for text in batch.rejects.row(0))
    assert stays([batch], "outcome_name") == [("waiting",)]


def test_a_line_from_a_wrong_clock_is_refused_far_ahead_and_never_counts_as_the_newest(
    tmp_path: Path,
) -> None:
    ahead = int(NOW.timestamp()) + 86400
    text = (
        log(ENTER)
        + f"{ahead}|NONE|NONE|NONE|CONFIGRELOAD|\n{ahead + 366 * 86400}|NONE|NONE|NONE|CONFIGRELOAD|\n"
    )
    [batch] = read(text, tmp_path)
    assert batch.newest_event_at == datetime.fromtimestamp(T0, UTC)
    assert "over a year ahead of this computer's clock" in batch.rejects["reason_text"][0]


def test_wrap_up_that_is_told_late_or_before_the_end_is_refused_and_not_counted(tmp_path: Path) -> None:
    lines = log(
        ENTER,
        CONNECT,
        "8 c1 sales A WRAPUPSTART 9",
        "60 c1 sales A COMPLETEAGENT 7|53|2",
        "160 c1 sales A WRAPUPSTART 30",
    )
    batches = read(lines, tmp_path)
    assert stays(batches, "wrap_up_seconds", "version_number") == [(None, 3)]
    assert batches[0].rejects.height == 2


def test_a_duration_that_the_instants_belie_is_not_believed(tmp_path: Path) -> None:
    lines = log(ENTER, "7 c1 sales A CONNECT 99999|x|3", "60 c1 sales A COMPLETEAGENT 7|2678400|2")
    assert stays(read(lines, tmp_path), "wait_seconds", "talk_seconds") == [(7, 53)]


def test_a_line_whose_agent_or_queue_is_nothing_but_blanks_is_refused_at_its_own_place(
    tmp_path: Path,
) -> None:
    text = f"{T0}|c1|sales|NONE|ENTERQUEUE||1|1\n{T0 + 1}|NONE|sales|\t|PAUSE|Lunch\n"
    text += f"{T0 + 2}|c2|\u00a0|NONE|ENTERQUEUE||1|1\n"
    [batch] = read(text, tmp_path)
    reason = "field 3 or 4 holds nothing but blanks; expected the name of a queue or an agent, or nothing"
    assert batch.rejects.select("place_text", "reason_text").rows() == [
        ("queue_log:2", reason), ("queue_log:3", reason),
    ]  # fmt: skip
    assert batch.facts["agent_states"].is_empty()
    assert batch.facts["calls"]["call_id"].to_list() == ["c1"]


def test_a_connect_without_an_agent_is_refused(tmp_path: Path) -> None:
    batches = read(log(ENTER, "7 c1 sales NONE CONNECT 7|x|3"), tmp_path)
    assert batches[0].rejects["reason_text"].to_list() == ["field 4 is empty; expected the agent of CONNECT"]


def test_names_keep_spaces_unicode_and_quotes_and_call_ids_stay_text(tmp_path: Path) -> None:
    text = log("0 1.1 x NONE ENTERQUEUE |1234|1", "0 1.10 x NONE ENTERQUEUE |1234|1").replace(
        "|x|", '|Müük "A" 销售|'
    )
    told = stays(read(text, tmp_path), "call_id", "queue_name")
    assert told == [("1.1", 'Müük "A" 销售'), ("1.10", 'Müük "A" 销售')]


def test_lines_in_another_encoding_with_a_byte_order_mark_and_carriage_returns_are_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(
        b"\xef\xbb\xbf" + log(ENTER).replace("sales", "M\xfc\xfck").encode("cp1252").replace(b"\n", b"\r\n")
    )
    batches = list(QueueLog(path, Rules(), SECRET).read("", "", now=NOW))
    assert stays(batches, "queue_name", "entry_position") == [("Müük", 2)]


def test_a_caller_is_known_by_a_keyed_hash_only(tmp_path: Path) -> None:
    [batch] = read(log(ENTER), tmp_path)
    key = batch.facts["calls"]["customer_key"][0]
    assert key == customer_key(SECRET, "+372 5100 0001")
    assert key != customer_key(b"another secret", "+37251000001")
    assert "51000001" not in batch.carry_text
    assert customer_key(SECRET, "anonymous") is None


def in_batches(lines: list[str], sizes: list[int], rules: Rules) -> tuple[object, object, object, int]:
    """All facts after reading the lines in batches of these sizes (the last size again and again)."""
    calls: dict[tuple[object, ...], object] = {}
    told_states: dict[tuple[str, object], tuple[object, ...]] = {}
    members: dict[tuple[object, ...], object] = {}
    refused = 0
    carry, place, number = "", 0, 0
    reader = QueueLog(Path("queue_log"), rules, SECRET)
    while place < len(lines):
        size = max(1, sizes[min(number, len(sizes) - 1)])
        batch, still = reader.again(lines[place : place + size], carry, now=NOW)
        carry, place, number = Carry.from_text(batch.carry_text).to_text(), place + size, number + 1
        refused += len(still)
        for row in batch.facts["calls"].drop("new_rows").iter_rows(named=True):
            calls[row["queue_name"], row["offered_at"], row["call_id"], row["stay_number"]] = row
        tails: dict[str, object] = {}
        for row in batch.facts["agent_states"].iter_rows(named=True):
            if row["agent_name"] not in tails:
                tails[row["agent_name"]] = row["started_at"]
                for key in [
                    key for key in told_states if key[0] == row["agent_name"] and key[1] >= row["started_at"]
                ]:
                    del told_states[key]
            told_states[row["agent_name"], row["started_at"]] = tuple(
                row[name] for name in row if name != "new_rows"
            )
        for row in batch.facts["queue_members"].iter_rows(named=True):
            members[row["agent_name"], row["queue_name"], row["started_at"]] = row
    return calls, told_states, members, refused


EVENT = st.sampled_from([
    "ENTERQUEUE ||3", "CONNECT 2|x|1", "COMPLETEAGENT 2|5|1", "COMPLETECALLER 2|5|1", "ABANDON 1|1|2",
    "EXITWITHTIMEOUT 1|1|2", "EXITWITHKEY 1|1|1|2", "RINGNOANSWER 1000", "WRAPUPSTART 3", "BLINDTRANSFER 1|2|3|4|5",
    "PAUSEALL Lunch", "PAUSE Lunch", "PAUSE", "UNPAUSEALL", "UNPAUSE", "ADDMEMBER", "ADDMEMBER PAUSED", "REMOVEMEMBER",
    "AGENTLOGIN", "AGENTLOGOFF x|9", "QUEUESTART", "NEWVERB",
])  # fmt: skip
WHERE = st.tuples(
    st.sampled_from(["c1", "c2"]), st.sampled_from(["sales", "billing", "NONE"]), st.sampled_from(["A", "B"])
)
LINES = st.lists(
    st.tuples(st.sampled_from([-1, 0, 0, 1, 2, 70, 90, 4000]), WHERE, EVENT), min_size=2, max_size=24
)


@law(10)  # a third of a second each
@given(events=LINES, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_the_facts_do_not_depend_on_where_batches_end(
    events: list[tuple[int, tuple[str, str, str], str]], sizes: list[int]
) -> None:
    second, lines = T0, []
    for step, (call, queue, agent), event in events:
        second += step
        verb, _, rest = event.partition(" ")
        if verb == "QUEUESTART":
            call, queue, agent = "NONE", "NONE", "NONE"
        lines.append(f"{second}|{call}|{queue}|{agent}|{verb}|{rest}")
    rules = Rules(callback_keys=("1",))
    at_once = in_batches(lines, [len(lines)], rules)
    one_by_one = in_batches(lines, [1], rules)
    assert one_by_one[:3] == at_once[:3]
    assert in_batches(lines, sizes, rules)[:3] == at_once[:3]
    assert one_by_one[3] == at_once[3]
