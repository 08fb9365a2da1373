"""Draws the sample of a week and keeps it, so that it can be drawn again and nobody has chosen what is listened to.

In: a week that is over, how many contacts of each agent, a seed. Out: the sample, kept; QualityError where it cannot be.
The rule it guards: a week has one sample, and no contact is in two.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from dashboard.quality import fair_sample
from dashboard.quality.review_book import QualityError, in_turn, needed
from sql import audit, policy, warehouse


def draw_sample(
    connection: Connection,
    *,
    week_date: date,
    per_agent: int,
    seed: str,
    window_start: datetime,
    window_end: datetime,
    viewer_name: str,
    now: datetime,
) -> int:
    """Draws the sample of the week that begins on that Monday and keeps it; how many contacts it has.

    Raises QualityError where the week is not over, has a sample already, or holds nothing to draw.
    """
    if week_date.weekday() != 0:
        raise QualityError(
            f"A week begins on a Monday; {week_date} is none. Choose {week_date - timedelta(days=week_date.weekday())}."
        )
    if window_end > now:
        raise QualityError(
            "The week is not over, so not every contact would have its chance. Draw it when it is over."
        )
    if not 1 <= per_agent <= 50:
        raise QualityError(f"{per_agent} contacts of each agent were asked for; expected 1 to 50.")
    seed_name = needed(seed, "The sample", "a seed, such as the date")
    in_turn(connection)
    policy.require(connection, "quality")
    drawn = sample_of(
        connection, week_date=week_date, per_agent=per_agent, seed=seed_name, window_start=window_start,
        window_end=window_end, as_of=now,
    )  # fmt: skip
    if not drawn:
        raise QualityError(
            "No contact of that week can be drawn: nobody handled one, or all were reviewed. Choose another week."
        )
    is_new = warehouse.execute(
        connection,
        "quality/sample_new",
        week_date=week_date,
        drawn_at=now,
        contacts_per_agent_number=per_agent,
        seed_name=seed_name,
        viewer_name=viewer_name,
    )
    if not is_new:
        raise QualityError(
            "A sample of that week was drawn already, and a second one would let people choose. Review that one."
        )
    warehouse.execute(
        connection,
        "quality/sample_contacts_new",
        week_date=week_date,
        offered_ats=[offered_at for _, offered_at in drawn],
        place_numbers=[one.place_number for one, _ in drawn],
        candidate_counts=[one.candidate_count for one, _ in drawn],
        agent_ids=[one.candidate.agent_id for one, _ in drawn],
        queue_ids=[one.candidate.queue_id for one, _ in drawn],
        source_names=[one.candidate.source_name for one, _ in drawn],
        contact_ids=[one.candidate.contact_id for one, _ in drawn],
    )
    audit.note(
        connection,
        what_name="quality.sample",
        of_name=f"week {week_date.isoformat()}",
        told={
            "drawn_contacts": len(drawn),
            "agent_ids": sorted({one.candidate.agent_id for one, _ in drawn}),
        },
    )
    return len(drawn)


def sample_of(
    connection: Connection,
    *,
    week_date: date,
    per_agent: int,
    seed: str,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
) -> list[tuple[fair_sample.Drawn, datetime]]:
    """What the seed draws of the week, each with the instant of its offer; keeps nothing, so that it can be checked."""
    rows = warehouse.frame(
        connection,
        "queries/sample_candidates",
        window_start=window_start,
        window_end=window_end,
        week_date=week_date,
        as_of=as_of,
    ).to_dicts()
    names = ("agent_id", "queue_id", "hour_number", "source_name", "contact_id")
    offered = {(row["source_name"], row["contact_id"]): row["offered_at"] for row in rows}
    drawn = fair_sample.draw(
        [fair_sample.Candidate(**{name: row[name] for name in names}) for row in rows],
        per_agent=per_agent,
        seed=f"{seed}/{week_date}",
    )
    return [(one, offered[one.candidate.source_name, one.candidate.contact_id]) for one in drawn]
