"""Base against head: which rows are which side, what changed, and how sure that is."""
