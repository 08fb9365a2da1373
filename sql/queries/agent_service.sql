-- What did customers make of the contacts that each agent handled: solved at once, back again, satisfied?
-- Grain: one row per agent and team to which he belonged on the day of the answer. A contact belongs to the agent who handled it last,
-- all its legs together. Returning: it followed an earlier contact of the same customer within :repeat_days, whoever had that one.
with contacts as materialized (
    select
        o.*,
        lag(o.happened_at) over w as before_at,
        lag(o.agent_id) over w as before_agent_id
    from warehouse.contact_outcomes(
        cast(:window_start as timestamptz) - make_interval(days => cast(:repeat_days as integer)),
        cast(:last_at as timestamptz) + interval '1 microsecond',
        cast(:as_of as timestamptz),
        cast(:repeat_days as integer)
    ) as o
    where o.kind_name = 'call'
    window w as (partition by o.customer_key, o.askable_contacts order by o.happened_at, o.source_name, o.contact_id)
),

followed as (
    select
        c.*,
        c.customer_key is not null and c.askable_contacts = 1 and c.before_agent_id is not null
        and c.before_at >= c.happened_at - make_interval(days => cast(:repeat_days as integer)) as is_returning
    from contacts as c
    left join warehouse.queues as q on c.queue_id = q.queue_id
    where
        c.happened_at >= cast(:window_start as timestamptz) and c.agent_id is not null
        and (cast(:agent_id as integer) is null or c.agent_id = cast(:agent_id as integer))
        and (cast(:queue_id as integer) is null or c.queue_id = cast(:queue_id as integer))
        and (cast(:group_name as text) is null or coalesce(q.group_name, '') = cast(:group_name as text))
        and (cast(:channel_name as text) is null or c.channel_name = cast(:channel_name as text))
        and (cast(:topic_name as text) is null or coalesce(c.topic_name, '') = cast(:topic_name as text))
),

each as (
    select
        a.agent_id,
        a.agent_name,
        s.team_id,
        sum(f.flagged_contacts) as flagged_contacts,
        sum(f.resolved_first_contacts) as resolved_first_contacts,
        sum(f.followed_contacts) as followed_contacts,
        sum(f.repeated_contacts) as repeated_contacts,
        sum(f.provisional_contacts) as provisional_contacts,
        count(*) filter (where f.is_returning) as returning_contacts,
        count(*) filter (where f.is_returning and f.before_agent_id = f.agent_id) as same_agent_contacts,
        sum(f.askable_contacts) as askable_contacts,
        sum(f.survey_count) as survey_count,
        sum(f.csat_count) as csat_count,
        sum(f.csat_satisfied_count) as csat_satisfied_count
    from followed as f
    inner join warehouse.agents as a on f.agent_id = a.agent_id
    left join warehouse.team_spans as s
        on f.agent_id = s.agent_id and f.local_date >= s.started_date and f.local_date < coalesce(s.ended_date, cast('2100-01-01' as date))
    where
        (cast(:team_id as integer) is null or s.team_id = cast(:team_id as integer))
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = cast(:site_name as text))
    group by a.agent_id, a.agent_name, s.team_id
),

policy as materialized (
    select
        warehouse.is_individual('resolution') as has_resolution,
        warehouse.is_individual('ratings') as has_ratings
)

select
    e.agent_id,
    e.agent_name,
    e.team_id,
    case when y.has_resolution then e.flagged_contacts end as flagged_contacts,
    case when y.has_resolution then e.resolved_first_contacts end as resolved_first_contacts,
    case when y.has_resolution then e.followed_contacts end as followed_contacts,
    case when y.has_resolution then e.repeated_contacts end as repeated_contacts,
    case when y.has_resolution then e.provisional_contacts end as provisional_contacts,
    case when y.has_resolution then e.returning_contacts end as returning_contacts,
    case when y.has_resolution then e.same_agent_contacts end as same_agent_contacts,
    case when y.has_ratings then e.askable_contacts end as askable_contacts,
    case when y.has_ratings then e.survey_count end as survey_count,
    case when y.has_ratings then e.csat_count end as csat_count,
    case when y.has_ratings then e.csat_satisfied_count end as csat_satisfied_count
from each as e
cross join policy as y
where y.has_resolution or y.has_ratings
order by e.agent_name, e.agent_id, e.team_id
