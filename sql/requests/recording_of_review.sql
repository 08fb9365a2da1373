-- Where is the recording that a reviewer has written beside a review?
-- Grain: one row; none where the review does not stand or has no link. started_at: when the contact began, else when it was reviewed.
select
    r.agent_id,
    r.recording_url_text as url_text,
    coalesce(
        (select min(c.offered_at) from warehouse.calls as c where c.contact_id = r.contact_id and c.source_name = r.source_name),
        r.reviewed_at
    ) as started_at
from warehouse.standing_own_reviews as r
where r.review_id = :review_id and r.recording_url_text is not null
