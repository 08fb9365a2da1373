-- What do customers say in a window, in all or by queue, group, team, agent, channel, topic, day or week?
-- Grain: one row per value of :by_name ("all": one row in all, also without a contact); additive columns only.
with chosen as (
    select
        o.*,
        cast(o.happened_at at time zone (select coalesce(min(s.time_zone_name), 'UTC') from warehouse.sites as s) as date) as day_date
    from warehouse.chosen_outcomes(
        :window_start, :window_end, :as_of, :repeat_days, :queue_id, :group_name, :channel_name, :topic_name, :team_id, :site_name,
        :agent_id, :is_business_hours
    ) as o
),

placed as (
    select
        c.*,
        case cast(:by_name as text)
            when 'queue' then cast(c.queue_id as text)
            when 'group' then c.group_name
            when 'team' then cast(t.team_id as text)
            when 'agent' then cast(c.agent_id as text)
            when 'channel' then c.channel_name
            when 'topic' then c.topic_name
            when 'day' then cast(c.day_date as text)
            when 'week' then cast(c.day_date - (extract(isodow from c.day_date)::integer - 1) as text)
        end as of_key,
        case cast(:by_name as text)
            when 'queue' then q.queue_name
            when 'group' then c.group_name
            when 'team' then m.team_name
            when 'agent' then a.agent_name
            when 'channel' then c.channel_name
            when 'topic' then c.topic_name
        end as of_name
    from chosen as c
    left join warehouse.queues as q on c.queue_id = q.queue_id
    left join warehouse.agents as a on c.agent_id = a.agent_id
    left join warehouse.team_spans as t
        on
            c.agent_id = t.agent_id and t.started_date <= c.local_date and (t.ended_date is null or t.ended_date > c.local_date)
            and :by_name = 'team'
    left join warehouse.teams as m on t.team_id = m.team_id
)

select
    p.of_key,
    min(p.of_name) as of_name,
    coalesce(sum(p.askable_contacts), 0) as askable_contacts,
    coalesce(sum(p.survey_count), 0) as survey_count,
    coalesce(sum(p.unplaced_survey_count), 0) as unplaced_survey_count,
    coalesce(sum(p.csat_count), 0) as csat_count,
    coalesce(sum(p.csat_satisfied_count), 0) as csat_satisfied_count,
    coalesce(sum(p.nps_count), 0) as nps_count,
    coalesce(sum(p.nps_promoter_count), 0) as nps_promoter_count,
    coalesce(sum(p.nps_detractor_count), 0) as nps_detractor_count,
    coalesce(sum(p.flagged_contacts), 0) as flagged_contacts,
    coalesce(sum(p.resolved_first_contacts), 0) as resolved_first_contacts,
    coalesce(sum(p.followed_contacts), 0) as followed_contacts,
    coalesce(sum(p.repeated_contacts), 0) as repeated_contacts,
    coalesce(sum(p.provisional_contacts), 0) as provisional_contacts
from placed as p
group by p.of_key
union all
select
    null,
    null,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0
where :by_name = 'all' and not exists (select 1 from placed)
order by of_name, of_key
