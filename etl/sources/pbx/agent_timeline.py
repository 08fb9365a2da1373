"""Turns what a queue's events say of agents into one state at a time and into memberships of queues.

In: agents' own events, what calls mean for agents, restarts, and where each agent stood after the batch before.
Out: the changed tail of each agent's states, changed memberships, and the next carry.
The rule it guards: one state at a time, by priority (on contact, wrap-up, paused, available, signed out), and only
from what was known at that second: an instant asked for later shows what was shown then. So a ring is no state
here: the log tells of it only when it is over (`ring_seconds` of the call holds it).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

AGENT_CARRY: dict[str, type[pl.DataType]] = {
    "agent_name": pl.String,
    "last_at": pl.Int64,
    "last_version": pl.Int64,
    "contacts": pl.Int64,
    "login": pl.Int64,
    "all_paused": pl.Int64,
    "reason": pl.String,
    "wrap_until": pl.Int64,
    "contact_queue": pl.String,
}
PAIR_CARRY: dict[str, type[pl.DataType]] = {
    "agent_name": pl.String,
    "queue_name": pl.String,
    "paused": pl.Int64,
    "started_at": pl.Int64,
}
ROW_CARRY: dict[str, type[pl.DataType]] = {
    "agent_name": pl.String,
    "at": pl.Int64,
    "state_name": pl.String,
    "reason_name": pl.String,
    "queue_name": pl.String,
    "start_version": pl.Int64,
}
STATES: dict[str, type[pl.DataType]] = {
    "agent_name": pl.String,
    "started_at": pl.Int64,
    "ended_at": pl.Int64,
    "state_name": pl.String,
    "reason_name": pl.String,
    "queue_name": pl.String,
    "version_number": pl.Int64,
    "new_rows": pl.Int64,
}
MEMBERS: dict[str, type[pl.DataType]] = {
    "agent_name": pl.String,
    "queue_name": pl.String,
    "started_at": pl.Int64,
    "ended_at": pl.Int64,
    "version_number": pl.Int64,
}
NO_REASON = ""
VERSIONS_PER_SECOND = 1024
LOGINS = ("AGENTLOGIN", "AGENTCALLBACKLOGIN")
LOGOUTS = ("AGENTLOGOFF", "AGENTCALLBACKLOGOFF")
PAUSES = ("PAUSE", "PAUSEALL")
UNPAUSES = ("UNPAUSE", "UNPAUSEALL")


def _empty(schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)


@dataclass(frozen=True)
class AgentCarry:
    """Where each agent stands: variables, queues served, and the two newest states."""

    agents: pl.DataFrame = field(default_factory=lambda: _empty(AGENT_CARRY))
    pairs: pl.DataFrame = field(default_factory=lambda: _empty(PAIR_CARRY))
    rows: pl.DataFrame = field(default_factory=lambda: _empty(ROW_CARRY))

    def frames(self) -> dict[str, pl.DataFrame]:
        """The three frames by name."""
        return {"agents": self.agents, "pairs": self.pairs, "rows": self.rows}


@dataclass(frozen=True)
class Timeline:
    """states: rows of STATES; members: memberships that began or ended; instants in epoch seconds."""

    states: pl.DataFrame
    members: pl.DataFrame
    carry: AgentCarry


def timeline(
    events: pl.DataFrame,
    *,
    contacts: pl.DataFrame,
    restarts: pl.DataFrame,
    carry: AgentCarry,
    wrap_up_reason_names: tuple[str, ...],
) -> Timeline:
    """The agents' states and memberships that a batch changes.

    events: rows of agents' own verbs (seq, event_at, queue_name, agent_name, verb, p1); contacts: seq, event_at,
    queue_name, agent_name, contact_change (+1, 0, -1), wrap_up_seconds, shows_member; restarts: seq, event_at.
    """
    before = carry
    own, told, carry = _numbered(_named(events), _named(contacts), carry)
    pairs = _pairs(own, told, restarts, carry)
    steps = _steps(own, told, restarts, pairs, carry)
    if steps.is_empty():
        return Timeline(states=_empty(STATES), members=_empty(MEMBERS), carry=before)
    rows = _rows(steps, carry.rows, wrap_up_reason_names)
    own_rows = own.group_by("agent_name").agg(new_rows=pl.len().cast(pl.Int64))
    states = rows.join(own_rows, on="agent_name", how="left", maintain_order="left")
    is_newest = pl.col("ended_at").is_null()
    states = states.with_columns(
        new_rows=pl.when(is_newest).then(pl.col("new_rows").fill_null(0)).otherwise(0)
    )
    members, open_pairs = _members(pairs, steps)
    after = _carry(steps, rows, open_pairs, carry)
    return Timeline(
        states=states.select(STATES.keys()).cast({"agent_name": pl.String}),
        members=members.cast({"agent_name": pl.String}),
        carry=AgentCarry(
            **{name: frame.cast({"agent_name": pl.String}) for name, frame in after.frames().items()}
        ),
    )


def _numbered(
    own: pl.DataFrame, told: pl.DataFrame, carry: AgentCarry
) -> tuple[pl.DataFrame, pl.DataFrame, AgentCarry]:
    """The same frames with the agents' names as one list of numbers: grouping and sorting by text costs seconds."""
    frames = (own, told, *carry.frames().values())
    names = pl.concat([frame["agent_name"] for frame in frames]).unique().sort()
    own, told, agents, pairs, rows = (frame.cast({"agent_name": pl.Enum(names)}) for frame in frames)
    return own, told, AgentCarry(agents, pairs, rows)


