-- What does one report say?
-- Grain: one row where it was made, none where not.
select
    r.report_id,
    r.first_date,
    r.last_date,
    r.made_at,
    r.kind_name,
    r.report_name,
    r.headline_text,
    r.content_text
from ops.reports as r
where r.report_id = :report_id and r.state_name = 'made'
