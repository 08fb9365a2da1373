-- Keeps the contacts that were drawn.
-- Grain: one row per contact.
insert into warehouse.review_sample_contacts (
    week_date, offered_at, place_number, candidate_count, agent_id, queue_id, source_name, contact_id
)
select
    :week_date,
    g.offered_at,
    g.place_number,
    g.candidate_count,
    g.agent_id,
    g.queue_id,
    g.source_name,
    g.contact_id
from unnest(
    cast(:offered_ats as timestamptz []), cast(:place_numbers as integer []), cast(:candidate_counts as integer []),
    cast(:agent_ids as integer []), cast(:queue_ids as integer []), cast(:source_names as text []), cast(:contact_ids as text [])
) as g (offered_at, place_number, candidate_count, agent_id, queue_id, source_name, contact_id)
