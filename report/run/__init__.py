"""What one run says: its cases, what they cost, and which backend is fastest."""
