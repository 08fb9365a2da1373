-- What does the game hold: entries, holds and disputes that wait for a person, rules that are on?
-- Grain: one row.
select
    (select count(*) from game.ledger) as ledger_rows,
    (select count(*) from game.holds as h where h.state_name = 'held') as held_count,
    (select count(*) from game.disputes as d where d.state_name = 'open') as disputed_count,
    (select count(*) from game.today) as unposted_count,
    (
        select count(*)
        from (
            select distinct on (v.rule_name)
                v.rule_name,
                v.is_on
            from game.rule_versions as v
            order by v.rule_name, v.version_number desc
        ) as n
        where n.is_on
    ) as rules_count,
    (select max(r.ended_at) from game.runs as r where r.kind_name = 'reconcile') as counted_at
