-- Which report is to be made next? It is ours from now on; one whose maker broke off is taken again after a while.
-- Grain: one row, none where nothing is to be made.
update ops.reports set
    state_name = 'making',
    taken_at = clock_timestamp(),
    tries_number = tries_number + 1
where report_id = (
    select r.report_id
    from ops.reports as r
    where
        r.state_name = 'asked'
        and (r.taken_at is null or r.taken_at < clock_timestamp() - make_interval(secs => :pause_seconds))
        or r.state_name = 'making' and r.taken_at < clock_timestamp() - make_interval(secs => :lease_seconds)
    order by r.report_id
    limit 1
    for update skip locked
)
returning
    report_id,
    first_date,
    last_date,
    kind_name,
    report_name,
    address_text,
    recipients_text,
    tries_number
