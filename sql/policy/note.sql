-- Notes what the policy says of one family of figures of single agents.
-- Grain: one row.
insert into warehouse.individual_figures as f (
    family_name, is_on, is_taken_over, since_date, noted_at, purpose_text, legal_basis_text, works_agreement_text, by_text, place_text
)
values (
    :family_name, :is_on, false, :since_date, :noted_at, :purpose_text, :legal_basis_text, :works_agreement_text, :by_text,
    :place_text
)
on conflict (family_name) do update set
    is_on = excluded.is_on,
    is_taken_over = false,
    since_date = excluded.since_date,
    noted_at = case when f.is_on = excluded.is_on then f.noted_at else excluded.noted_at end,
    purpose_text = excluded.purpose_text,
    legal_basis_text = excluded.legal_basis_text,
    works_agreement_text = excluded.works_agreement_text,
    by_text = excluded.by_text,
    place_text = excluded.place_text
