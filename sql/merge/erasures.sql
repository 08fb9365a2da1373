-- Notes who was erased; of one who was erased before, the later instant stands.
-- Grain: one row per customer, key of an agent or name of an agent.
insert into ops.erasures as e (erased_at, applied_at, kind_name, subject_key, alias_name)
values (:erased_at, :applied_at, :kind_name, :subject_key, :alias_name)
on conflict (kind_name, subject_key) do update set
    erased_at = greatest(e.erased_at, excluded.erased_at),
    applied_at = excluded.applied_at