def _named(events: pl.DataFrame) -> pl.DataFrame:
    """Events that name an agent; a pause that names no queue is one of all queues."""
    is_named = pl.col("agent_name").is_not_null() & (pl.col("agent_name") != "NONE")
    named = events.filter(is_named).with_columns(
        queue_name=pl.when(pl.col("queue_name") != "NONE").then("queue_name")
    )
    if "verb" not in named.columns:
        return named
    everywhere = pl.col("queue_name").is_null() & pl.col("verb").is_in(("PAUSE", "UNPAUSE"))
    return named.with_columns(verb=pl.when(everywhere).then(pl.col("verb") + "ALL").otherwise("verb"))


def _pairs(own: pl.DataFrame, told: pl.DataFrame, restarts: pl.DataFrame, carry: AgentCarry) -> pl.DataFrame:
    """What each event does to an agent in a queue: is he a member there (m), is he paused there (p), per seq."""
    verb = pl.col("verb")
    one = own.filter(
        pl.col("queue_name").is_not_null() & verb.is_in(("ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE"))
    )
    single = one.select(
        "seq", "event_at", "agent_name", "queue_name",
        m_set=(verb != "REMOVEMEMBER").cast(pl.Int8),
        p_set=pl.when(verb == "ADDMEMBER").then(pl.col("p1").fill_null("") == "PAUSED")
        .otherwise(verb == "PAUSE").cast(pl.Int8),
        is_all=pl.lit(False),
    )  # fmt: skip
    shown = told.filter("shows_member").select(
        "seq", "event_at", "agent_name", "queue_name",
        m_set=pl.lit(1, pl.Int8), p_set=pl.lit(None, pl.Int8), is_all=pl.lit(False),
    )  # fmt: skip
    carried = carry.pairs.select(
        pl.lit(-1, pl.Int64).alias("seq"), pl.col("started_at").alias("event_at"), "agent_name", "queue_name",
        m_set=pl.lit(1, pl.Int8), p_set=pl.col("paused").cast(pl.Int8), is_all=pl.lit(False),
    )  # fmt: skip
    known = pl.concat(
        [frame.select("agent_name", "queue_name") for frame in (carried, single, shown)]
    ).unique()
    everywhere = own.filter(verb.is_in((*LOGOUTS, "PAUSEALL", "UNPAUSEALL")))
    spread = everywhere.drop("queue_name").join(known, on="agent_name", how="inner").select(
        "seq", "event_at", "agent_name", "queue_name",
        m_set=pl.when(verb.is_in(LOGOUTS)).then(pl.lit(0, pl.Int8)),
        p_set=pl.when(verb.is_in(PAUSES)).then(pl.lit(1, pl.Int8)).otherwise(pl.lit(0, pl.Int8)),
        is_all=pl.lit(True),
    )  # fmt: skip
    cleared = restarts.join(known, how="cross").select(
        "seq", "event_at", "agent_name", "queue_name",
        m_set=pl.lit(0, pl.Int8), p_set=pl.lit(0, pl.Int8), is_all=pl.lit(True),
    )  # fmt: skip
    pairs = pl.concat([carried, single, shown, spread, cleared]).sort("agent_name", "queue_name", "seq")
    over = ("agent_name", "queue_name")
    pairs = pairs.with_columns(m=pl.col("m_set").forward_fill().over(over).fill_null(0))
    pairs = pairs.with_columns(
        p=pl.when(pl.col("m") == 0)
        .then(pl.lit(0, pl.Int8))
        .otherwise("p_set")
        .forward_fill()
        .over(over)
        .fill_null(0)
    )
    return pairs.with_columns(
        dm=pl.col("m").cast(pl.Int64) - pl.col("m").shift(1, fill_value=0).over(over).cast(pl.Int64),
        dq=pl.col("p").cast(pl.Int64) - pl.col("p").shift(1, fill_value=0).over(over).cast(pl.Int64),
    )


