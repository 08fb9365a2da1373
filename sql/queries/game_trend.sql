-- What did an agent do week by week, and which points were they given for it?
-- Grain: one row per week (from its Monday on) with work or points on working days of [:first_date, :last_date].
with days as (
    select
        d.effective_date,
        sum(cast(d.sums ->> 'handled_calls' as double precision)) as handled_calls,
        sum(cast(d.sums ->> 'handle_seconds' as double precision)) as handle_seconds,
        sum(cast(d.sums ->> 'followed_contacts' as double precision)) as followed_contacts,
        sum(cast(d.sums ->> 'not_repeated_contacts' as double precision)) as not_repeated_contacts,
        sum(cast(d.sums ->> 'csat_responses' as double precision)) as csat_count,
        sum(cast(d.sums ->> 'csat_satisfied_responses' as double precision)) as csat_satisfied_count,
        sum(cast(d.sums ->> 'review_possible_points' as double precision)) as review_possible_value,
        sum(cast(d.sums ->> 'review_earned_points' as double precision)) as review_earned_value,
        sum(cast(d.sums ->> 'solved_tickets' as double precision)) as solved_tickets
    from game.day_sums as d
    where d.agent_id = :agent_id and d.effective_date between cast(:first_date as date) and cast(:last_date as date)
    group by d.effective_date
),

given as (
    select
        l.effective_date,
        sum(l.entry_points) as earned_points
    from game.ledger as l
    where
        l.agent_id = :agent_id and l.account_name = 'points' and l.kind_name in ('award', 'reversal', 'adjust', 'manual')
        and l.effective_date between cast(:first_date as date) and cast(:last_date as date)
    group by l.effective_date
),

together as (
    select
        coalesce(d.effective_date, g.effective_date) as effective_date,
        g.earned_points,
        d.handled_calls,
        d.handle_seconds,
        d.followed_contacts,
        d.not_repeated_contacts,
        d.csat_count,
        d.csat_satisfied_count,
        d.review_possible_value,
        d.review_earned_value,
        d.solved_tickets
    from days as d
    full join given as g on d.effective_date = g.effective_date
)

select
    cast(:agent_id as integer) as agent_id,
    t.effective_date - (cast(extract(isodow from t.effective_date) as integer) - 1) as week_date,
    count(*) as worked_days,
    sum(t.earned_points) as earned_points,
    sum(t.handled_calls) as handled_calls,
    sum(t.handle_seconds) as handle_seconds,
    sum(t.followed_contacts) as followed_contacts,
    sum(t.not_repeated_contacts) as not_repeated_contacts,
    sum(t.csat_count) as csat_count,
    sum(t.csat_satisfied_count) as csat_satisfied_count,
    sum(t.review_possible_value) as review_possible_value,
    sum(t.review_earned_value) as review_earned_value,
    sum(t.solved_tickets) as solved_tickets
from together as t
group by t.effective_date - (cast(extract(isodow from t.effective_date) as integer) - 1)
order by t.effective_date - (cast(extract(isodow from t.effective_date) as integer) - 1)
