-- Which visits stand behind a number of self-service?
-- Grain: one row per visit, the newest first, at most 500; total_rows is how many there are.
select
    v.started_at,
    v.ended_at,
    v.channel_name,
    v.flow_name,
    v.choices_text,
    v.outcome_name,
    v.topic_name,
    q.queue_name,
    v.source_name,
    v.visit_id,
    v.contact_id,
    count(*) over () as total_rows
from warehouse.self_services as v
left join warehouse.queues as q on v.queue_id = q.queue_id
where
    v.started_at >= :window_start and v.started_at < :window_end
    and (cast(:channel_name as text) is null or v.channel_name = :channel_name)
    and (cast(:flow_name as text) is null or coalesce(v.flow_name, '') = :flow_name)
    and (cast(:choices_text as text) is null or coalesce(v.choices_text, '') = :choices_text)
    and (cast(:outcome_name as text) is null or v.outcome_name = :outcome_name)
order by v.started_at desc, v.source_name, v.visit_id
limit 500