def _steps(
    own: pl.DataFrame, told: pl.DataFrame, restarts: pl.DataFrame, pairs: pl.DataFrame, carry: AgentCarry
) -> pl.DataFrame:
    """One row per agent and event, in order, with everything that decides the state after it."""
    verb = pl.col("verb")
    effects = {
        "dm": pl.Int64, "dq": pl.Int64, "dc": pl.Int64, "login_set": pl.Int64, "all_set": pl.Int64,
        "reason_set": pl.String, "wrap_set": pl.Int64, "queue_set": pl.String, "removed": pl.Int64, "version_set": pl.Int64,
    }  # fmt: skip

    def effect(frame: pl.DataFrame, **given: pl.Expr) -> pl.DataFrame:
        columns = [given.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in effects.items()]
        return frame.select("seq", "event_at", "agent_name", *columns)

    clears = {"login_set": pl.lit(0), "all_set": pl.lit(0), "reason_set": pl.lit(NO_REASON)}
    fresh = pl.concat([
        effect(
            pairs.filter((pl.col("seq") >= 0) & ((pl.col("dm") != 0) | (pl.col("dq") != 0))),
            dm=pl.col("dm"), dq=pl.col("dq"),
        ),
        effect(
            own,
            login_set=pl.when(verb.is_in((*LOGINS, "PAUSEALL", "UNPAUSEALL"))).then(1).when(verb.is_in(LOGOUTS)).then(0),
            all_set=pl.when(verb == "PAUSEALL").then(1).when(verb.is_in(("UNPAUSEALL", *LOGOUTS))).then(0),
            reason_set=pl.when(verb.is_in(PAUSES) & (pl.col("p1").fill_null("") != "")).then("p1")
            .when(verb.is_in((*UNPAUSES, *LOGOUTS, "REMOVEMEMBER"))).then(pl.lit(NO_REASON)),
            removed=(verb == "REMOVEMEMBER"),
        ),
        effect(
            told,
            dc=pl.col("contact_change"),
            queue_set=pl.when(pl.col("contact_change") == 1).then("queue_name"),
            wrap_set=pl.when(pl.col("contact_change") == 1).then(0)
            .when(pl.col("wrap_up_seconds") > 0).then(pl.col("event_at") + pl.col("wrap_up_seconds")),
        ),
    ])  # fmt: skip
    seen = pl.concat(
        [
            carry.agents.select("agent_name", since=pl.lit(-1, pl.Int64)),
            fresh.select("agent_name", since="seq"),
        ]
    )
    seen = seen.group_by("agent_name").agg(pl.col("since").min())
    ended = restarts.join(seen, how="cross").filter(pl.col("since") < pl.col("seq"))
    fresh = pl.concat([fresh, effect(ended, **clears, wrap_set=pl.lit(0))])
    busy = fresh.select("agent_name").unique()
    standing = carry.pairs.group_by("agent_name").agg(dm=pl.len(), dq=pl.col("paused").sum())
    base = carry.agents.join(busy, on="agent_name", how="semi").join(standing, on="agent_name", how="left")
    base = effect(
        base.with_columns(seq=pl.lit(-1, pl.Int64), event_at=pl.col("last_at")),
        dm=pl.col("dm"), dq=pl.col("dq"), dc=pl.col("contacts"), login_set=pl.col("login"), all_set=pl.col("all_paused"),
        reason_set=pl.col("reason"), wrap_set=pl.col("wrap_until"), queue_set=pl.col("contact_queue"),
        version_set=pl.col("last_version"),
    )  # fmt: skip
    return _run_up(pl.concat([base, fresh]))


