-- Gives all other facts that one source tells of an agent to another agent.
-- Grain: one row: how many facts were moved.
with members as (
    update warehouse.queue_members as m set agent_id = :to_id
    where m.agent_id = :from_id and m.source_name = :source_name
    returning m.agent_id
),

tickets as (
    update warehouse.tickets as t set
        agent_id = case when t.agent_id = :from_id then :to_id else t.agent_id end,
        first_agent_id = case when t.first_agent_id = :from_id then :to_id else t.first_agent_id end
    where t.source_name = :source_name and (t.agent_id = :from_id or t.first_agent_id = :from_id)
    returning t.agent_id
),

events as (
    update warehouse.ticket_events as e set agent_id = :to_id
    where e.agent_id = :from_id and e.source_name = :source_name
    returning e.agent_id
),

surveys as (
    update warehouse.surveys as s set agent_id = :to_id
    where s.agent_id = :from_id and s.source_name = :source_name
    returning s.agent_id
),

reviews as (
    update warehouse.quality_reviews as r set agent_id = :to_id
    where r.agent_id = :from_id and r.source_name = :source_name
    returning r.agent_id
),

shifts as (
    update warehouse.shifts as s set agent_id = :to_id
    where s.agent_id = :from_id and s.source_name = :source_name
    returning s.agent_id
),

costs as (
    update warehouse.costs as c set agent_id = :to_id
    where c.agent_id = :from_id and c.source_name = :source_name
    returning c.agent_id
),

revenues as (
    update warehouse.revenues as r set agent_id = :to_id
    where r.agent_id = :from_id and r.source_name = :source_name
    returning r.agent_id
),

recordings as (
    update warehouse.recordings as w set agent_id = :to_id
    where w.agent_id = :from_id and w.source_name = :source_name
    returning w.agent_id
),

attempts as (
    update warehouse.attempts as w set agent_id = :to_id
    where w.agent_id = :from_id and w.source_name = :source_name
    returning w.agent_id
),

reviews_here as (
    update warehouse.reviews as w set agent_id = :to_id
    where w.agent_id = :from_id and w.source_name = :source_name
    returning w.agent_id
),

sampled as (
    update warehouse.review_sample_contacts as w set agent_id = :to_id
    where w.agent_id = :from_id and w.source_name = :source_name
    returning w.agent_id
),

coached as (
    update warehouse.coaching_notes as w set agent_id = :to_id
    where w.agent_id = :from_id and w.source_name = :source_name
    returning w.agent_id
)

select
    (select count(*) from members) + (select count(*) from tickets) + (select count(*) from events)
    + (select count(*) from surveys) + (select count(*) from reviews) + (select count(*) from shifts)
    + (select count(*) from costs) + (select count(*) from revenues)
    + (select count(*) from recordings) + (select count(*) from attempts)
    + (select count(*) from reviews_here) + (select count(*) from sampled) + (select count(*) from coached) as moved_rows
