"""Experiments that back what the documentation claims: each is one command, and prints its table."""
