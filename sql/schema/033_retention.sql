-- For how long rows are kept: what was set, from which day on they are whole, and what went when.

create table ops.retentions (
    kind_name text primary key,
    kept_months integer check (kept_months >= 1),
    whole_from_at timestamptz check (
        whole_from_at >= '1990-01-01 00:00:00+00' and whole_from_at < '2100-01-01 00:00:00+00'
    ),
    noted_at timestamptz not null check (noted_at >= '1990-01-01' and noted_at < '2100-01-01')
);
comment on table ops.retentions is
'Grain: one row per kind of rows. kept_months: as the settings had it that night, null for no limit. whole_from_at: from then '
'on they are whole, what is older was deleted and is not loaded again; null while nothing was ever deleted. It never goes back.';

create table ops.retention_deletions (
    deleted_at timestamptz not null check (deleted_at >= '1990-01-01' and deleted_at < '2100-01-01'),
    table_name text not null,
    kind_name text not null,
    older_than_at timestamptz not null check (older_than_at >= '1990-01-01' and older_than_at < '2100-01-01'),
    deleted_rows bigint not null check (deleted_rows > 0),
    primary key (deleted_at, table_name)
);
comment on table ops.retention_deletions is 'Grain: one row per night and table from which rows were deleted for their age.';

create function ops.whole_from(rollup_name text) returns timestamptz
language sql stable as $$
select coalesce(max(r.whole_from_at), '-infinity')
from ops.retentions as r
where r.kind_name = any(
    case rollup_name
        when 'queue_intervals' then array['calls', 'figures']
        when 'agent_intervals' then array['calls', 'agents']
        when 'ticket_days' then array['tickets', 'figures']
    end
)
$$;
comment on function ops.whole_from is
'From when on a rollup can be made again: all that it is made of is there. What is older stays as it was counted.';

create function ops.whole_from_date(rollup_name text) returns date
language sql stable as $$
select coalesce((ops.whole_from(rollup_name) at time zone min(s.time_zone_name))::date, '-infinity')
from warehouse.sites as s
$$;
comment on function ops.whole_from_date is 'The same as the local day of the site with which it begins.';
