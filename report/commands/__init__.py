"""The commands of `python -m report`, one file each: its arguments, and the calls that answer it."""
