-- Asks that past working days are scored again by a version of a rule; nothing happens before somebody approves it.
-- Grain: one row: the number of the run; none where one of that rule waits already. note_text: what is asked, as JSON.
insert into game.runs (kind_name, started_at, first_date, last_date, actor_name, note_text)
select
    'rescore',
    cast(:started_at as timestamptz),
    cast(:first_date as date),
    cast(:last_date as date),
    :actor_name,
    cast(jsonb_build_object(
        'rule_name', cast(:rule_name as text), 'version_number', cast(:version_number as integer),
        'why', cast(:why_text as text), 'state', 'asked'
    ) as text)
where not exists (
    select 1 from game.runs as r
    where
        r.kind_name = 'rescore' and r.ended_at is null and left(r.note_text, 1) = '{'
        and cast(r.note_text as jsonb) ->> 'rule_name' = cast(:rule_name as text)
)
returning run_id
