-- Does the ledger still hold, for each closed day, what it held when the day was closed?
-- Grain: one row per closed day whose hash does not fit: an entry is missing, was changed, or
-- was put in as if it had been there.
with told as (
    select
        c.day_date,
        c.ledger_sha256,
        c.run_id,
        lag(c.ledger_sha256) over (order by c.day_date) as before_text
    from game.day_closes as c
)

select t.day_date
from told as t
where
    t.ledger_sha256 <> encode(
        sha256(convert_to(
            concat(
                t.before_text,
                (
                    select string_agg(
                        concat_ws(
                            '|', l.entry_id, l.entry_key, l.sequence_number, l.agent_id, l.account_name, l.entry_points, l.kind_name,
                            l.effective_date, extract(epoch from l.recorded_at), coalesce(l.reverses_entry_id, 0),
                            coalesce(l.corrects_entry_id, 0)
                        ), e'\n' order by l.entry_id
                    )
                    from game.ledger as l
                    where l.effective_date = t.day_date and l.run_id < t.run_id
                )
            ),
            'UTF8'
        )),
        'hex'
    )
order by t.day_date
