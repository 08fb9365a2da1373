-- Counts the events of a batch that no fact uses.
-- Grain: one row per run and kind of event.
insert into ops.unused_events (run_id, event_name, is_known, source_name, read_rows)
select
    :run_id,
    given.event_name,
    given.is_known,
    :source_name,
    given.read_rows
from unnest(cast(:event_names as text []), cast(:are_known as boolean []), cast(:read_rows as bigint []))
    as given (event_name, is_known, read_rows)
