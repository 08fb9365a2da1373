-- Forgets the codes of screens that nobody said yes to in time.
-- Grain: one row per code.
delete from access.device_codes where ends_at <= :as_of
