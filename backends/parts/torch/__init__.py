"""The parts of the modes of PyTorch."""
