-- The working days on which something can be due under this version of the rule.
-- Grain: one row.
select
    greatest(cast(:first_date as date), cast(:effective_from_date as date)) as first_due_date,
    least(cast(:last_date as date), cast(:valid_until_date as date) - 1) as last_due_date
