"""Base against head: which rows belong to which side, what changed, and how sure that is."""
