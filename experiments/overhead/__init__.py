"""What the harness adds to a descent."""
