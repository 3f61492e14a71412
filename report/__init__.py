"""Reads results: tables, statistics, comparisons. It knows only the CSV: no framework, no backends, no bench."""
