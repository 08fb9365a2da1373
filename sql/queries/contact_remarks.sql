-- What was said of some calls and tickets, and what did they earn: answers of the customer, reviews, amounts?
-- Grain: one row per survey, review and amount that names one of the calls, contacts or tickets, in the order of time. Two systems
-- may use one id for two contacts: what carries another customer's hash is left out.
select
    'survey' as kind_name,
    s.answered_at as happened_at,
    s.source_name,
    s.survey_id as record_id,
    s.csat_score,
    s.nps_score,
    cast(null as double precision) as total_score,
    cast(null as double precision) as earned_amount,
    cast(null as text) as currency_name,
    s.is_resolved,
    cast(null as text) as by_name,
    cast(null as text) as form_name,
    s.comment_text
from warehouse.surveys as s
where
    (
        s.call_id = any(cast(:call_ids as text [])) or s.contact_id = any(cast(:contact_ids as text []))
        or s.ticket_id = any(cast(:ticket_ids as text []))
    )
    and (
        s.customer_key is null or cardinality(cast(:customer_keys as text [])) = 0
        or s.customer_key = any(cast(:customer_keys as text []))
    )
union all
select
    'review' as kind_name,
    r.reviewed_at as happened_at,
    r.source_name,
    r.review_id as record_id,
    null as csat_score,
    null as nps_score,
    r.total_score,
    null as earned_amount,
    null as currency_name,
    null as is_resolved,
    r.reviewer_name as by_name,
    r.form_name,
    r.comment_text
from warehouse.quality_reviews as r
where r.call_id = any(cast(:call_ids as text [])) or r.ticket_id = any(cast(:ticket_ids as text []))
union all
select
    'review' as kind_name,
    r.reviewed_at as happened_at,
    'floorboard' as source_name,
    cast(r.review_id as text) as record_id,
    null as csat_score,
    null as nps_score,
    case
        when r.is_failed then 0
        when r.possible_points > 0 then 100.0 * r.earned_points / r.possible_points
    end as total_score,
    null as earned_amount,
    null as currency_name,
    null as is_resolved,
    r.reviewer_name as by_name,
    f.form_name,
    r.comment_text
from warehouse.standing_own_reviews as r
inner join warehouse.review_forms as f on r.form_id = f.form_id
where
    r.source_name = any(cast(:source_names as text []))
    and (r.contact_id = any(cast(:contact_ids as text [])) or r.contact_id = any(cast(:ticket_ids as text [])))
    and not r.is_calibration
union all
select
    'revenue' as kind_name,
    v.earned_at as happened_at,
    v.source_name,
    v.revenue_id as record_id,
    null as csat_score,
    null as nps_score,
    null as total_score,
    v.amount as earned_amount,
    v.currency_name,
    null as is_resolved,
    null as by_name,
    v.reason_name as form_name,
    null as comment_text
from warehouse.revenues as v
where
    (
        v.call_id = any(cast(:call_ids as text [])) or v.contact_id = any(cast(:contact_ids as text []))
        or v.ticket_id = any(cast(:ticket_ids as text []))
    )
    and (
        v.customer_key is null or cardinality(cast(:customer_keys as text [])) = 0
        or v.customer_key = any(cast(:customer_keys as text []))
    )
order by happened_at, kind_name, record_id
