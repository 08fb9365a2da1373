-- Which reviews are behind a number of quality: how many, what they scored together, which failed?
-- Grain: one row per standing review (none for calibration) that adds to the number, with what it adds and, in every row, how many
-- there are and their sums; one row without a review where there is none. The team is that of the local day of the review.
with terms as (
    select
        t.part_name,
        t.column_name,
        t.sign_number
    from unnest(cast(:parts as text []), cast(:columns as text []), cast(:signs as integer []))
        as t (part_name, column_name, sign_number)
),

reviews as (
    select
        s.*,
        a.agent_name,
        cast(s.reviewed_at at time zone (select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z) as date)
            as local_date
    from warehouse.standing_reviews as s
    inner join warehouse.agents as a on s.agent_id = a.agent_id
    where
        s.reviewed_at >= :window_start and s.reviewed_at < :window_end and not s.is_calibration
        and (cast(:agent_id as integer) is null or s.agent_id = :agent_id)
        and (cast(:queue_id as integer) is null or s.queue_id = :queue_id)
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = :site_name)
),

measured as (
    select
        r.*,
        n.amount_number,
        n.counted_number
    from reviews as r
    cross join lateral (
        select
            coalesce(sum(t.sign_number * v.amount) filter (where t.part_name = 'population'), 0) as amount_number,
            coalesce(sum(t.sign_number * v.amount) filter (where t.part_name = 'counted'), 0) as counted_number
        from terms as t
        inner join (
            values
            ('review_count', cast(r.total_score is not null as integer)),
            ('review_total_score', r.total_score),
            ('failed_review_count', cast(r.is_failed and r.total_score is not null as integer))
        ) as v (column_name, amount) on t.column_name = v.column_name
    ) as n
    where
        cast(:team_id as integer) is null
        or exists (
            select 1 from warehouse.team_spans as t
            where
                t.agent_id = r.agent_id and t.team_id = :team_id and t.started_date <= r.local_date
                and (t.ended_date is null or t.ended_date > r.local_date)
        )
),

found as materialized (
    select
        m.*,
        concat_ws('|', m.source_name, m.review_id) as row_text,
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
    p.reviewed_at,
    p.amount_number,
    p.counted_number,
    p.total_score,
    p.is_failed,
    p.agent_id,
    p.agent_name,
    p.queue_name,
    p.form_name,
    p.reviewer_name,
    p.comment_text,
    p.source_name,
    p.review_id,
    p.contact_source_name,
    p.contact_id
from totals as t
left join (
    select
        f.*,
        concat_ws('|', f.rank_number, cast(extract(epoch from f.reviewed_at) * 1000000 as bigint), f.row_text) as position_text,
        q.queue_name
    from found as f
    left join warehouse.queues as q on f.queue_id = q.queue_id
    where
        cast(:after_text as text) is null
        or (f.rank_number, f.reviewed_at, f.row_text)
        < (cast(:after_rank_number as numeric), cast(:after_at as timestamptz), cast(:after_text as text))
    order by f.rank_number desc, f.reviewed_at desc, f.row_text desc
    limit :limit_rows
) as p on true
order by p.rank_number desc, p.reviewed_at desc, p.row_text desc
