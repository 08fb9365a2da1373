-- Notes which versions of rules are counted now, and what becomes of their entries.
-- Grain: one row per version.
insert into game_versions (
    rule_name, version_number, kind_name, title_text, revoke_name, moment_name, main_account_name, published_date
)
select
    g.rule_name,
    g.version_number,
    g.kind_name,
    g.title_text,
    g.revoke_name,
    nullif(g.moment_name, ''),
    g.main_account_name,
    g.published_date
from unnest(
    cast(:rule_names as text []),
    cast(:version_numbers as integer []),
    cast(:kind_names as text []),
    cast(:title_texts as text []),
    cast(:revoke_names as text []),
    cast(:moment_names as text []),
    cast(:main_account_names as text []),
    cast(:published_dates as date [])
) as g (rule_name, version_number, kind_name, title_text, revoke_name, moment_name, main_account_name, published_date)
