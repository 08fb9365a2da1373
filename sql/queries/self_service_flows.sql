-- Which ways did customers take through menus, bots and pages in a window, and where did they end?
-- Grain: one row per channel, flow and way taken (choices_text, null where it is not told).
select
    v.channel_name,
    v.flow_name,
    v.choices_text,
    count(*) as visit_count,
    count(*) filter (where v.outcome_name = 'contained') as contained_contacts,
    count(*) filter (where v.outcome_name = 'passed_on') as passed_on_contacts,
    count(*) filter (where v.outcome_name = 'left') as left_contacts,
    coalesce(sum(extract(epoch from v.ended_at - v.started_at)), 0) as visit_seconds,
    count(v.ended_at) as timed_count
from warehouse.self_services as v
where v.started_at >= :window_start and v.started_at < :window_end
group by v.channel_name, v.flow_name, v.choices_text
order by count(*) desc, v.channel_name, v.flow_name, v.choices_text
limit 500
