-- Closes a working day: what differs later is put right in an open one. The hash goes on from that of the day closed before.
-- Grain: one row per day that was closed now.
insert into game.day_closes (day_date, closed_at, run_id, entries, ledger_sha256)
select
    cast(:day_date as date),
    cast(:closed_at as timestamptz),
    cast(:run_id as bigint),
    count(l.entry_id),
    encode(
        sha256(convert_to(
            concat(
                (select c.ledger_sha256 from game.day_closes as c order by c.day_date desc limit 1),
                string_agg(
                    concat_ws(
                        '|', l.entry_id, l.entry_key, l.sequence_number, l.agent_id, l.account_name, l.entry_points, l.kind_name,
                        l.effective_date, extract(epoch from l.recorded_at), coalesce(l.reverses_entry_id, 0),
                        coalesce(l.corrects_entry_id, 0)
                    ), e'\n' order by l.entry_id
                ) filter (where l.entry_id is not null)
            ),
            'UTF8'
        )),
        'hex'
    )
from (select cast(:day_date as date) as day_date) as d
left join game.ledger as l on d.day_date = l.effective_date and l.run_id < cast(:run_id as bigint)
on conflict (day_date) do nothing
