"""Turns the events of an Asterisk queue into stays of calls and states of agents, whichever way the events came.

In: events in the order of the log, with what was unfinished after the batch before (`Carry`).
Out: stays, states and memberships that are new or changed, refused events with their reasons, and the next carry.
The rule it guards: the result depends only on the events, never on where one batch ended and the next began.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import polars as pl

from etl.sources.pbx.agent_timeline import AGENT_CARRY, PAIR_CARRY, ROW_CARRY, AgentCarry, timeline

ENTRY, ANSWER, WRAP_UP, RESTART = "ENTERQUEUE", "CONNECT", "WRAPUPSTART", "QUEUESTART"
MEMORY = "(entered before)"
COMPLETED = ("COMPLETECALLER", "COMPLETEAGENT")
TRANSFERS = ("BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER")
UNANSWERED = ("ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "LEAVEEMPTY", "WITHDRAW")
ENDS = (*COMPLETED, *TRANSFERS, *UNANSWERED)
RINGS = ("RINGNOANSWER", "RINGCANCELED")
CALL_VERBS = (ENTRY, ANSWER, WRAP_UP, *ENDS, *RINGS)
SIGN_INS = ("AGENTLOGIN", "AGENTCALLBACKLOGIN")
SIGN_OUTS = ("AGENTLOGOFF", "AGENTCALLBACKLOGOFF")
AGENT_VERBS = (
    "ADDMEMBER",
    "REMOVEMEMBER",
    "PAUSE",
    "UNPAUSE",
    "PAUSEALL",
    "UNPAUSEALL",
    *SIGN_INS,
    *SIGN_OUTS,
)
NEVER_ENTERED = ("JOINEMPTY", "FULL", "CLOSED", "DIVERT_CA_RATIO", "DIVERT_HOLDTIME")
CONTROL = ("PENALTY", "RINGINUSE", "AGENTDUMP", "SYSCOMPAT", "OUTCALL", "CONFIGRELOAD", "DID", "INFO")
KNOWN_VERBS = (*CALL_VERBS, *AGENT_VERBS, RESTART, *NEVER_ENTERED, *CONTROL)

FIELDS = ("p1", "p2", "p3", "p4", "p5", "p6")
EVENTS: dict[str, type[pl.DataType]] = {
    "seq": pl.Int64,
    "event_at": pl.Int64,
    "call_id": pl.String,
    "queue_name": pl.String,
    "agent_name": pl.String,
    "verb": pl.String,
    **dict.fromkeys(FIELDS, pl.String),
}
CALL_CARRY: dict[str, type[pl.DataType]] = {**EVENTS, "weight": pl.Int64, "known_number": pl.Int64}

IDLE_SECONDS = 3600  # a call that enters a queue again later than this starts counting its entries anew
FORGET_SECONDS = 2 * IDLE_SECONDS  # twice that, so that a clock set back a little changes nothing
AFTERMATH_SECONDS = 60  # wrap-up and rings are told within moments of the end
KEEP_ENDED_SECONDS = 2 * AFTERMATH_SECONDS
_NOTHING = pl.lit(None, pl.Int64)
MOST_SECONDS = 31 * 86400  # a longer duration is a broken field, not a call
LONGEST_WRAP_UP_SECONDS = 86400
TOLERANCE_SECONDS = 60  # by which a duration may pass what the instants say before it counts as broken


@dataclass(frozen=True)
class Carry:
    """What a batch leaves unfinished: events of open calls, entries to count on from, and where each agent stands."""

    newest_at: int = 0
    calls: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CALL_CARRY))
    agents: AgentCarry = field(default_factory=AgentCarry)

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        frames = {"calls": self.calls, **self.agents.frames()}
        columns = {name: frame.to_dict(as_series=False) for name, frame in frames.items()}
        return json.dumps(
            {"version": 1, "newest_at": self.newest_at, **columns}, ensure_ascii=False, separators=(",", ":")
        )

    @classmethod
    def from_text(cls, text: str) -> Carry:
        """Reads `to_text`; raises ValueError with what was found where the text is not one."""
        if not text:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            return cls(
                newest_at=int(data["newest_at"]),
                calls=pl.DataFrame(data["calls"], schema=CALL_CARRY),
                agents=AgentCarry(
                    agents=pl.DataFrame(data["agents"], schema=AGENT_CARRY),
                    pairs=pl.DataFrame(data["pairs"], schema=PAIR_CARRY),
                    rows=pl.DataFrame(data["rows"], schema=ROW_CARRY),
                ),
            )
        except (KeyError, TypeError, json.JSONDecodeError, pl.exceptions.PolarsError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


@dataclass(frozen=True)
class Rules:
    """What a site decides: which keys ask for a callback, which pause reasons are wrap-up."""

    callback_keys: tuple[str, ...] = ()
    wrap_up_reason_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sessions:
    """The outcome of one batch; instants are epoch seconds, null is unknown or still to come.

    stays: one row per stay that changed, told_seq its last event (below 0: of an earlier batch); states: the changed tail
    of each agent's states; members: changed memberships; refused: seq and reason; `new_rows` in stays and states counts
    the events that belong to them.
    """

    stays: pl.DataFrame
    states: pl.DataFrame
    members: pl.DataFrame
    refused: pl.DataFrame
    carry: Carry


def sessionise(events: pl.DataFrame, carry: Carry, rules: Rules, *, latest_at: int) -> Sessions:
    """Stays, states and memberships from a batch of `EVENTS` (seq from 0, file order) after `carry`.

    latest_at: an event after it (a clock that is wrong) does not count as the newest.
    """
    newest_at = max(
        carry.newest_at, _or_zero(events.filter(pl.col("event_at") <= latest_at)["event_at"].max())
    )
    restarts = events.filter(pl.col("verb") == RESTART).select("seq", "event_at")
    calls = _with_entries(events, carry.calls, restarts)
    entries = _numbered(calls)
    stays = _stays(calls, entries, restarts, rules)
    accepted, refused = _accepted(calls, stays)
    weights = accepted.group_by("entry_seq").agg(
        version_number=pl.col("weight").sum(),
        new_rows=(pl.col("seq") >= 0).sum().cast(pl.Int64),
        told_seq=pl.col("seq").max(),
    )
    stays = stays.join(weights, on="entry_seq", how="left", maintain_order="left").with_columns(
        version_number=pl.col("version_number") + pl.col("is_interrupted").cast(pl.Int64)
    )
    agents = timeline(
        events.filter(pl.col("verb").is_in(AGENT_VERBS)),
        contacts=_contacts(accepted, stays),
        restarts=restarts,
        carry=carry.agents,
        wrap_up_reason_names=rules.wrap_up_reason_names,
    )
    changed = (pl.col("new_rows") > 0) | (pl.col("is_interrupted"))
    return Sessions(
        stays=stays.filter(changed & (pl.col("verb") == ENTRY)),
        states=agents.states,
        members=agents.members,
        refused=refused,
        carry=Carry(newest_at, _carried_calls(accepted, stays, newest_at), agents.carry),
    )


def _with_entries(events: pl.DataFrame, carried: pl.DataFrame, restarts: pl.DataFrame) -> pl.DataFrame:
    """Call events after the carried ones, each with the entry that it belongs to and the restarts before it."""
    fresh = events.filter(pl.col("verb").is_in(CALL_VERBS)).with_columns(
        weight=pl.lit(1, pl.Int64), known_number=pl.lit(None, pl.Int64)
    )
    calls = pl.concat([carried, fresh.select(carried.columns)])
    eras = restarts["seq"].search_sorted(calls["seq"], side="left").cast(pl.Int64)
    return calls.with_columns(
        era=eras,
        group_key=pl.concat_str(["call_id", "queue_name"], separator="\x1f"),
        is_entry=pl.col("verb").is_in((ENTRY, MEMORY)),
    ).with_columns(
        entry_seq=pl.when("is_entry").then(pl.col("seq")).forward_fill().over("group_key"),
    )


def _numbered(calls: pl.DataFrame) -> pl.DataFrame:
    """The entries, each with its number: how often the call entered this queue, this time included."""
    entries = calls.filter("is_entry").with_columns(
        stay_number=pl.col("known_number").fill_null(1), next_seq=_NOTHING, next_at=_NOTHING
    )
    twice = entries.filter(pl.col("group_key").is_duplicated())  # few: windows over all entries cost seconds
    if twice.is_empty():
        return entries
    before_at = pl.col("event_at").shift(1).over("group_key")
    is_new_run = (pl.col("event_at") - before_at > IDLE_SECONDS).fill_null(False)
    twice = (
        twice.with_columns(run=is_new_run.cum_sum().over("group_key"))
        .with_columns(stay_number=pl.col("stay_number").cum_sum().over("group_key", "run"))
        .with_columns(
            next_seq=pl.col("seq").shift(-1).over("group_key"),
            next_at=pl.col("event_at").shift(-1).over("group_key"),
        )
    )
    return entries.update(
        twice.select("seq", "stay_number", "next_seq", "next_at"), on="seq", maintain_order="left"
    )


def _seconds(*columns: pl.Expr, most: int | pl.Expr = MOST_SECONDS) -> pl.Expr:
    """The first of the columns that holds a whole number of seconds from 0 to `most`, else null."""
    numbers = [column.cast(pl.Int64, strict=False) for column in columns]
    return pl.coalesce([pl.when(number.is_between(0, most)).then(number) for number in numbers])


def _stays(calls: pl.DataFrame, entries: pl.DataFrame, restarts: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """One row per entry with its answer, its end and what the fields say of them."""
    verb = pl.col("verb")
    inside = calls.filter(pl.col("entry_seq").is_not_null() & ~pl.col("is_entry"))
    inside = inside.join(entries.select("entry_seq", entry_era="era"), on="entry_seq", how="left")
    inside = inside.filter(pl.col("era") == pl.col("entry_era"))
    ends = _first(inside.filter(verb.is_in(ENDS))).select(
        "entry_seq",
        end_seq="seq",
        end_at="event_at",
        end_verb="verb",
        end_agent_name="agent_name",
        **{f"end_{name}": pl.col(name) for name in FIELDS},
    )
    answers = _first(inside.filter(verb == ANSWER)).select(
        "entry_seq",
        answer_seq="seq",
        answer_at="event_at",
        answer_agent_name="agent_name",
        answer_wait_seconds=_seconds(pl.col("p1")),
        ring_seconds=_seconds(pl.col("p3")),
    )
    wrap_ups = inside.filter(verb == WRAP_UP).join(
        ends.select("entry_seq", "end_seq", "end_at"), on="entry_seq"
    )
    told_after = (pl.col("seq") > pl.col("end_seq")) & (
        pl.col("event_at") - pl.col("end_at") <= AFTERMATH_SECONDS
    )
    wrap_ups = _first(wrap_ups.filter(told_after)).select(
        "entry_seq", wrap_seq="seq", wrap_up_seconds=_seconds(pl.col("p1"), most=LONGEST_WRAP_UP_SECONDS)
    )
    stays = entries
    for part in (ends, answers, wrap_ups):
        stays = stays.join(part, on="entry_seq", how="left", maintain_order="left")
    late_answer = pl.col("answer_seq") > pl.col("end_seq")
    stays = stays.with_columns(
        pl.when(~late_answer.fill_null(False)).then(pl.col(name)).alias(name)
        for name in ("answer_seq", "answer_at", "answer_agent_name", "answer_wait_seconds", "ring_seconds")
    )
    return _told(_cut_off(stays, restarts), rules)


def _cut_off(stays: pl.DataFrame, restarts: pl.DataFrame) -> pl.DataFrame:
    """Adds when a stay without an end is over all the same: at a restart, or when its call enters the queue anew."""
    era_ends = restarts.select(era_end_at="event_at", era_end_seq="seq").with_row_index("era")
    stays = stays.join(
        era_ends.with_columns(pl.col("era").cast(pl.Int64)), on="era", how="left", maintain_order="left"
    )
    first = pl.col("next_seq") < pl.col("era_end_seq").fill_null(2**62)
    return stays.with_columns(
        cut_seq=pl.when(first).then("next_seq").otherwise("era_end_seq"),
        cut_at=pl.when(first).then("next_at").otherwise("era_end_at"),
    )


def _first(events: pl.DataFrame) -> pl.DataFrame:
    return events.unique("entry_seq", keep="first", maintain_order=True)


def _told(stays: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """The stays in the warehouse's words; the order of the fields of each verb is Asterisk's."""
    end, is_memory = pl.col("end_verb"), pl.col("verb") == MEMORY
    completed, blind = end.is_in(COMPLETED), end.is_in(("BLINDTRANSFER", "TRANSFER"))
    attended = end == "ATTENDEDTRANSFER"
    handled = pl.col("answer_at").is_not_null() | completed | blind | attended
    link = attended & (pl.col("end_p1") == "LINK")
    most = pl.col("end_at") - pl.col("event_at") + TOLERANCE_SECONDS
    hold, talk = (
        _seconds(
            pl.when(completed).then(pl.col(f"end_p{place}")),
            pl.when(link).then(pl.col(f"end_p{place + 3}")),
            pl.when(attended | (end == "TRANSFER")).then(pl.col(f"end_p{place + 2}")),
            pl.when(end == "BLINDTRANSFER").then(pl.col(f"end_p{place + 2}")),
            most=most,
        )
        for place in (1, 2)
    )
    wait = _seconds(
        pl.when(end == "EXITWITHKEY").then(pl.col("end_p4")),
        pl.when(end.is_in(UNANSWERED) & (end != "EXITWITHKEY")).then(pl.col("end_p3")),
        most=most,
    )
    offered = pl.col("event_at")
    stays = stays.with_columns(
        is_interrupted=~is_memory & end.is_null() & pl.col("cut_at").is_not_null(),
        talk_seconds=talk,
    ).with_columns(
        ended_at=pl.max_horizontal(
            pl.coalesce("end_at", pl.when("is_interrupted").then("cut_at")), offered, "answer_at"
        )
    )
    stays = stays.with_columns(
        ended_at=pl.when(end.is_not_null() | pl.col("is_interrupted")).then("ended_at"),
        answered_at=pl.when(handled).then(
            pl.max_horizontal(
                offered, pl.coalesce("answer_at", pl.col("end_at") - pl.col("talk_seconds"), "end_at")
            )
        ),
    )
    answered = pl.col("answered_at").is_not_null()
    is_told = pl.col("answer_wait_seconds") <= pl.col("answered_at") - offered + TOLERANCE_SECONDS
    return stays.with_columns(
        talk_seconds=pl.when(end.is_in((*COMPLETED, *TRANSFERS))).then(
            pl.coalesce("talk_seconds", _seconds(pl.col("ended_at") - pl.col("answered_at")))
        ),
        agent_name=pl.when(answered).then(pl.coalesce("answer_agent_name", "end_agent_name")),
        wait_seconds=pl.when(answered)
        .then(
            pl.coalesce(
                pl.when(is_told).then("answer_wait_seconds"), hold, _seconds(pl.col("answered_at") - offered)
            )
        )
        .when(end.is_not_null())
        .then(pl.coalesce(wait, _seconds(pl.col("ended_at") - offered))),
        outcome_name=pl.when("is_interrupted")
        .then(pl.lit("interrupted"))
        .when(end.is_null() & answered)
        .then(pl.lit("in_progress"))
        .when(end.is_null())
        .then(pl.lit("waiting"))
        .when(answered)
        .then(pl.lit("answered"))
        .otherwise(
            end.replace_strict(
                {
                    "ABANDON": "abandoned",
                    "EXITWITHTIMEOUT": "timed_out",
                    "EXITEMPTY": "overflowed",
                    "LEAVEEMPTY": "overflowed",
                    "EXITWITHKEY": "overflowed",
                    "WITHDRAW": "withdrawn",
                },
                default=None,
            )
        ),
        ended_by_name=pl.when(end.is_in(("COMPLETECALLER", "ABANDON", "EXITWITHKEY")))
        .then(pl.lit("caller"))
        .when((end == "COMPLETEAGENT") | blind | attended)
        .then(pl.lit("agent"))
        .when(end.is_not_null() | pl.col("is_interrupted"))
        .then(pl.lit("system")),
        transfer_kind_name=pl.when(blind).then(pl.lit("blind")).when(attended).then(pl.lit("attended")),
        transferred_to_name=pl.when(blind).then("end_p1").when(attended).then("end_p2"),
        wrap_up_seconds=pl.when(answered).then("wrap_up_seconds"),
        entry_position=_seconds(pl.col("p3")),
    ).with_columns(
        outcome_name=pl.when((end == "EXITWITHKEY") & ~answered & pl.col("end_p1").is_in(rules.callback_keys))
        .then(pl.lit("callback"))
        .otherwise("outcome_name")
    )


def _accepted(calls: pl.DataFrame, stays: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Call events that a stay took, and the others with the reason why none did."""
    verb, seq = pl.col("verb"), pl.col("seq")
    known = stays.select(
        "entry_seq",
        "answer_seq",
        "end_seq",
        "wrap_seq",
        "end_at",
        "answered_at",
        entry_era="era",
        is_memory=pl.col("verb") == MEMORY,
        is_cut_off=(pl.col("verb") == MEMORY) & pl.col("p1").is_not_null(),
    )
    judged = calls.join(known, on="entry_seq", how="left", maintain_order="left")
    end_seq = pl.col("end_seq").fill_null(2**62)
    ended = pl.col("is_memory") | (seq > end_seq)
    is_late = (pl.col("event_at") - pl.col("end_at") > AFTERMATH_SECONDS).fill_null(False) | pl.col(
        "is_memory"
    )
    reason = (
        pl.when("is_entry").then(None)
        .when(pl.col("entry_seq").is_null())
        .then(pl.format("{} for a call that never entered this queue; expected an ENTERQUEUE before it", verb))
        .when((pl.col("era") != pl.col("entry_era")) | pl.col("is_cut_off"))
        .then(pl.format("{} for a call that a restart of the PBX had ended", verb))
        .when(verb.is_in(RINGS) & ~is_late).then(None)
        .when((verb == WRAP_UP) & (is_late | pl.col("answered_at").is_null() | (seq < end_seq)))
        .then(pl.lit("WRAPUPSTART away from a handled call; expected it within a minute of the end"))
        .when((verb == WRAP_UP) & (seq != pl.col("wrap_seq")))
        .then(pl.lit("WRAPUPSTART a second time for the same stay"))
        .when((verb != WRAP_UP) & ended)
        .then(pl.format("{} after the call had left the queue; expected it before the end", verb))
        .when((verb == ANSWER) & (seq != pl.col("answer_seq")))
        .then(pl.lit("CONNECT a second time for the same stay"))
    )  # fmt: skip
    judged = judged.with_columns(reason_text=reason)
    refused = judged.filter(pl.col("reason_text").is_not_null()).select("seq", "reason_text")
    return judged.filter(pl.col("reason_text").is_null()).select(*calls.columns), refused.filter(seq >= 0)


