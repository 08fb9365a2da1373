-- Opens a run of the ledger: who writes now, for which days, and why.
-- Grain: one row: the number of the run. facts_run_id is the newest load that is known now.
insert into game.runs (kind_name, started_at, first_date, last_date, facts_run_id, actor_name, note_text)
select
    :kind_name,
    cast(:started_at as timestamptz),
    cast(:first_date as date),
    cast(:last_date as date),
    (select max(r.run_id) from ops.runs as r),
    :actor_name,
    coalesce(:note_text, '')
returning run_id
