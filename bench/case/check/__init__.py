"""Is the answer right? The reference and its own check, every step of a descent, and another start."""
