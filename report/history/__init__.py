"""Many runs: each case over time, and where it changed for good."""
