"""One file a report: its text for a terminal, and as Markdown."""
