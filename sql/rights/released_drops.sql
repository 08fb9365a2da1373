-- Which functions were released, and how is each taken back?
-- Grain: one row per function.
select format('drop function %s', cast(p.oid as regprocedure)) as drop_text
from pg_proc as p
where p.pronamespace = cast('released' as regnamespace)
