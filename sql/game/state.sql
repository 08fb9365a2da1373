-- What makes the ledger be counted again at once: a day that is over, a decision, a rule, a season, facts where there were none.
-- Grain: one row.
select
    (
        select
            min(
                game.working_day(
                    cast(:at as timestamptz) - make_interval(hours => c.settle_hours), c.time_zone_name, c.day_starts_hour
                )
            )
        from game.agent_clocks as c
    ) as posted_date,
    (select max(h.decided_at) from game.holds as h) as decided_at,
    (select max(v.published_at) from game.rule_versions as v) as published_at,
    (select max(s.closed_by_name) from game.seasons as s where s.state_name = 'settling') as settling_name,
    (
        select max(r.run_id) from game.runs as r
        where r.kind_name = 'rescore' and r.ended_at is null and r.note_text like '%approved%'
    ) as rescored_run_id,
    exists(select 1 from warehouse.calls) as has_calls
