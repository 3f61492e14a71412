"""The parts of the modes: what a framework's file of modes, `backends/<framework>_modes.py`, is made of."""
