-- Where each stay was read: the way back from a number to the line of its source.
-- Grain: as the tables.
alter table warehouse.calls add column place_text text;
comment on column warehouse.calls.place_text is
'The row of the source that told last of this stay and changed it (file and line, row of a table, record of an API); '
'null where the source tells live, or told before this was kept.';
