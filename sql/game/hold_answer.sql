-- Keeps what an agent says about an award of theirs that is held; the answer may be put better until somebody decides.
-- Grain: one row per hold that was answered; none where it is another's, or decided.
update game.holds as h set
    answer_text = :answer_text,
    answered_at = cast(:answered_at as timestamptz)
where
    h.hold_id = cast(:hold_id as bigint) and h.agent_id = cast(:agent_id as integer) and h.state_name = 'held'
    and cast(:answer_text as text) <> ''
returning h.hold_id
