-- Does the reader find the recording, or the review beside which a link was written?
-- Grain: one row.
select
    exists (
        select 1 from warehouse.recordings as r
        where r.source_name = :source_name and r.recording_id = :recording_id
    )
    or exists (select 1 from warehouse.reviews as r where r.review_id = :review_id) as is_found
