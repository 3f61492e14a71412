"""Measuring: the race, launches in fresh processes, and duels of two checkouts."""
