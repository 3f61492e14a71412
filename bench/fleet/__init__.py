"""A fleet: launches on several machines, whose rows arrive in one CSV (`command`, or `hosts.measure_on` in Python)."""
