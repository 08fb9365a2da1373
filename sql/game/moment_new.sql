-- Keeps a moment that an agent is told of once.
-- Grain: one row: the number of the moment; none where it was kept before.
insert into game.moments (moment_key, agent_id, kind_name, name_text, tier_name, entry_id, happened_at)
values (
    :moment_key, cast(:agent_id as integer), :kind_name, :name_text, :tier_name, cast(:entry_id as bigint),
    cast(:happened_at as timestamptz)
)
on conflict (moment_key) do nothing
returning moment_id
