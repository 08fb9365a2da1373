-- Whether that reviewer has a review of that contact by that form.
-- Grain: one row: the number of the review, null where there is none.
select max(r.review_id) as review_id
from warehouse.standing_own_reviews as r
where
    r.source_name = :source_name and r.contact_id = :contact_id and r.form_id = :form_id
    and lower(r.reviewer_name) = lower(:reviewer_name)
