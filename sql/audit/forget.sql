-- Forgets the trail's lines before a month, and notes that.
-- Grain: one row.
select access.audit_forget(:before_date, :place_text, :kind_name, :person_name) as deleted_rows
