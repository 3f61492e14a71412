"""The commands of `python -m report`, a file for each: its arguments, and the calls that run it."""
