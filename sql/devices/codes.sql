-- Which screens wait for a yes, since when, and from where do they ask?
-- Grain: one row per code that still counts and that nobody has said yes to.
select
    c.code_text,
    c.address_text,
    c.made_at,
    c.ends_at
from access.device_codes as c
where c.ends_at > :as_of and c.device_id is null
order by c.made_at desc, c.code_text
