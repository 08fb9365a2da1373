-- Which contacts were drawn for review in a week, and which of them were reviewed?
-- Grain: one row per drawn contact of the week, by agent and place.
select
    s.week_date,
    s.drawn_at,
    s.seed_name,
    s.contacts_per_agent_number,
    s.viewer_name,
    c.place_number,
    c.candidate_count,
    c.offered_at,
    c.agent_id,
    a.agent_name,
    c.queue_id,
    q.queue_name,
    c.source_name,
    c.contact_id,
    r.review_id,
    r.reviewer_name
from warehouse.review_samples as s
inner join warehouse.review_sample_contacts as c on s.week_date = c.week_date
inner join warehouse.agents as a on c.agent_id = a.agent_id
inner join warehouse.queues as q on c.queue_id = q.queue_id
left join lateral (
    select
        o.review_id,
        o.reviewer_name
    from warehouse.standing_own_reviews as o
    where o.source_name = c.source_name and o.contact_id = c.contact_id and not o.is_calibration
    order by o.reviewed_at, o.review_id
    limit 1
) as r on true
where s.week_date = :week_date
order by a.agent_name, c.agent_id, c.place_number
