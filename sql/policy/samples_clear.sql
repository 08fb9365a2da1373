-- Takes away which contacts of which agent were drawn for review.
-- Grain: one row per drawn contact.
delete from warehouse.review_sample_contacts
