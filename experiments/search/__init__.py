"""Searches whose culprit is known: simulated ones, and a real one."""
