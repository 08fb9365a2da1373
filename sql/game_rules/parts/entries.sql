-- What is due: every entry of the rule whose working day lies in the window.
-- Grain: one row per agent, account, period and occurrence.
select
    concat_ws(
        '|', cast(:rule_name as text), cast(:version_number as integer), m.agent_id, g.period_text, g.occurrence_text || a.suffix_text
    ) as entry_key,
    m.agent_id,
    a.account_name,
    a.entry_points,
    g.tier_name,
    g.effective_date,
    g.period_text,
    g.workings,
    coalesce(t.evidence, '[]') as evidence
from due as g
inner join members as m on g.unit_id = m.unit_id and g.start_date = m.start_date
cross join lateral (
    values
    (cast(:account_name as text), g.entry_points, ''),
    ('points', g.tier_points, '-points'),
    ('coins', g.coins, '-coins')
) as a (account_name, entry_points, suffix_text)
left join told as t on g.unit_id = t.unit_id and g.start_date = t.start_date and g.effective_date = t.effective_date
left join earlier as e on m.agent_id = e.agent_id and g.tier_name is not distinct from e.tier_name
where
    a.entry_points > 0
    and e.agent_id is null
