"""One run: its cases, what they cost, and which backend is the fastest."""
