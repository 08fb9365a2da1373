-- Which credentials of a list hold no longer?
-- Grain: one row per number.
select r.status_number
from game.credential_revocations as r
where r.status_number >= :first_number and r.status_number < :last_number
order by r.status_number
