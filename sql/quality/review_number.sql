-- The number of a new review.
-- Grain: one row.
select nextval('warehouse.review_numbers') as review_id
