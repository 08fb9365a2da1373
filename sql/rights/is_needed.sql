-- Is there anybody whom the database must refuse something: an account, or rights that were installed for one?
-- Grain: one row.
select
    exists (select 1 from access.accounts)
    or to_regnamespace('released') is not null
    or exists (select 1 from pg_policies as p where p.schemaname in ('warehouse', 'ops', 'game') and p.policyname = 'reader')
        as is_needed
