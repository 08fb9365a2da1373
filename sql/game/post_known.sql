-- Was a reconciliation made from exactly the same before? Then the ledger says already what the rules say.
-- Grain: one row.
select exists(
    select 1 from game.runs as r
    where r.basis_sha256 = :basis_key and r.ended_at is not null
) as is_known