def _run_up(effects: pl.DataFrame) -> pl.DataFrame:
    """Adds up the effects per agent, with a step of its own where a wrap-up runs out."""
    steps = effects.group_by("agent_name", "seq").agg(
        pl.col(
            "event_at",
            "login_set",
            "all_set",
            "reason_set",
            "wrap_set",
            "queue_set",
            "removed",
            "version_set",
        ).max(),
        pl.col("dm", "dq", "dc").sum(),
    )
    steps = steps.sort("agent_name", "seq").with_columns(
        at=pl.col("event_at").cum_max().over("agent_name"), order=1
    )
    # A second's first event gets the version second * 1024; the ones after it in the same second count on.
    in_second = (pl.col("seq") >= 0).cast(pl.Int64).cum_sum().over("agent_name", "at")
    before = (pl.col("version_set") % VERSIONS_PER_SECOND + 1).fill_null(0).sum().over("agent_name", "at")
    steps = steps.with_columns(
        version=pl.coalesce(
            "version_set",
            pl.col("at") * VERSIONS_PER_SECOND
            + (before + in_second - 1).clip(upper_bound=VERSIONS_PER_SECOND - 1),
        )
    )
    runs_out = steps.filter(pl.col("wrap_set") > pl.col("at")).select(
        "agent_name", "seq", at="wrap_set", order=pl.lit(0)
    )
    steps = pl.concat(
        [steps.drop("event_at"), runs_out.with_columns(is_run_out=pl.lit(True))], how="diagonal"
    )
    steps = steps.sort("agent_name", "at", "order", "seq")
    filled = ("login_set", "all_set", "reason_set", "wrap_set", "queue_set", "version")
    steps = steps.with_columns(
        pl.col("dm", "dq", "dc").fill_null(0).cum_sum().over("agent_name"),
        pl.col("version", "all_set", "reason_set", "wrap_set", "queue_set").forward_fill().over("agent_name"),
        is_run_out=pl.col("is_run_out").fill_null(False),
    )
    gone = (pl.col("removed") == 1) & (pl.col("dm") == 0)
    return steps.with_columns(
        login_set=pl.when(gone).then(0).otherwise("login_set").forward_fill().over("agent_name").fill_null(0)
    ).with_columns(pl.col(name).fill_null(0) for name in filled if name not in {"reason_set", "queue_set"})


