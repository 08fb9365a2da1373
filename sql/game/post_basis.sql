-- What a reconciliation of these days is made from, as one hash: sums, rules, decisions, seasons, closes, and who may count.
-- Grain: one row. Where nothing of it differs from the last time, the ledger says already what the rules say.
select
    encode(
        sha256(convert_to(
            concat_ws(
                '#',
                cast(:first_date as date),
                cast(:last_date as date),
                cast(:least_change as integer),
                cast(:rules_text as text),
                (select string_agg(concat(m.day_date, m.sums_sha256), ',' order by m.day_date) from game.made_days as m),
                (
                    select string_agg(concat_ws(':', v.rule_name, v.version_number, v.valid_from_date, v.is_on, v.spec_sha256), ',' order by
                        v.rule_name, v.version_number)
                    from game.rule_versions as v
                ),
                (select string_agg(concat(h.hold_id, h.state_name), ',' order by h.hold_id) from game.holds as h),
                (select string_agg(concat(o.dispute_id, o.state_name), ',' order by o.dispute_id) from game.disputes as o),
                (select string_agg(concat_ws(':', s.season_name, s.start_date, s.end_date, s.freezes), ',' order by s.season_name) from
                    game.seasons as s),
                (select max(c.day_date) from game.day_closes as c),
                (
                    select string_agg(concat_ws(':', r.run_id, r.note_text), ',' order by r.run_id)
                    from game.runs as r
                    where r.kind_name = 'rescore' and left(r.note_text, 1) = '{'
                ),
                (
                    select string_agg(concat_ws(':', t.agent_id, t.team_id, t.started_date, t.ended_date), ',' order by
                        t.agent_id, t.team_id, t.started_date)
                    from warehouse.team_members as t
                ),
                (select string_agg(concat_ws(':', a.agent_id, a.team_id), ',' order by a.agent_id) from warehouse.agents as a),
                (
                    select concat(count(*), ':', max(w.run_id), ':', max(w.version_number)) from warehouse.shifts as w
                ),
                (select max(l.entry_id) from game.ledger as l)
            ),
            'UTF8'
        )),
        'hex'
    ) as basis_key
