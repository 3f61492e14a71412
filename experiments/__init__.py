"""The experiments behind the figures that the documents print. Each is one command that prints its table."""
