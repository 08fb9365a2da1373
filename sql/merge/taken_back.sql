-- Which accounts are closed, wall displays revoked and consents withdrawn, before the warehouse is given up for a backup?
-- Grain: one row.
select
    exists(select from access.accounts as a where a.issuer_text is distinct from 'demo') as has_accounts,
    cast(
        jsonb_build_object(
            'accounts', (
                select jsonb_agg(jsonb_build_object('account_id', a.account_id, 'made_at', a.made_at))
                from access.accounts as a where not a.is_active
            ),
            'devices', (
                select jsonb_agg(jsonb_build_object('device_id', d.device_id, 'made_at', d.made_at, 'revoked_at', d.revoked_at))
                from access.devices as d where d.revoked_at is not null
            ),
            'consents', (
                select
                    jsonb_agg(
                        jsonb_build_object(
                            'agent_id', c.agent_id,
                            'board_name', c.board_name,
                            'given_at', c.given_at,
                            'withdrawn_at', c.withdrawn_at,
                            'is_by_person', c.is_withdrawn_by_person
                        )
                    )
                from access.consents as c where c.withdrawn_at is not null
            )
        ) as text
    ) as taken_back_text