def _rows(steps: pl.DataFrame, carried: pl.DataFrame, wrap_up_reason_names: tuple[str, ...]) -> pl.DataFrame:
    """The states that the steps make, after the two states before them: one a second at the most, none twice in a row."""
    signed_in = (pl.col("dm") > 0) | (pl.col("login_set") == 1)
    paused = pl.when(pl.col("dm") > 0).then(pl.col("dq") >= pl.col("dm")).otherwise(pl.col("all_set") == 1)
    reason = pl.when(pl.col("reason_set") != NO_REASON).then("reason_set")
    state = (
        pl.when(pl.col("dc") > 0).then(pl.lit("on_contact"))
        .when(pl.col("wrap_set") > pl.col("at")).then(pl.lit("wrap_up"))
        .when(signed_in & paused & reason.is_in(wrap_up_reason_names).fill_null(False)).then(pl.lit("wrap_up"))
        .when(signed_in & paused).then(pl.lit("paused"))
        .when(signed_in).then(pl.lit("available"))
        .otherwise(pl.lit("signed_out"))
    )  # fmt: skip
    rows = steps.filter((pl.col("seq") >= 0) | pl.col("is_run_out")).select(
        "agent_name", "at", state_name=state, reason=reason, queue="queue_set", start_version="version"
    )
    rows = rows.select(
        "agent_name", "at", "state_name",
        reason_name=pl.when(pl.col("state_name") == "paused").then("reason"),
        queue_name=pl.when(pl.col("state_name").is_in(("on_contact", "wrap_up"))).then("queue"),
        start_version="start_version",
    )  # fmt: skip
    before = carried.join(rows.select("agent_name").unique(), on="agent_name", how="semi")
    rows = pl.concat([before.select(rows.columns), rows])
    rows = rows.unique(["agent_name", "at"], keep="last", maintain_order=True).sort(
        "agent_name", "at", maintain_order=True
    )
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift(1))
        for name in ("agent_name", "state_name", "reason_name", "queue_name")
    )
    rows = rows.filter(~same)
    newest = (
        steps.filter(pl.col("order") == 1).group_by("agent_name").agg(newest_version=pl.col("version").max())
    )
    rows = rows.join(newest, on="agent_name", how="left", maintain_order="left")
    return rows.with_columns(
        started_at=pl.col("at"),
        ended_at=pl.col("at").shift(-1).over("agent_name"),
        version_number=pl.coalesce(pl.col("start_version").shift(-1).over("agent_name"), "newest_version"),
    )


def _members(pairs: pl.DataFrame, steps: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Memberships that began or ended in the batch, and those that last."""
    moves = pairs.filter(pl.col("dm") != 0).join(
        steps.filter(pl.col("order") == 1).select("agent_name", "seq", "at", "version"),
        on=["agent_name", "seq"], how="left", maintain_order="left",
    )  # fmt: skip
    over = ("agent_name", "queue_name")
    moves = moves.with_columns(
        started_at=pl.when(pl.col("seq") < 0).then("event_at").otherwise("at"),
        ended_at=pl.col("at").shift(-1).over(over),
        end_version=pl.col("version").shift(-1).over(over),
    )
    stints = moves.filter(pl.col("dm") == 1)
    members = stints.filter((pl.col("seq") >= 0) | pl.col("ended_at").is_not_null()).select(
        "agent_name", "queue_name", "started_at", "ended_at",
        version_number=pl.coalesce("end_version", "version"),
    )  # fmt: skip
    members = members.unique(["agent_name", "queue_name", "started_at"], keep="last", maintain_order=True)
    standing = pairs.group_by(over, maintain_order=True).agg(
        pl.col("m").last(), paused=pl.col("p").last().cast(pl.Int64)
    )
    lasting = stints.filter(pl.col("ended_at").is_null()).select(*over, "started_at")
    open_pairs = standing.filter(pl.col("m") == 1).join(lasting, on=over, how="inner")
    return members, open_pairs.select(PAIR_CARRY.keys())


def _carry(
    steps: pl.DataFrame, rows: pl.DataFrame, open_pairs: pl.DataFrame, carry: AgentCarry
) -> AgentCarry:
    real = steps.filter(pl.col("order") == 1)
    last = real.unique("agent_name", keep="last", maintain_order=True)
    agents = last.select(
        "agent_name", last_at="at", last_version="version", contacts="dc", login="login_set", all_paused="all_set",
        reason="reason_set", wrap_until="wrap_set", contact_queue="queue_set",
    )  # fmt: skip
    quiet = carry.agents.join(agents, on="agent_name", how="anti")
    kept = rows.join(
        agents.select("agent_name", "last_at"), on="agent_name", how="left", maintain_order="left"
    )
    kept = kept.filter(pl.col("at") <= pl.col("last_at")).group_by("agent_name", maintain_order=True).tail(2)
    quiet_rows = carry.rows.join(agents, on="agent_name", how="anti")
    return AgentCarry(
        agents=pl.concat([quiet, agents.select(AGENT_CARRY.keys())]),
        pairs=open_pairs,
        rows=pl.concat([quiet_rows, kept.select(ROW_CARRY.keys())]),
    )
