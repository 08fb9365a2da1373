-- Were there ever coins for points?
-- Grain: one row.
select exists(select 1 from game.ledger as l where l.kind_name = 'earning') as has_coins
