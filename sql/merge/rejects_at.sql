-- The open refusals of a source at some places.
-- Grain: one row per refused row.
select
    r.reject_id,
    r.place_text,
    r.raw_text
from ops.rejects as r
where r.source_name = :source_name and r.replayed_at is null and r.place_text = any(cast(:place_texts as text []))
