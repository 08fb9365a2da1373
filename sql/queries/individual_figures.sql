-- Which figures may exist of a single agent, for which purpose, since when, and who says so?
-- Grain: one row per family of figures that the policy names, or that was taken over from before there was one.
select
    f.family_name,
    f.is_on,
    f.is_taken_over,
    f.since_date,
    f.noted_at,
    f.purpose_text,
    f.legal_basis_text,
    f.works_agreement_text,
    f.by_text,
    f.place_text
from warehouse.individual_figures as f
order by f.family_name
