"""Statistics: arrays in, numbers out. Nothing here knows the result CSV."""
