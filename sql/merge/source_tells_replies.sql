-- Whether a source tells of what was written in its tickets at all; without it no reply can be promised or missed.
-- Grain: one row.
select exists(
    select 1 from warehouse.ticket_events as e
    where e.source_name = :source_name and e.event_name in ('reply', 'request')
) as has_replies
