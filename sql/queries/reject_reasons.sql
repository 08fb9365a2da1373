-- For which reasons are rows refused, how often, and what does such a row look like?
-- Grain: one row per source and kind of reason (numbers and quoted values left out), over the rows that no replay has taken.
with kinds as (
    select
        r.source_name,
        r.kind_text,
        count(*) as reject_rows,
        min(r.reason_text collate "C") <> max(r.reason_text collate "C") as has_other_values,
        max(r.rejected_at) as newest_rejected_at,
        max(r.reject_id) as newest_reject_id
    from ops.rejects as r
    where r.replayed_at is null and r.rejected_at <= :as_of
    group by r.source_name, r.kind_text
)

select
    e.reason_text,
    k.kind_text,
    k.source_name,
    k.reject_rows,
    k.has_other_values,
    k.newest_rejected_at,
    e.place_text as example_place_text,
    e.raw_text as example_raw_text
from kinds as k
inner join ops.rejects as e on k.newest_reject_id = e.reject_id
order by k.reject_rows desc, k.kind_text, k.source_name
limit 100
