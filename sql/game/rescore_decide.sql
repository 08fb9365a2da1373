-- Approves or declines that past days are scored again; is_alone: nobody else could (on a site where nobody signs in).
-- Grain: one row per run that was decided now; none where it was decided before, or by whoever asked for it.
update game.runs as r set
    note_text = cast(
        cast(r.note_text as jsonb) || jsonb_build_object(
            'state', case when cast(:is_approved as boolean) then 'approved' else 'declined' end,
            'decided_by', cast(:actor_name as text), 'decided_at', cast(:decided_at as timestamptz),
            'answer', cast(:answer_text as text)
        ) as text
    ),
    ended_at = case when not cast(:is_approved as boolean) then greatest(cast(:decided_at as timestamptz), r.started_at) end
where
    r.run_id = cast(:run_id as bigint) and r.kind_name = 'rescore' and r.ended_at is null
    and cast(r.note_text as jsonb) ->> 'state' = 'asked'
    and (cast(:is_alone as boolean) or r.actor_name <> :actor_name)
returning r.run_id
