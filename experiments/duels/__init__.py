"""Real duels: of a checkout with itself, and with a copy in which some backends do one more operation."""
