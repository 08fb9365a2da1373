-- Adds a line to the trail of who saw, took along or changed what.
-- Grain: one row, with nothing in it.
select
    access.note(
        :what_name, :of_name, cast(:told_text as jsonb), :place_text, :kind_name, :person_name, cast(:once_text as text)
    ) as note
