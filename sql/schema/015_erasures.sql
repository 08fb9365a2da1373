-- Who was erased, so that nobody's number or name comes back with an old record or an old backup.
-- Grain: as the table's comment states.
create table ops.erasures (
    erased_at timestamptz not null check (erased_at >= '1990-01-01' and erased_at < '2100-01-01'),
    applied_at timestamptz not null check (applied_at >= '1990-01-01' and applied_at < '2100-01-01'),
    kind_name text not null check (kind_name in ('customer', 'agent_key', 'agent_name')),
    subject_key text not null check (subject_key ~ '^[0-9a-f]{32}$'),
    alias_name text,
    primary key (kind_name, subject_key),
    check ((kind_name = 'customer') = (alias_name is null))
);
comment on table ops.erasures is
'Grain: one row per customer, key of an agent and name of an agent that was erased, each as a keyed hash alone. What a source '
'tells of the time before erased_at comes in without the customer, and under alias_name for the agent.';

create function ops.erase_texts(told_texts text [], instead_text text) returns bigint
language plpgsql as $$
-- Replaces texts in every text column of every table of ours, also of tables that later versions bring. A customer's key
-- becomes null. Words within a longer text are found in columns that end in _text; others hold them whole. What cannot
-- name a person stays: ids, keys, words of a list (columns with a check), generated columns, the names of things, settings,
-- and what cursors carry, whose form their readers know: the loader erases there itself.
declare
    table_row record;
    word_pattern text;
    changed_rows bigint := 0;
    these_rows bigint;
begin
    select '(?<!\w)(' || string_agg(regexp_replace(t.told_text, '([][\\.^$*+?(){}|-])', '\\\1', 'g'), '|' order by length(t.told_text) desc)
        || ')(?!\w)'
    into word_pattern
    from unnest(told_texts) as t (told_text);
    for table_row in
        select
            c.oid::regclass as table_name,
            string_agg(
                case
                    when a.attname = 'customer_key' then format('%1$I = case when %1$I = any($1) then null else %1$I end', a.attname)
                    when a.attname like '%\_text' then format('%1$I = regexp_replace(%1$I, $2, $3, ''gi'')', a.attname)
                    else format('%1$I = case when %1$I = any($1) then $3 else %1$I end', a.attname)
                end,
                ', '
            ) as set_text,
            string_agg(
                case
                    when a.attname like '%\_text' then format('%I ~* $2', a.attname) else format('%I = any($1)', a.attname)
                end,
                ' or '
            ) as where_text
        from pg_attribute as a
        inner join pg_class as c on a.attrelid = c.oid
        inner join pg_namespace as n on c.relnamespace = n.oid
        where
            n.nspname in ('ops', 'warehouse', 'game') and c.relkind in ('r', 'p') and not c.relispartition
            and c.relname not in ('erasures', 'migrations') and a.attnum > 0 and not a.attisdropped
            and a.attgenerated = '' and a.atttypid = 'text'::regtype
            and (a.attname = 'customer_key' or a.attname !~ '_(key|id)$')
            and a.attname not in (
                'agent_name', 'source_name', 'linked_source_name', 'queue_name', 'group_name', 'team_name', 'site_name',
                'schedule_name', 'time_zone_name', 'channel_name', 'topic_name', 'policy_name', 'process_name', 'event_name', 'name',
                'position_text', 'carry_text', 'settings_text', 'wanted_text', 'mapping_text'
            )
            and not exists (
                select 1 from pg_constraint as k
                where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any(k.conkey) and cardinality(k.conkey) = 1
            )
        group by c.oid
        order by c.oid
    loop
        execute format('update %s set %s where %s', table_row.table_name, table_row.set_text, table_row.where_text)
        using told_texts, word_pattern, instead_text;
        get diagnostics these_rows = row_count;
        changed_rows := changed_rows + these_rows;
    end loop;
    return changed_rows;
end
$$;
comment on function ops.erase_texts is
'Replaces texts in every text column that may name a person, of every table; the number of rows that it changed.';
