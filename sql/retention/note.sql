-- Notes for how long a kind of rows is kept, and from when on its rows are whole; that never goes back.
-- Grain: one row per kind.
insert into ops.retentions as r (kind_name, kept_months, whole_from_at, noted_at)
values (:kind_name, :kept_months, :whole_from_at, :noted_at)
on conflict (kind_name) do update set
    kept_months = excluded.kept_months,
    whole_from_at = greatest(r.whole_from_at, excluded.whole_from_at),
    noted_at = excluded.noted_at
where
    (r.kept_months, r.whole_from_at) is distinct from (excluded.kept_months, greatest(r.whole_from_at, excluded.whole_from_at))
    or r.noted_at < excluded.noted_at
