-- Keeps that somebody thanked an agent.
-- Grain: one row: the number of the thank-you.
insert into game.kudos (
    agent_id, from_agent_id, from_account_id, category_name, message_text, source_name, contact_id, given_at, given_date
)
values (
    cast(:agent_id as integer), cast(:from_agent_id as integer), cast(:from_account_id as integer), :category_name, :message_text,
    :source_name, :contact_id, cast(:at as timestamptz), cast(:given_date as date)
)
returning kudos_id
