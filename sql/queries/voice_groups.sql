-- What do customers say in a window, in all, by one of queue, group, team, agent, channel or topic, by day or week, and by score?
-- Grain: one row in all (also without a contact) and one per value of :by_name, of :step_name, and per whole CSAT and NPS score;
-- additive columns only. due_contacts: low scores (CSAT below 3, without CSAT NPS below 7) that nobody has followed up.
with chosen as (
    select
        o.kind_name,
        o.source_name,
        o.contact_id,
        o.queue_id,
        o.agent_id,
        o.group_name,
        o.channel_name,
        o.topic_name,
        o.local_date,
        o.csat_score,
        o.nps_score,
        o.askable_contacts,
        o.survey_count,
        o.unplaced_survey_count,
        o.csat_count,
        o.csat_satisfied_count,
        o.nps_count,
        o.nps_promoter_count,
        o.nps_detractor_count,
        o.flagged_contacts,
        o.resolved_first_contacts,
        o.followed_contacts,
        o.repeated_contacts,
        o.provisional_contacts,
        cast(o.happened_at at time zone (select coalesce(min(s.time_zone_name), 'UTC') from warehouse.sites as s) as date) as day_date
    from warehouse.chosen_outcomes(
        :window_start, :window_end, :as_of, :repeat_days, :queue_id, :group_name, :channel_name, :topic_name, :team_id, :site_name,
        :agent_id, :is_business_hours
    ) as o
),

standing as (
    select distinct on (f.kind_name, f.source_name, f.contact_id)
        f.kind_name,
        f.source_name,
        f.contact_id,
        f.is_done
    from warehouse.follow_ups as f
    order by f.kind_name, f.source_name, f.contact_id, f.save_number desc
),

placed as (
    select
        c.*,
        case cast(:by_name as text)
            when 'queue' then cast(c.queue_id as text)
            when 'group' then c.group_name
            when 'team' then cast(t.team_id as text)
            when 'agent' then case when (select warehouse.is_individual('ratings')) then cast(c.agent_id as text) end
            when 'channel' then c.channel_name
            when 'topic' then c.topic_name
        end as by_key,
        case cast(:by_name as text)
            when 'queue' then q.queue_name
            when 'group' then c.group_name
            when 'team' then m.team_name
            when 'agent' then a.agent_name
            when 'channel' then c.channel_name
            when 'topic' then c.topic_name
        end as by_value,
        case cast(:step_name as text)
            when 'week' then c.day_date - (extract(isodow from c.day_date)::integer - 1)
            else c.day_date
        end as step_date,
        floor(c.csat_score) as csat_step,
        floor(c.nps_score) as nps_step,
        (
            (c.csat_score < 3 or (c.csat_score is null and c.nps_score < 7))
            and c.survey_count + c.unplaced_survey_count = 1 and not coalesce(s.is_done, false)
        )::integer as due_contacts
    from chosen as c
    left join standing as s on c.kind_name = s.kind_name and c.source_name = s.source_name and c.contact_id = s.contact_id
    left join warehouse.queues as q on c.queue_id = q.queue_id
    left join warehouse.agents as a on c.agent_id = a.agent_id and (select warehouse.is_individual('ratings'))
    left join warehouse.team_spans as t
        on
            c.agent_id = t.agent_id and t.started_date <= c.local_date and (t.ended_date is null or t.ended_date > c.local_date)
            and :by_name = 'team'
    left join warehouse.teams as m on t.team_id = m.team_id
)

select
    case
        when grouping(p.by_key) = 0 then :by_name
        when grouping(p.step_date) = 0 then :step_name
        when grouping(p.csat_step) = 0 then 'csat'
        when grouping(p.nps_step) = 0 then 'nps'
        else 'all'
    end as of_kind_name,
    coalesce(p.by_key, cast(p.step_date as text), cast(p.csat_step as text), cast(p.nps_step as text)) as of_key,
    case when grouping(p.by_key) = 0 then min(p.by_value) end as of_name,
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
    coalesce(sum(p.provisional_contacts), 0) as provisional_contacts,
    coalesce(sum(p.due_contacts), 0) as due_contacts
from placed as p
group by grouping sets ((), (p.by_key), (p.step_date), (p.csat_step), (p.nps_step))
order by of_kind_name, of_name, of_key
