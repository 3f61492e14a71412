"""The model of this repository."""
