-- Leads the accounts of an agent who has become part of another to that one: no key of the old one is left.
-- Grain: one row per account.
update access.accounts as a set agent_id = :to_id
where
    a.agent_id = :from_id
    and not exists (select 1 from warehouse.agent_keys as k where k.agent_id = :from_id)
