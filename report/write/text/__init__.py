"""The reports as text for a terminal, and as Markdown: a file for each."""
