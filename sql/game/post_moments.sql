-- Keeps what agents are told of: badges, levels, streaks and records that are new, and no history that was counted later.
-- Grain: one row per moment. Another version of the rule, or the facts counted anew, tell nobody a second time.
insert into game.moments (moment_key, agent_id, kind_name, name_text, tier_name, entry_id, happened_at)
select distinct on (t.moment_key)
    t.moment_key,
    t.agent_id,
    t.moment_name,
    t.title_text,
    t.tier_name,
    t.entry_id,
    cast(:happened_at as timestamptz)
from (
    select
        concat_ws('|', m.rule_name, regexp_replace(m.entry_key, '^[^|]*[|][^|]*[|]', '')) as moment_key,
        m.agent_id,
        v.moment_name,
        case
            when m.workings ? 'level_name' then m.workings ->> 'level_name'
            else v.title_text
        end as title_text,
        m.tier_name,
        l.entry_id
    from game_moves as m
    inner join game.ledger as l on m.entry_key = l.entry_key and m.sequence_number = l.sequence_number
    inner join game_versions as v on m.rule_name = v.rule_name and m.version_number = v.version_number
    where
        m.kind_name in ('award', 'adjust') and m.entry_points > 0 and not m.is_quiet and v.moment_name is not null
        and m.account_name = v.main_account_name
) as t
on conflict (moment_key) do nothing
