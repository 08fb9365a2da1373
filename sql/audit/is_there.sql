-- Is there a trail in this warehouse, or is it of a version before there was one?
-- Grain: one row.
select to_regclass('ops.audit_drafts') is not null as is_there
