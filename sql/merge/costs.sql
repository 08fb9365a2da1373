-- Merges the staged costs: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.costs as t (
        started_at, ended_at, version_number, queue_id, agent_id, amount, cost_id, cost_name, currency_name,
        site_name, team_name, run_id, source_name
    )
    select
        s.started_at,
        s.ended_at,
        s.version_number,
        s.queue_id,
        s.agent_id,
        round(cast(s.amount as numeric), 2),
        s.cost_id,
        s.cost_name,
        s.currency_name,
        s.site_name,
        s.team_name,
        :run_id,
        :source_name
    from stage_costs as s
    order by s.cost_id
    on conflict (source_name, cost_id) do update set
        started_at = excluded.started_at,
        ended_at = excluded.ended_at,
        version_number = excluded.version_number,
        queue_id = excluded.queue_id,
        agent_id = excluded.agent_id,
        amount = excluded.amount,
        cost_name = excluded.cost_name,
        currency_name = excluded.currency_name,
        site_name = excluded.site_name,
        team_name = excluded.team_name,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.started_at, t.ended_at, t.version_number, t.queue_id, t.agent_id, t.amount, t.cost_name,
            t.currency_name, t.site_name, t.team_name
        ) is distinct from (
            excluded.started_at, excluded.ended_at, excluded.version_number, excluded.queue_id, excluded.agent_id,
            excluded.amount, excluded.cost_name, excluded.currency_name, excluded.site_name, excluded.team_name
        )
    returning t.cost_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_costs as s on m.cost_id = s.cost_id
