-- Takes texts out of the names of events that no fact uses; what becomes the same name is counted together.
-- Grain: one row per changed event of a run.
with taken as (
    delete from ops.unused_events as u
    where exists (select 1 from unnest(cast(:told_texts as text [])) as t (told_text) where strpos(u.event_name, t.told_text) > 0)
    returning u.run_id, u.source_name, u.is_known, u.read_rows
)

insert into ops.unused_events as u (run_id, event_name, is_known, source_name, read_rows)
select
    t.run_id,
    cast(:instead_text as text),
    bool_and(t.is_known),
    min(t.source_name),
    sum(t.read_rows)
from taken as t
group by t.run_id
on conflict (run_id, event_name) do update set read_rows = u.read_rows + excluded.read_rows
