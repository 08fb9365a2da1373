-- To which hosts may recordings lead, and for how many days are they kept there?
-- Grain: one row; none before the loader has run.
select
    array_to_string(r.host_names, ' ') as hosts_text,
    r.kept_days
from ops.recording_rules as r
