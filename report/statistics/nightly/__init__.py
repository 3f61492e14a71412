"""Nightly runs: their noise, which lasts from night to night, and the changes that last."""
