-- Which report is to be sent next? It is ours for now; one that could not be sent comes again, later each time.
-- Grain: one row, none where nothing is to be sent.
update ops.reports set tried_at = clock_timestamp(), sendings_number = sendings_number + 1
where report_id = (
    select r.report_id
    from ops.reports as r
    where
        r.state_name = 'made' and r.sent_at is null and r.recipients_text <> '' and r.sendings_number < :most_tries
        and (
            r.tried_at is null
            or r.tried_at < clock_timestamp() - make_interval(secs => :pause_seconds * power(2, r.sendings_number - 1))
        )
    order by r.report_id
    limit 1
    for update skip locked
)
returning
    report_id,
    first_date,
    last_date,
    made_at,
    kind_name,
    report_name,
    recipients_text,
    headline_text,
    content_text
