"""Reading results: tables, statistics, comparison. It knows the CSV alone: no framework, no backends, no bench."""
