-- Remarks in surveys and reviews that were about an erased customer without naming one: they must not come back either.
-- Grain: no new table.
alter table ops.erasures
drop constraint erasures_kind_name_check,
drop constraint erasures_check,
add constraint erasures_kind_is_known check (kind_name in ('customer', 'agent_key', 'agent_name', 'remark')),
add constraint erasures_of_agents_have_an_alias check ((kind_name in ('agent_key', 'agent_name')) = (alias_name is not null));
comment on table ops.erasures is
'Grain: one row per customer, key of an agent, name of an agent and remark that was erased, each as a keyed hash alone. What a '
'source tells of the time before erased_at comes in without the customer or the remark, and under alias_name for the agent.';
