-- Notes for the pages in which ways alerts leave the house.
-- Grain: one row per way.
insert into ops.alert_ways as w (way_name, noted_at, is_ready, told_text)
values (:way_name, :now, :is_ready, :told_text)
on conflict (way_name) do update set
    noted_at = excluded.noted_at,
    is_ready = excluded.is_ready,
    told_text = excluded.told_text
