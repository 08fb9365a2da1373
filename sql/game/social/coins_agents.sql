-- Whose coins are not what their points make, or come to their end?
-- Grain: one row per agent, in the order in which their wallets are locked.
select d.agent_id from game.coins_due(cast(:first_date as date), cast(:last_date as date)) as d
union
select e.agent_id from game.coins_expiring(cast(:last_date as date)) as e
order by agent_id
