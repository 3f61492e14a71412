"""GradBench's workloads, timed by us, beside what GradBench publishes and what its way of timing gives here."""
