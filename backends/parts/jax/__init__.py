"""The parts of the modes of JAX."""
