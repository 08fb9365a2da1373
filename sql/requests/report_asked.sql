-- What was asked for in a report that is not made yet?
-- Grain: one row, none where it was made, given up, or never asked for.
select
    r.report_id,
    r.first_date,
    r.last_date,
    r.kind_name,
    r.report_name,
    r.address_text
from ops.reports as r
where r.report_id = :report_id and r.state_name in ('asked', 'making')
