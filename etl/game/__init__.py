"""The game at work: from facts to sums, from rules to the ledger, and what a person must look at first."""
