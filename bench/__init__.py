"""What is timed, and how: pytest's cases, the measuring, launches in fresh processes, and the duel."""
