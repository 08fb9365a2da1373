-- How long is the trail, and what does its last line's hash say?
-- Grain: one row.
select
    count(*) as line_rows,
    min(noted_at) as first_at,
    max(noted_at) as last_at,
    coalesce(max(line_number), 0) as last_number,
    (
        select encode(l.line_sha256, 'hex') from ops.audit_lines as l
        order by l.line_number desc limit 1
    ) as last_sha256_text
from ops.audit_lines
