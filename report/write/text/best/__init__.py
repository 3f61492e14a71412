"""What `report best` prints: the fastest backends, and the times to target."""
