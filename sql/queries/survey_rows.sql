-- Which contacts are behind a number of the customers' voice: asked, answered, satisfied, resolved, come again?
-- Grain: one row per contact in the customer's eyes that adds to the number, with what it adds (amount: the metric's denominator;
-- counted: its numerator) and, in every row, how many there are and their sums; one row without a contact where there is none.
with weights as (
    select
        t.part_name,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'askable_contacts'), 0) as askable_contacts,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'survey_count'), 0) as survey_count,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'unplaced_survey_count'), 0) as unplaced_survey_count,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'csat_count'), 0) as csat_count,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'csat_satisfied_count'), 0) as csat_satisfied_count,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'nps_count'), 0) as nps_count,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'nps_promoter_count'), 0) as nps_promoter_count,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'nps_detractor_count'), 0) as nps_detractor_count,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'flagged_contacts'), 0) as flagged_contacts,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'resolved_first_contacts'), 0) as resolved_first_contacts,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'followed_contacts'), 0) as followed_contacts,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'repeated_contacts'), 0) as repeated_contacts,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'provisional_contacts'), 0) as provisional_contacts,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'returning_contacts'), 0) as returning_contacts,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'same_agent_contacts'), 0) as same_agent_contacts
    from unnest(
        cast(:parts as text []), cast(:columns as text []), cast(:signs as integer [])
    ) as t (part_name, column_name, sign_number)
    group by t.part_name
),

contacts as materialized (
    -- Who came back, after whom: looked up only where the number asks for it.
    select
        o.*,
        lag(o.happened_at) over w as before_at,
        lag(o.agent_id) over w as before_agent_id
    from warehouse.contact_outcomes(
        cast(:window_start as timestamptz) - make_interval(days => cast(:repeat_days as integer)),
        cast(:window_end as timestamptz),
        cast(:as_of as timestamptz),
        cast(:repeat_days as integer)
    ) as o
    where o.kind_name = 'call' and (select bool_or(w.returning_contacts <> 0 or w.same_agent_contacts <> 0) from weights as w)
    window w as (partition by o.customer_key, o.askable_contacts order by o.happened_at, o.source_name, o.contact_id)
),

came_back as (
    select
        c.source_name,
        c.contact_id,
        true as is_returning,
        c.before_agent_id = c.agent_id as is_same_agent
    from contacts as c
    where
        c.happened_at >= :window_start and c.agent_id is not null and c.customer_key is not null and c.askable_contacts = 1
        and c.before_agent_id is not null
        and c.before_at >= c.happened_at - make_interval(days => cast(:repeat_days as integer))
),

measured as (
    select
        o.*,
        p.askable_contacts * coalesce(o.askable_contacts, 0)
        + p.survey_count * coalesce(o.survey_count, 0)
        + p.unplaced_survey_count * coalesce(o.unplaced_survey_count, 0)
        + p.csat_count * coalesce(o.csat_count, 0)
        + p.csat_satisfied_count * coalesce(o.csat_satisfied_count, 0)
        + p.nps_count * coalesce(o.nps_count, 0)
        + p.nps_promoter_count * coalesce(o.nps_promoter_count, 0)
        + p.nps_detractor_count * coalesce(o.nps_detractor_count, 0)
        + p.flagged_contacts * coalesce(o.flagged_contacts, 0)
        + p.resolved_first_contacts * coalesce(o.resolved_first_contacts, 0)
        + p.followed_contacts * coalesce(o.followed_contacts, 0)
        + p.repeated_contacts * coalesce(o.repeated_contacts, 0)
        + p.provisional_contacts * coalesce(o.provisional_contacts, 0)
        + p.returning_contacts * coalesce(b.is_returning::integer, 0)
        + p.same_agent_contacts * coalesce(b.is_same_agent::integer, 0) as amount_number,
        c.askable_contacts * coalesce(o.askable_contacts, 0)
        + c.survey_count * coalesce(o.survey_count, 0)
        + c.unplaced_survey_count * coalesce(o.unplaced_survey_count, 0)
        + c.csat_count * coalesce(o.csat_count, 0)
        + c.csat_satisfied_count * coalesce(o.csat_satisfied_count, 0)
        + c.nps_count * coalesce(o.nps_count, 0)
        + c.nps_promoter_count * coalesce(o.nps_promoter_count, 0)
        + c.nps_detractor_count * coalesce(o.nps_detractor_count, 0)
        + c.flagged_contacts * coalesce(o.flagged_contacts, 0)
        + c.resolved_first_contacts * coalesce(o.resolved_first_contacts, 0)
        + c.followed_contacts * coalesce(o.followed_contacts, 0)
        + c.repeated_contacts * coalesce(o.repeated_contacts, 0)
        + c.provisional_contacts * coalesce(o.provisional_contacts, 0)
        + c.returning_contacts * coalesce(b.is_returning::integer, 0)
        + c.same_agent_contacts * coalesce(b.is_same_agent::integer, 0) as counted_number
    from warehouse.chosen_outcomes(
        :window_start,
        :window_end,
        :as_of,
        :repeat_days,
        :queue_id,
        :group_name,
        :channel_name,
        :topic_name,
        :team_id,
        :site_name,
        :agent_id,
        :is_business_hours
    ) as o
    inner join weights as p on p.part_name = 'population'
    inner join weights as c on c.part_name = 'counted'
    left join came_back as b on o.kind_name = 'call' and o.source_name = b.source_name and o.contact_id = b.contact_id
    where not cast(:is_by_answer as boolean) or (o.kind_name = 'call' and o.agent_id is not null)
),

found as materialized (
    select
        m.*,
        concat_ws('|', m.kind_name, m.source_name, m.contact_id, m.survey_source_name, m.survey_id) as row_text,
        case :order_name
            when 'amount' then case when m.counted_number <> 0 then m.counted_number else m.amount_number end
            when 'counted' then cast(m.counted_number <> 0 as integer)
            else 0
        end as rank_number
    from measured as m
    where m.amount_number <> 0 or m.counted_number <> 0
),

totals as (
    select
        count(*) as found_rows,
        coalesce(sum(f.amount_number), 0) as total_number,
        coalesce(sum(f.counted_number), 0) as counted_total_number
    from found as f
)

select
    t.found_rows,
    t.total_number,
    t.counted_total_number,
    p.position_text as row_text,
    p.happened_at,
    p.told_at,
    p.amount_number,
    p.counted_number,
    p.queue_id,
    p.queue_name,
    p.shown_agent_id as agent_id,
    p.agent_name,
    p.kind_name,
    p.channel_name,
    p.group_name,
    p.topic_name,
    p.csat_score,
    p.nps_score,
    p.is_resolved,
    p.comment_text,
    p.source_name,
    p.contact_id,
    p.survey_source_name,
    p.survey_id
from totals as t
left join (
    select
        f.*,
        concat_ws('|', f.rank_number, cast(extract(epoch from f.happened_at) * 1000000 as bigint), f.row_text) as position_text,
        q.queue_name,
        a.agent_id as shown_agent_id,
        a.agent_name
    from found as f
    left join warehouse.queues as q on f.queue_id = q.queue_id
    left join warehouse.agents as a on f.agent_id = a.agent_id and (select warehouse.is_individual('ratings'))
    where
        cast(:after_text as text) is null
        or (f.rank_number, f.happened_at, f.row_text)
        < (cast(:after_rank_number as numeric), cast(:after_at as timestamptz), cast(:after_text as text))
    order by f.rank_number desc, f.happened_at desc, f.row_text desc
    limit :limit_rows
) as p on true
order by p.rank_number desc, p.happened_at desc, p.row_text desc
