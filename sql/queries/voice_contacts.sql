-- Which contacts stand behind a number about the customers' voice, what did they say, and has somebody gone after it?
-- Grain: one row per contact that the column :of_name counts, the newest first; total_count and counted_count say how many there
-- are in all. :score_name keeps low (CSAT below 3, NPS below 7), middle or high scores, :has_words those with a comment that holds
-- :search_text, :is_due low scores that nobody has followed up.
with chosen as materialized (
    select
        o.*,
        case :of_name
            when 'answered_count' then o.survey_count + o.unplaced_survey_count
            when 'askable_contacts' then o.askable_contacts
            when 'survey_count' then o.survey_count
            when 'unplaced_survey_count' then o.unplaced_survey_count
            when 'csat_count' then o.csat_count
            when 'csat_satisfied_count' then o.csat_satisfied_count
            when 'nps_count' then o.nps_count
            when 'nps_promoter_count' then o.nps_promoter_count
            when 'nps_detractor_count' then o.nps_detractor_count
            when 'flagged_contacts' then o.flagged_contacts
            when 'resolved_first_contacts' then o.resolved_first_contacts
            when 'followed_contacts' then o.followed_contacts
            when 'repeated_contacts' then o.repeated_contacts
            when 'provisional_contacts' then o.provisional_contacts
        end as counted,
        case
            when o.csat_score < 3 or (o.csat_score is null and o.nps_score < 7) then 'low'
            when o.csat_score >= 4 or (o.csat_score is null and o.nps_score >= 9) then 'high'
            when o.csat_score is not null or o.nps_score is not null then 'middle'
        end as level_name
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
        f.is_done,
        f.saved_at,
        f.viewer_name,
        f.comment_text
    from warehouse.follow_ups as f
    order by f.kind_name, f.source_name, f.contact_id, f.save_number desc
),

listed as (
    select
        c.*,
        coalesce(s.is_done, false) as is_followed_up,
        case when s.is_done then s.saved_at end as followed_up_at,
        case when s.is_done then s.viewer_name end as followed_up_by_name,
        case when s.is_done then s.comment_text end as follow_up_text
    from chosen as c
    left join standing as s on c.kind_name = s.kind_name and c.source_name = s.source_name and c.contact_id = s.contact_id
    where
        c.counted = 1
        and (cast(:score_name as text) is null or c.level_name = :score_name)
        and (
            cast(:step_score as integer) is null
            or floor(case :scale_name when 'nps' then c.nps_score else c.csat_score end) = :step_score
        )
        and (not :has_words or c.comment_text <> '')
        and (cast(:search_text as text) is null or strpos(lower(c.comment_text), lower(:search_text)) > 0)
        and (not :is_due or (c.level_name = 'low' and not coalesce(s.is_done, false)))
)

select
    l.happened_at,
    l.told_at,
    l.kind_name,
    l.source_name,
    l.contact_id,
    l.queue_id,
    q.queue_name,
    a.agent_id,
    a.agent_name,
    l.channel_name,
    coalesce(l.group_name, q.queue_name) as group_name,
    l.topic_name,
    l.csat_score,
    l.nps_score,
    l.is_resolved,
    l.level_name,
    l.comment_text,
    l.is_followed_up,
    l.followed_up_at,
    l.followed_up_by_name,
    l.follow_up_text,
    l.repeated_contacts = 1 as is_repeated,
    l.provisional_contacts = 1 as is_provisional,
    count(*) over () as total_count
from listed as l
left join warehouse.queues as q on l.queue_id = q.queue_id
left join warehouse.agents as a on l.agent_id = a.agent_id and (select warehouse.is_individual('ratings'))
order by coalesce(l.told_at, l.happened_at) desc, l.source_name, l.contact_id
limit :limit_rows
