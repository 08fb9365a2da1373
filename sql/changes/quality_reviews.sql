-- Does the reader find this review, that is: do they see the agent whom it is about?
-- Grain: one row.
select exists(select 1 from warehouse.reviews as r where r.review_id = :review_id) as is_found