def _contacts(accepted: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    """What calls mean for agents: +1 at an answer, -1 at its end, wrap-up told, a ring that shows membership."""
    verb = pl.col("verb")
    who = stays.select(
        "entry_seq", "end_seq", "answer_seq", "is_interrupted", "answered_at", stay_agent_name="agent_name"
    )
    fresh = accepted.filter((pl.col("seq") >= 0) & verb.is_in((ANSWER, WRAP_UP, *RINGS, *ENDS)))
    fresh = fresh.join(who, on="entry_seq", how="left", maintain_order="left")
    was_on_contact = pl.col("answer_seq").is_not_null()
    told = fresh.select(
        "seq",
        "event_at",
        "queue_name",
        agent_name=pl.when(verb.is_in((ANSWER, *RINGS))).then("agent_name").otherwise("stay_agent_name"),
        contact_change=pl.when(verb == ANSWER).then(1).when(verb.is_in(ENDS) & was_on_contact).then(-1).otherwise(0),
        wrap_up_seconds=pl.when(verb == WRAP_UP).then(_seconds(pl.col("p1"))),
        shows_member=verb.is_in((ANSWER, "RINGNOANSWER")),
    )  # fmt: skip
    cut = stays.filter(pl.col("is_interrupted") & was_on_contact).select(
        pl.col("cut_seq").alias("seq"),
        pl.col("ended_at").alias("event_at"),
        "queue_name",
        "agent_name",
        contact_change=pl.lit(-1, pl.Int32),
        wrap_up_seconds=pl.lit(None, pl.Int64),
        shows_member=pl.lit(False),
    )
    useful = (
        (pl.col("contact_change") != 0) | pl.col("wrap_up_seconds").is_not_null() | pl.col("shows_member")
    )
    return pl.concat([told, cut]).filter(useful)


def _carried_calls(accepted: pl.DataFrame, stays: pl.DataFrame, newest_at: int) -> pl.DataFrame:
    """Events of stays that may still get more, and for the others one row that remembers the number."""
    last = stays.filter(pl.col("next_seq").is_null())
    just_ended = ~pl.col("is_interrupted") & (newest_at - pl.col("ended_at") <= KEEP_ENDED_SECONDS)
    is_warm = (pl.col("verb") == ENTRY) & (pl.col("ended_at").is_null() | just_ended)
    last = last.filter(is_warm | (newest_at - pl.col("event_at") <= FORGET_SECONDS))
    warm = last.filter(is_warm)
    rings = (
        accepted.filter(pl.col("verb").is_in(RINGS)).group_by("entry_seq").agg(rings=pl.col("weight").sum())
    )
    events = (
        accepted.filter(~pl.col("verb").is_in(RINGS))
        .join(warm.select("entry_seq", "stay_number"), on="entry_seq", how="inner", maintain_order="left")
        .join(rings, on="entry_seq", how="left", maintain_order="left")
        .with_columns(
            known_number=pl.when("is_entry").then("stay_number"),
            weight=pl.when("is_entry")
            .then(pl.col("weight") + pl.col("rings").fill_null(0))
            .otherwise("weight"),
        )
    )
    cold = last.join(
        warm.select("entry_seq"), on="entry_seq", how="anti", maintain_order="left"
    ).with_columns(
        pl.lit(MEMORY).alias("verb"),
        pl.col("stay_number").alias("known_number"),
        pl.lit(0, pl.Int64).alias("weight"),
        *(pl.lit(None, pl.String).alias(name) for name in ("agent_name", *FIELDS[1:])),
        p1=pl.when("is_interrupted").then(pl.lit("cut off")).when(pl.col("verb") == MEMORY).then("p1"),
    )
    carried = pl.concat([cold.select(CALL_CARRY.keys()), events.select(CALL_CARRY.keys())])
    return carried.with_columns(seq=pl.int_range(carried.height, dtype=pl.Int64) - carried.height)


def _or_zero(value: object) -> int:
    return value if isinstance(value, int) else 0
