-- Makes an account; an agent's own is led to its agent.
-- Grain: one row.
insert into access.accounts (login_name, role_name, agent_id, password_hash_text, issuer_text, subject_text)
values (:login_name, :role_name, :agent_id, :password_hash_text, :issuer_text, :subject_text)
returning account_id
