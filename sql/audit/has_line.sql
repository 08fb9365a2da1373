-- Does the trail hold the line of this number with this hash?
-- Grain: one row.
select
    exists(
        select from ops.audit_lines as l
        where l.line_number = :line_number and encode(l.line_sha256, 'hex') = :sha256_text
    ) as is_there
