-- Keeps one more state of a review; earlier ones stay.
-- Grain: one row.
insert into warehouse.reviews (
    review_id, save_number, saved_at, reviewed_at, form_id, version_number, agent_id, queue_id, earned_points, possible_points,
    is_failed, is_calibration, is_removed, source_name, contact_id, reviewer_name, viewer_name, comment_text, recording_url_text
)
values (
    :review_id, :save_number, :saved_at, :reviewed_at, :form_id, :version_number, :agent_id, :queue_id, :earned_points,
    :possible_points, :is_failed, :is_calibration, :is_removed, :source_name, :contact_id, :reviewer_name, :viewer_name,
    :comment_text, :recording_url_text
)
