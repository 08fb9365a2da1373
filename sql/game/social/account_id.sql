-- Under which account has whoever acts signed in?
-- Grain: one row; null where nobody signs in on this site.
select access.account_id() as account_id
